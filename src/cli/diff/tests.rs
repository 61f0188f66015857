use super::compare::compare;
use super::text;
use crate::cli::manifest::content::Manifest;
use crate::cli::manifest::make;
use crate::snapshot::{
    Engine, Inline, Language, Links, Migration, Path, Place, Route, Setting, Snapshot, Table, Template, Value,
};

fn route(name: &'static str, pattern: &'static str) -> Route {
    Route {
        name: name.into(),
        paths: vec![Path { language: None, pattern: pattern.into() }].into(),
        host: None,
        controller: "page::show".into(),
        middleware: Vec::new().into(),
        methods: Some(vec!["GET".into()].into()),
        requirements: Vec::new().into(),
        language: None,
        limits: Default::default(),
        place: Place { file: "routes/a.yaml".into(), line: 1, column: 1 },
    }
}

fn setting(key: &'static str, value: Value) -> Setting {
    Setting { key: key.into(), value, only: None, place: Place::default() }
}

fn migration(number: i64, sql: &'static str) -> Migration {
    Migration { number, name: "step".into(), engine: Some(Engine::Sqlite), sql: sql.into(), file: "a.sql".into() }
}

fn language(messages: &'static [(&'static str, &'static str)]) -> Language {
    Language { code: "en".into(), messages: Table::Static(messages) }
}

fn template(name: &'static str, source: &'static str) -> Template {
    Template { name: name.into(), source: source.into(), links: Links::NONE, inline: Inline::NONE }
}

fn old() -> Snapshot {
    Snapshot {
        release: "1.0.0".into(),
        settings: vec![setting("shop.name", Value::Text("Shop".into()))].into(),
        routes: vec![route("home", "/"), route("about", "/about"), route("gone", "/gone")].into(),
        languages: vec![language(&[("a", "A"), ("b", "B")])].into(),
        templates: vec![template("a.html", "aaa"), template("b.html", "b")].into(),
        migrations: vec![migration(1, "x")].into(),
        ..crate::testing::empty()
    }
}

fn new() -> Snapshot {
    let moved = Route { place: Place { file: "routes/a.yaml".into(), line: 9, column: 1 }, ..route("home", "/") };
    Snapshot {
        release: "1.1.0".into(),
        settings: vec![
            setting("mailer.password", Value::Credential("mail".into())),
            setting("shop.name", Value::Text("Store".into())),
        ]
        .into(),
        routes: vec![route("about", "/about-us"), moved, route("fresh", "/fresh")].into(),
        languages: vec![language(&[("a", "other"), ("c", "C")])].into(),
        templates: vec![template("a.html", "bbb"), template("b.html", "b")].into(),
        migrations: vec![migration(1, "y"), migration(2, "z")].into(),
        ..crate::testing::empty()
    }
}

fn manifests() -> (Manifest, Manifest) {
    (make::manifest(&old()), make::manifest(&new()))
}

#[test]
fn what_matters_for_going_live_comes_first() {
    let (old, new) = manifests();
    let comparison = compare(old, new, vec!["mail".to_string()]);
    assert_eq!(
        text::page(&comparison),
        "test 1.0.0 → 1.1.0

credentials: 1 added
+ mail  for mailer.password; it is MISSING on this machine

migrations: 1 added, 1 changed
~ 1 sqlite  other content, as long as before
+ 2 sqlite  step

routes: 1 added, 1 removed, 1 changed, another order
- gone  GET /gone
~ about  paths: /about → /about-us
~ the order in which routes are tried
+ fresh  GET /fresh

settings: 1 added, 1 changed
~ shop.name  Shop → Store
+ mailer.password  !credential mail

messages en: 1 added, 1 removed, 1 changed
- b
~ a
+ c

templates: 1 changed
~ a.html  other content, as long as before

versions: 1 changed
~ release  1.0.0 → 1.1.0
"
        .replace("test ", &format!("{} ", crate::testing::empty().name))
    );
    assert!(!comparison.equal);
}

#[test]
fn a_binary_does_not_differ_from_itself() {
    let (old, _) = manifests();
    let comparison = compare(old.clone(), old, vec!["mail".to_string()]);
    assert!(comparison.equal && comparison.changes.is_empty());
    assert_eq!(text::page(&comparison), "nothing differs\n");
}

#[test]
fn the_json_has_the_same_order_and_both_values() {
    let (old, new) = manifests();
    let json = serde_json::to_value(compare(old, new, Vec::new())).unwrap();
    let kinds: Vec<&str> = json["changes"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["credentials", "migrations", "routes", "settings", "messages", "templates", "versions"]);
    let routes = &json["changes"][2];
    assert_eq!(routes["changed"]["about"]["old"]["paths"]["*"], "/about");
    assert_eq!(routes["changed"]["about"]["new"]["paths"]["*"], "/about-us");
    assert!(routes["removed"]["gone"].is_object() && routes["reordered"] == true, "{routes}");
    assert_eq!((&json["format"], &json["equal"]), (&1.into(), &false.into()));
    assert!(json["changes"][4]["language"] == "en" && json["changes"][0].get("missing").is_none());
}
