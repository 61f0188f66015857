//! The settings that Kalgan itself reads: their names, types, defaults and meanings.
//!
//! The build refuses an unknown key under a name that Kalgan owns, the start refuses a value of the wrong type, and the manual's
//! table of settings is checked against this list. Keys under other names are the site's own and are never looked at here.

mod keys;

pub use keys::KEYS;

/// One setting, or a family of settings where a part of the name is `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The flattened name; a part `*` stands for one part of any name, a last part `**` for one or more.
    pub name: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// When it counts.
    pub stage: Stage,
    /// The value where nobody sets it, as a person reads it; empty where there is none.
    pub default: &'static str,
    /// Meaning and unit, and what 0 or absence means, in one sentence.
    pub meaning: &'static str,
}

/// The type of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number from the first to the second, both included.
    Integer(i64, i64),
    /// A whole number from the first on; what is more than the second is accepted and counts as the second.
    UpTo(i64, i64),
    /// A list of texts, or one text with commas between the items.
    List,
    /// A mapping from names to lists of texts, kept whole: its names are no part of the key and may have dots.
    Map,
}

/// When a setting counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Only in the files that the build reads; changing it from outside stops the start.
    Build,
    /// When the process starts.
    Run,
}

/// The first parts of names that belong to Kalgan: a key under one of them that is not in [`KEYS`] is a mistake.
pub const OWNED: &[&str] = &[
    "cache",
    "cookie",
    "csrf",
    "data",
    "db",
    "environment",
    "error",
    "i18n",
    "log",
    "mailer",
    "password",
    "router",
    "security",
    "server",
    "session",
    "static",
    "tera",
    "upload",
];

/// The setting of Kalgan that a flattened key names.
///
/// ```
/// use kalgan::snapshot::schema;
/// assert_eq!(schema::find("server.port").unwrap().default, "7878");
/// assert_eq!(schema::find("error.404").unwrap().name, "error.*");
/// assert!(schema::find("server.prot").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static Key> {
    let exact = KEYS.iter().find(|key| key.name == name);
    exact.or_else(|| KEYS.iter().find(|key| matches(key.name, name)))
}

/// Whether a flattened key has a mapping as its value, which is not flattened any further.
///
/// ```
/// use kalgan::snapshot::schema;
/// assert!(schema::is_map("static.bundles") && !schema::is_map("static.folders"));
/// ```
pub fn is_map(name: &str) -> bool {
    find(name).is_some_and(|key| key.kind == Kind::Map)
}

/// What [`is_version`] accepts, in words.
pub const VERSION: &str = "letters, digits and any of `-._~=:@+,`";

/// Whether a text can be a value of `static.version`: it is written into addresses as it is, also within stylesheets.
///
/// ```
/// use kalgan::snapshot::schema::is_version;
/// assert!(is_version("v001") && !is_version("v 1") && !is_version("a&b"));
/// ```
pub fn is_version(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~=:@+,".contains(&byte))
}

/// Whether a flattened key lies under a name that Kalgan owns.
pub fn is_owned(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or(name);
    OWNED.contains(&first)
}

fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.split('.'), name.split('.'));
    loop {
        match (pattern.next(), name.next()) {
            (None, None) => return true,
            (Some("**"), Some(_)) => return true,
            (Some(expected), Some(part)) if expected == "*" || expected == part => {}
            _ => return false,
        }
    }
}
