//! Settings as data: flattened keys and typed values.

use super::{List, Place, Text};

/// One leaf of a settings file under its flattened key (B10).
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The nested keys joined by dots, such as `server.port`.
    pub key: Text,
    /// What was written.
    pub value: Value,
    /// The environment that the file's name limits it to (`.dev.yaml`, `.prod.yaml`).
    pub only: Option<Environment>,
    /// Where the key stands.
    pub place: Place,
}

/// Which of the two environments a settings file counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Environment {
    /// Files ending `.dev.yaml`; `environment.is_prod` is false.
    Development,
    /// Files ending `.prod.yaml`; `environment.is_prod` is true.
    Production,
}

/// The value of a setting as it was written. `!env` and `!credential` are kept, never resolved, so that no secret is in a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Written but empty: the key exists and fails every typed getter (B10).
    Null,
    /// `true` or `false`; other words are text (B15).
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction or exponent.
    Float(f64),
    /// Text.
    Text(Text),
    /// A sequence; a sequence is one value and is not flattened.
    List(List<Value>),
    /// A mapping inside a sequence, in written order.
    Map(List<(Text, Value)>),
    /// `!env NAME` or `!env [NAME, default]`: the environment variable's text when the process starts.
    Env {
        /// The variable's name.
        name: Text,
        /// What counts where the variable is absent.
        default: Option<Text>,
    },
    /// `!credential NAME`: the content of that file in the credentials folder when the process starts.
    Credential(Text),
}
