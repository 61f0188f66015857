//! Whether what came from outside names a setting, and whether each value is what the schema says.

use std::collections::BTreeSet;

use super::Effective;
use super::layer::{Layer, Outside};
use super::load::Given;
use super::show;
use super::value::Resolved;
use crate::hint;
use crate::snapshot::{Snapshot, Text, schema};

/// All names that may be set from outside.
pub(super) struct Names {
    /// The keys that the site's files and the settings file have.
    own: BTreeSet<Text>,
}

impl Names {
    pub(super) fn new(snapshot: &Snapshot, outside: &Outside) -> Self {
        Names { own: snapshot.settings.iter().chain(&outside.file).map(|setting| setting.key.clone()).collect() }
    }

    /// The key that a variable names, given without `KALGAN__`: `A__B` is `a.b`, or a key of the site that differs from that in
    /// letter case or hyphens only. Gives the end of a sentence that suggests another where there is none.
    pub(super) fn of_variable(&self, name: &str) -> Result<Text, String> {
        let spelling = |key: &str| key.replace('.', "__").replace('-', "_").to_uppercase();
        if let Some(key) = self.own.iter().find(|key| spelling(key) == name.to_uppercase()) {
            return Ok(key.clone());
        }
        let key = name.replace("__", ".").to_lowercase();
        if schema::find(&key).is_some() {
            return Ok(Text::Owned(key));
        }
        let fixed = schema::KEYS.iter().map(|known| known.name).filter(|name| !name.contains('*'));
        let known: Vec<String> = fixed.chain(self.own.iter().map(|key| &**key)).map(spelling).collect();
        let near = hint::nearest(name, known.iter().map(String::as_str));
        Err(near.map(|near| format!("; did you mean `KALGAN__{near}`?")).unwrap_or_default())
    }

    /// What is wrong with setting a key from outside, if anything.
    pub(super) fn mistake(&self, given: &Given) -> Option<String> {
        let (key, layer) = (&*given.key, &given.layer);
        match schema::find(key) {
            Some(known) if known.stage == schema::Stage::Build => Some(format!(
                "the setting `{key}` ({layer}) counts when the site is built, so it can only be set in the site's own files"
            )),
            Some(_) => None,
            None if schema::is_owned(key) || (matches!(layer, Layer::Flag(_)) && !self.own.contains(key)) => {
                let known = schema::KEYS.iter().map(|known| known.name).chain(self.own.iter().map(|key| &**key));
                let near = hint::nearest(key, known.filter(|name| *name != key));
                let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                Some(format!("`{key}` ({layer}) is not a setting{near}"))
            }
            None => None,
        }
    }
}

/// What is wrong with the value of a key of Kalgan's own, if anything.
pub(super) fn value(key: &str, effective: &Effective) -> Option<String> {
    let known = schema::find(key)?;
    let value = &effective.value;
    let is_right = match known.kind {
        schema::Kind::Text => value.as_text().is_some(),
        schema::Kind::Bool => value.as_bool().is_some(),
        schema::Kind::Integer(least, most) | schema::Kind::UpTo(least, most) => {
            value.as_integer().is_some_and(|number| (least..=most).contains(&number))
        }
        schema::Kind::List => value.as_items().is_some_and(|items| items.iter().all(|item| item.as_text().is_some())),
        schema::Kind::Map => matches!(value, Resolved::Map(_)),
    };
    if is_right {
        return None;
    }
    let expected = expected(known.kind);
    let found = match value {
        Resolved::Null => "is empty".to_string(),
        Resolved::Text(_) => format!("is the text `{}`", show::text(key, effective)),
        _ => format!("is `{}`", show::text(key, effective)),
    };
    Some(format!("the setting `{key}` ({}) {found} and must be {expected}", effective.layer))
}

fn expected(kind: schema::Kind) -> String {
    match kind {
        schema::Kind::Text => "a text".to_string(),
        schema::Kind::Bool => "`true` or `false`".to_string(),
        schema::Kind::Integer(least, i64::MAX) => format!("a whole number of at least {least}"),
        schema::Kind::Integer(least, most) | schema::Kind::UpTo(least, most) => {
            format!("a whole number from {least} to {most}")
        }
        schema::Kind::List => "a list of texts".to_string(),
        schema::Kind::Map => "a mapping".to_string(),
    }
}
