//! Makes a manifest of a snapshot. No setting from outside counts, so no secret can be in it.

use std::collections::{BTreeMap, BTreeSet};

use twox_hash::XxHash3_128;

use super::content::{
    Credential, FORMAT, Hashes, Manifest, Messages, Migration, Route, Setting, StaticFile, Template, Variable, Versions,
};
use crate::site::frozen;
use crate::snapshot::{self, Environment, Language, Snapshot, Value};

/// The features of Kalgan that make a difference to a running process, sorted.
pub(super) const FEATURES: &[(&str, bool)] = &[
    ("cache", cfg!(feature = "cache")),
    ("csrf", cfg!(feature = "csrf")),
    ("mail", cfg!(feature = "mail")),
    ("metrics", cfg!(feature = "metrics")),
    ("mysql", cfg!(feature = "mysql")),
    ("overlay", cfg!(feature = "overlay")),
    ("password", cfg!(feature = "password")),
    ("postgres", cfg!(feature = "postgres")),
    ("redis", cfg!(feature = "redis")),
    ("secrets", cfg!(feature = "secrets")),
    ("session", cfg!(feature = "session")),
    ("source", cfg!(feature = "source")),
    ("sqlite", cfg!(feature = "sqlite")),
    ("upload", cfg!(feature = "upload")),
    ("websocket", cfg!(feature = "websocket")),
];

/// The manifest of a site.
pub(in crate::cli) fn manifest(snapshot: &Snapshot) -> Manifest {
    Manifest {
        format: FORMAT,
        versions: versions(snapshot),
        hashes: Hashes { static_files: "blake3".to_string(), texts: "xxh3-128".to_string() },
        languages: snapshot.languages.iter().map(|language| language.code.to_string()).collect(),
        credentials: credentials(snapshot),
        variables: variables(snapshot),
        migrations: snapshot.migrations.iter().map(migration).collect(),
        routes: snapshot.routes.iter().map(route).collect(),
        settings: settings(snapshot),
        messages: snapshot.languages.iter().map(|language| (language.code.to_string(), messages(language))).collect(),
        templates: snapshot.templates.iter().map(|it| (it.name.to_string(), template(it))).collect(),
        static_files: snapshot.assets.iter().map(|it| (it.path.to_string(), static_file(it))).collect(),
    }
}

fn versions(snapshot: &Snapshot) -> Versions {
    Versions {
        site: snapshot.name.to_string(),
        release: snapshot.release.to_string(),
        kalgan: env!("CARGO_PKG_VERSION").to_string(),
        target: option_env!("KALGAN_TARGET").unwrap_or_default().to_string(),
        features: FEATURES.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| name.to_string()).collect(),
        production: snapshot.is_prod,
        static_files: snapshot.version.to_string(),
        date: snapshot.date,
    }
}

/// The settings that count in an environment, by key.
fn counting(snapshot: &Snapshot, environment: Environment) -> BTreeMap<&str, &snapshot::Setting> {
    let counts = |setting: &&snapshot::Setting| setting.only.is_none_or(|only| only == environment);
    snapshot.settings.iter().filter(counts).map(|setting| (&*setting.key, setting)).collect()
}

/// One entry a key, two where production and development differ.
fn settings(snapshot: &Snapshot) -> Vec<Setting> {
    let production = counting(snapshot, Environment::Production);
    let development = counting(snapshot, Environment::Development);
    let keys: BTreeSet<&str> = production.keys().chain(development.keys()).copied().collect();
    let mut settings = Vec::new();
    for key in keys {
        let (ours, theirs) = (production.get(key), development.get(key));
        if ours == theirs {
            settings.extend(ours.map(|it| setting(it, None)));
            continue;
        }
        settings.extend(theirs.map(|it| setting(it, Some("development"))));
        settings.extend(ours.map(|it| setting(it, Some("production"))));
    }
    settings
}

fn setting(setting: &snapshot::Setting, environment: Option<&str>) -> Setting {
    Setting {
        key: setting.key.to_string(),
        environment: environment.map(str::to_string),
        value: frozen(&setting.key, &setting.value),
        declared: setting.place.to_string(),
    }
}

