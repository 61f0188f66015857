//! Templates as data.

use super::Text;

/// The source of one template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its path below `tera.path`, with `/` between the parts (B127).
    pub name: Text,
    /// Its text.
    pub source: Text,
}
