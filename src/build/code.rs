//! The snapshot as Rust constants: for every type of `crate::snapshot` the expression that gives the same value again.
//!
//! Every list element is a constant of its own and every message table is made of plain `&str`: the compiler's work
//! then grows with the number of entries; one large constant of `Cow`s makes it grow with the square.
//! Which file the code goes to, and what surrounds it, is the business of the parent module.

use std::fmt::Write;

use super::dispatch;
use crate::snapshot::{
    Asset, Environment, Inline, Language, Limits, Links, Migration, Path, Place, Route, Setting, Snapshot, Table,
    Template, Text, Value, Variant,
};

/// The whole of `site.rs`: one block that gives a `kalgan::App`.
pub(super) fn site(snapshot: &Snapshot, folder: &str) -> String {
    let mut code = String::from(HEAD);
    constants(&mut code, snapshot);
    dispatch::functions(&mut code, snapshot, folder);
    snapshot_function(&mut code, snapshot);
    code.push_str(TAIL);
    code
}

/// What stands before the constants. A panic must stay in its request, and only the compiler of the binary knows its profile.
const HEAD: &str = r#"// Written by `kalgan::build` from the site's files.
{
    #[cfg(panic = "abort")]
    compile_error!("kalgan needs unwinding panics, or one in a controller ends the server: remove `panic = \"abort\"` from the profile");

    #[allow(clippy::all, clippy::pedantic, clippy::restriction, unused_imports, unused_variables, reason = "the code is generated")]
    fn site() -> ::kalgan::App {
use ::kalgan::generated::*;

"#;

/// What stands after the functions.
const TAIL: &str = r#"
#[derive(RustEmbed)]
#[folder = "$OUT_DIR/kalgan/templates"]
#[crate_path = "::kalgan::generated::rust_embed"]
struct TemplateFiles;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/kalgan/static"]
#[crate_path = "::kalgan::generated::rust_embed"]
struct StaticFiles;

#[derive(RustEmbed)]
#[folder = "$OUT_DIR/kalgan/encoded"]
#[crate_path = "::kalgan::generated::rust_embed"]
struct EncodedFiles;

app(snapshot, controllers(), middleware_functions(), template_functions)
    }
    site()
}
"#;

/// Appends the function that puts the constants together.
fn snapshot_function(code: &mut String, snapshot: &Snapshot) {
    line(code, format_args!("fn snapshot() -> Snapshot {{"));
    line(code, format_args!("    Snapshot {{"));
    line(code, format_args!("        name: {},", text(&snapshot.name)));
    line(code, format_args!("        release: {},", text(&snapshot.release)));
    line(code, format_args!("        is_prod: {},", snapshot.is_prod));
    line(code, format_args!("        version: {},", text(&snapshot.version)));
    line(code, format_args!("        date: {:?},", snapshot.date));
    for (field, constant) in [("settings", "SETTINGS"), ("routes", "ROUTES"), ("languages", "LANGUAGES")] {
        line(code, format_args!("        {field}: Borrowed({constant}),"));
    }
    line(code, format_args!("        templates: templates::<TemplateFiles>(TEMPLATES),"));
    line(code, format_args!("        assets: assets::<StaticFiles, EncodedFiles>(ASSETS),"));
    line(code, format_args!("        migrations: Borrowed(MIGRATIONS),"));
    line(code, format_args!("    }}\n}}"));
}

/// Appends the constants `SETTINGS`, `ROUTES`, `LANGUAGES`, `TEMPLATES`, `ASSETS` and `MIGRATIONS`.
///
/// Of templates and static files only the names and hashes are written: `rust-embed` holds their bytes.
fn constants(code: &mut String, snapshot: &Snapshot) {
    list(code, "SETTING", "Setting", snapshot.settings.iter().map(setting));
    list(code, "ROUTE", "Route", snapshot.routes.iter().map(route));
    let messages = snapshot.languages.iter().map(|language| &language.messages);
    for (index, table) in messages.enumerate() {
        pairs(code, &format!("MESSAGES_{index}"), table);
    }
    let languages = snapshot.languages.iter().enumerate();
    list(code, "LANGUAGE", "Language", languages.map(|(index, language)| self::language(index, language)));
    plain_list(code, "TEMPLATES", "TemplateRow", snapshot.templates.iter().map(template));
    plain_list(code, "ASSETS", "AssetRow", snapshot.assets.iter().map(asset));
    list(code, "MIGRATION", "Migration", snapshot.migrations.iter().map(migration));
}

/// One constant per item, and the constant `{name}S` that lists them.
fn list(code: &mut String, name: &str, kind: &str, items: impl Iterator<Item = String>) {
    let mut names = Vec::new();
    for (index, item) in items.enumerate() {
        line(code, format_args!("const {name}_{index}: {kind} = {item};"));
        names.push(format!("{name}_{index}"));
    }
    line(code, format_args!("const {name}S: &[{kind}] = &[{}];", names.join(", ")));
}

/// One constant with all items in it, for items without destructors.
fn plain_list(code: &mut String, name: &str, kind: &str, items: impl Iterator<Item = String>) {
    line(code, format_args!("const {name}: &[{kind}] = &["));
    for item in items {
        line(code, format_args!("    {item},"));
    }
    line(code, format_args!("];"));
}

