//! Message files to texts by id, one table per language (B120 to B122).
//!
//! A language is a folder below `i18n.path`. Plural forms are ordinary nested keys (`apples.one`, `apples.other`). Whether the
//! languages say the same is looked at in `compare`; whether templates ask for messages that exist is not a matter of this module.

pub mod alone;
mod compare;

use std::collections::BTreeMap;

use crate::hint::nearest;
use crate::problem::Problem;
use crate::snapshot::{Language, Table, Value};
use crate::source::errors;
use crate::source::files::{self, Files, TextFile};
use crate::source::settings::Settings;
use crate::source::yaml::{self, Content, Document, Entry, Mark, Rules};

const RULES: Rules = Rules { joined: true, is_whole: |_| false, tags: &[] };

/// The language of sites that set none.
const DEFAULT_LANGUAGE: &str = "i18n.language.default";

/// The files of one language.
#[derive(Debug)]
struct Folder {
    code: String,
    files: Vec<TextFile>,
    /// Whether every file could be read, so that a message that was not found really is not there.
    complete: bool,
}

/// A message and where it stands.
#[derive(Debug)]
struct Message<'a> {
    text: String,
    document: &'a Document<'a>,
    mark: Mark,
}

/// The messages of one language by id.
struct Messages<'a> {
    code: &'a str,
    complete: bool,
    by_id: BTreeMap<String, Message<'a>>,
}

/// The messages of a site.
#[derive(Debug)]
pub struct Translations {
    /// One language per folder, sorted by code.
    pub languages: Vec<Language>,
    /// Whether every folder and file could be read, so that a message that is not there really is in no language.
    pub complete: bool,
}

/// Reads the messages of all languages.
pub fn read(files: &mut Files, settings: &Settings, problems: &mut Vec<Problem>) -> Translations {
    let before = errors(files, problems);
    let folders = folders(files, settings, problems);
    let is_found = errors(files, problems) == before;
    let read: Vec<(Vec<Document<'_>>, bool)> =
        folders.iter().map(|folder| yaml::read_all(&folder.files, RULES, problems)).collect();
    let mut languages = Vec::new();
    for (folder, (documents, whole)) in folders.iter().zip(&read) {
        let by_id = merge(documents, problems);
        languages.push(Messages { code: &folder.code, complete: folder.complete && *whole, by_id });
    }
    let default = default_language(settings, &languages, problems);
    if let Some(default) = default {
        compare::check(default, &languages, problems);
    }
    let complete = is_found && languages.iter().all(|language| language.complete);
    Translations { languages: languages.into_iter().map(Messages::into_language).collect(), complete }
}

/// The language folders with the texts of their files.
fn folders(files: &mut Files, settings: &Settings, problems: &mut Vec<Problem>) -> Vec<Folder> {
    let Some(root) = settings.folder(files, "i18n.path", problems) else { return Vec::new() };
    for found in files.walk(&root) {
        if !found.name.contains('/') && files::is_yaml(&found.name) {
            let problem = Problem::warning(&found.path, "this file belongs to no language, so it is not read");
            problems.push(problem.help("move it into the folder of its language, such as `en/`"));
        }
    }
    let mut folders = Vec::new();
    for code in files.folders(&root) {
        let found = files.walk_yaml(&files::join(&root, &code));
        let texts: Vec<_> = found.iter().filter_map(|found| files.text(found)).collect();
        folders.push(Folder { code, complete: texts.len() == found.len(), files: texts });
    }
    folders
}

/// All messages of a language; of an id that stands twice the one of the later file counts (B14).
fn merge<'a>(documents: &'a [Document<'_>], problems: &mut Vec<Problem>) -> BTreeMap<String, Message<'a>> {
    let mut by_id: BTreeMap<String, Message<'a>> = BTreeMap::new();
    for document in documents {
        let mut found = Vec::new();
        flatten(document, "", &document.entries, &mut found, problems);
        for (id, message) in found {
            if let Some(earlier) = by_id.get(&id) {
                let text = format!("the message `{id}` is in `{}` as well; this file wins", earlier.document.path());
                let help = format!("remove one of the two; the other is at {}", earlier.document.place(earlier.mark));
                problems.push(document.warning(message.mark, text).help(help));
            }
            by_id.insert(id, message);
        }
    }
    by_id
}

fn flatten<'a>(
    document: &'a Document<'_>,
    prefix: &str,
    entries: &[Entry],
    found: &mut Vec<(String, Message<'a>)>,
    problems: &mut Vec<Problem>,
) {
    for entry in entries {
        let id = if prefix.is_empty() { entry.key.clone() } else { format!("{prefix}.{}", entry.key) };
        if let Content::Map(entries) = &entry.value.content {
            flatten(document, &id, entries, found, problems);
        } else if let Some(text) = document.text_of(&entry.value) {
            found.push((id, Message { text: text.to_string(), document, mark: entry.mark }));
        } else {
            let message = format!("the message `{id}` must be text, but this is {}", entry.value.content.describe());
            let problem = document.error(entry.mark, message);
            // It counts as there, so that templates may name it without a second mistake.
            found.push((id, Message { text: String::new(), document, mark: entry.mark }));
            problems.push(match entry.value.content {
                Content::Null => problem.help("write `\"\"` for an empty text"),
                _ => problem.help("write one text, or nested keys for several"),
            });
        }
    }
}

/// The language that the others are held against.
fn default_language<'m, 'a>(
    settings: &Settings,
    languages: &'m [Messages<'a>],
    problems: &mut Vec<Problem>,
) -> Option<&'m Messages<'a>> {
    let code = match settings.built(DEFAULT_LANGUAGE).map(|setting| &setting.value) {
        Some(Value::Text(code)) => code.as_ref(),
        _ => return languages.first(),
    };
    let found = languages.iter().find(|language| language.code == code);
    if found.is_none() && !languages.is_empty() {
        let problem = settings.error(DEFAULT_LANGUAGE, format!("the site has no language `{code}`"));
        let codes: Vec<_> = languages.iter().map(|language| language.code).collect();
        problems.push(match nearest(code, codes.iter().copied()) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("its languages are `{}`", codes.join("`, `"))),
        });
    }
    found
}

impl Messages<'_> {
    fn into_language(self) -> Language {
        let messages = self.by_id.into_iter().map(|(id, message)| (id, message.text)).collect();
        Language { code: self.code.to_string().into(), messages: Table::Owned(std::sync::Arc::new(messages)) }
    }
}
