//! The patterns of one route: one text, or one per language (B70, B71, B75).

use std::collections::BTreeSet;

use super::keys::Reading;
use crate::pattern::{self, Piece};
use crate::problem::Problem;
use crate::snapshot::{Path, Text};
use crate::source::yaml::{Content, Entry, Node};

/// The patterns of a route and where each stands.
pub fn read(reading: &Reading<'_>, entry: &Entry, problems: &mut Vec<Problem>) -> (Vec<Path>, Vec<Node>) {
    let document = reading.document;
    let mut paths = (Vec::new(), Vec::new());
    match &entry.value.content {
        Content::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                problems.extend(reading.unknown_language(&entry.key, entry.mark, &[]));
                add(&mut paths, reading, Some(&entry.key), entry, problems);
            }
        }
        Content::Map(_) => {
            let problem = document.error(entry.mark, "`path` is an empty mapping");
            problems.push(problem.help("write a text, or `en: /about` and so on below it"));
        }
        _ => add(&mut paths, reading, None, entry, problems),
    }
    paths
}

fn add(
    (paths, nodes): &mut (Vec<Path>, Vec<Node>),
    reading: &Reading<'_>,
    language: Option<&str>,
    entry: &Entry,
    problems: &mut Vec<Problem>,
) {
    let node = &entry.value;
    let Content::Text(pattern) = &node.content else {
        let what = if language.is_some() { "text" } else { "text, or one text per language" };
        let message = format!("a path must be {what}, but this is {}", node.content.describe());
        let problem = reading.document.error(entry.mark, message);
        problems.push(match node.content {
            Content::Map(_) | Content::Null => problem.help("write the path; put one that begins with `{` in quotes"),
            _ => problem.help("write it with a slash in front, such as `/user/{id}`"),
        });
        return;
    };
    problems.extend(mistakes(reading, node, pattern));
    paths.push(Path { language: language.map(|code| Text::Owned(code.to_string())), pattern: pattern.clone().into() });
    nodes.push(node.clone());
}

/// What keeps a pattern from matching what it should.
fn mistakes(reading: &Reading<'_>, node: &Node, pattern: &str) -> Vec<Problem> {
    let document = reading.document;
    let mut problems = Vec::new();
    if !pattern.starts_with('/') {
        let problem = document.error(node.mark, format!("the path `{pattern}` does not begin with a slash"));
        problems.push(problem.help(format!("write `/{pattern}`")));
    }
    let mut seen = BTreeSet::new();
    for piece in pattern::pieces(pattern) {
        match piece {
            Piece::Parameter(name) if !seen.insert(name) => {
                let part = format!("{{{name}}}");
                let message = format!("the parameter `{name}` stands twice in the path");
                let start = pattern.rfind(&part).map_or(0, |index| pattern[..index].chars().count());
                let span = start..start + part.chars().count();
                problems.push(document.error_span(node, span, message).help("give each parameter a name of its own"));
            }
            Piece::Parameter(_) => {}
            Piece::Literal(literal) => problems.extend(literal_mistake(reading, node, literal)),
        }
    }
    problems
}

fn literal_mistake(reading: &Reading<'_>, node: &Node, literal: &str) -> Option<Problem> {
    let document = reading.document;
    if let Some(brace) = literal.chars().find(|character| matches!(character, '{' | '}')) {
        let problem = document.error_within(node, &brace.to_string(), format!("a stray `{brace}` in the path"));
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
