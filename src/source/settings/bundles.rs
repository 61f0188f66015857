//! The setting `static.bundles`: from each bundle's address to its files, in the order in which they are put together.
//!
//! Only its form is checked here, where each name knows its place in the file. Whether the files are there and fit together is
//! for `source::assets::bundles`.

use super::flatten::Leaf;
use crate::problem::Problem;
use crate::source::yaml::{Content, Document, Entry, Node};

/// The setting's key.
const KEY: &str = "static.bundles";

/// A bundle as it was written.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Its address, as the filter `asset` takes it.
    pub name: Written,
    /// Its files, as the filter `asset` takes them; at least one.
    pub files: Vec<Written>,
}

/// A text of a settings file that knows where it stands.
#[derive(Debug, Clone)]
pub struct Written {
    /// The text.
    pub text: String,
    /// A mistake at its place that says nothing yet.
    place: Problem,
}

impl Written {
    /// A mistake at this text.
    pub fn error(&self, message: impl Into<String>) -> Problem {
        Problem { message: message.into(), ..self.place.clone() }
    }
}

/// The bundles of a settings file; `None` where it has no such setting.
pub fn bundles(document: &Document, leaves: &[Leaf<'_>], problems: &mut Vec<Problem>) -> Option<Vec<Bundle>> {
    let leaf = leaves.iter().rfind(|leaf| leaf.setting.key == KEY)?;
    // Any other type of value has been refused with the types of all settings.
    let Content::Map(entries) = &leaf.node.content else { return None };
    Some(entries.iter().filter_map(|entry| bundle(document, entry, problems)).collect())
}

fn bundle(document: &Document, entry: &Entry, problems: &mut Vec<Problem>) -> Option<Bundle> {
    let name = Written { text: entry.key.clone(), place: document.error(entry.mark, "") };
    let help = "list its files below it, each in a line of its own with `- ` in front";
    let Content::List(items) = &entry.value.content else {
        let found = document.describe(&entry.value);
        let message = format!("the bundle `{}` must be a list of files, but this is {found}", name.text);
        problems.push(document.error(entry.value.mark, message).help(help));
        return None;
    };
    if items.is_empty() {
        problems.push(name.error(format!("the bundle `{}` has no files", name.text)).help(help));
        return None;
    }
    let files: Vec<Written> = items.iter().filter_map(|item| file(document, item, problems)).collect();
    (files.len() == items.len()).then_some(Bundle { name, files })
}

fn file(document: &Document, node: &Node, problems: &mut Vec<Problem>) -> Option<Written> {
    if let Content::Text(text) = &node.content {
        return Some(Written { text: text.clone(), place: document.error(node.mark, "") });
    }
    let message = format!("a file of a bundle must be a text, but this is {}", document.describe(node));
    problems.push(
        document
            .error(node.mark, message)
            .help("write the file as the filter `asset` takes it, such as `/css/site.css`"),
    );
    None
}
