//! The settings of a running process: what the site's files say, and what was put over it from outside.
//!
//! Everything is merged, resolved and checked once, by [`load`]; afterwards a value is a hash look-up and a conversion. From
//! weakest to strongest: the schema's defaults, the snapshot, `--settings FILE`, environment variables, flags. Reading files is
//! left to `source`, and the process environment is handed in, so nothing here depends on where it runs.

mod check;
mod deserialize;
mod layer;
mod load;
mod show;
mod value;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

pub use layer::{Layer, Outside};
pub use show::Shown;
pub(crate) use show::frozen;
use value::{Fault, Resolved};

use crate::error::Error;
use crate::hint;
use crate::snapshot::{Text, schema};

/// All settings that count.
#[derive(Debug, Clone)]
pub struct Settings {
    /// By key, sorted, so that the keys below a prefix stand together.
    values: BTreeMap<Text, Effective>,
    is_prod: bool,
}

/// A value and where it came from.
#[derive(Debug, Clone)]
struct Effective {
    value: Resolved,
    layer: Layer,
    /// It came from `!env` or `!credential`, so it is never shown.
    is_secret: bool,
}

impl Settings {
    /// A setting as any type that serde can read (B18).
    ///
    /// What YAML wrote keeps its type: a quoted number is no number, but a number may be read as text. What came from outside is
    /// text, and is read as what is asked for; a list has commas between its items, in YAML too. A key of Kalgan's own that
    /// nobody set has its default. `Option` takes a key that is not there. The name of an inner node reads the keys below
    /// it as a struct or map.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where there is no such key, or its value is of another type; the text names the layer.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<T, Error> {
        T::deserialize(deserialize::Node { settings: self, key }).map_err(|fault| self.wrong(key, fault))
    }

    /// A setting as text; numbers are accepted.
    ///
    /// # Errors
    ///
    /// As [`Settings::get`].
    pub fn get_string(&self, key: &str) -> Result<String, Error> {
        self.get(key)
    }

    /// A setting as `true` or `false`.
    ///
    /// # Errors
    ///
    /// As [`Settings::get`].
    pub fn get_bool(&self, key: &str) -> Result<bool, Error> {
        self.get(key)
    }

    /// A setting as a whole number.
    ///
    /// # Errors
    ///
    /// As [`Settings::get`]; a number with a fraction or beyond 64 bits is refused.
    pub fn get_number(&self, key: &str) -> Result<i64, Error> {
        self.get(key)
    }

    /// A setting as a number; whole ones are accepted.
    ///
    /// # Errors
    ///
    /// As [`Settings::get`].
    pub fn get_float(&self, key: &str) -> Result<f64, Error> {
        self.get(key)
    }

    /// A setting as a list of texts: a YAML list, or a text with commas between the items. A list of Kalgan's own that nobody
    /// set and that has no default is empty. For items of other types, ask `get` for a `Vec` of them.
    ///
    /// # Errors
    ///
    /// As [`Settings::get`].
    pub fn get_vec(&self, key: &str) -> Result<Vec<String>, Error> {
        let is_list = |known: &schema::Key| known.kind == schema::Kind::List;
        if !self.values.contains_key(key)
            && schema::find(key).is_some_and(|known| is_list(known) && default(known).is_none())
        {
            return Ok(Vec::new());
        }
        self.get(key)
    }

    /// Whether a key is set in any layer, be it to nothing; a default does not count (B10, B18).
    pub fn exists(&self, key: &str) -> bool {
        self.values.get(key).is_some_and(|effective| effective.layer != Layer::Default)
    }

    /// Whether this is production: `environment.is_prod`.
    pub fn is_prod(&self) -> bool {
        self.is_prod
    }

    /// The keys that are set below a prefix, such as those of all cookies below `cookie`, without the prefix and its dot.
    pub fn below<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = &'s str> + 's {
        let inside = move |key: &'s Text| key.strip_prefix(prefix)?.strip_prefix('.');
        self.values
            .range(Text::Owned(prefix.to_string())..)
            .map(|(key, _)| key)
            .take_while(move |key| key.starts_with(prefix))
            .filter_map(inside)
    }

    /// The layer that a value came from; `None` where nobody set the key and it has no default.
    pub fn layer(&self, key: &str) -> Option<&Layer> {
        match self.values.get(key) {
            Some(effective) => Some(&effective.layer),
            None => schema::find(key).and_then(default).map(|_| &Layer::Default),
        }
    }

    /// How messages name a setting: with the layer that its value came from, if it has one.
    pub(crate) fn name(&self, key: &str) -> String {
        match self.layer(key) {
            Some(layer) => format!("the setting `{key}` ({layer})"),
            None => format!("the setting `{key}`"),
        }
    }

    fn wrong(&self, key: &str, fault: Fault) -> Error {
        let name = self.name(key);
        Error::Setting(match (&fault, self.values.get(key)) {
            (Fault::Missing, _) => format!("{name} is not there{}", self.suggestion(key)),
            // What serde says may repeat the value.
            (_, Some(effective)) if effective.is_secret => format!("{name} is not of the type that is asked for"),
            _ => format!("{name} {fault}"),
        })
    }

    fn suggestion(&self, key: &str) -> String {
        let known = self.values.keys().map(|key| &**key).chain(schema::KEYS.iter().map(|key| key.name));
        hint::nearest(key, known)
            .filter(|near| *near != key)
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default()
    }
}

/// The default of a key, as text. Some defaults are described in words, because they depend on the machine or the site; those are
/// computed when the settings are loaded.
fn default(known: &'static schema::Key) -> Option<&'static str> {
    load::has_written_default(known).then_some(known.default)
}
