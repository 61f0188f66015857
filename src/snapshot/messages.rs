//! Messages as data.

use super::{Table, Text};

/// The messages of one language.
#[derive(Debug, Clone, PartialEq)]
pub struct Language {
    /// The name of the language's folder, such as `en` or `es-MX`.
    pub code: Text,
    /// Message texts by id; the id is the nested keys joined by dots (B121).
    pub messages: Table,
}
