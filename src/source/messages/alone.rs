//! The messages of one folder by themselves, for an operator's overlay: its files are held against the messages of a binary, which
//! are known by their texts alone.

use std::collections::BTreeMap;

use super::{RULES, merge};
use crate::problem::Problem;
use crate::source::files::Files;
use crate::source::yaml;

/// A text that knows where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The text.
    pub text: String,
    /// A warning at its place that says nothing yet.
    place: Problem,
}

impl Placed {
    /// Something about this text that works all the same.
    pub fn warning(&self, message: impl Into<String>) -> Problem {
        Problem { message: message.into(), ..self.place.clone() }
    }
}

/// The messages of all files below a language's folder, by id.
pub fn read(files: &mut Files, folder: &str, problems: &mut Vec<Problem>) -> BTreeMap<String, Placed> {
    let found = files.walk_yaml(folder);
    let texts: Vec<_> = found.iter().filter_map(|found| files.text(found)).collect();
    let (documents, _) = yaml::read_all(&texts, RULES, problems);
    let by_id = merge(&documents, problems).into_iter();
    by_id
        .map(|(id, message)| (id, Placed { place: message.document.warning(message.mark, ""), text: message.text }))
        .collect()
}
