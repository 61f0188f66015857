//! The addresses in a stylesheet: `url(…)`, `@import`, `image-set(…)` and the comment that names a source map.
//!
//! The text is read by the CSS parser of Servo, so comments, strings, escapes and broken rules count as they do in a browser.
//! What an address leads to is not known here.

use cssparser::{Parser, ParserInput, Token};

use super::reference::{Form, Reference};

/// Deeper nesting is no stylesheet that anybody wrote; addresses in it are not found.
const DEEPEST: usize = 100;

/// What a source map's address stands behind in a comment; `@` is an older way to write it.
const SOURCE_MAP: [&str; 2] = ["# sourceMappingURL=", "@ sourceMappingURL="];

/// The addresses in a stylesheet, in their order.
///
/// ```
/// use kalgan::source::assets::css::references;
/// let found = references("@import 'a.css'; b { background: url( c.png ), url(data:,x) /* url(no) */; content: 'url(no)' }");
/// let values: Vec<_> = found.iter().map(|reference| reference.value.as_str()).collect();
/// assert_eq!(values, ["a.css", "c.png", "data:,x"]);
/// ```
pub fn references(text: &str) -> Vec<Reference> {
    // A byte order mark is no part of the stylesheet.
    let start = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
    let mut input = ParserInput::new(&text[start..]);
    let mut found = Search { start, references: Vec::new() };
    found.block(&mut Parser::new(&mut input), Strings::Texts, 0);
    found.references
}

/// What strings are in the block that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strings {
    /// Texts.
    Texts,
    /// Addresses: in `url("…")` and `image-set("…")`.
    Addresses,
}

/// What the rule that is being read does with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// It is that of a file.
    Other,
    /// `@import`, whose first string is one.
    Import,
    /// `@namespace`, whose addresses are only names.
    Namespace,
}

struct Search {
    /// Where the parsed text begins in the whole.
    start: usize,
    references: Vec<Reference>,
}

impl Search {
    /// Reads to the end of a block, or of the stylesheet.
    fn block(&mut self, parser: &mut Parser<'_, '_>, strings: Strings, depth: usize) {
        let mut rule = Rule::Other;
        loop {
            let before = parser.position();
            let Ok(token) = parser.next_including_whitespace_and_comments() else { return };
            let token = token.clone();
            let written = parser.slice_from(before);
            let end = self.start + parser.position().byte_index();
            let place = end - written.len()..end;
            let mut add = |form, value: &str| {
                self.references.extend(Reference::new(form, value, written, place.clone()));
            };
            match &token {
                Token::UnquotedUrl(value) if rule != Rule::Namespace => add(Form::Url, value),
                Token::QuotedString(value) if strings == Strings::Addresses || rule == Rule::Import => {
                    add(Form::Quoted, value);
                }
                Token::Comment(comment) => {
                    let maps = SOURCE_MAP.iter().filter_map(|mark| comment.trim_start().strip_prefix(mark));
                    maps.for_each(|value| add(Form::SourceMap, value.split_whitespace().next().unwrap_or_default()));
                }
                _ => {}
            }
            self.nested(&token, parser, rule, depth);
            rule = rule.after(&token);
        }
    }

    /// Reads the block that a token opens, if it opens one.
    fn nested(&mut self, token: &Token<'_>, parser: &mut Parser<'_, '_>, rule: Rule, depth: usize) {
        let strings = match token {
            Token::Function(name) => strings_of(name),
            Token::ParenthesisBlock | Token::SquareBracketBlock | Token::CurlyBracketBlock => Strings::Texts,
            _ => return,
        };
        let is_left_out = depth == DEEPEST || rule == Rule::Namespace;
        // The outcome says only whether the block was read to its end; the parser goes on behind it in any case.
        let _: Result<(), cssparser::ParseError<'_, ()>> = parser.parse_nested_block(|block| {
            if !is_left_out {
                self.block(block, strings, depth + 1);
            }
            Ok(())
        });
    }
}

impl Rule {
    /// What counts for the token after this one.
    fn after(self, token: &Token<'_>) -> Rule {
        match token {
            Token::AtKeyword(name) if name.eq_ignore_ascii_case("import") => Rule::Import,
            Token::AtKeyword(name) if name.eq_ignore_ascii_case("namespace") => Rule::Namespace,
            Token::WhiteSpace(_) | Token::Comment(_) => self,
            Token::Semicolon | Token::CurlyBracketBlock => Rule::Other,
            // The address stands first in `@import`, but behind a prefix in `@namespace`.
            _ if self == Rule::Import => Rule::Other,
            _ => self,
        }
    }
}

fn strings_of(function: &str) -> Strings {
    let with_addresses = ["url", "src", "image-set", "-webkit-image-set"];
    match with_addresses.iter().any(|name| function.eq_ignore_ascii_case(name)) {
        true => Strings::Addresses,
        false => Strings::Texts,
    }
}
