//! The page of all settings, made from the list that Kalgan itself checks settings against, so that it is always complete.

use kalgan::snapshot::schema::{self, Key, Kind, Stage};
use serde::Serialize;

/// The page's name.
pub const PAGE: &str = "reference";

/// The groups in the order of the page; each takes the settings whose name begins with its own.
const GROUPS: [&str; 18] = [
    "server",
    "log",
    "environment",
    "i18n",
    "router",
    "static",
    "tera",
    "error",
    "data",
    "security",
    "cookie",
    "session",
    "csrf",
    "cache",
    "db",
    "mailer",
    "password",
    "upload",
];

/// Settings that belong together.
#[derive(Serialize)]
pub struct Group {
    /// Names the message `reference.groups.<name>`.
    name: &'static str,
    keys: Vec<Row>,
}

/// A setting as the template shows it.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    /// Names the message `reference.kinds.<kind>`.
    kind: &'static str,
    from: i64,
    to: i64,
    is_build: bool,
    default: &'static str,
    /// Names the message `reference.defaults.<id>`, for a default that is told in words.
    default_id: Option<&'static str>,
}

/// All settings in their groups.
pub fn groups() -> Vec<Group> {
    let keys = |name| schema::KEYS.iter().filter(move |key| group(key) == name).map(Row::new).collect();
    GROUPS.into_iter().map(|name| Group { name, keys: keys(name) }).collect()
}

fn group(key: &Key) -> &'static str {
    key.name.split('.').next().unwrap_or_default()
}

impl Row {
    fn new(key: &Key) -> Row {
        let (kind, from, to) = match key.kind {
            Kind::Text => ("text", 0, 0),
            Kind::Bool => ("bool", 0, 0),
            Kind::Integer(from, i64::MAX) | Kind::UpTo(from, _) => ("at_least", from, 0),
            Kind::Integer(from, to) => ("between", from, to),
            Kind::List => ("list", 0, 0),
            Kind::Map => ("map", 0, 0),
        };
        let default_id = match key.default {
            "the number of cores" => Some("cores"),
            "the first language by name" => Some("first_language"),
            "true in a release build" => Some("release"),
            "true in production" => Some("in_production"),
            "false in production" => Some("not_in_production"),
            "smtp in production, else log" => Some("transport"),
            _ => None,
        };
        Row { name: key.name, kind, from, to, is_build: key.stage == Stage::Build, default: key.default, default_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_in_one_group() {
        let mut names: Vec<_> = groups().iter().flat_map(|group| group.keys.iter().map(|row| row.name)).collect();
        names.sort_unstable();
        let all: Vec<_> = schema::KEYS.iter().map(|key| key.name).collect();
        assert_eq!(names, all);
    }

    #[test]
    fn a_default_in_words_has_a_message() {
        let rows = groups().into_iter().flat_map(|group| group.keys);
        // Values of headers may have spaces; what has no sign but letters and spaces is said in words.
        let is_words =
            |text: &str| text.contains(' ') && text.chars().all(|sign| sign.is_alphabetic() || " ,`".contains(sign));
        for row in rows.filter(|row| is_words(row.default)) {
            assert!(row.default_id.is_some(), "`{}` has the default `{}`", row.name, row.default);
        }
    }
}
