//! The only door to the YAML parser: a file's text to a tree in which every key and value knows where it stands.
//!
//! What is wrong in any file of a site is found here: bad syntax, a key that stands twice, that is not text, or that has a
//! dot where keys are joined by dots (B11, B12, B15). What the keys mean is for the modules that ask.

mod places;
mod reader;
mod syntax;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use crate::problem::Problem;
use crate::snapshot;
use crate::source::files::TextFile;

pub use places::Mark;

/// What a kind of file allows beyond plain YAML.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Whether nested keys are joined by dots, so that a key may have none of its own (B12).
    pub joined: bool,
    /// Which mappings, by their joined key, are kept whole: their keys are names of the author's choice.
    pub is_whole: fn(&str) -> bool,
    /// The tags that have a meaning, without `!`.
    pub tags: &'static [&'static str],
}

/// A key or value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where a scalar begins; where the first key or item of a mapping or list begins; the key before it, if there is none.
    pub mark: Mark,
    /// What it is.
    pub content: Content,
}

/// What a [`Node`] is.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`; other words are text (B15).
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A whole number that does not fit 64 bits.
    Huge,
    /// A number with a fraction or an exponent.
    Float(f64),
    /// Text.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in written order; of a key that stands twice the last.
    Map(Vec<Entry>),
    /// A value with one of the tags that [`Rules`] allow.
    Tagged(String, Box<Node>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key; a whole number as its decimal text (B11).
    pub key: String,
    /// Where the key stands.
    pub mark: Mark,
    /// The value.
    pub value: Node,
}

/// A file that is a YAML mapping.
#[derive(Debug)]
pub struct Document {
    file: Arc<TextFile>,
    /// The entries of the root.
    pub entries: Vec<Entry>,
}

/// Reads a file whose root is a mapping. `None` where it is empty or cannot be read as such.
pub fn read(file: &Arc<TextFile>, rules: Rules, problems: &mut Vec<Problem>) -> Option<Document> {
    let root = reader::read(file, rules, problems)?;
    let document = Document { file: file.clone(), entries: Vec::new() };
    match root.content {
        Content::Map(entries) => Some(Document { entries, ..document }),
        Content::Null => {
            if file.text.trim().is_empty() {
                let help = "write something into it, or delete it";
                problems.push(Problem::warning(&file.path, "the file is empty").help(help));
            }
            None
        }
        other => {
            let message = format!("a mapping is expected here, but this is {}", other.describe());
            let help = "write `key: value`, with a blank after the colon";
            problems.push(document.error(root.mark, message).help(help));
            None
        }
    }
}

impl Document {
    /// The file's path relative to the site's folder.
    pub fn path(&self) -> &str {
        &self.file.path
    }

    /// A mistake at a key or value.
    pub fn error(&self, mark: Mark, message: impl Into<String>) -> Problem {
        places::put(Problem::error(&self.file.path, message), &self.file.text, mark)
    }

    /// Something at a key or value that the build survives.
    pub fn warning(&self, mark: Mark, message: impl Into<String>) -> Problem {
        places::put(Problem::warning(&self.file.path, message), &self.file.text, mark)
    }

    /// A mistake within a text: marks `part` of the value where it stands in the file as it is, else the whole value.
    pub fn error_within(&self, node: &Node, part: &str, message: impl Into<String>) -> Problem {
        let problem = Problem::error(&self.file.path, message);
        places::put_within(problem, &self.file.text, node.mark, part)
    }

    /// A mistake in some characters of a text: marks them where they stand in the file as they are, else the whole value.
    pub fn error_span(&self, node: &Node, span: Range<usize>, message: impl Into<String>) -> Problem {
        let problem = Problem::error(&self.file.path, message);
        let Content::Text(text) = &node.content else { return places::put(problem, &self.file.text, node.mark) };
        places::put_span(problem, &self.file.text, (node.mark, text), span)
    }

    /// Where a key or value stands.
    pub fn place(&self, mark: Mark) -> snapshot::Place {
        snapshot::Place { file: self.file.path.clone().into(), line: mark.line, column: mark.column }
    }

    /// What was found, for a sentence.
    pub fn describe(&self, node: &Node) -> String {
        match &node.content {
            Content::Huge | Content::Integer(_) | Content::Float(_) => {
                format!("the number `{}`", self.written(node.mark))
            }
            content => content.describe(),
        }
    }

    /// A number or boolean as it was written, such as `1.50`.
    pub fn written(&self, mark: Mark) -> &str {
        places::word(&self.file.text, mark)
    }

    /// A scalar's text: of numbers and booleans as they were written. `None` for anything else.
    pub fn text_of<'n>(&'n self, node: &'n Node) -> Option<&'n str> {
        match &node.content {
            Content::Text(text) => Some(text),
            Content::Bool(_) | Content::Integer(_) | Content::Huge | Content::Float(_) => Some(self.written(node.mark)),
            Content::Null | Content::List(_) | Content::Map(_) | Content::Tagged(..) => None,
        }
    }
}

impl Content {
    /// What was found, for a sentence; see also [`Document::describe`].
    pub fn describe(&self) -> String {
        match self {
            Content::Null => "nothing".to_string(),
            Content::Bool(value) => format!("`{value}`"),
            Content::Integer(value) => format!("the number `{value}`"),
            Content::Huge => "a large number".to_string(),
            Content::Float(value) => format!("the number `{value}`"),
            Content::Text(text) => format!("the text `{}`", shortened(text)),
            Content::List(_) => "a list".to_string(),
            Content::Map(_) => "a mapping".to_string(),
            Content::Tagged(tag, _) => format!("`!{tag}`"),
        }
    }
}

/// A text that fits into a sentence.
fn shortened(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= 40 && line.len() == text.len() {
        return line.to_string();
    }
    format!("{}…", line.chars().take(39).collect::<String>())
}
