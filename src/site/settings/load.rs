//! Merges the layers, resolves `!env` and `!credential`, and checks the result.
//!
//! 1. The key of each environment variable is found.
//! 2. `environment.is_prod` is decided.
//! 3. The layers are merged, and what they refer to is looked up.
//! 4. All values are checked.
//! 5. What is missing and depends on the machine or the site gets its default.
//!
//! All mistakes are told together.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::check;
use super::layer::{Layer, Outside};
use super::value::Resolved;
use super::{Effective, Settings};
use crate::error::Error;
use crate::snapshot::{Environment, Setting, Snapshot, Text, Value, schema};

/// The key that decides which files count.
const IS_PROD: &str = "environment.is_prod";

const WORKERS: &str = "server.number_of_workers";

const LANGUAGE: &str = "i18n.language.default";

/// The keys whose defaults depend on the machine or the site.
const COMPUTED: [&str; 3] = [IS_PROD, LANGUAGE, WORKERS];

/// The keys whose defaults the schema tells in words, because whoever reads them decides.
const IN_WORDS: [&str; 4] = ["cookie.*.secure", "db.migrate_on_start", "mailer.transport", "password.concurrency"];

/// Whether a key's default stands in the schema as the text that is read.
pub(super) fn has_written_default(key: &schema::Key) -> bool {
    !key.default.is_empty() && !COMPUTED.contains(&key.name) && !IN_WORDS.contains(&key.name)
}

/// A value as some layer gives it.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) key: Text,
    value: Raw,
    pub(super) layer: Layer,
    only: Option<Environment>,
}

#[derive(Clone)]
enum Raw {
    Written(Value),
    Outside(String),
}

impl Settings {
    /// Merges a snapshot's settings with what comes from outside.
    ///
    /// An empty text from outside unsets a key, so that its default counts again; a key that is a list becomes an empty one.
    /// `environment.is_prod` is decided first, from flags, variables, the file and the unsuffixed files of the site, else by the
    /// snapshot; then the files that are limited to the other environment drop out.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] with all mistakes, a line each: an unknown name from outside, a key of the build's that is changed from
    /// outside, a variable or credential that is not there, a value of the wrong type or range.
    pub fn load(snapshot: &Snapshot, outside: Outside) -> Result<Settings, Error> {
        let mut mistakes = Vec::new();
        let given = given(snapshot, &outside, &mut mistakes);
        let sources = Sources::new(&outside);
        let is_prod = decide(&given, &sources, &mut mistakes).unwrap_or(snapshot.is_prod);
        let current = if is_prod { Environment::Production } else { Environment::Development };
        let mut merged: BTreeMap<Text, Given> = BTreeMap::new();
        for given in given.into_iter().filter(|given| given.only.is_none_or(|only| only == current)) {
            merged.insert(given.key.clone(), given);
        }
        let mut settings = Settings { values: BTreeMap::new(), is_prod };
        for (key, given) in merged {
            match sources.resolve(&key, given) {
                Ok(Some(effective)) => drop(settings.values.insert(key, effective)),
                Ok(None) => {}
                Err(mistake) => mistakes.push(mistake),
            }
        }
        mistakes.extend(settings.values.iter().filter_map(|(key, effective)| check::value(key, effective)));
        settings.compute(snapshot);
        if mistakes.is_empty() { Ok(settings) } else { Err(Error::Setting(mistakes.join("\n"))) }
    }

    /// Fills in the defaults that depend on the machine or the site.
    fn compute(&mut self, snapshot: &Snapshot) {
        let mut add = |key: &'static str, value: Resolved| {
            let default = Effective { value, layer: Layer::Default, is_secret: false };
            self.values.entry(Text::Borrowed(key)).or_insert(default);
        };
        add(IS_PROD, Resolved::Bool(self.is_prod));
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        add(WORKERS, Resolved::Integer(cores.try_into().unwrap_or(i64::MAX)));
        if let Some(language) = snapshot.languages.first() {
            add(LANGUAGE, Resolved::Text(language.code.clone()));
        }
    }
}

/// All values of all layers, weakest first.
fn given(snapshot: &Snapshot, outside: &Outside, mistakes: &mut Vec<String>) -> Vec<Given> {
    let written = |setting: &Setting, layer| Given {
        key: setting.key.clone(),
        value: Raw::Written(setting.value.clone()),
        layer,
        only: setting.only,
    };
    let site = snapshot.settings.iter().map(|setting| written(setting, Layer::File(setting.place.clone())));
    let place = |setting: &Setting| format!("{}:{}:{}", outside.file_name, setting.place.line, setting.place.column);
    let file = outside.file.iter().map(|setting| written(setting, Layer::Outside(place(setting))));
    let names = check::Names::new(snapshot, outside);
    let text = |key, text: &str, layer| Given { key, value: Raw::Outside(text.to_string()), layer, only: None };
    let mut given: Vec<Given> = site.collect();
    let mut from_outside: Vec<Given> = file.collect();
    let ours = outside.variables.iter().filter_map(|(name, value)| Some((name, name.strip_prefix("KALGAN__")?, value)));
    for (name, rest, value) in ours {
        match names.of_variable(rest) {
            Ok(key) => from_outside.push(text(key, value, Layer::Variable(name.clone()))),
            Err(hint) => mistakes.push(format!("the environment variable `{name}` names no setting{hint}")),
        }
    }
    let flags = outside.flags.iter();
    from_outside.extend(flags.map(|(key, value)| text(Text::Owned(key.clone()), value, Layer::Flag(key.clone()))));
    mistakes.extend(from_outside.iter().filter_map(|given| names.mistake(given)));
    given.extend(from_outside);
    given
}

