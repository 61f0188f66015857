//! Requirements: a regular expression per parameter of a path (B72).

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use regex::Regex;

use super::keys::Reading;
use crate::hint::nearest;
use crate::problem::Problem;
use crate::snapshot::Text;
use crate::source::yaml::{Content, Entry};

/// Regular expressions by parameter (B72). `known` are the parameters that there are and what they are of; `None` where that is not known.
pub fn read(
    reading: &Reading<'_>,
    known: Option<(&BTreeSet<&str>, &str)>,
    entry: &Entry,
    problems: &mut Vec<Problem>,
) -> Vec<(Text, Text)> {
    let document = reading.document;
    let Content::Map(entries) = &entry.value.content else {
        let message = format!("`requirements` must be a mapping, but this is {}", entry.value.content.describe());
        problems.push(document.error(entry.mark, message).help("write `id: \"[0-9]+\"` below it, indented"));
        return Vec::new();
    };
    let mut requirements = Vec::new();
    for entry in entries {
        if let Some((parameters, what)) = known
            && !parameters.contains(entry.key.as_str())
        {
            let problem = document.error(entry.mark, format!("the {what} has no parameter `{}`", entry.key));
            problems.push(match nearest(&entry.key, parameters.iter().copied()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help(format!("add `{{{}}}` to the {what}, or remove this line", entry.key)),
            });
        }
        if let Some(requirement) = requirement(reading, entry, problems) {
            requirements.push((Text::Owned(entry.key.clone()), Text::Owned(requirement.to_string())));
        }
    }
    requirements
}

/// One regular expression.
fn requirement<'n>(reading: &Reading<'_>, entry: &'n Entry, problems: &mut Vec<Problem>) -> Option<&'n str> {
    let Reading { document, expressions, .. } = reading;
    let node = &entry.value;
    let Content::Text(text) = &node.content else {
        let message = format!("a requirement must be text, but this is {}", document.describe(node));
        let help = "put the regular expression in quotes, such as `\"[0-9]+\"`";
        let mark = if node.content == Content::Null { entry.mark } else { node.mark };
        problems.push(document.error(mark, message).help(help));
        return None;
    };
    let Some(mistake) = expressions.mistake(text) else { return Some(text) };
    let message = format!("this regular expression does not compile: {}", mistake.reason);
    let help = if mistake.reason.contains("look-around") || mistake.reason.contains("backreferences") {
        "write it without; the controller can check what a regular expression of this kind cannot"
    } else {
        "a backslash before a character such as `(` or `[` lets it stand for itself"
    };
    problems.push(document.error_span(node, mistake.span, message).help(help));
    // It still stands for a requirement, so that the parameter does not count as one without.
    Some(text)
}

/// The regular expressions of a site, each compiled once: a thousand routes share a handful of them, and compiling is slow in an
/// unoptimised build script.
#[derive(Debug, Clone, Default)]
pub struct Expressions {
    seen: RefCell<HashMap<String, Option<Mistake>>>,
}

/// Why an expression does not compile, and which of its characters are to blame.
#[derive(Debug, Clone)]
struct Mistake {
    reason: String,
    span: Range<usize>,
}

impl Expressions {
    fn mistake(&self, expression: &str) -> Option<Mistake> {
        if let Some(known) = self.seen.borrow().get(expression) {
            return known.clone();
        }
        // The router puts each requirement into a group of its own, so that has to compile as well.
        let compiled = Regex::new(expression).and_then(|_| Regex::new(&format!("^(?:{expression})$")));
        let mistake = compiled.err().map(|error| Mistake::parse(&error.to_string()));
        self.seen.borrow_mut().insert(expression.to_string(), mistake.clone());
        mistake
    }
}

impl Mistake {
    /// The library prints the expression indented by four blanks, a line of `^` below it, and the reason in the last line.
    fn parse(printed: &str) -> Mistake {
        let last = printed.lines().last().unwrap_or_default();
        let marks = printed.lines().find(|line| line.trim_start().starts_with('^')).unwrap_or_default();
        let start = (marks.len() - marks.trim_start().len()).saturating_sub(4);
        Mistake {
            reason: last.trim_start_matches("error:").trim().to_string(),
            span: start..start + marks.trim().len(),
        }
    }
}
