use super::*;
use crate::site::tests::{asset, setting, settings, snapshot, text};
use crate::snapshot::{Setting, Snapshot, Value};

const HASH: &str = "0123456789abcdef0123456789abcdef";

fn assets(is_prod: bool, changes: Vec<Setting>) -> Assets {
    let settings = settings(&Snapshot { is_prod, settings: changes.into(), ..snapshot() });
    let files = vec![asset("media/logo.css", HASH), asset("static/css/a.css", HASH), asset("static/logo.css", "short")];
    Assets::new(files.into(), "tag", &settings).unwrap()
}

fn path(prefix: &'static str) -> Setting {
    setting("static.path", text(prefix))
}

/// B30, B135
#[test]
fn an_address_is_prefix_value_and_version() {
    let local = assets(true, vec![path("/static")]);
    for (value, address) in [
        ("/css/a.css", "/static/css/a.css?tag"),
        ("css/a.css", "/static/css/a.css?tag"),
        ("/css/a.css?x=1", "/static/css/a.css?x=1&tag"),
        ("/css/a.css#top", "/static/css/a.css?tag#top"),
        ("/css/a.css?x#top", "/static/css/a.css?x&tag#top"),
        ("/no.css", "/static/no.css?tag"),
        ("", "/static/?tag"),
    ] {
        assert_eq!(local.url(value), address);
    }
    assert!(matches!(local.url("/css/a.css"), Cow::Borrowed(_)));
    let remote = assets(true, vec![path("https://cdn.example.com/v/")]);
    assert_eq!(remote.url("/css/a.css"), "https://cdn.example.com/v/css/a.css?tag");
    let none = assets(true, vec![]);
    assert_eq!(none.url("/static/css/a.css"), "/static/css/a.css?tag");
    assert_eq!(none.url("static/css/a.css"), "/static/css/a.css?tag");
}

#[test]
fn without_a_prefix_the_address_is_the_one_that_answers() {
    // Kalgan 0.9 wrote the value as it was, which leads nowhere for a value beneath a folder.
    let none = assets(true, vec![]);
    for (value, address) in [
        ("/css/a.css", "/static/css/a.css?tag"),
        ("css/a.css?x=1#top", "/static/css/a.css?x=1&tag#top"),
        ("/no.css?x", "/no.css?x&tag"),
    ] {
        assert_eq!(none.url(value), address);
    }
    let unserved = assets(true, vec![setting("static.folders", Value::List(Vec::new().into()))]);
    assert_eq!(unserved.url("/css/a.css"), "/static/css/a.css?tag");
}

/// B31, B135: in Kalgan 0.9 it was the time of day where none was set.
#[test]
fn the_version_is_the_tag_a_text_or_the_files_hash() {
    let version = |is_prod, value: &'static str| {
        let assets = assets(is_prod, vec![path("/static"), setting("static.version", text(value))]);
        format!("{} {}", assets.url("/css/a.css"), assets.url("/no.css?x"))
    };
    assert_eq!(version(true, "auto"), "/static/css/a.css?tag /static/no.css?x&tag");
    assert_eq!(version(true, "v001"), "/static/css/a.css?v001 /static/no.css?x&v001");
    assert_eq!(version(true, "file"), "/static/css/a.css?0123456789abcdef /static/no.css?x");
    for value in ["auto", "v001", "file"] {
        assert_eq!(version(false, value), "/static/css/a.css?0123456789abcdef /static/no.css?x");
    }
}

#[test]
fn a_value_names_the_file_below_the_prefix_before_those_in_the_folders() {
    let folders = || setting("static.folders", text("media, static"));
    let version = || setting("static.version", text("file"));
    let in_prefix = assets(true, vec![path("/static"), folders(), version()]);
    assert_eq!(in_prefix.url("/logo.css"), "/static/logo.css?short");
    let in_folders = assets(true, vec![path("https://cdn.example.com"), folders(), version()]);
    assert_eq!(in_folders.url("/logo.css"), "https://cdn.example.com/logo.css?0123456789abcdef");
    assert_eq!(in_folders.url("/media/logo.css"), "https://cdn.example.com/media/logo.css?0123456789abcdef");
}