/// What the strongest layer says of `environment.is_prod`.
fn decide(given: &[Given], sources: &Sources, mistakes: &mut Vec<String>) -> Option<bool> {
    let limited = given.iter().filter(|given| given.key == IS_PROD && given.only.is_some());
    mistakes.extend(limited.map(|given| {
        format!(
            "`{IS_PROD}` ({}) decides which files count, so it cannot be set in a file for one environment",
            given.layer
        )
    }));
    let strongest = given.iter().rfind(|given| given.key == IS_PROD && given.only.is_none())?;
    // A mistake in it is found again, and told, when all values are resolved and checked.
    sources.resolve(IS_PROD, strongest.clone()).ok().flatten()?.value.as_bool()
}

/// What `!env` and `!credential` refer to.
struct Sources<'a> {
    variables: HashMap<&'a str, &'a str>,
    credentials: Option<&'a PathBuf>,
}

impl<'a> Sources<'a> {
    fn new(outside: &'a Outside) -> Self {
        let variables = outside.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Sources { variables, credentials: outside.credentials.as_ref() }
    }

    /// The value that counts; `None` where an empty text unsets the key.
    fn resolve(&self, key: &str, given: Given) -> Result<Option<Effective>, String> {
        let is_secret = matches!(&given.value, Raw::Written(value) if refers(value));
        let value = match given.value {
            Raw::Outside(text) => Some(Resolved::Outside(Text::Owned(text))),
            Raw::Written(value) => {
                self.value(value).map_err(|reason| format!("the setting `{key}` ({}) {reason}", given.layer))?
            }
        };
        let is_empty = |value: &Resolved| matches!(value, Resolved::Outside(text) if text.trim().is_empty());
        let known = schema::find(key);
        let value = match (value.filter(|value| !is_empty(value)), known.map(|known| known.kind)) {
            // A line of a cookie's without a value counts as absent (B103).
            (Some(Resolved::Null), _) if known.is_some_and(|known| known.name.starts_with("cookie.*.")) => {
                return Ok(None);
            }
            (Some(value), Some(schema::Kind::UpTo(_, most))) if value.as_integer().is_some_and(|it| it > most) => {
                Resolved::Integer(most)
            }
            (Some(value), _) => value,
            (None, Some(schema::Kind::List)) => Resolved::List(Vec::new()),
            (None, _) => return Ok(None),
        };
        Ok(Some(Effective { value, layer: given.layer, is_secret }))
    }

    /// The value with everything looked up; an empty text stays, and unsets a key or drops out of a list.
    fn value(&self, value: Value) -> Result<Option<Resolved>, String> {
        Ok(Some(match value {
            Value::Null => Resolved::Null,
            Value::Bool(value) => Resolved::Bool(value),
            Value::Integer(value) => Resolved::Integer(value),
            Value::Float(value) => Resolved::Float(value),
            Value::Text(text) => Resolved::Text(text),
            Value::List(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(|item| self.value(item.clone())).collect();
                Resolved::List(items?.into_iter().flatten().collect())
            }
            Value::Map(pairs) => {
                let pairs =
                    pairs.iter().map(|(key, value)| Ok(self.value(value.clone())?.map(|value| (key.clone(), value))));
                Resolved::Map(pairs.collect::<Result<Vec<_>, String>>()?.into_iter().flatten().collect())
            }
            Value::Env { name, default } => match (self.variables.get(&*name), default) {
                (Some(text), _) => return Ok(outside(text.to_string())),
                (None, Some(default)) => return Ok(outside(default.into_owned())),
                (None, None) => return Err(format!("needs the environment variable `{name}`, which is not set")),
            },
            Value::Credential(name) => return self.credential(&name).map(outside),
        }))
    }

    fn credential(&self, name: &str) -> Result<String, String> {
        // A credential is a file of that folder, never one elsewhere.
        if Path::new(name).file_name().is_none_or(|file| file != name) {
            return Err(format!("names the credential `{name}`, which is not a plain file name"));
        }
        let folder = self.credentials.ok_or_else(|| {
            format!(
                "needs the credential `{name}`: start with `--credentials DIR`, or under systemd with `LoadCredential=`"
            )
        })?;
        let path = folder.join(name);
        // Asked before it is opened: opening a pipe waits for its writer.
        if std::fs::metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(format!("needs the credential `{}`, which is no file", path.display()));
        }
        let bytes = std::fs::read(&path);
        let bytes = bytes.map_err(|error| format!("needs the credential `{}`: {error}", path.display()))?;
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| format!("needs the credential `{}`, which is not UTF-8", path.display()))?;
        let line = text.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        Ok(line.unwrap_or(&text).to_string())
    }
}

/// A text that came from outside; nothing where it is empty.
fn outside(text: String) -> Option<Resolved> {
    (!text.trim().is_empty()).then_some(Resolved::Outside(Text::Owned(text)))
}

/// Whether a value needs something from outside.
fn refers(value: &Value) -> bool {
    match value {
        Value::Env { .. } | Value::Credential(_) => true,
        Value::List(items) => items.iter().any(refers),
        Value::Map(pairs) => pairs.iter().any(|(_, value)| refers(value)),
        _ => false,
    }
}
