//! Settings files to settings: which files, nested keys to dotted ones, `!env` and `!credential` (B9 to B19).
//!
//! What a setting means is for those who ask for it; whether Kalgan knows it and its value fits is checked in `check`. Values
//! from outside the files (variables, flags) come when the process starts and are not known here.

mod bundles;
mod check;
mod flatten;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::problem::Problem;
use crate::snapshot::{Environment, Place, Setting, Value, schema};
use crate::source::files::{self, Entry, Files, TextFile};
use crate::source::leaf::Leaf;
use crate::source::memo::Memo;
use crate::source::yaml::{self, Rules};

pub use bundles::{Bundle, Written};

/// Settings are joined by dots and may come from outside.
const RULES: Rules = Rules { joined: true, is_whole: schema::is_map, tags: &["env", "credential"] };

/// The folder of the settings files.
const FOLDER: &str = "config";

/// Where Kalgan 0.9 had all settings; read where there is no folder.
const SINGLE_FILES: [&str; 2] = ["settings.yaml", "settings.yml"];

/// The settings of a site and the files they are from.
#[derive(Debug, Default)]
pub struct Settings {
    /// All leaves: first those of all environments, then those of one, each in sorted order of the files (B14).
    pub list: Vec<Setting>,
    /// Whether every file could be read, so that a key that is not in the list really is not set.
    pub complete: bool,
    /// The setting `static.bundles` with the places of all that stands in it.
    pub bundles: Vec<Bundle>,
    files: Vec<Arc<SettingsFile>>,
}

/// What one settings file says.
#[derive(Debug)]
pub struct SettingsFile {
    file: Arc<TextFile>,
    only: Option<Environment>,
    list: Vec<Setting>,
    bundles: Option<Vec<Bundle>>,
    /// Whether it could be read, whatever is wrong with single settings.
    is_read: bool,
    problems: Vec<Problem>,
}

