//! The messages of one folder by themselves, for an operator's overlay: its files are held against the messages of a binary, which
//! are known by their texts alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{MessageFile, merged, repeated};
use crate::problem::Problem;
use crate::source::files::Files;

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
    let texts = found.iter().filter_map(|found| files.text(found));
    let read: Vec<_> = texts.map(|text| Arc::new(MessageFile::new(&text))).collect();
    read.iter().for_each(|file| problems.extend(file.problems.iter().cloned()));
    let by_id = merged(&read, |earlier, later| problems.push(repeated(earlier, later))).into_iter();
    by_id
        .map(|(id, located)| {
            let (text, place) = (located.message.text.to_string(), located.warning(String::new()));
            (id.to_string(), Placed { text, place })
        })
        .collect()
}
