//! Settings files to settings: which files, nested keys to dotted ones, `!env` and `!credential` (B9 to B19).
//!
//! What a setting means is for those who ask for it; whether Kalgan knows it and its value fits is checked in `check`. Values
//! from outside the files (variables, flags) come when the process starts and are not known here.

mod bundles;
mod check;
mod flatten;

use std::collections::BTreeMap;
use std::path::Path;

use crate::problem::Problem;
use crate::snapshot::{Environment, Setting, Value, schema};
use crate::source::files::{self, Entry, Files, Found, TextFile};
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
    files: Vec<TextFile>,
}

/// Reads the settings files of a site.
pub fn read(files: &mut Files, problems: &mut Vec<Problem>) -> Settings {
    let found = find(files, problems);
    let mut settings = Settings { complete: true, ..Settings::default() };
    for found in found {
        match files.text(&found) {
            Some(file) => settings.files.push(file),
            None => settings.complete = false,
        }
    }
    let mut limited = Vec::new();
    for file in &settings.files {
        let only = environment(&file.name, problems, &file.path);
        let before = problems.len();
        let leaves = leaves(file, only, problems);
        if leaves.is_none() {
            settings.complete &= !problems[before..].iter().any(Problem::is_error);
        }
        let Some(leaves) = leaves else { continue };
        if only.is_some() {
            limited.extend(leaves.list);
            continue;
        }
        settings.list.extend(leaves.list);
        settings.bundles = leaves.bundles.unwrap_or(settings.bundles);
    }
    settings.list.append(&mut limited);
    settings.warn_of_clashes(problems);
    settings
}

/// Reads one settings file from anywhere, such as an operator's. Its name tells no environment.
///
/// # Errors
/// The file cannot be read, or has mistakes; warnings are dropped.
pub fn read_file(path: &Path) -> Result<Vec<Setting>, Vec<Problem>> {
    let shown = path.to_string_lossy().into_owned();
    let file = files::text_anywhere(path, &shown).map_err(|problem| vec![*problem])?;
    let mut problems = Vec::new();
    let settings = leaves(&file, None, &mut problems).map(|leaves| leaves.list).unwrap_or_default();
    problems.retain(Problem::is_error);
    crate::problem::sort(&mut problems);
    if problems.is_empty() { Ok(settings) } else { Err(problems) }
}

/// What one file says.
struct Leaves {
    list: Vec<Setting>,
    bundles: Option<Vec<Bundle>>,
}

/// The settings of one file, checked. `None` where it is empty or not YAML.
fn leaves(file: &TextFile, only: Option<Environment>, problems: &mut Vec<Problem>) -> Option<Leaves> {
    let document = yaml::read(file, RULES, problems)?;
    let leaves = flatten::leaves(&document, only, problems);
    check::leaves(&document, &leaves, problems);
    let bundles = bundles::bundles(&document, &leaves, problems);
    Some(Leaves { list: leaves.into_iter().map(|leaf| leaf.setting).collect(), bundles })
}

/// The settings files, sorted by path.
fn find(files: &mut Files, problems: &mut Vec<Problem>) -> Vec<Found> {
    let single: Vec<&str> = SINGLE_FILES.into_iter().filter(|path| files.entry(path) == Entry::File).collect();
    if files.entry(FOLDER) != Entry::Folder {
        return single.iter().take(1).map(|path| Found { path: path.to_string(), name: path.to_string() }).collect();
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
        let text = self.files.iter().find(|file| file.path == place.file).map_or("", |file| &file.text);
        let length = setting.key.rsplit('.').next().map_or(1, str::len);
        Problem::error(place.file.as_ref(), message).at(text, place.line as usize, place.column as usize, length)
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
    fn warn_of_clashes(&self, problems: &mut Vec<Problem>) {
        let mut seen: BTreeMap<(&str, Option<bool>), &Setting> = BTreeMap::new();
        for setting in &self.list {
            let only = setting.only.map(|only| only == Environment::Production);
            let Some(earlier) = seen.insert((&setting.key, only), setting) else { continue };
            let text = self.files.iter().find(|file| file.path == setting.place.file).map_or("", |file| &file.text);
            let (line, column) = (setting.place.line as usize, setting.place.column as usize);
            let length = setting.key.rsplit('.').next().map_or(1, |key| key.chars().count());
            let message = format!("`{}` is set in `{}` as well; this file wins", setting.key, earlier.place.file);
            let help = format!("remove one of the two; the other is at {}", earlier.place);
            problems
                .push(Problem::warning(setting.place.file.as_ref(), message).at(text, line, column, length).help(help));
        }
    }
}