impl Leaf for SettingsFile {
    fn path(&self) -> &str {
        &self.file.path
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// The settings files of a site as they are.
#[derive(Debug, Default)]
pub struct Found {
    /// Sorted by path.
    pub files: Vec<Arc<SettingsFile>>,
    /// Whether every file could be read.
    pub complete: bool,
}

/// Reads the settings files of a site.
pub fn read(files: &mut Files, problems: &mut Vec<Problem>) -> Settings {
    let Found { files, complete } = find(files, &mut Memo::default(), problems);
    let settings = Settings::new(files, complete);
    settings.warn_of_clashes(problems);
    settings
}

/// Reads the settings files of a site one by one, as far as they have not been read before.
pub fn find(files: &mut Files, memo: &mut Memo<TextFile, SettingsFile>, problems: &mut Vec<Problem>) -> Found {
    let mut read = Found { complete: true, ..Found::default() };
    for found in walk(files, problems) {
        let Some(file) = files.text(&found) else {
            read.complete = false;
            continue;
        };
        let settings = memo.get(&file, || {
            let mut problems = Vec::new();
            let only = environment(&file.name, &mut problems, &file.path);
            SettingsFile::new(&file, only, problems)
        });
        read.complete &= settings.is_read;
        problems.extend(settings.problems.iter().cloned());
        read.files.push(settings);
    }
    read
}

/// Reads one settings file from anywhere, such as an operator's. Its name tells no environment.
///
/// # Errors
/// The file cannot be read, or has mistakes; warnings are dropped.
pub fn read_file(path: &Path) -> Result<Vec<Setting>, Vec<Problem>> {
    let shown = path.to_string_lossy().into_owned();
    let file = files::text_anywhere(path, &shown).map_err(|problem| vec![*problem])?;
    let SettingsFile { list, mut problems, .. } = SettingsFile::new(&Arc::new(file), None, Vec::new());
    problems.retain(Problem::is_error);
    crate::problem::sort(&mut problems);
    if problems.is_empty() { Ok(list) } else { Err(problems) }
}

impl SettingsFile {
    /// Reads and checks one file.
    fn new(file: &Arc<TextFile>, only: Option<Environment>, mut problems: Vec<Problem>) -> SettingsFile {
        let (mut list, mut bundles) = (Vec::new(), None);
        let document = yaml::read(file, RULES, &mut problems);
        let is_read = document.is_some() || !problems.iter().any(Problem::is_error);
        if let Some(document) = document {
            let leaves = flatten::leaves(&document, only, &mut problems);
            check::leaves(&document, &leaves, &mut problems);
            bundles = bundles::bundles(&document, &leaves, &mut problems);
            list = leaves.into_iter().map(|leaf| leaf.setting).collect();
        }
        SettingsFile { file: file.clone(), only, list, bundles, is_read, problems }
    }
}

/// The settings files, sorted by path.
fn walk(files: &mut Files, problems: &mut Vec<Problem>) -> Vec<files::Found> {
    let single: Vec<&str> = SINGLE_FILES.into_iter().filter(|path| files.entry(path) == Entry::File).collect();
    if files.entry(FOLDER) != Entry::Folder {
        return single
            .iter()
            .take(1)
            .map(|path| files::Found { path: path.to_string(), name: path.to_string() })
            .collect();
    }
    for path in single {
        let message = format!("this file is not read, because there is a folder `{FOLDER}`");
        problems.push(Problem::warning(path, message).help(format!("move it to `{FOLDER}/{path}`, or delete it")));
    }
    files.walk_yaml(FOLDER)
}

/// The environment that a file's name limits it to.
fn environment(name: &str, problems: &mut Vec<Problem>, path: &str) -> Option<Environment> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_lowercase();
    let suffix = stem.rsplit('/').next().and_then(|stem| stem.rsplit_once('.')).map(|(_, suffix)| suffix);
    let meant = match suffix {
        Some("dev") => return Some(Environment::Development),
        Some("prod") => return Some(Environment::Production),
        Some("development") => "dev",
        Some("production") => "prod",
        _ => return None,
    };
    let message = "this file counts in every environment, though its name sounds as if it did not";
    problems.push(Problem::warning(path, message).help(format!("let its name end in `.{meant}.yaml`")));
    None
}

impl Settings {
    /// The settings of all files together.
    pub fn new(files: Vec<Arc<SettingsFile>>, complete: bool) -> Settings {
        let (general, limited): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.only.is_none());
        let bundles = general.iter().rev().find_map(|file| file.bundles.clone()).unwrap_or_default();
        let list = general.into_iter().chain(limited).flat_map(|file| file.list.iter().cloned()).collect();
        Settings { list, complete, bundles, files }
    }

    /// Settings that are from no files that could be read.
    pub fn of_list(list: &[Setting]) -> Settings {
        Settings { list: list.to_vec(), complete: true, ..Settings::default() }
    }

    /// The files that they are from, sorted by path.
    pub fn files(&self) -> &[Arc<SettingsFile>] {
        &self.files
    }

    /// Whether any of them is from a file.
    pub fn are_in(&self, file: &str) -> bool {
        self.list.iter().any(|setting| setting.place.file == file)
    }

    /// Whether there are bundles of which it is not known what they are made of.
    pub fn lacks_bundles(&self) -> bool {
        self.files.is_empty() && self.built("static.bundles").is_some()
    }

    /// The setting that counts in the build: the last one that no environment limits.
    pub fn built(&self, key: &str) -> Option<&Setting> {
        self.list.iter().rev().find(|setting| setting.key == key && setting.only.is_none())
    }

    /// The setting that counts in one environment, as far as files decide it.
    pub fn counted(&self, key: &str, environment: Environment) -> Option<&Setting> {
        let counts = |setting: &&Setting| setting.only.is_none_or(|only| only == environment);
        self.list.iter().filter(counts).rfind(|setting| setting.key == key)
    }

    /// A text that counts in the build, else the default that the schema has for it.
    pub fn text(&self, key: &str) -> &str {
        match self.built(key).map(|setting| &setting.value) {
            Some(Value::Text(text)) => text,
            Some(Value::Env { default: Some(default), .. }) => default,
            _ => schema::find(key).map_or("", |key| key.default),
        }
    }

    /// Whether a setting that is true or false is true in the build; false where nobody set it.
    pub fn is_on(&self, key: &str) -> bool {
        matches!(self.built(key).map(|setting| &setting.value), Some(Value::Bool(true)))
    }