#[test]
fn a_file_is_found_by_its_address_and_knows_its_current_query() {
    let assets = assets(true, vec![path("/static")]);
    let file = assets.get("static/css/a.css").unwrap();
    assert_eq!(assets.number("static/css/a.css"), Some(1));
    for (query, is_current) in [("tag", true), ("x=1&tag", true), ("", false), ("tag2", false), ("tag&x", false)] {
        assert_eq!(assets.is_current(file, query), is_current, "{query}");
    }
    for path in ["", "/static/css/a.css", "static", "static/css", "static/../static/css/a.css"] {
        assert!(assets.get(path).is_none(), "{path}");
    }
    assert_eq!(assets.files().len(), 3);
}

#[test]
fn serving_no_files_does_not_change_their_addresses() {
    // The run-time value only switches serving, because NGINX sends the files.
    let snapshot = Snapshot { settings: vec![path("/static")].into(), ..snapshot() };
    let variables = vec![("KALGAN__STATIC__FOLDERS".to_string(), String::new())];
    let outside = crate::site::Outside { variables, ..Default::default() };
    let settings = Settings::load(&snapshot, outside).unwrap();
    assert_eq!(settings.get_vec("static.folders").unwrap(), [""; 0]);
    let assets = Assets::new(vec![asset("static/a.css", HASH)].into(), "tag", &settings).unwrap();
    assert_eq!(assets.url("/a.css"), "/static/a.css?tag");
}

#[test]
fn a_file_at_the_top_is_named_without_the_prefix() {
    let icon = || Asset { is_root: true, ..asset("favicon.ico", HASH) };
    for prefix in ["", "/", "/static", "https://cdn.example.com/files", "https://cdn.example.com"] {
        let settings = settings(&Snapshot { settings: vec![path(prefix)].into(), ..snapshot() });
        let assets = Assets::new(vec![icon(), asset("static/a.css", HASH)].into(), "tag", &settings).unwrap();
        assert_eq!(assets.url("/favicon.ico"), "/favicon.ico?tag", "{prefix}");
        assert_eq!(assets.url("favicon.ico?x#y"), "/favicon.ico?x&tag#y", "{prefix}");
    }
    // A file in the folders comes first (B135), as far as the value is not its own whole address.
    let settings = settings(&Snapshot { settings: vec![path("/static")].into(), ..snapshot() });
    let assets = Assets::new(vec![icon(), asset("static/favicon.ico", HASH)].into(), "tag", &settings).unwrap();
    assert_eq!(assets.url("/favicon.ico"), "/static/favicon.ico?tag");
}

#[test]
fn every_version_that_the_build_may_have_written_is_current() {
    let is_current = |is_prod, version: &'static str, query: &str| {
        let assets = assets(is_prod, vec![setting("static.version", text(version))]);
        assets.is_current(assets.get("static/css/a.css").unwrap(), query)
    };
    for version in ["auto", "file", "v001"] {
        assert!(is_current(true, version, "tag") && is_current(true, version, "0123456789abcdef"), "{version}");
        assert!(!is_current(true, version, "short") && !is_current(true, version, "v002"), "{version}");
    }
    assert!(is_current(true, "v001", "v001") && is_current(true, "v001", "x&v001"));
    // In development the file changes while a text of the author's stays.
    assert!(!is_current(false, "v001", "v001"));
    assert!(!is_current(true, "file", "file") && !is_current(true, "auto", "auto"));
}

#[test]
fn a_version_that_no_address_can_have_is_refused() {
    for version in ["a b", "a&b", "a#b", "a'b", "a)b", "ä"] {
        let settings =
            settings(&Snapshot { settings: vec![setting("static.version", text(version))].into(), ..snapshot() });
        let error = Assets::new(Vec::new().into(), "tag", &settings).unwrap_err().to_string();
        assert!(error.contains("`static.version`") && error.contains("may only have letters, digits"), "{error}");
    }
}
