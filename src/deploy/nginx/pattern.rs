//! A route's path as NGINX and the comparison of limits see it.
//!
//! NGINX compares decoded bytes, so literals are written plainly. What a parameter requires is not repeated: expressions of Rust and PCRE
//! differ, and taking more paths than the route does no harm, because each location allows as much as any route that its paths may be of.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::pattern::{Piece, pieces};
use crate::snapshot::Route;

/// A route's path in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// A value within one segment.
    Segment {
        may_be_empty: bool,
    },
    /// A value that may run over several.
    Rest {
        may_be_empty: bool,
    },
}

impl Pattern {
    /// One path of a route.
    pub(super) fn new(route: &Route, path: &str) -> Self {
        let part = |piece| match piece {
            Piece::Literal(text) => Part::Literal(text.to_string()),
            Piece::Parameter(name) => {
                let requirement = route.requirements.iter().find(|(parameter, _)| parameter == name);
                requirement.map_or(Part::Segment { may_be_empty: false }, |(_, text)| part(text))
            }
        };
        Pattern(pieces(path).map(part).collect())
    }

    /// A path as it is.
    pub(super) fn of_path(path: &str) -> Self {
        Pattern(vec![Part::Literal(path.to_string())])
    }

    /// The `location` behind that word: with `=` where the path is fixed, else with `~`. `mount` is put in front.
    pub(super) fn location(&self, mount: &str) -> String {
        let fixed = match &*self.0 {
            [Part::Literal(text)] if !text.chars().any(char::is_control) => Some(text),
            _ => None,
        };
        match fixed {
            Some(text) => format!("= {}", super::quoted(&format!("{mount}{text}"))),
            None => format!("~ {}", super::quoted(&self.expression(mount))),
        }
    }

    fn expression(&self, mount: &str) -> String {
        let mut expression = format!("^{}", escaped(mount));
        for part in &self.0 {
            match part {
                Part::Literal(text) => expression.push_str(&escaped(text)),
                Part::Segment { may_be_empty: false } => expression.push_str("[^/]+"),
                Part::Segment { may_be_empty: true } => expression.push_str("[^/]*"),
                Part::Rest { may_be_empty: false } => expression.push_str("(?s:.+)"),
                Part::Rest { may_be_empty: true } => expression.push_str("(?s:.*)"),
            }
        }
        // `$` would take a line's end before the last one as well.
        expression + r"\z"
    }

    /// Whether some path may be of both; where that is not easily told it is so.
    pub(super) fn may_meet(&self, other: &Pattern) -> bool {
        let (ours, theirs) = (self.segments(), other.segments());
        let common = ours.iter().zip(&theirs);
        for (one, two) in common {
            match (one, two) {
                (Segment::Rest, _) | (_, Segment::Rest) => return true,
                (Segment::Literal(one), Segment::Literal(two)) if one != two => return false,
                _ => {}
            }
        }
        let rest = ours.get(theirs.len()).or_else(|| theirs.get(ours.len()));
        rest.is_none_or(|rest| *rest == Segment::Rest)
    }

    fn segments(&self) -> Vec<Segment> {
        let mut segments = vec![Segment::Literal(String::new())];
        for part in &self.0 {
            match part {
                Part::Rest { .. } => {
                    segments.pop();
                    segments.push(Segment::Rest);
                    return segments;
                }
                Part::Segment { .. } => {
                    segments.pop();
                    segments.push(Segment::Any);
                }
                Part::Literal(text) => push(&mut segments, text),
            }
        }
        segments
    }
}

/// A part of a path between two slashes.
#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Any,
    Rest,
}

fn push(segments: &mut Vec<Segment>, text: &str) {
    for (number, part) in text.split('/').enumerate() {
        match segments.last_mut() {
            Some(Segment::Literal(last)) if number == 0 => last.push_str(part),
            // Text beside a parameter in one segment says too little to be worth comparing.
            Some(_) if number == 0 => {}
            _ => segments.push(Segment::Literal(part.to_string())),
        }
    }
}

/// What a requirement takes, roughly.
fn part(requirement: &str) -> Part {
    let Ok(expression) = regex_syntax::parse(requirement) else { return Part::Rest { may_be_empty: true } };
    let may_be_empty = expression.properties().minimum_len().unwrap_or(0) == 0;
    match admits_slash(&expression) {
        true => Part::Rest { may_be_empty },
        false => Part::Segment { may_be_empty },
    }
}

fn admits_slash(expression: &Hir) -> bool {
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.contains(&b'/'),
        HirKind::Class(Class::Unicode(class)) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&'/'))
        }
        HirKind::Class(Class::Bytes(class)) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&b'/'))
        }
        HirKind::Repetition(repetition) => admits_slash(&repetition.sub),
        HirKind::Capture(capture) => admits_slash(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(admits_slash),
    }
}

/// Text that stands for itself in an expression of PCRE. Bytes beyond ASCII do so anyway.
pub(super) fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        c if c.is_ascii_alphanumeric() || "/-_~".contains(c) || (!c.is_ascii() && !c.is_control()) => c.to_string(),
        c if c.is_ascii_control() => format!("\\x{:02x}", u32::from(c)),
        c if c.is_ascii() => format!("\\{c}"),
        // A control character beyond ASCII.
        c => c.to_string().bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Text;

    fn pattern(path: &'static str, requirements: &[(&'static str, &'static str)]) -> Pattern {
        let requirements: Vec<(Text, Text)> =
            requirements.iter().map(|&(name, text)| (name.into(), text.into())).collect();
        let route = Route {
            name: "r".into(),
            paths: Vec::new().into(),
            host: None,
            controller: "c".into(),
            middleware: Vec::new().into(),
            methods: None,
            requirements: requirements.into(),
            language: None,
            limits: Default::default(),
            place: Default::default(),
        };
        Pattern::new(&route, path)
    }

    #[test]
    fn fixed_paths_are_compared_and_others_are_expressions() {
        assert_eq!(pattern("/über uns", &[]).location("/docs"), "= \"/docs/über uns\"");
        assert_eq!(pattern("/a.b/{id}", &[]).location(""), r#"~ "^/a\\.b/[^/]+\\z""#);
        assert_eq!(pattern("/f/{p}", &[("p", ".*")]).location("/d"), r#"~ "^/d/f/(?s:.*)\\z""#);
        assert_eq!(pattern("/f/{p}", &[("p", "a|")]).location(""), r#"~ "^/f/[^/]*\\z""#);
        assert_eq!(pattern("/a\nb\"{x}", &[]).location(""), r#"~ "^/a\\x0ab\\\"[^/]+\\z""#);
    }

    #[test]
    fn paths_that_may_be_of_both_meet() {
        let meet = |one, two| pattern(one, &[]).may_meet(&pattern(two, &[]));
        assert!(meet("/a", "/a") && meet("/a/{x}", "/{y}/b") && meet("/a/x{x}", "/a/{y}") && meet("/{x}", "/"));
        assert!(!meet("/a", "/b") && !meet("/a", "/a/") && !meet("/a/{x}", "/a") && !meet("/a/{x}", "/b/{x}"));
        let rest = pattern("/a/{rest}", &[("rest", ".+")]);
        assert!(rest.may_meet(&pattern("/a/b/c", &[])) && !rest.may_meet(&pattern("/b", &[])));
    }
}
