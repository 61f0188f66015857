//! Stylesheets, with Lightning CSS.
//!
//! Only its parser and printer are used, not its optimiser: that one drops declarations which later ones override, and with
//! them what older browsers fall back to. What the printer would write in newer syntax than the author's is kept as it was.

use lightningcss::printer::PrinterOptions;
use lightningcss::rules::{CssRule, CssRuleList, Location};
use lightningcss::stylesheet::{ParserOptions, StyleSheet};
use lightningcss::targets::{Browsers, Features, Targets};
use lightningcss::traits::ToCss;
use oxc_sourcemap::{SourceMap, SourceMapBuilder};

use super::{Refusal, Short, keep};
use crate::source::assets::bundles::style;

/// A stylesheet in fewer bytes, and where its rules were.
pub(super) fn shorten(address: &str, text: &str) -> Result<Short, Refusal> {
    let sheet = parse(text)?;
    let short = print(&sheet)?;
    if !is_same(&short)? {
        return Err(Refusal::of_all(Refusal::NOT_SAME));
    }
    let rules = Rules::of(&sheet, &short);
    let (mut short, map) = (rules.text(), rules.map(address, text));
    // Lightning CSS keeps only those that stand in front of all rules and begin with `!`.
    let comments = style::scan(text).comments.into_iter().map(|range| &text[range]);
    let legal =
        |comment: &&str| comment.starts_with("/*!") || comment.contains("@license") || comment.contains("@preserve");
    keep(&comments.filter(legal).collect::<Vec<_>>(), &mut short);
    Ok(Short { text: short, map })
}

fn parse(text: &str) -> Result<StyleSheet<'_>, Refusal> {
    StyleSheet::parse(text, ParserOptions::default()).map_err(|error| {
        let reason = error.kind.to_string();
        match error.loc {
            Some(place) => Refusal { line: place.line as usize + 1, column: place.column as usize, reason },
            None => Refusal::of_all(reason),
        }
    })
}

fn print(sheet: &StyleSheet<'_>) -> Result<String, Refusal> {
    let printed = sheet.to_css(options()).map_err(|error| Refusal::of_all(error.kind.to_string()))?;
    Ok(printed.code)
}

/// How rules are written: nothing is compiled for browsers, and nothing is written in a syntax that came later than the rest of
/// its rule: `#rrggbbaa` for `rgba()`, `(width >= 1px)` for `(min-width: 1px)`, `x` for `dppx`.
fn options() -> PrinterOptions<'static> {
    // The version decides about `x` alone, because everything else is excluded.
    let browsers = Browsers { chrome: Some(50 << 16), ..Browsers::default() };
    let include = Features::HexAlphaColors | Features::MediaRangeSyntax | Features::MediaIntervalSyntax;
    let targets = Targets { browsers: Some(browsers), include, exclude: Features::all() };
    PrinterOptions { minify: true, targets, ..PrinterOptions::default() }
}

/// Whether what was printed is read as the same rules and declarations. Values may become shorter still, such as
/// `translate(0,0)`, which was `translate3d(0,0,0)`.
fn is_same(short: &str) -> Result<bool, Refusal> {
    let again = print(&parse(short)?)?;
    let form = |text: &str| text.chars().filter(|character| "{};@".contains(*character)).collect::<String>();
    Ok(form(&again) == form(short))
}

/// The rules of a stylesheet, looked up in its short text. Lightning CSS can make source maps too, but with a library that brings
/// twenty others along.
struct Rules<'a> {
    short: &'a str,
    at: usize,
    depth: usize,
    /// Where rules begin in the short text, and where they began before.
    found: Vec<(usize, Location)>,
    /// Where the outer rules with addresses end. The addresses get versions later on: a line that ends here keeps the places of
    /// all rules behind it.
    breaks: Vec<usize>,
}

impl<'a> Rules<'a> {
    fn of(sheet: &StyleSheet<'_>, short: &'a str) -> Self {
        // The comments in front are no rules.
        let at = sheet.license_comments.iter().map(|comment| comment.len() + "/**/\n".len()).sum();
        let mut rules = Rules { short, at, depth: 0, found: Vec::new(), breaks: Vec::new() };
        rules.list(&sheet.rules);
        rules
    }

    /// The short text with its line breaks.
    fn text(&self) -> String {
        let starts = std::iter::once(0).chain(self.breaks.iter().copied());
        let ends = self.breaks.iter().copied().chain([self.short.len()]);
        let lines: Vec<&str> = starts.zip(ends).map(|(start, end)| &self.short[start..end]).collect();
        lines.join("\n").trim_end().to_string()
    }

    fn map(&self, address: &str, text: &str) -> SourceMap<'static> {
        let mut builder = SourceMapBuilder::default();
        let source = builder.add_source_and_content(address, text);
        let (mut line, mut column, mut from) = (0, 0, 0);
        for (offset, place) in &self.found {
            for (index, character) in self.short[from..*offset].char_indices() {
                let is_break = self.breaks.binary_search(&(from + index)).is_ok();
                line += u32::from(is_break) + u32::from(character == '\n');
                column = if is_break { 0 } else { column };
                column = if character == '\n' { 0 } else { column + character.len_utf16() as u32 };
            }
            from = *offset;
            // A break right in front of the rule itself.
            let is_break = self.breaks.binary_search(offset).is_ok();
            let start = if is_break { (line + 1, 0) } else { (line, column) };
            builder.add_token(start.0, start.1, place.line, place.column.saturating_sub(1), Some(source), None);
        }
        builder.into_owned_sourcemap().into_inner()
    }

    fn list(&mut self, list: &CssRuleList<'_>) {
        for rule in &list.0 {
            let Some((place, inner)) = place(rule) else { continue };
            let Ok(printed) = rule.to_css_string(options()) else { continue };
            let rest = &self.short[self.at..];
            let skipped = rest.len() - rest.trim_start_matches(['}', ';']).len();
            let start = self.at + skipped;
            if !self.short[start..].starts_with(&printed) {
                continue;
            }
            self.found.push((start, place));
            if let Some((inner, open)) = inner.zip(printed.find('{')) {
                self.at = start + open + 1;
                self.depth += 1;
                self.list(inner);
                self.depth -= 1;
            }
            self.at = start + printed.len();
            if self.depth == 0 && printed.contains("url(") {
                self.breaks.push(self.at);
            }
        }
    }
}

/// Where a rule began, and the rules in it.
fn place<'a, 'i>(rule: &'a CssRule<'i>) -> Option<(Location, Option<&'a CssRuleList<'i>>)> {
    Some(match rule {
        CssRule::Style(rule) => (rule.loc, None),
        CssRule::Media(rule) => (rule.loc, Some(&rule.rules)),
        CssRule::Supports(rule) => (rule.loc, Some(&rule.rules)),
        CssRule::LayerBlock(rule) => (rule.loc, Some(&rule.rules)),
        CssRule::Container(rule) => (rule.loc, Some(&rule.rules)),
        CssRule::Scope(rule) => (rule.loc, Some(&rule.rules)),
        CssRule::StartingStyle(rule) => (rule.loc, Some(&rule.rules)),
        CssRule::Keyframes(rule) => (rule.loc, None),
        CssRule::FontFace(rule) => (rule.loc, None),
        CssRule::Import(rule) => (rule.loc, None),
        CssRule::Page(rule) => (rule.loc, None),
        CssRule::Property(rule) => (rule.loc, None),
        CssRule::CounterStyle(rule) => (rule.loc, None),
        CssRule::LayerStatement(rule) => (rule.loc, None),
        CssRule::Unknown(rule) => (rule.loc, None),
        _ => return None,
    })
}
