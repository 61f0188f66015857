//! Message files to texts by id, one table per language (B120 to B122).
//!
//! A language is a folder below `i18n.path`. Plural forms are ordinary nested keys (`apples.one`, `apples.other`). Whether the
//! languages say the same is looked at in `compare`; whether templates ask for messages that exist is not a matter of this module.

pub mod alone;
mod compare;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::hint::nearest;
use crate::problem::Problem;
use crate::snapshot::{Language, Place, Table, Value};
use crate::source::errors;
use crate::source::files::{self, Files, TextFile};
use crate::source::leaf::Leaf;
use crate::source::memo::Memo;
use crate::source::settings::Settings;
use crate::source::yaml::{self, Content, Document, Entry, Mark, Rules};

const RULES: Rules = Rules { joined: true, is_whole: |_| false, tags: &[] };

/// The language of sites that set none.
const DEFAULT_LANGUAGE: &str = "i18n.language.default";

/// What one message file says.
#[derive(Debug)]
pub struct MessageFile {
    file: Arc<TextFile>,
    /// The file for messages about it; its tree is dropped, because `list` has all that is in it.
    document: Option<Document>,
    /// In written order.
    list: Vec<Message>,
    /// The positions in `list`, sorted by id, and of one id by position.
    by_id: Vec<usize>,
    problems: Vec<Problem>,
}

/// A message of one file.
#[derive(Debug)]
struct Message {
    id: Arc<str>,
    text: Arc<str>,
    mark: Mark,
}

/// A message and the file that it is in.
#[derive(Debug, Clone, Copy)]
struct Located<'m> {
    file: &'m MessageFile,
    message: &'m Message,
}

/// The folder of one language.
#[derive(Debug)]
pub struct Folder {
    /// Its name.
    pub code: String,
    /// Its files, sorted by path.
    pub files: Vec<Arc<MessageFile>>,
    /// Whether every file could be read, so that a message that was not found really is not there.
    complete: bool,
}

/// The message files of a site as they are.
#[derive(Debug, Default)]
pub struct Found {
    /// Sorted by code.
    pub folders: Vec<Folder>,
    /// Whether every folder and file could be read, so that a message that is not there really is in no language.
    pub complete: bool,
    /// The folder of the languages; `None` where there is none.
    pub root: Option<String>,
    /// Whether the setting `i18n.path` leads anywhere.
    pub is_usable: bool,
}

impl Found {
    /// The code of the language that a file belongs to.
    pub fn code_of<'f>(&self, file: &'f MessageFile) -> Option<&'f str> {
        let below = file.path().strip_prefix(self.root.as_deref()?)?.trim_start_matches('/');
        below.split_once('/').map(|(code, _)| code)
    }
}

/// The messages of one language by id.
struct Messages<'m> {
    code: &'m str,
    complete: bool,
    by_id: BTreeMap<&'m str, Located<'m>>,
}

impl Leaf for MessageFile {
    fn path(&self) -> &str {
        &self.file.path
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// Reads the message files of all languages, as far as they have not been read before.
pub fn find(
    files: &mut Files,
    memo: &mut Memo<TextFile, MessageFile>,
    settings: &Settings,
    problems: &mut Vec<Problem>,
) -> Found {
    let before = errors(files, problems);
    let root = settings.folder(files, "i18n.path", problems);
    let is_usable = errors(files, problems) == before;
    let texts = root.as_deref().map(|root| texts(files, root, problems)).unwrap_or_default();
    let is_found = errors(files, problems) == before;
    let mut folders = Vec::new();
    for (code, texts, all) in texts {
        let files: Vec<_> = texts.iter().map(|text| memo.get(text, || MessageFile::new(text))).collect();
        files.iter().for_each(|file| problems.extend(file.problems.iter().cloned()));
        let complete = all && files.iter().all(|file| file.is_read());
        folders.push(Folder { code, files, complete });
    }
    let complete = is_found && folders.iter().all(|folder| folder.complete);
    Found { folders, complete, root, is_usable }
}

/// The texts of each language folder, and whether those are all.
fn texts(files: &mut Files, root: &str, problems: &mut Vec<Problem>) -> Vec<(String, Vec<Arc<TextFile>>, bool)> {
    for found in files.walk(root).iter() {
        if !found.name.contains('/') && files::is_yaml(&found.name) {
            let problem = Problem::warning(&found.path, "this file belongs to no language, so it is not read");
            problems.push(problem.help("move it into the folder of its language, such as `en/`"));
        }
    }
    let mut folders = Vec::new();
    for code in files.folders(root) {
        let found = files.walk_yaml(&files::join(root, &code));
        let texts: Vec<_> = found.iter().filter_map(|found| files.text(found)).collect();
        let all = texts.len() == found.len();
        folders.push((code, texts, all));
    }
    folders
}

/// Holds the languages of a site against each other.
pub fn check(found: &Found, settings: &Settings, problems: &mut Vec<Problem>) {
    let mut languages = Vec::new();
    for Folder { code, files, complete } in &found.folders {
        let by_id = merged(files, |earlier, later| problems.push(repeated(earlier, later)));
        languages.push(Messages { code, complete: *complete, by_id });
    }
    let codes: Vec<&str> = languages.iter().map(|language| language.code).collect();
    match default_language(settings, &codes) {
        Ok(code) => {
            let default = languages.iter().find(|language| Some(language.code) == code);
            default.into_iter().for_each(|default| compare::check(default, &languages, problems));
        }
        Err(problem) => problems.push(*problem),
    }
}

/// The messages of one language as data.
pub fn language(code: &str, files: &[Arc<MessageFile>]) -> Language {
    let messages = merged(files, |_, _| {}).into_values().map(|Located { message, .. }| message);
    let messages = messages.map(|message| (message.id.clone(), message.text.clone())).collect();
    Language { code: code.to_string().into(), messages: Table::Owned(Arc::new(messages)) }
}

/// All messages of a language; of an id that stands twice the one of the later file counts (B14).
fn merged<'m>(
    files: &'m [Arc<MessageFile>],
    mut repeated: impl FnMut(Located<'m>, Located<'m>),
) -> BTreeMap<&'m str, Located<'m>> {
    let mut by_id: BTreeMap<&str, Located<'_>> = BTreeMap::new();
    for file in files {
        for message in &file.list {
            let located = Located { file, message };
            if let Some(earlier) = by_id.insert(&message.id, located) {
                repeated(earlier, located);
            }
        }
    }
    by_id
}

fn repeated(earlier: Located<'_>, later: Located<'_>) -> Problem {
    let text = format!("the message `{}` is in `{}` as well; this file wins", later.message.id, earlier.file.path());
    later.warning(text).help(format!("remove one of the two; the other is at {}", earlier.place()))
}

impl MessageFile {
    fn new(file: &Arc<TextFile>) -> MessageFile {
        let (mut list, mut problems) = (Vec::new(), Vec::new());
        let mut document = yaml::read(file, RULES, &mut problems);
        if let Some(document) = &mut document {
            let entries = std::mem::take(&mut document.entries);
            flatten(document, "", &entries, &mut list, &mut problems);
        }
        let mut by_id: Vec<usize> = (0..list.len()).collect();
        by_id.sort_by(|a, b| list[*a].id.cmp(&list[*b].id));
        MessageFile { file: file.clone(), document, list, by_id, problems }
    }

