//! A manifest as tables for people.

use super::content::{Manifest, Route, StaticFile};
use crate::cli::table;
use crate::error::one_line;

/// What stands where there is nothing.
const NONE: &str = "–";

/// All of it, a table a section; a section without entries is left out.
pub(super) fn page(manifest: &Manifest) -> String {
    let mut page = versions(manifest);
    section(
        &mut page,
        ("CREDENTIALS", manifest.credentials.len()),
        ["ID", "FOR"],
        manifest.credentials.iter().map(|(id, it)| [id.clone(), it.settings.join(", ")]),
    );
    section(
        &mut page,
        ("VARIABLES", manifest.variables.len()),
        ["NAME", "NEEDED", "FOR"],
        manifest.variables.iter().map(|(name, it)| [name.clone(), yes(it.required), it.settings.join(", ")]),
    );
    section(
        &mut page,
        ("MIGRATIONS", manifest.migrations.len()),
        ["NUMBER", "NAME", "ENGINE", "SIZE", "HASH"],
        manifest.migrations.iter().map(|it| {
            let engine = it.engine.clone().unwrap_or_else(|| "any".to_string());
            [it.number.to_string(), it.name.clone(), engine, it.size.to_string(), it.hash.clone()]
        }),
    );
    let routes = manifest.routes.iter().flat_map(route);
    section(&mut page, ("ROUTES", manifest.routes.len()), ["NAME", "METHODS", "PATH", "CONTROLLER", "LIMITS"], routes);
    section(
        &mut page,
        ("SETTINGS", manifest.settings.len()),
        ["KEY", "VALUE", "ENVIRONMENT"],
        manifest
            .settings
            .iter()
            .map(|it| [it.key.clone(), it.value.clone(), it.environment.clone().unwrap_or_default()]),
    );
    section(
        &mut page,
        ("MESSAGES", manifest.messages.len()),
        ["LANGUAGE", "COUNT", "HASH"],
        manifest.messages.iter().map(|(language, it)| [language.clone(), it.count.to_string(), it.hash.clone()]),
    );
    section(
        &mut page,
        ("TEMPLATES", manifest.templates.len()),
        ["NAME", "SIZE", "HASH"],
        manifest.templates.iter().map(|(name, it)| [name.clone(), it.size.to_string(), it.hash.clone()]),
    );
    let files = manifest.static_files.iter().map(|(path, file)| static_file(path, file));
    section(
        &mut page,
        ("STATIC FILES", manifest.static_files.len()),
        ["PATH", "SIZE", "BR", "ZSTD", "GZIP", "HASH", "VERSION", "TYPE"],
        files,
    );
    page
}

fn versions(manifest: &Manifest) -> String {
    let versions = &manifest.versions;
    let kind = if versions.production { "production" } else { "development" };
    let target = if versions.target.is_empty() { NONE } else { &versions.target };
    table(&[
        [versions.site.clone(), versions.release.clone()],
        ["kalgan".to_string(), versions.kalgan.clone()],
        ["static files".to_string(), versions.static_files.clone()],
        ["target".to_string(), target.to_string()],
        ["built for".to_string(), kind.to_string()],
        ["features".to_string(), versions.features.join(", ")],
        ["languages".to_string(), manifest.languages.join(", ")],
    ])
}

/// A heading and a table, where there is anything to show.
fn section<const N: usize>(
    page: &mut String,
    (title, count): (&str, usize),
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    let mut all = vec![head.map(str::to_string)];
    all.extend(rows.map(|row| row.map(|cell| one_line(&cell).into_owned())));
    if all.len() > 1 {
        page.push_str(&format!("\n{title} ({count})\n{}", table(&all)));
    }
}

fn route(route: &Route) -> Vec<[String; 5]> {
    let limits = [
        route.max_body_size.map(|bytes| format!("{bytes} bytes")),
        route.request_timeout.map(|seconds| format!("{seconds} s")),
    ];
    let limits = limits.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let methods = route.methods.as_ref().map_or_else(|| "any".to_string(), |methods| methods.join(", "));
    let row = |(language, pattern): (&String, &String)| {
        let language = if language == "*" { String::new() } else { format!(" [{language}]") };
        let path = format!("{}{pattern}{language}", route.host.as_deref().unwrap_or_default());
        [route.name.clone(), methods.clone(), path, route.controller.clone(), limits.clone()]
    };
    route.paths.iter().map(row).collect()
}

fn static_file(path: &str, file: &StaticFile) -> [String; 8] {
    let encoded = |name: &str| file.encoded.get(name).map_or_else(|| NONE.to_string(), |size| size.to_string());
    let [brotli, zstd, gzip] = ["br", "zstd", "gzip"].map(encoded);
    let hash = [&file.hash, &file.version, &file.media_type].map(String::clone);
    let [hash, version, media_type] = hash;
    [path.to_string(), file.size.to_string(), brotli, zstd, gzip, hash, version, media_type]
}

fn yes(value: bool) -> String {
    (if value { "yes" } else { "no" }).to_string()
}
