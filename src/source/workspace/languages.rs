//! The languages of the snapshot: after an edit of one file only the messages are put in place that are others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::last_good::{LastGood, are_same};
use crate::problem::Problem;
use crate::snapshot::{Language, List, Table};
use crate::source::leaf::Leaf;
use crate::source::messages::{Found, MessageFile, language};

/// The files of each language, by its code.
pub type Files = BTreeMap<String, Vec<Arc<MessageFile>>>;

/// An id and its text, shared with the file that they are in.
type Pair = (Arc<str>, Arc<str>);

/// What ids have now; nothing where they are gone.
type Updates<'m> = BTreeMap<&'m str, Option<(&'m Arc<str>, &'m Arc<str>)>>;

/// The message files, and what the languages of the snapshot were made of.
#[derive(Debug, Default)]
pub struct Languages {
    last: LastGood<MessageFile>,
    shown: Files,
}

impl Languages {
    /// The files to use; `None` where what is shown stays.
    pub fn pick(&mut self, found: &Found, errors: &[Problem]) -> Option<Files> {
        if !found.is_usable {
            return None;
        }
        let all: Vec<Arc<MessageFile>> = found.folders.iter().flat_map(|folder| &folder.files).cloned().collect();
        let mut files: Files = found.folders.iter().map(|folder| (folder.code.clone(), Vec::new())).collect();
        for file in self.last.pick(&all, errors)? {
            let Some(code) = found.code_of(&file).map(str::to_string) else { continue };
            files.entry(code).or_default().push(file);
        }
        Some(files)
    }

    /// Makes the languages be those of these files, and tells which are others.
    pub fn show(&mut self, files: Files, languages: &mut List<Language>, changed: &mut BTreeSet<String>) {
        let old = std::mem::take(languages).into_owned();
        let mut old: BTreeMap<String, Language> =
            old.into_iter().map(|language| (language.code.to_string(), language)).collect();
        let mut new = Vec::with_capacity(files.len());
        for (code, files) in &files {
            let (before, is_other) = match (old.remove(code), self.shown.get(code)) {
                (Some(mut before), Some(shown)) => {
                    let is_other = !are_same(shown, files) && revise(&mut before.messages, shown, files);
                    (before, is_other)
                }
                (before, _) => {
                    let language = language(code, files);
                    let is_other = before.as_ref() != Some(&language);
                    (language, is_other)
                }
            };
            changed.extend(is_other.then(|| code.clone()));
            new.push(before);
        }
        changed.extend(old.into_keys());
        *languages = new.into();
        self.shown = files;
    }
}

/// Puts the messages in place that are others in `new` than in `old`, the files that the table was made of. Whether there were any.
fn revise(table: &mut Table, old: &[Arc<MessageFile>], new: &[Arc<MessageFile>]) -> bool {
    let mut updates = Updates::new();
    for id in differing(old, new).into_iter().chain(differing(new, old)) {
        // Of an id that stands in several files the last one counts (B14).
        let pair = new.iter().rev().find_map(|file| file.pair(id));
        if table.get(id) != pair.map(|(_, text)| &**text) {
            updates.insert(id, pair);
        }
    }
    if updates.is_empty() {
        return false;
    }
    let pairs = match std::mem::replace(table, Table::Static(&[])) {
        Table::Owned(pairs) => Arc::unwrap_or_clone(pairs),
        Table::Static(pairs) => pairs.iter().map(|(id, text)| ((*id).into(), (*text).into())).collect(),
    };
    *table = Table::Owned(Arc::new(updated(pairs, updates)));
    true
}

/// The ids that a file has which is not among the others, unless the file of the same path there says the same of them.
fn differing<'m>(files: &'m [Arc<MessageFile>], others: &[Arc<MessageFile>]) -> Vec<&'m str> {
    let mut ids = Vec::new();
    for file in files.iter().filter(|file| !others.iter().any(|other| Arc::ptr_eq(other, file))) {
        let other = others.iter().find(|other| other.path() == file.path());
        ids.extend(file.ids().filter(|id| other.is_none_or(|other| other.pair(id) != file.pair(id))));
    }
    ids
}

/// Sorted pairs with some of them others, new or gone.
fn updated(pairs: Vec<Pair>, updates: Updates<'_>) -> Vec<Pair> {
    let mut result = Vec::with_capacity(pairs.len() + updates.len());
    let owned = |pair: Option<(&Arc<str>, &Arc<str>)>| pair.map(|(id, text)| (id.clone(), text.clone()));
    let mut updates = updates.into_iter().peekable();
    for pair in pairs {
        while let Some((_, new)) = updates.next_if(|(id, _)| **id < *pair.0) {
            result.extend(owned(new));
        }
        match updates.next_if(|(id, _)| **id == *pair.0) {
            Some((_, new)) => result.extend(owned(new)),
            None => result.push(pair),
        }
    }
    result.extend(updates.filter_map(|(_, new)| owned(new)));
    result
}
