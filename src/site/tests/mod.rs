mod revised;

use std::borrow::Cow;

use super::*;
use crate::snapshot::{
    Asset, Environment, Inline, Language, Limits, Links, Path, Place, Route, Setting, Table, Template, Text, Value,
};

/// A small site, which tests change as they need.
pub(super) fn snapshot() -> Snapshot {
    Snapshot {
        name: Cow::Borrowed("site"),
        release: Cow::Borrowed("1.2.3"),
        is_prod: true,
        version: Cow::Borrowed("tag"),
        date: None,
        settings: Cow::Borrowed(&[]),
        routes: Cow::Borrowed(&[]),
        languages: Cow::Borrowed(&[]),
        templates: Cow::Borrowed(&[]),
        assets: Cow::Borrowed(&[]),
        migrations: Cow::Borrowed(&[]),
    }
}

pub(super) fn setting(key: &'static str, value: Value) -> Setting {
    let place = Place { file: Cow::Borrowed("config/app.yaml"), line: 2, column: 3 };
    Setting { key: Cow::Borrowed(key), value, only: None, place }
}

pub(super) fn text(text: &'static str) -> Value {
    Value::Text(Cow::Borrowed(text))
}

pub(super) fn only(setting: Setting, only: Environment) -> Setting {
    Setting { only: Some(only), ..setting }
}

/// A route with one path, any method and a controller of its own name.
pub(super) fn route(name: &'static str, pattern: &'static str) -> Route {
    Route {
        name: Cow::Borrowed(name),
        paths: Cow::Owned(vec![Path { language: None, pattern: Cow::Borrowed(pattern) }]),
        controller: Cow::Borrowed(name),
        middleware: Cow::Borrowed(&[]),
        host: None,
        methods: None,
        requirements: Cow::Borrowed(&[]),
        language: None,
        limits: Limits::default(),
        place: Place { file: Cow::Borrowed("routes/main.yaml"), line: 1, column: 1 },
    }
}

pub(super) fn language(code: &'static str, messages: &'static [(&'static str, &'static str)]) -> Language {
    Language { code: Cow::Borrowed(code), messages: Table::Static(messages) }
}

pub(super) fn template(name: &'static str, source: &'static str) -> Template {
    Template { name: Cow::Borrowed(name), source: Cow::Borrowed(source), links: Links::NONE, inline: Inline::NONE }
}

pub(super) fn asset(path: &'static str, hash: &'static str) -> Asset {
    let mime = Cow::Borrowed("text/css; charset=utf-8");
    Asset {
        is_root: false,
        is_patched: false,
        path: Text::Borrowed(path),
        mime,
        hash: Text::Borrowed(hash),
        version: Text::Borrowed(hash.get(..16).unwrap_or(hash)),
        body: b"x".into(),
        variants: Cow::Borrowed(&[]),
    }
}

/// The settings of a snapshot with nothing from outside.
pub(super) fn settings(snapshot: &Snapshot) -> Settings {
    Settings::load(snapshot, Outside::default()).unwrap()
}

pub(super) fn site(snapshot: Snapshot) -> Site {
    let settings = settings(&snapshot);
    Site::new(snapshot, settings, &|_| ()).unwrap()
}

#[test]
fn a_site_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Site>();
}

#[test]
fn an_empty_snapshot_is_a_site() {
    let site = site(snapshot());
    assert_eq!((site.name.as_str(), site.release.as_str(), site.version.as_str()), ("site", "1.2.3", "tag"));
    assert_eq!(site.languages.iter().count(), 0);
    assert!(matches!(site.router.find(&http::Method::GET, "localhost", "/"), Found::NotFound));
}

/// B28
#[test]
fn the_default_language_must_be_one_of_the_sites() {
    let languages = vec![language("en", &[]), language("es", &[])];
    let wrong = vec![setting("i18n.language.default", text("fr"))];
    let snapshot = Snapshot { languages: languages.into(), settings: wrong.into(), ..snapshot() };
    let settings = settings(&snapshot);
    let error = Site::new(snapshot, settings, &|_| ()).unwrap_err().to_string();
    let expected = "the setting `i18n.language.default` (config/app.yaml:2:3) is `fr`, which is none of the site's languages: en, es";
    assert_eq!(error, expected);
}

#[test]
fn a_public_address_that_is_none_stops_the_start_and_names_its_layer() {
    let snapshot = snapshot();
    let variables = vec![("KALGAN__SERVER__PUBLIC_URL".to_string(), "example.com".to_string())];
    let settings = Settings::load(&snapshot, Outside { variables, ..Outside::default() }).unwrap();
    let error = Site::new(snapshot, settings, &|_| ()).unwrap_err().to_string();
    let beginning =
        "the setting `server.public_url` (variable KALGAN__SERVER__PUBLIC_URL) is `example.com`, but must begin";
    assert!(error.starts_with(beginning), "{error}");
}

#[test]
fn all_parts_of_a_site_work_together() {
    let page = "{{ 'hello'|trans(name=user) }} {{ 'show'|url(id=5) }} {{ '/css/a.css'|asset }} {{ language }}";
    let snapshot = Snapshot {
        settings: vec![setting("static.path", text("/static"))].into(),
        routes: vec![route("show", "/show/{id}")].into(),
        languages: vec![language("en", &[("hello", "Hello {name}")]), language("es", &[("hello", "Hola {name}")])]
            .into(),
        templates: vec![template("page.html", page)].into(),
        assets: vec![asset("static/css/a.css", "0123456789abcdef0123")].into(),
        ..snapshot()
    };
    let site = site(snapshot);
    let Found::Route(found) = site.router.find(&http::Method::GET, "localhost", "/show/a%20b") else {
        panic!("not found")
    };
    assert_eq!(found.parameters, [(Arc::from("id"), "a b".to_string())]);
    let mut context = tera::Context::new();
    context.insert("user", "<Ann>");
    let view = View { language: "es", values: Arc::new(|_: &str| None) };
    let page = site.renderer.render("page.html", context, &view).unwrap();
    assert_eq!(page, "Hola &lt;Ann&gt; /show/5 /static/css/a.css?tag es");
}
