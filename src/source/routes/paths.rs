//! The patterns of one route, and the prefixes of a group: one text, or one per language (B70, B71, B75).

use std::collections::BTreeSet;

use super::keys::Reading;
use crate::pattern::{self, Piece};
use crate::problem::Problem;
use crate::snapshot::{Path, Text};
use crate::source::yaml::{Content, Entry, Node};

/// The patterns of a route and where each stands.
pub fn read(reading: &Reading<'_>, entry: &Entry, problems: &mut Vec<Problem>) -> Vec<(Path, Node)> {
    let texts = texts(reading, entry, "path", problems);
    for (path, node) in &texts {
        problems.extend(mistakes(reading, node, "path", &path.pattern));
    }
    texts
}

/// The prefixes of a group and where each stands. One language may have none: the empty text.
pub fn read_prefix(reading: &Reading<'_>, entry: &Entry, problems: &mut Vec<Problem>) -> Vec<(Path, Node)> {
    let texts = texts(reading, entry, "prefix", problems);
    for (path, node) in &texts {
        let (document, prefix) = (reading.document, &*path.pattern);
        if prefix.is_empty() && path.language.is_some() {
            continue;
        }
        if prefix.is_empty() || prefix == "/" {
            let problem = document.error(node.mark, format!("the prefix `{prefix}` adds nothing to a path"));
            problems.push(match path.language {
                Some(_) => problem.help("write `\"\"` for a language without a prefix"),
                None => problem.help("write one such as `/admin`, or remove the key"),
            });
            continue;
        }
        if let Some(shorter) = prefix.strip_suffix('/') {
            let problem = document.error(node.mark, format!("the prefix `{prefix}` ends with a slash"));
            let help = format!("write `{}`: the path behind it begins with one", shorter.trim_end_matches('/'));
            problems.push(problem.help(help));
        }
        problems.extend(mistakes(reading, node, "prefix", prefix));
    }
    texts
}

/// The texts of a `path` or `prefix` and where each stands.
fn texts(reading: &Reading<'_>, entry: &Entry, what: &str, problems: &mut Vec<Problem>) -> Vec<(Path, Node)> {
    match &entry.value.content {
        Content::Map(entries) if !entries.is_empty() => {
            let mut texts = Vec::new();
            for entry in entries {
                problems.extend(reading.unknown_language(&entry.key, entry.mark, &[]));
                texts.extend(text(reading, Some(&entry.key), entry, what, problems));
            }
            texts
        }
        Content::Map(_) => {
            let problem = reading.document.error(entry.mark, format!("`{what}` is an empty mapping"));
            problems.push(problem.help("write a text, or `en: /about` and so on below it"));
            Vec::new()
        }
        _ => text(reading, None, entry, what, problems).into_iter().collect(),
    }
}

fn text(
    reading: &Reading<'_>,
    language: Option<&str>,
    entry: &Entry,
    what: &str,
    problems: &mut Vec<Problem>,
) -> Option<(Path, Node)> {
    let node = &entry.value;
    let Content::Text(pattern) = &node.content else {
        let expected = if language.is_some() { "text" } else { "text, or one text per language" };
        let message = format!("a {what} must be {expected}, but this is {}", node.content.describe());
        let problem = reading.document.error(entry.mark, message);
        problems.push(match node.content {
            Content::Map(_) | Content::Null => {
                problem.help(format!("write the {what}; put one that begins with `{{` in quotes"))
            }
            _ => problem.help("write it with a slash in front, such as `/user/{id}`"),
        });
        return None;
    };
    let language = language.map(|code| Text::Owned(code.to_string()));
    Some((Path { language, pattern: pattern.clone().into() }, node.clone()))
}

/// What keeps a pattern from matching what it should.
fn mistakes(reading: &Reading<'_>, node: &Node, what: &str, pattern: &str) -> Vec<Problem> {
    let document = reading.document;
    let mut problems = Vec::new();
    if !pattern.starts_with('/') {
        let problem = document.error(node.mark, format!("the {what} `{pattern}` does not begin with a slash"));
        problems.push(problem.help(format!("write `/{pattern}`")));
    }
    let mut seen = BTreeSet::new();
    for piece in pattern::pieces(pattern) {
        match piece {
            Piece::Parameter(name) if !seen.insert(name) => {
                let part = format!("{{{name}}}");
                let message = format!("the parameter `{name}` stands twice in the {what}");
                let start = pattern.rfind(&part).map_or(0, |index| pattern[..index].chars().count());
                let span = start..start + part.chars().count();
                problems.push(document.error_span(node, span, message).help("give each parameter a name of its own"));
            }
            Piece::Parameter(_) => {}
            Piece::Literal(literal) => problems.extend(literal_mistake(reading, node, what, literal)),
        }
    }
    problems
}

fn literal_mistake(reading: &Reading<'_>, node: &Node, what: &str, literal: &str) -> Option<Problem> {
    let document = reading.document;
    if let Some(brace) = literal.chars().find(|character| matches!(character, '{' | '}')) {
        let problem = document.error_within(node, &brace.to_string(), format!("a stray `{brace}` in the {what}"));
        return Some(problem.help("a parameter is written `{name}`, with at least one character between the braces"));
    }
    if let Some(mark) = literal.chars().find(|character| matches!(character, '?' | '#')) {
        let message = format!("a path ends before `{mark}`, so this route could never match");
        let problem = document.error_within(node, &mark.to_string(), message);
        return Some(problem.help("remove it; a controller reads the query from the request"));
    }
    let (index, _) = literal.match_indices('%').find(|(index, _)| is_encoded(&literal[*index..]))?;
    let part = &literal[index..index + 3];
    let problem =
        document.error_within(node, part, format!("`{part}` is matched as it stands, not as what it encodes"));
    Some(problem.help("write the character itself, such as `/über-uns`: addresses are decoded before they are matched"))
}

fn is_encoded(text: &str) -> bool {
    text.as_bytes().get(1..3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}