    /// Whether it could be read, whatever is wrong with single messages.
    fn is_read(&self) -> bool {
        self.document.is_some() || !self.is_broken()
    }

    /// The ids that it has, sorted.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.by_id.iter().map(|index| &*self.list[*index].id)
    }

    /// An id and the text that it gives it: the last.
    pub fn pair(&self, id: &str) -> Option<(&Arc<str>, &Arc<str>)> {
        let end = self.by_id.partition_point(|index| *self.list[*index].id <= *id);
        let Message { id: found, text, .. } = &self.list[*self.by_id.get(end.checked_sub(1)?)?];
        (**found == *id).then_some((found, text))
    }
}

impl<'m> Located<'m> {
    fn warning(&self, message: String) -> Problem {
        match &self.file.document {
            Some(document) => document.warning(self.message.mark, message),
            None => Problem::warning(self.file.path(), message),
        }
    }

    fn place(&self) -> Place {
        let Mark { line, column, .. } = self.message.mark;
        Place { file: self.file.path().to_string().into(), line, column }
    }
}

fn flatten(
    document: &Document,
    prefix: &str,
    entries: &[Entry],
    found: &mut Vec<Message>,
    problems: &mut Vec<Problem>,
) {
    for entry in entries {
        let id = if prefix.is_empty() { entry.key.clone() } else { format!("{prefix}.{}", entry.key) };
        if let Content::Map(entries) = &entry.value.content {
            flatten(document, &id, entries, found, problems);
        } else if let Some(text) = document.text_of(&entry.value) {
            found.push(Message { id: id.into(), text: text.into(), mark: entry.mark });
        } else {
            let message = format!("the message `{id}` must be text, but this is {}", entry.value.content.describe());
            let problem = document.error(entry.mark, message);
            // It counts as there, so that templates may name it without a second mistake.
            found.push(Message { id: id.into(), text: "".into(), mark: entry.mark });
            problems.push(match entry.value.content {
                Content::Null => problem.help("write `\"\"` for an empty text"),
                _ => problem.help("write one text, or nested keys for several"),
            });
        }
    }
}

/// The code of the language that the others are held against; `None` where the site has no languages.
///
/// # Errors
/// The settings name a language that the site does not have.
pub fn default_language<'c>(settings: &Settings, codes: &[&'c str]) -> Result<Option<&'c str>, Box<Problem>> {
    let code = match settings.built(DEFAULT_LANGUAGE).map(|setting| &setting.value) {
        Some(Value::Text(code)) => code.as_ref(),
        _ => return Ok(codes.first().copied()),
    };
    let found = codes.iter().copied().find(|known| *known == code);
    if found.is_some() || codes.is_empty() {
        return Ok(found);
    }
    let problem = settings.error(DEFAULT_LANGUAGE, format!("the site has no language `{code}`"));
    Err(Box::new(match nearest(code, codes.iter().copied()) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help(format!("its languages are `{}`", codes.join("`, `"))),
    }))
}
