//! A setting's value once nothing is left to be looked up, and what can be wrong with it.

use std::fmt;

use crate::snapshot::Text;

/// A value without `!env` and `!credential`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    /// Text that YAML wrote: no other type can be read from it, but a list.
    Text(Text),
    /// Text from outside: any type can be read from it.
    Outside(Text),
    List(Vec<Resolved>),
    Map(Vec<(Text, Resolved)>),
}

/// Why a value cannot be read as what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is no such key.
    Missing,
    /// The end of a sentence that begins with the setting's name.
    Value(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Missing => "is not there",
            Fault::Value(text) => text,
        })
    }
}

impl std::error::Error for Fault {}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Fault::Value(format!("does not fit: {message}"))
    }
}

impl Resolved {
    /// What the value is, with its article, for messages that must not show it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Resolved::Null => "empty",
            Resolved::Bool(_) => "`true` or `false`",
            Resolved::Integer(_) => "a whole number",
            Resolved::Float(_) => "a number with a fraction",
            Resolved::Text(_) | Resolved::Outside(_) => "a text",
            Resolved::List(_) => "a list",
            Resolved::Map(_) => "a mapping",
        }
    }

    /// The fault of a value that is not what it must be.
    pub(super) fn is_not(&self, expected: &str) -> Fault {
        Fault::Value(match self {
            Resolved::Text(text) if looks_typed(text) => {
                format!("is a quoted text and must be {expected}: write it without quotes")
            }
            Resolved::Null => format!("is empty and must be {expected}: write a value or remove the key"),
            _ => format!("is {} and must be {expected}", self.kind()),
        })
    }

    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Resolved::Bool(value) => Some(*value),
            Resolved::Outside(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn as_integer(&self) -> Option<i64> {
        match self {
            Resolved::Integer(value) => Some(*value),
            Resolved::Outside(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub(super) fn as_float(&self) -> Option<f64> {
        match self {
            Resolved::Integer(value) => Some(*value as f64),
            Resolved::Float(value) => Some(*value),
            Resolved::Outside(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// The text; numbers count as text, for a password or version that was written without quotes (B18).
    pub(super) fn as_text(&self) -> Option<Text> {
        match self {
            Resolved::Text(text) | Resolved::Outside(text) => Some(text.clone()),
            Resolved::Integer(value) => Some(Text::Owned(value.to_string())),
            Resolved::Float(value) => Some(Text::Owned(value.to_string())),
            _ => None,
        }
    }

    /// The items of a list, or of a text with commas between them.
    pub(super) fn as_items(&self) -> Option<Vec<Resolved>> {
        match self {
            Resolved::List(items) => Some(items.clone()),
            Resolved::Text(text) | Resolved::Outside(text) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                // Items of a text have no type of their own, wherever the text came from.
                Some(items.map(|item| Resolved::Outside(Text::Owned(item.to_string()))).collect())
            }
            _ => None,
        }
    }
}

fn looks_typed(text: &str) -> bool {
    matches!(text, "true" | "false") || text.parse::<f64>().is_ok()
}
