//! The few settings that the build itself reads. Only what the files say counts here: a build setting comes from nowhere else.

use crate::snapshot::{Encoding, Place, Setting, Snapshot, Value, schema};
use crate::source::migrations;

/// The setting that counts among those with this key: the last one.
pub(super) fn find<'a>(snapshot: &'a Snapshot, key: &str) -> Option<&'a Setting> {
    snapshot.settings.iter().rfind(|setting| setting.key == key)
}

/// The items of a list setting, written as a list or as one text with commas, and where it stands.
pub(super) fn items<'a>(snapshot: &'a Snapshot, key: &str) -> Vec<(&'a str, &'a Place)> {
    let Some(setting) = find(snapshot, key) else { return Vec::new() };
    let items = match &setting.value {
        Value::List(items) => items.iter().filter_map(as_text).collect(),
        value => as_text(value).map(|text| text.split(',').collect()).unwrap_or_default(),
    };
    let items: Vec<&str> = items;
    items.into_iter().map(str::trim).filter(|item| !item.is_empty()).map(|item| (item, &setting.place)).collect()
}

/// The encodings in which static files are stored, in the order in which they are preferred. An empty list means none.
pub(super) fn encodings(snapshot: &Snapshot) -> Vec<Encoding> {
    const KEY: &str = "static.encodings";
    let default = || schema::find(KEY).map_or("", |key| key.default).split(',').collect();
    let written = || items(snapshot, KEY).into_iter().map(|(item, _)| item).collect();
    let names: Vec<&str> = if find(snapshot, KEY).is_some() { written() } else { default() };
    Encoding::ALL.into_iter().filter(|encoding| names.contains(&encoding.name())).collect()
}

/// The folders that the site's data lies in, whether they exist or not.
pub(super) fn folders(snapshot: &Snapshot) -> Vec<&str> {
    let keys = ["router.path", "i18n.path", "tera.path", "static.folders"];
    let named = keys.into_iter().flat_map(|key| folders_of(snapshot, key));
    named.chain([migrations::FOLDER]).collect()
}

fn folders_of<'a>(snapshot: &'a Snapshot, key: &str) -> Vec<&'a str> {
    let written: Vec<&str> = items(snapshot, key).into_iter().map(|(item, _)| item).collect();
    if written.is_empty() { schema::find(key).map(|key| key.default).into_iter().collect() } else { written }
}

fn as_text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
