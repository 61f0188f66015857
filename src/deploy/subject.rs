//! What is deployed: the frozen site, and the settings that its process will have on the server.
//!
//! A command that makes files runs where secrets are not: a setting that names a credential or a variable is left out where that is not
//! there, and is told apart as unknown.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Error;
use crate::site::{Outside, Settings};
use crate::snapshot::{Environment, Setting, Snapshot, Value};

/// A site as its deployment sees it.
#[derive(Debug)]
pub(crate) struct Subject {
    /// The site.
    pub(crate) snapshot: Snapshot,
    /// The settings of a process in production, without those that only the server can know.
    pub(crate) settings: Settings,
    /// The keys whose values only the server knows.
    pub(crate) unknown: BTreeSet<String>,
    /// The credentials that the settings name, sorted.
    pub(crate) credentials: BTreeSet<String>,
    /// The variables that the settings name and that have no default, sorted.
    pub(crate) variables: BTreeSet<String>,
}

impl Subject {
    /// A site with what is put over its settings.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] as for [`Settings::load`], without the mistakes of credentials and variables that are not there.
    pub(crate) fn new(mut snapshot: Snapshot, mut outside: Outside) -> Result<Self, Error> {
        // What is deployed is in production, whatever profile it was built with; the unit says so as well.
        outside.flags.push(("environment.is_prod".to_string(), "true".to_string()));
        let counts = counting(&snapshot.settings, &outside);
        let mut needs = Needs::default();
        counts.values().for_each(|setting| needs.add(&setting.value));
        let is_given = |key: &str| outside.variables.iter().any(|(name, _)| *name == variable(key));
        let missing = counts.values().filter(|setting| is_unknown(&setting.value, &outside) && !is_given(&setting.key));
        let unknown: BTreeSet<String> = missing.map(|setting| setting.key.to_string()).collect();
        let is_known = |setting: &Setting| !unknown.contains(&*setting.key);
        let known =
            |settings: &[Setting]| settings.iter().filter(|setting| is_known(setting)).cloned().collect::<Vec<_>>();
        snapshot.settings = known(&snapshot.settings).into();
        outside.file = known(&outside.file);
        let settings = Settings::load(&snapshot, outside)?;
        Ok(Subject { snapshot, settings, unknown, credentials: needs.credentials, variables: needs.variables })
    }
}

/// The variable that sets a key.
pub(crate) fn variable(key: &str) -> String {
    format!("KALGAN__{}", key.replace('.', "__").replace('-', "_").to_uppercase())
}

/// The settings of files that count in production, by key: those that no flag replaces.
fn counting(site: &[Setting], outside: &Outside) -> BTreeMap<String, Setting> {
    let written = site.iter().chain(&outside.file).filter(|setting| setting.only != Some(Environment::Development));
    let mut counts: BTreeMap<String, Setting> =
        written.map(|setting| (setting.key.to_string(), setting.clone())).collect();
    counts.retain(|key, _| !outside.flags.iter().any(|(name, _)| name == key));
    counts
}

/// What settings refer to.
#[derive(Default)]
struct Needs {
    credentials: BTreeSet<String>,
    variables: BTreeSet<String>,
}

impl Needs {
    fn add(&mut self, value: &Value) {
        match value {
            Value::Credential(id) => drop(self.credentials.insert(id.to_string())),
            Value::Env { name, default: None } => drop(self.variables.insert(name.to_string())),
            Value::List(items) => items.iter().for_each(|item| self.add(item)),
            Value::Map(pairs) => pairs.iter().for_each(|(_, value)| self.add(value)),
            _ => {}
        }
    }
}

/// Whether something that a value refers to is not there.
fn is_unknown(value: &Value, outside: &Outside) -> bool {
    match value {
        Value::Credential(_) => true,
        Value::Env { name, default } => default.is_none() && !outside.variables.iter().any(|(known, _)| known == name),
        Value::List(items) => items.iter().any(|item| is_unknown(item, outside)),
        Value::Map(pairs) => pairs.iter().any(|(_, value)| is_unknown(value, outside)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(settings: &[(&'static str, Value, Option<Environment>)], flags: &[(&str, &str)]) -> Subject {
        let setting = |(key, value, only): &(&'static str, Value, Option<Environment>)| Setting {
            key: (*key).into(),
            value: value.clone(),
            only: *only,
            place: Default::default(),
        };
        let snapshot = Snapshot {
            name: "shop".into(),
            release: "1.0.0".into(),
            is_prod: false,
            version: "abc".into(),
            date: None,
            settings: settings.iter().map(setting).collect(),
            routes: Vec::new().into(),
            languages: Vec::new().into(),
            templates: Vec::new().into(),
            assets: Vec::new().into(),
            migrations: Vec::new().into(),
        };
        let flags = flags.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        Subject::new(snapshot, Outside { flags, ..Outside::default() }).unwrap()
    }

    fn credential(id: &'static str) -> Value {
        Value::Credential(id.into())
    }

    fn environment(name: &'static str, default: Option<&'static str>) -> Value {
        Value::Env { name: name.into(), default: default.map(Into::into) }
    }

    #[test]
    fn what_only_the_server_knows_is_left_out_and_told() {
        let list = Value::List(vec![credential("one"), environment("TWO", None)].into());
        let settings = [
            ("shop.list", list, None),
            ("server.port", environment("PORT", Some("9000")), None),
            ("db.url", environment("DATABASE", None), None),
        ];
        let subject = subject(&settings, &[]);
        let all = |found: &BTreeSet<String>| found.iter().cloned().collect::<Vec<_>>();
        assert_eq!(all(&subject.unknown), ["db.url", "shop.list"]);
        assert_eq!(all(&subject.credentials), ["one"]);
        assert_eq!(all(&subject.variables), ["DATABASE", "TWO"]);
        assert_eq!(subject.settings.get_number("server.port").unwrap(), 9000);
        assert!(subject.settings.is_prod());
    }

    #[test]
    fn only_what_counts_in_production_and_is_not_replaced_is_needed() {
        let settings = [
            ("db.url", credential("old"), None),
            ("db.url", credential("dev"), Some(Environment::Development)),
            ("db.url", credential("prod"), Some(Environment::Production)),
            ("cache.server", credential("cache"), None),
        ];
        let subject = subject(&settings, &[("cache.server", "redis://10.0.0.1/")]);
        assert_eq!(subject.credentials.into_iter().collect::<Vec<_>>(), ["prod"]);
        assert_eq!(subject.settings.get_string("cache.server").unwrap(), "redis://10.0.0.1/");
    }
}