    /// A list of texts that counts in the build: written as a list, or as one text with commas (B29). Empty items are dropped.
    pub fn items(&self, key: &str) -> Vec<String> {
        let items: Vec<&str> = match self.built(key).map(|setting| &setting.value) {
            Some(Value::List(items)) => items
                .iter()
                .filter_map(|item| match item {
                    Value::Text(text) => Some(text.as_ref()),
                    _ => None,
                })
                .collect(),
            _ => self.text(key).split(',').collect(),
        };
        items.into_iter().map(str::trim).filter(|item| !item.is_empty()).map(str::to_string).collect()
    }

    /// A mistake in the value of a setting that counts in the build; without a place where nobody set it.
    pub fn error(&self, key: &str, message: impl Into<String>) -> Problem {
        match self.built(key) {
            Some(setting) => self.error_at(setting, message),
            None => Problem::error(FOLDER, message),
        }
    }

    /// A mistake in the value of one of the settings.
    pub fn error_at(&self, setting: &Setting, message: impl Into<String>) -> Problem {
        let place = &setting.place;
        let text = self.text_of(place);
        let length = setting.key.rsplit('.').next().map_or(1, str::len);
        Problem::error(place.file.as_ref(), message).at(text, place.line as usize, place.column as usize, length)
    }

    /// The text of the file that a place is in.
    fn text_of(&self, place: &Place) -> &str {
        self.files.iter().find(|file| file.file.path == place.file).map_or("", |file| &file.file.text)
    }

    /// Whether a path is written in a setting of the build, so that it has to be there.
    pub fn is_named(&self, key: &str) -> bool {
        self.built(key).is_some_and(|setting| matches!(setting.value, Value::Text(_) | Value::List(_)))
    }

    /// The folder that a setting names, where it is there. A folder that nobody named may be missing.
    pub fn folder(&self, files: &mut Files, key: &str, problems: &mut Vec<Problem>) -> Option<String> {
        self.existing(files, key, self.text(key), problems)
    }

    /// The folders that a setting lists, as far as they are there, each once.
    pub fn folders(&self, files: &mut Files, key: &str, problems: &mut Vec<Problem>) -> Vec<String> {
        let mut folders: Vec<String> = Vec::new();
        for item in self.items(key) {
            folders.extend(self.existing(files, key, &item, problems).filter(|folder| !folders.contains(folder)));
        }
        folders
    }

    fn existing(&self, files: &mut Files, key: &str, written: &str, problems: &mut Vec<Problem>) -> Option<String> {
        let help = "name a folder relative to the site's folder";
        let Some(path) = files::normal(written).filter(|path| !path.is_empty()) else {
            problems.push(self.error(key, format!("`{written}` is not below the site's folder")).help(help));
            return None;
        };
        match files.entry(&path) {
            Entry::Folder => return Some(path),
            Entry::File => problems.push(self.error(key, format!("`{written}` is a file, not a folder")).help(help)),
            Entry::Missing if !self.is_named(key) => {}
            Entry::Missing => problems.push(self.error(key, format!("there is no folder `{written}`")).help(help)),
        }
        None
    }

    /// The same key in two files that count in the same environments: the later one wins, which is seldom meant (B14).
    pub fn warn_of_clashes(&self, problems: &mut Vec<Problem>) {
        let mut seen: BTreeMap<(&str, Option<bool>), &Setting> = BTreeMap::new();
        for setting in &self.list {
            let only = setting.only.map(|only| only == Environment::Production);
            let Some(earlier) = seen.insert((&setting.key, only), setting) else { continue };
            let text = self.text_of(&setting.place);
            let (line, column) = (setting.place.line as usize, setting.place.column as usize);
            let length = setting.key.rsplit('.').next().map_or(1, |key| key.chars().count());
            let message = format!("`{}` is set in `{}` as well; this file wins", setting.key, earlier.place.file);
            let help = format!("remove one of the two; the other is at {}", earlier.place);
            problems
                .push(Problem::warning(setting.place.file.as_ref(), message).at(text, line, column, length).help(help));
        }
    }
}
