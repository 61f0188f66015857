//! Requirements: a regular expression per parameter of a path (B72).

use std::collections::BTreeSet;
use std::ops::Range;

use regex::Regex;

use crate::hint::nearest;
use crate::pattern;
use crate::problem::Problem;
use crate::snapshot::{Path, Text};
use crate::source::yaml::{Content, Document, Entry};

/// Regular expressions by parameter (B72).
pub fn read(document: &Document<'_>, paths: &[Path], entry: &Entry, problems: &mut Vec<Problem>) -> Vec<(Text, Text)> {
    let Content::Map(entries) = &entry.value.content else {
        let message = format!("`requirements` must be a mapping, but this is {}", entry.value.content.describe());
        problems.push(document.error(entry.mark, message).help("write `id: \"[0-9]+\"` below it, indented"));
        return Vec::new();
    };
    let parameters: BTreeSet<&str> = paths.iter().flat_map(|path| pattern::parameters(&path.pattern)).collect();
    let mut requirements = Vec::new();
    for entry in entries {
        if !parameters.contains(entry.key.as_str()) && !paths.is_empty() {
            let problem = document.error(entry.mark, format!("the path has no parameter `{}`", entry.key));
            problems.push(match nearest(&entry.key, parameters.iter().copied()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help(format!("add `{{{}}}` to the path, or remove this line", entry.key)),
            });
        }
        if let Some(requirement) = requirement(document, entry, problems) {
            requirements.push((Text::Owned(entry.key.clone()), Text::Owned(requirement.to_string())));
        }
    }
    requirements
}

/// One regular expression, where it compiles.
fn requirement<'n>(document: &Document<'_>, entry: &'n Entry, problems: &mut Vec<Problem>) -> Option<&'n str> {
    let node = &entry.value;
    let Content::Text(text) = &node.content else {
        let message = format!("a requirement must be text, but this is {}", node.content.describe());
        let help = "put the regular expression in quotes, such as `\"[0-9]+\"`";
        let mark = if node.content == Content::Null { entry.mark } else { node.mark };
        problems.push(document.error(mark, message).help(help));
        return None;
    };
    // The router puts each requirement into a group of its own, so that has to compile as well.
    let compiled = Regex::new(text).and_then(|_| Regex::new(&format!("^(?:{text})$")));
    let Err(error) = compiled else { return Some(text) };
    let (reason, span) = mistake(&error.to_string());
    let message = format!("this regular expression does not compile: {reason}");
    let help = if reason.contains("look-around") || reason.contains("backreferences") {
        "write it without; the controller can check what a regular expression of this kind cannot"
    } else {
        "a backslash before a character such as `(` or `[` lets it stand for itself"
    };
    problems.push(document.error_span(node, span, message).help(help));
    None
}

/// The reason and the marked characters of the expression in what the library prints: the expression indented by four blanks, a line of
/// `^` below it, and the reason in the last line.
fn mistake(printed: &str) -> (String, Range<usize>) {
    let last = printed.lines().last().unwrap_or_default();
    let reason = last.trim_start_matches("error:").trim().to_string();
    let marks = printed.lines().find(|line| line.trim_start().starts_with('^')).unwrap_or_default();
    let start = (marks.len() - marks.trim_start().len()).saturating_sub(4);
    (reason, start..start + marks.trim().len())
}
