//! What a path's parameter may be (B72): one reading of a requirement for the router and for building addresses.
//!
//! A requirement must match the whole value, so `^` and `$` in it say nothing new and are dropped, and its own groups are not
//! captured. Most requirements are a list of words or a repeated class of characters; those are checked without a regular
//! expression, which keeps a look-up fast. The `regex` crate takes time linear in the text, whatever the expression.

use regex::Regex;
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use crate::snapshot::Route;

/// Stands for a slash that came percent-encoded, so that it does not separate segments: a noncharacter, which Unicode
/// reserves for use inside a program.
pub(super) const ENCODED_SLASH: char = '\u{FFFF}';

/// Most words that are compared one by one; a longer list is quicker as an expression.
const MOST_WORDS: usize = 16;

/// What a parameter's whole value must match.
#[derive(Debug, Clone)]
pub(super) struct Requirement {
    /// The expression without anchors and groups.
    expression: Hir,
    check: Check,
    /// Whether a value may contain a slash, so that it may run over several segments.
    admits_slash: bool,
}

#[derive(Debug, Clone)]
enum Check {
    /// One character or more, none of them a slash: where nothing is required.
    Segment,
    /// Only characters of these ranges, from the least to the most number of them.
    Characters { ranges: Box<[(char, char)]>, least: usize, most: usize },
    /// One of these.
    Words(Box<[Box<str>]>),
    /// The expression, anchored.
    Expression(Box<Regex>),
}

impl Requirement {
    /// Reads a regular expression; gives the reason where it is none.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let expression = regex_syntax::parse(text).map_err(|error| error.to_string())?;
        let expression = unanchored(expression);
        let check = match characters(&expression).or_else(|| words(&expression)) {
            Some(check) => check,
            None => Check::Expression(Box::new(anchored(expression.clone())?)),
        };
        Ok(Requirement { admits_slash: admits_slash(&expression), expression, check })
    }

    /// What a route requires of a parameter; gives the reason where that is no regular expression.
    pub(super) fn of(route: &Route, name: &str) -> Result<Self, String> {
        match route.requirements.iter().find(|(parameter, _)| parameter == name) {
            Some((_, expression)) => Requirement::parse(expression)
                .map_err(|reason| format!("the requirement of `{name}` is not a regular expression: {reason}")),
            None => Ok(Requirement::segment()),
        }
    }

    /// The requirement of a parameter for which none is written: `[^/]+`.
    pub(super) fn segment() -> Self {
        let expression = regex_syntax::parse("[^/]+").expect("a constant expression that is tested");
        Requirement { expression, check: Check::Segment, admits_slash: false }
    }

    /// Whether the whole value is as required.
    pub(super) fn matches(&self, value: &str) -> bool {
        match &self.check {
            Check::Segment => !value.is_empty() && !value.as_bytes().contains(&b'/'),
            Check::Characters { ranges, least, most } => {
                let allowed = |c: char| ranges.iter().any(|(first, last)| (*first..=*last).contains(&c));
                let mut count = 0;
                value.chars().all(|c| {
                    count += 1;
                    allowed(c)
                }) && (*least..=*most).contains(&count)
            }
            Check::Words(words) => words.iter().any(|word| **word == *value),
            Check::Expression(expression) => expression.is_match(value),
        }
    }

    /// Whether a value may contain a slash.
    pub(super) fn admits_slash(&self) -> bool {
        self.admits_slash
    }

    /// The expression without anchors and groups, as part of a larger one.
    pub(super) fn expression(&self) -> Hir {
        self.expression.clone()
    }
}

/// Compiles an expression that must match a whole text.
pub(super) fn anchored(expression: Hir) -> Result<Regex, String> {
    let whole = Hir::concat(vec![Hir::look(Look::Start), expression, Hir::look(Look::End)]);
    Regex::new(&whole.to_string()).map_err(|error| error.to_string())
}

/// The same expression without `^`, `$` and capturing groups.
fn unanchored(expression: Hir) -> Hir {
    match expression.into_kind() {
        HirKind::Look(Look::Start | Look::End) | HirKind::Empty => Hir::empty(),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Capture(capture) => unanchored(*capture.sub),
        HirKind::Repetition(repetition) => {
            let sub = Box::new(unanchored(*repetition.sub));
            Hir::repetition(Repetition { sub, ..repetition })
        }
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(unanchored).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(unanchored).collect()),
    }
}

/// The check for one class of characters, repeated.
fn characters(expression: &Hir) -> Option<Check> {
    let (sub, least, most) = match expression.kind() {
        HirKind::Repetition(repetition) => (&*repetition.sub, repetition.min, repetition.max),
        _ => (expression, 1, Some(1)),
    };
    let HirKind::Class(Class::Unicode(class)) = sub.kind() else { return None };
    let ranges: Box<[_]> = class.iter().map(|range| (range.start(), range.end())).collect();
    // A class such as `\w` has hundreds of ranges, and walking them for each character would be slower than the expression.
    let few = ranges.len() <= 8;
    few.then_some(Check::Characters {
        ranges,
        least: least as usize,
        most: most.map_or(usize::MAX, |most| most as usize),
    })
}

/// The check for an expression that can only match a few texts, such as `en|es`.
fn words(expression: &Hir) -> Option<Check> {
    if !expression.properties().look_set().is_empty() {
        return None;
    }
    let sequence = Extractor::new().limit_total(MOST_WORDS).extract(expression);
    if !sequence.is_exact() {
        return None;
    }
    let words = sequence.literals()?.iter().map(|literal| std::str::from_utf8(literal.as_bytes()).map(Box::from));
    words.collect::<Result<_, _>>().ok().map(Check::Words)
}

/// Whether any part of the expression can match a slash.
fn admits_slash(expression: &Hir) -> bool {
    match expression.kind() {
        HirKind::Literal(literal) => literal.0.contains(&b'/'),
        HirKind::Class(Class::Unicode(class)) => class.iter().any(|range| (range.start()..=range.end()).contains(&'/')),
        HirKind::Class(Class::Bytes(class)) => class.iter().any(|range| (range.start()..=range.end()).contains(&b'/')),
        kind => kind.subs().iter().any(admits_slash),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(text: &str) -> Requirement {
        Requirement::parse(text).unwrap()
    }

    #[test]
    fn the_whole_value_must_match() {
        for (text, good, bad) in [
            ("[0-9]+", "12", "12a"),
            ("[0-9]{2,3}", "12", "1234"),
            ("en|english", "english", "eng"),
            ("^en$|^es$", "es", "e"),
            ("(a)(?P<x>b)", "ab", "a"),
            (r"\w+", "año", "a b"),
            ("a.c", "abc", "abcd"),
            ("[0-9]*", "", "x"),
            ("(?i)en", "EN", "es"),
        ] {
            let requirement = requirement(text);
            assert!(requirement.matches(good), "{text} {good}");
            assert!(!requirement.matches(bad), "{text} {bad}");
        }
    }

    #[test]
    fn whether_a_slash_is_admitted_is_read_from_the_expression() {
        for text in [".+", "a/b", "[^a]", r"\W", "(x|[/a])*", "[ -~]"] {
            assert!(requirement(text).admits_slash(), "{text}");
        }
        for text in ["[^/]+", r"\w+", "[a-z]", "en|es", r"\d{4}"] {
            assert!(!requirement(text).admits_slash(), "{text}");
        }
        assert!(!Requirement::segment().admits_slash());
    }

    #[test]
    fn what_is_no_expression_gives_the_reason() {
        assert!(Requirement::parse("[").unwrap_err().contains("unclosed"));
        assert!(Requirement::parse("a)(b").is_err());
    }
}