fn credentials(snapshot: &Snapshot) -> BTreeMap<String, Credential> {
    let mut credentials: BTreeMap<String, Credential> = BTreeMap::new();
    for (key, setting) in counting(snapshot, Environment::Production) {
        for_each_leaf(&setting.value, &mut |value| {
            if let Value::Credential(name) = value {
                add_key(&mut credentials.entry(name.to_string()).or_default().settings, key);
            }
        });
    }
    credentials
}

fn variables(snapshot: &Snapshot) -> BTreeMap<String, Variable> {
    let mut variables: BTreeMap<String, Variable> = BTreeMap::new();
    for (key, setting) in counting(snapshot, Environment::Production) {
        for_each_leaf(&setting.value, &mut |value| {
            if let Value::Env { name, default } = value {
                let variable = variables.entry(name.to_string()).or_default();
                variable.required |= default.is_none();
                add_key(&mut variable.settings, key);
            }
        });
    }
    variables
}

/// Settings are looked at by key, so the keys come sorted, and one that names the same twice comes twice in a row.
fn add_key(keys: &mut Vec<String>, key: &str) {
    if keys.last().is_none_or(|last| last != key) {
        keys.push(key.to_string());
    }
}

fn for_each_leaf(value: &Value, visit: &mut impl FnMut(&Value)) {
    match value {
        Value::List(items) => items.iter().for_each(|item| for_each_leaf(item, visit)),
        Value::Map(pairs) => pairs.iter().for_each(|(_, value)| for_each_leaf(value, visit)),
        leaf => visit(leaf),
    }
}

fn migration(migration: &snapshot::Migration) -> Migration {
    Migration {
        number: migration.number,
        name: migration.name.to_string(),
        engine: migration.engine.map(|engine| engine.name().to_string()),
        size: migration.sql.len(),
        hash: hash(&migration.sql),
        file: migration.file.to_string(),
    }
}

fn route(route: &snapshot::Route) -> Route {
    let texts = |list: &[snapshot::Text]| list.iter().map(|text| text.to_string()).collect::<Vec<_>>();
    let language = |path: &snapshot::Path| path.language.as_deref().unwrap_or("*").to_string();
    Route {
        name: route.name.to_string(),
        paths: route.paths.iter().map(|path| (language(path), path.pattern.to_string())).collect(),
        host: route.host.as_deref().map(str::to_string),
        methods: route.methods.as_deref().map(texts),
        controller: route.controller.to_string(),
        middleware: texts(&route.middleware),
        requirements: route.requirements.iter().map(|(name, it)| (name.to_string(), it.to_string())).collect(),
        language: route.language.as_deref().map(str::to_string),
        max_body_size: route.limits.max_body_size,
        request_timeout: route.limits.request_timeout,
        declared: route.place.to_string(),
    }
}

fn messages(language: &Language) -> Messages {
    let mut all = XxHash3_128::new();
    for part in language.messages.iter().flat_map(|(id, text)| [id, "\0", text, "\0"]) {
        all.write(part.as_bytes());
    }
    Messages {
        count: language.messages.len(),
        hash: digits(all.finish_128()),
        texts: language.messages.iter().map(|(id, text)| (id.to_string(), hash(text))).collect(),
    }
}

fn template(template: &snapshot::Template) -> Template {
    Template { size: template.source.len(), hash: hash(&template.source) }
}

fn static_file(asset: &snapshot::Asset) -> StaticFile {
    let size = |variant: &snapshot::Variant| (variant.encoding.name().to_string(), variant.body.len());
    StaticFile {
        size: asset.body.len(),
        encoded: asset.variants.iter().map(size).collect(),
        hash: asset.hash.to_string(),
        version: asset.version.to_string(),
        media_type: asset.mime.to_string(),
        root: asset.is_root,
    }
}

fn hash(text: &str) -> String {
    digits(XxHash3_128::oneshot(text.as_bytes()))
}

fn digits(hash: u128) -> String {
    format!("{hash:032x}")
}
