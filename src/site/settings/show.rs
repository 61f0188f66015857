//! The settings as people may see them: no secrets.

use std::fmt::Write;

use super::value::Resolved;
use super::{Effective, Layer, Settings};
use crate::snapshot::{Text, Value, schema};

/// What stands in place of a secret.
const MASK: &str = "********";

/// A setting as people may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The flattened name.
    pub key: String,
    /// The value, or `********` where it is a secret.
    pub value: String,
    /// Where it came from.
    pub layer: Layer,
}

impl Shown {
    /// Whether the value, or a part of it, is kept from people.
    pub(crate) fn is_secret(&self) -> bool {
        self.value.contains(MASK)
    }
}

impl Settings {
    /// All settings that count, with the defaults of those that nobody set, sorted by key.
    ///
    /// A value is masked when it came from `!env` or `!credential`, when the last part of its name says that it is a password,
    /// secret, token or key, and, in part, when it is an address with a password in it.
    pub fn iter(&self) -> impl Iterator<Item = Shown> {
        let set = self.values.iter().map(|(key, effective)| Shown {
            key: key.to_string(),
            value: text(key, effective),
            layer: effective.layer.clone(),
        });
        let unset =
            schema::KEYS.iter().filter(|known| !known.name.contains('*') && !self.values.contains_key(known.name));
        let defaults = unset.filter_map(|known| {
            let value = super::default(known)?.to_string();
            Some(Shown { key: known.name.to_string(), value, layer: Layer::Default })
        });
        let mut all: Vec<Shown> = set.chain(defaults).collect();
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all.into_iter()
    }
}

/// A value that the build froze, as people may see it: `!env` and `!credential` as they are written, and secrets masked by the same rules
/// as in [`Settings::iter`].
pub(crate) fn frozen(key: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Credential(name) => format!("!credential {name}"),
        Value::Env { name, default: None } => format!("!env {name}"),
        Value::Env { name, default: Some(_) } if names_secret(key) || names_secret(name) => {
            format!("!env [{name}, {MASK}]")
        }
        Value::Env { name, default: Some(default) } => {
            format!("!env [{name}, {}]", without_password(default.to_string()))
        }
        _ if names_secret(key) => MASK.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => without_password(text.to_string()),
        Value::List(items) => items.iter().map(|item| frozen(key, item)).collect::<Vec<_>>().join(", "),
        Value::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| format!("{key}: {}", frozen(key, value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A value as people may see it.
pub(super) fn text(key: &str, effective: &Effective) -> String {
    if effective.is_secret || names_secret(key) {
        return MASK.to_string();
    }
    let mut text = String::new();
    write(&mut text, &effective.value);
    without_password(text)
}

/// Whether the last part of a name says that its value is a secret.
fn names_secret(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key).to_lowercase();
    ["password", "passwd", "passphrase", "secret", "token", "credential"].iter().any(|word| last.contains(word))
        || last.ends_with("key")
        || last.ends_with("keys")
}

fn write(text: &mut String, value: &Resolved) {
    match value {
        Resolved::Null => {}
        Resolved::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Resolved::Integer(value) => write!(text, "{value}").expect("a String takes any text"),
        Resolved::Float(value) => write!(text, "{value}").expect("a String takes any text"),
        Resolved::Text(value) | Resolved::Outside(value) => text.push_str(value),
        Resolved::List(items) => write_all(text, items.iter().map(|item| (None, item))),
        Resolved::Map(pairs) => {
            text.push('{');
            write_all(text, pairs.iter().map(|(key, value)| (Some(key), value)));
            text.push('}');
        }
    }
}

fn write_all<'a>(text: &mut String, items: impl Iterator<Item = (Option<&'a Text>, &'a Resolved)>) {
    for (number, (key, value)) in items.enumerate() {
        if number > 0 {
            text.push_str(", ");
        }
        match key {
            Some(key) if names_secret(key) => text.extend([key, ": ", MASK]),
            Some(key) => {
                text.extend([key, ": "]);
                write(text, value);
            }
            None => write(text, value),
        }
    }
}

/// An address such as `redis://:password@host` without what is between its scheme and its host, and without the parameter
/// `password`, which an address of PostgreSQL may have.
fn without_password(text: String) -> String {
    without_parameter(without_user(text))
}

fn without_parameter(text: String) -> String {
    const NAME: &str = "password=";
    let Some((address, query)) = text.split_once('?').filter(|(address, _)| address.contains("://")) else {
        return text;
    };
    let shown = query.split('&').map(|pair| match pair.get(..NAME.len()) {
        Some(name) if name.eq_ignore_ascii_case(NAME) => format!("{name}{MASK}"),
        _ => pair.to_string(),
    });
    format!("{address}?{}", shown.collect::<Vec<_>>().join("&"))
}

fn without_user(text: String) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text };
    let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or(rest);
    match authority.rfind('@') {
        Some(end) if authority[..end].contains(':') => format!("{scheme}://{MASK}{}", &rest[end..]),
        _ => text,
    }
}
