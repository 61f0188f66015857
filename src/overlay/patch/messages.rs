//! Messages of an overlay: text by text over those of the binary, also in languages that it has not.
//!
//! A binary keeps the texts of a language, not the files that they were in: nothing at run time asks for those. So a file of an overlay
//! cannot take the place of another one, and need not: a file with nothing but the mended text is enough, under any name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::pattern;
use crate::problem::Problem;
use crate::snapshot::{Language, Snapshot, Table};
use crate::source::files::{self, Entry, Files};
use crate::source::messages::alone::{self, Placed};
use crate::source::settings::Settings;

/// The texts of an overlay in one language, by id.
type Texts = BTreeMap<String, Placed>;

/// Reads the overlay's messages. Gives all languages of the site with them, sorted by code, and the files.
pub fn read(
    files: &mut Files,
    settings: &Settings,
    binary: &Snapshot,
    problems: &mut Vec<Problem>,
) -> (Vec<Language>, Vec<String>) {
    let mut languages: BTreeMap<String, Language> =
        binary.languages.iter().map(|language| (language.code.to_string(), language.clone())).collect();
    let root = settings.text("i18n.path");
    if files.entry(root) != Entry::Folder {
        return (languages.into_values().collect(), Vec::new());
    }
    let mut read = Vec::new();
    let mut patches: BTreeMap<String, Texts> = BTreeMap::new();
    for code in files.folders(root) {
        let folder = files::join(root, &code);
        let found = files.walk_yaml(&folder);
        if !found.is_empty() {
            patches.insert(code, alone::read(files, &folder, problems));
        }
        read.extend(found.into_iter().map(|found| found.path));
    }
    for (code, texts) in &patches {
        let language = languages
            .remove(code)
            .unwrap_or_else(|| Language { code: code.clone().into(), messages: Table::Owned(Arc::default()) });
        languages.insert(code.clone(), put_over(language, texts));
    }
    let languages: Vec<Language> = languages.into_values().collect();
    for (code, texts) in &patches {
        let check = Check { code, texts, binary, languages: &languages };
        problems.extend(check.placeholders());
        problems.extend(check.missing());
    }
    (languages, read)
}

fn put_over(language: Language, texts: &Texts) -> Language {
    let mut messages: BTreeMap<&str, &str> = language.messages.iter().collect();
    messages.extend(texts.iter().map(|(id, placed)| (id.as_str(), placed.text.as_str())));
    let messages: Vec<_> = messages.into_iter().map(|(id, text)| (id.into(), text.into())).collect();
    Language { code: language.code, messages: Table::Owned(messages.into()) }
}

/// What may be wrong with the texts of one language.
struct Check<'a> {
    code: &'a str,
    texts: &'a Texts,
    binary: &'a Snapshot,
    /// With the overlay.
    languages: &'a [Language],
}

impl Check<'_> {
    /// Texts with other placeholders than the one that they replace: the page would show the name in braces, or lack a value.
    fn placeholders(&self) -> Vec<Problem> {
        let language = self.binary.languages.iter().find(|language| language.code == self.code);
        let problem = |(id, placed): (&String, &Placed)| {
            let original = language?.messages.get(id)?;
            let (here, there) = (names(&placed.text), names(original));
            let listed =
                |names: Vec<&&str>| names.iter().map(|name| format!("`{{{name}}}`")).collect::<Vec<_>>().join(", ");
            let (more, fewer) = (listed(here.difference(&there).collect()), listed(there.difference(&here).collect()));
            let message = match (more.is_empty(), fewer.is_empty()) {
                (true, true) => return None,
                (false, true) => format!("the message `{id}` has {more}, which it has not in the binary"),
                (true, false) => format!("the message `{id}` lacks {fewer}, which it has in the binary"),
                (false, false) => format!("the message `{id}` has {more} where it has {fewer} in the binary"),
            };
            Some(placed.warning(message).help("use the names that the templates of the binary pass"))
        };
        self.texts.iter().filter_map(problem).collect()
    }

    /// Messages that are new and not in all languages of the binary.
    fn missing(&self) -> Vec<Problem> {
        let codes: BTreeSet<&str> = self.binary.languages.iter().map(|language| language.code.as_ref()).collect();
        let is_known = |id: &str| self.binary.languages.iter().any(|language| language.messages.get(id).is_some());
        let problem = |(id, placed): (&String, &Placed)| {
            let lacks =
                |language: &&Language| codes.contains(language.code.as_ref()) && language.messages.get(id).is_none();
            let lacking: Vec<&str> =
                self.languages.iter().filter(lacks).map(|language| language.code.as_ref()).collect();
            if lacking.is_empty() || is_known(id) {
                return None;
            }
            let message = format!("the message `{id}` is new and missing in `{}`", lacking.join("`, `"));
            Some(placed.warning(message).help("write it there too, or correct its name here"))
        };
        self.texts.iter().filter_map(problem).collect()
    }
}

/// The placeholders of a text. A plural form may say its number in words, so `count` is free.
fn names(text: &str) -> BTreeSet<&str> {
    pattern::parameters(text).filter(|name| *name != "count").collect()
}
