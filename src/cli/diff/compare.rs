//! What differs between two manifests, in the order of what matters for going live: what an operator must provide, what happens to the
//! database, addresses that are gone; the rest after it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::cli::manifest::content::{Manifest, Route, Versions};

/// The form of the comparison, its field `format`.
const FORMAT: u32 = 1;

/// Says where something is declared, which an edit above it changes.
const DECLARED: &str = "declared";

/// All differences.
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    format: u32,
    pub(super) equal: bool,
    pub(super) old: Versions,
    pub(super) new: Versions,
    /// Kinds without a difference are left out.
    pub(super) changes: Vec<Change>,
}

/// The differences of one kind.
#[derive(Debug, Serialize)]
pub(super) struct Change {
    pub(super) kind: &'static str,
    /// Of messages, theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<String>,
    pub(super) added: Items,
    pub(super) removed: Items,
    pub(super) changed: BTreeMap<String, Changed>,
    /// Whether those that both have come in another order; only for routes, where the first that matches answers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) reordered: bool,
    /// Of the credentials that this binary needs, those that are not in the folder that was looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) missing: Vec<String>,
}

/// An entry as it was and as it is.
#[derive(Debug, Serialize)]
pub(super) struct Changed {
    pub(super) old: Value,
    pub(super) new: Value,
}

/// Entries of a manifest, by name.
pub(super) type Items = BTreeMap<String, Value>;

/// Compares two manifests of one site. `missing` are the credentials of the new one that are not where they belong.
pub(super) fn compare(old: Manifest, new: Manifest, missing: Vec<String>) -> Comparison {
    let mut changes = vec![
        change("credentials", named(&old.credentials), named(&new.credentials)),
        change("variables", named(&old.variables), named(&new.variables)),
        change("migrations", migrations(&old), migrations(&new)),
        change("routes", routes(&old.routes), routes(&new.routes)),
        change("settings", settings(&old), settings(&new)),
    ];
    changes[0].missing = missing;
    changes[3].reordered = is_reordered(&old.routes, &new.routes);
    changes.extend(messages(&old, &new));
    changes.push(change("templates", named(&old.templates), named(&new.templates)));
    changes.push(change("static files", named(&old.static_files), named(&new.static_files)));
    changes.push(change("versions", versions(&old.versions), versions(&new.versions)));
    changes.retain(Change::is_one);
    Comparison { format: FORMAT, equal: changes.is_empty(), old: old.versions, new: new.versions, changes }
}

impl Change {
    fn is_one(&self) -> bool {
        self.reordered || !(self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty())
    }
}

fn change(kind: &'static str, old: Items, mut new: Items) -> Change {
    let (mut removed, mut changed) = (Items::new(), BTreeMap::new());
    for (name, old) in old {
        match new.remove(&name) {
            None => drop(removed.insert(name, old)),
            Some(new) if new != old => drop(changed.insert(name, Changed { old, new })),
            Some(_) => {}
        }
    }
    Change { kind, language: None, added: new, removed, changed, reordered: false, missing: Vec::new() }
}

/// An entry as it is compared: without the place where it was declared.
fn value(entry: &impl Serialize) -> Value {
    let mut value =
        serde_json::to_value(entry).expect("an entry of a manifest has text keys and no numbers that JSON lacks");
    if let Value::Object(fields) = &mut value {
        fields.remove(DECLARED);
    }
    value
}

fn named<T: Serialize>(entries: &BTreeMap<String, T>) -> Items {
    entries.iter().map(|(name, entry)| (name.clone(), value(entry))).collect()
}

fn migrations(manifest: &Manifest) -> Items {
    let name = |number: i64, engine: &Option<String>| match engine {
        Some(engine) => format!("{number} {engine}"),
        None => number.to_string(),
    };
    manifest.migrations.iter().map(|it| (name(it.number, &it.engine), value(it))).collect()
}

fn routes(routes: &[Route]) -> Items {
    routes.iter().map(|route| (route.name.clone(), value(route))).collect()
}

fn is_reordered(old: &[Route], new: &[Route]) -> bool {
    let common = |routes: &[Route], others: &[Route]| -> Vec<String> {
        let names: std::collections::BTreeSet<&str> = others.iter().map(|route| &*route.name).collect();
        let both = routes.iter().filter(|route| names.contains(&*route.name));
        both.map(|route| route.name.clone()).collect()
    };
    common(old, new) != common(new, old)
}

fn settings(manifest: &Manifest) -> Items {
    let name = |it: &crate::cli::manifest::content::Setting| match &it.environment {
        Some(environment) => format!("{} ({environment})", it.key),
        None => it.key.clone(),
    };
    manifest.settings.iter().map(|it| (name(it), Value::String(it.value.clone()))).collect()
}

/// One change a language that either has.
fn messages(old: &Manifest, new: &Manifest) -> Vec<Change> {
    let languages: std::collections::BTreeSet<&String> = old.messages.keys().chain(new.messages.keys()).collect();
    let texts = |manifest: &Manifest, language: &str| -> Items {
        manifest.messages.get(language).map(|it| named(&it.texts)).unwrap_or_default()
    };
    let of = |language: &String| Change {
        language: Some(language.clone()),
        ..change("messages", texts(old, language), texts(new, language))
    };
    languages.into_iter().map(of).collect()
}

/// Each field for itself.
fn versions(versions: &Versions) -> Items {
    match value(versions) {
        Value::Object(fields) => fields.into_iter().collect(),
        _ => Items::new(),
    }
}