fn pairs(code: &mut String, name: &str, table: &Table) {
    let items = table.iter().map(|(key, value)| format!("({key:?}, {value:?})"));
    plain_list(code, name, "(&str, &str)", items);
}

/// Appends one line of code.
pub(super) fn line(code: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(code, "{text}").expect("writing to a `String` cannot fail");
}

fn setting(setting: &Setting) -> String {
    let only = match setting.only {
        None => "None",
        Some(Environment::Development) => "Some(Environment::Development)",
        Some(Environment::Production) => "Some(Environment::Production)",
    };
    let (key, value, place) = (text(&setting.key), value(&setting.value), place(&setting.place));
    format!("Setting {{ key: {key}, value: {value}, only: {only}, place: {place} }}")
}

fn value(written: &Value) -> String {
    match written {
        Value::Null => "Value::Null".to_string(),
        Value::Bool(value) => format!("Value::Bool({value})"),
        Value::Integer(value) => format!("Value::Integer({value})"),
        Value::Float(value) => format!("Value::Float({})", float(*value)),
        Value::Text(value) => format!("Value::Text({})", text(value)),
        Value::List(items) => format!("Value::List({})", borrowed(items.iter().map(value))),
        Value::Map(pairs) => {
            let pairs = pairs.iter().map(|(key, item)| format!("({}, {})", text(key), value(item)));
            format!("Value::Map({})", borrowed(pairs))
        }
        Value::Env { name, default } => {
            format!("Value::Env {{ name: {}, default: {} }}", text(name), optional(default.as_ref().map(text)))
        }
        Value::Credential(name) => format!("Value::Credential({})", text(name)),
    }
}

/// YAML's `.inf` and `.nan` have no literal in Rust.
fn float(value: f64) -> String {
    if value.is_nan() {
        "f64::NAN".to_string()
    } else if value.is_infinite() {
        if value > 0.0 { "f64::INFINITY" } else { "f64::NEG_INFINITY" }.to_string()
    } else {
        format!("{value:?}")
    }
}

fn route(route: &Route) -> String {
    let requirements = route.requirements.iter().map(|(name, pattern)| format!("({}, {})", text(name), text(pattern)));
    format!(
        "Route {{ name: {}, paths: {}, host: {}, controller: {}, middleware: {}, methods: {}, requirements: {}, language: {}, limits: {}, place: {} }}",
        text(&route.name),
        borrowed(route.paths.iter().map(path)),
        optional(route.host.as_ref().map(text)),
        text(&route.controller),
        borrowed(route.middleware.iter().map(text)),
        optional(route.methods.as_ref().map(|methods| borrowed(methods.iter().map(text)))),
        borrowed(requirements),
        optional(route.language.as_ref().map(text)),
        limits(&route.limits),
        place(&route.place),
    )
}

fn limits(limits: &Limits) -> String {
    // Their `Debug` form is Rust code.
    format!("{limits:?}")
}

fn path(path: &Path) -> String {
    let language = optional(path.language.as_ref().map(text));
    format!("Path {{ language: {language}, pattern: {} }}", text(&path.pattern))
}

fn language(index: usize, language: &Language) -> String {
    format!("Language {{ code: {}, messages: Table::Static(MESSAGES_{index}) }}", text(&language.code))
}

fn template(template: &Template) -> String {
    let Links { templates, components, defines, has_messages } = &template.links;
    let Inline { scripts, styles, nonces } = &template.inline;
    format!(
        "({:?}, &{templates:?}, &{components:?}, &{defines:?}, {has_messages}, (&{scripts:?}, &{styles:?}, &{nonces:?}))",
        template.name
    )
}

fn asset(asset: &Asset) -> String {
    let variant = |variant: &Variant| format!("(Encoding::{:?}, {})", variant.encoding, variant.body.len());
    let variants = asset.variants.iter().map(variant).collect::<Vec<_>>().join(", ");
    let Asset { path, is_root, mime, hash, version, .. } = asset;
    format!("({path:?}, {is_root}, {mime:?}, {hash:?}, {version:?}, &[{variants}])")
}

fn migration(migration: &Migration) -> String {
    let Migration { number, name, engine, sql, file } = migration;
    let engine = optional(engine.map(|engine| format!("Engine::{engine:?}")));
    let (name, sql, file) = (text(name), text(sql), text(file));
    format!("Migration {{ number: {number}, name: {name}, engine: {engine}, sql: {sql}, file: {file} }}")
}

fn place(place: &Place) -> String {
    format!("Place {{ file: {}, line: {}, column: {} }}", text(&place.file), place.line, place.column)
}

/// A [`Text`] that borrows a constant of the binary. A function that takes no type parameter costs the compiler half as much as
/// the generic `Cow::Borrowed`.
fn text(text: &Text) -> String {
    format!("text({text:?})")
}

/// A [`crate::snapshot::List`] that borrows a constant of the binary.
fn borrowed(items: impl Iterator<Item = String>) -> String {
    format!("Borrowed(&[{}])", items.collect::<Vec<_>>().join(", "))
}

fn optional(value: Option<String>) -> String {
    value.map_or_else(|| "None".to_string(), |value| format!("Some({value})"))
}
