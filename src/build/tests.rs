use super::*;
use crate::snapshot::{
    Asset, Encoding, Engine, Environment, Inline, Language, Links, Migration, Place, Route, Setting, Table, Template,
    Value, Variant,
};

fn place(line: u32) -> Place {
    Place { file: "routes/main.yaml".into(), line, column: 3 }
}

fn route(name: &str, controller: &str, line: u32) -> Route {
    Route {
        name: name.to_string().into(),
        paths: vec![crate::snapshot::Path { language: None, pattern: "/".into() }].into(),
        controller: controller.to_string().into(),
        middleware: vec!["guard".into()].into(),
        host: None,
        methods: Some(vec!["GET".into()].into()),
        requirements: vec![("id".into(), "[0-9]+".into())].into(),
        language: Some("en".into()),
        limits: crate::snapshot::Limits { max_body_size: Some(1), request_timeout: None },
        place: place(line),
    }
}

fn setting(key: &str, value: Value, line: u32) -> Setting {
    let place = Place { file: "config/app.yaml".into(), line, column: 1 };
    Setting { key: key.to_string().into(), value, only: None, place }
}

fn snapshot() -> Snapshot {
    Snapshot {
        name: "outside".into(),
        release: "0.1.0".into(),
        is_prod: false,
        version: "abc".into(),
        date: Some(1_700_000_000),
        settings: vec![
            setting("error.404", Value::Text("error_controller/missing".into()), 1),
            setting("error.custom_in_dev", Value::Bool(true), 2),
            setting("tera.filters", Value::Text("shout, quiet".into()), 3),
        ]
        .into(),
        routes: vec![route("a", "page::show", 2), route("b", "page::show", 6), route("c", "page::list", 9)].into(),
        languages: vec![Language {
            code: "en".into(),
            messages: Table::Owned(vec![("a\"b".into(), "c\n".into())].into()),
        }]
        .into(),
        templates: vec![Template {
            name: "page/show.html".into(),
            source: "<p>{{ x }}</p>".into(),
            links: Links::NONE,
            inline: Inline::NONE,
        }]
        .into(),
        assets: vec![Asset {
            is_root: false,
            is_patched: false,
            path: "static/a.css".into(),
            mime: "text/css; charset=utf-8".into(),
            hash: "00ff".into(),
            version: "00".into(),
            body: b"a{}".to_vec().into(),
            variants: vec![Variant { encoding: Encoding::Gzip, body: b"gz".to_vec().into() }].into(),
        }]
        .into(),
        migrations: vec![Migration {
            number: 3,
            name: "add_author".into(),
            engine: Some(Engine::Postgres),
            sql: "ALTER TABLE \"post\"\n  ADD author TEXT;\n".into(),
            file: "migrations/postgres/3_add_author.sql".into(),
        }]
        .into(),
    }
}

fn reading(problems: Vec<Problem>) -> Reading {
    Reading { snapshot: snapshot(), problems, watched: Vec::new() }
}

fn code_of(snapshot: &Snapshot) -> String {
    code::site(snapshot, "app")
}

#[test]
fn a_migration_is_written_with_its_engine_and_its_text() {
    let code = code_of(&snapshot());
    let written = r#"Migration { number: 3, name: text("add_author"), engine: Some(Engine::Postgres), sql: text("ALTER TABLE \"post\"\n  ADD author TEXT;\n"), "#;
    assert!(code.contains(written), "{code}");
}

#[test]
fn a_controller_is_named_once_with_the_place_that_names_it_first() {
    let code = code_of(&snapshot());
    let lines: Vec<&str> =
        code.lines().map(str::trim).filter(|line| line.contains("page::show\", controller")).collect();
    assert_eq!(lines, [r#"("page::show", controller(crate::controller::page::show)), // app/routes/main.yaml:2"#]);
}

#[test]
fn error_controllers_are_dispatched_and_other_error_settings_are_not() {
    let code = code_of(&snapshot());
    assert!(code.contains("controller(crate::controller::error_controller::missing)), // app/config/app.yaml:1"));
    assert!(!code.contains("crate::controller::true"));
}

#[test]
fn a_site_with_a_resolver_names_its_controllers_itself() {
    let mut snapshot = snapshot();
    snapshot.settings.to_mut().push(setting("router.resolver", Value::Bool(true), 4));
    let code = code_of(&snapshot);
    assert!(!code.contains("crate::controller::"), "{code}");
    assert!(code.contains("crate::middleware::guard"), "{code}");
}

#[test]
fn middleware_of_all_routes_are_dispatched_with_the_place_of_the_setting() {
    let mut snapshot = snapshot();
    let names = Value::List(vec![Value::Text("log/request".into()), Value::Text("guard".into())].into());
    snapshot.settings.to_mut().push(setting("router.middleware", names, 7));
    let code = code_of(&snapshot);
    let line = |name: &str| format!("middleware(crate::middleware::{name})), // app/config/app.yaml:7");
    assert!(code.contains(&line("log::request")) && code.contains(&line("guard")), "{code}");
}

#[test]
fn template_functions_are_registered_in_their_kind() {
    let code = code_of(&snapshot());
    assert!(code.contains(r#"tera.register_filter("shout", crate::template::shout); // app/config/app.yaml:3"#));
    assert!(code.contains(r#"tera.register_filter("quiet", crate::template::quiet);"#));
}

#[test]
fn texts_are_escaped_and_numbers_without_a_literal_are_named() {
    let mut snapshot = snapshot();
    let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0, 1e300];
    snapshot.settings = values.map(|value| setting("shop.x", Value::Float(value), 1)).to_vec().into();
    snapshot
        .settings
        .to_mut()
        .push(Setting { only: Some(Environment::Production), ..setting("shop.y", Value::Integer(i64::MIN), 1) });
    let code = code_of(&snapshot);
    assert!(code.contains(r#"("a\"b", "c\n"),"#));
    for value in ["f64::NAN", "f64::INFINITY", "f64::NEG_INFINITY", "1.0", "1e300"] {
        assert!(code.contains(&format!("Value::Float({value})")), "{value} in {code}");
    }
    assert!(code.contains("Value::Integer(-9223372036854775808), only: Some(Environment::Production)"));
}

#[test]
fn a_secret_is_written_by_name_only() {
    let mut snapshot = snapshot();
    let secret = Value::Env { name: "SHOP_KEY".into(), default: None };
    snapshot.settings = vec![setting("shop.key", secret, 1)].into();
    assert!(code_of(&snapshot).contains(r#"Value::Env { name: text("SHOP_KEY"), default: None }"#));
}

#[test]
fn an_error_gives_the_report_of_all_problems_named_from_the_package() {
    let problems = vec![Problem::warning("a.yaml", "odd"), Problem::error("b.yaml", "wrong").at("x: 1", 1, 1, 1)];
    let report = refuse_errors("app", &reading(problems)).expect_err("an error must fail the build");
    assert_eq!(
        report,
        "app/a.yaml: warning: odd\n\napp/b.yaml:1:1: error: wrong\n  |\n1 | x: 1\n  | ^\n\n1 error, 1 warning"
    );
}

#[test]
fn warnings_become_one_line_each_and_are_cut_when_there_are_many() {
    let package = tempfile::tempdir().expect("a temporary folder can be made");
    let problem = Problem::warning("i18n/es/a.yaml", "no text").at("a: 1\nb: 2", 2, 1, 1).help("add `b`");
    let lines = cargo::directives("app", package.path(), &reading(vec![problem.clone()]));
    assert!(lines.contains("cargo::warning=app/i18n/es/a.yaml:2:1: no text; add `b`\n"), "{lines}");
    let lines = cargo::directives("app", package.path(), &reading(vec![problem; 25]));
    assert_eq!(lines.lines().filter(|line| line.starts_with("cargo::warning=")).count(), 21);
    assert!(lines.contains("and 5 more"), "{lines}");
}

/// What is always watched.
const DATE: &str = "cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH\n";

#[test]
fn only_what_exists_is_watched_and_the_whole_site_only_when_a_folder_is_missing() {
    let package = tempfile::tempdir().expect("a temporary folder can be made");
    let site = package.path().join("app");
    for folder in ["routes/sub", "i18n", "templates", "static", "migrations"] {
        std::fs::create_dir_all(site.join(folder)).expect("a folder can be made");
    }
    let watched = ["routes", "routes/sub", "i18n", "gone"].map(|name| site.join(name)).to_vec();
    let reading = Reading { watched, ..reading(Vec::new()) };
    let watching = || cargo::directives("app", package.path(), &reading);
    assert_eq!(watching(), format!("{DATE}cargo::rerun-if-changed=app/i18n\ncargo::rerun-if-changed=app/routes\n"));
    std::fs::remove_dir(site.join("static")).expect("a folder can be removed");
    assert_eq!(watching(), format!("{DATE}cargo::rerun-if-changed=app\n"));
}

#[test]
fn the_folder_is_made_equal_and_what_is_right_is_left_alone() {
    let output = tempfile::tempdir().expect("a temporary folder can be made");
    let read = |name: &str| std::fs::read(output.path().join(name));
    let time =
        |name: &str| output.path().join(name).metadata().and_then(|data| data.modified()).expect("the file is there");
    let reading = reading(Vec::new());
    std::fs::create_dir_all(output.path().join("templates/page/show.html/old")).expect("a folder can be made");
    std::fs::create_dir_all(output.path().join("static/static")).expect("a folder can be made");
    std::fs::write(output.path().join("static/static/old.css"), "old").expect("a file can be written");
    let frozen = Frozen::new("app", &reading.snapshot);
    frozen.write(output.path()).expect("the folder can be written");
    assert_eq!(read("templates/page/show.html").expect("written"), b"<p>{{ x }}</p>");
    assert_eq!(read("static/static/a.css").expect("written"), b"a{}");
    assert_eq!(read("encoded/all").expect("written"), b"gz");
    assert!(frozen.code.contains("\"00ff\", \"00\", &[(Encoding::Gzip, 2)])"), "{}", frozen.code);
    assert!(read("static/static/old.css").is_err());
    let (site, asset) = (time("site.rs"), time("static/static/a.css"));
    frozen.write(output.path()).expect("the folder can be written");
    assert_eq!((site, asset), (time("site.rs"), time("static/static/a.css")));
}

#[test]
fn a_date_is_a_number_of_seconds_that_http_has_room_for() {
    assert_eq!(cargo::date(""), Ok(None));
    assert_eq!(cargo::date("0"), Ok(Some(0)));
    assert_eq!(cargo::date("1700000000"), Ok(Some(1_700_000_000)));
    assert_eq!(cargo::date("253402300799"), Ok(Some(253_402_300_799)));
    for wrong in ["253402300800", "99999999999999999999999", "-1", "+1", "1.5", " 1", "yesterday", "2023-11-14"] {
        let message = cargo::date(wrong).expect_err(wrong);
        assert!(message.contains(&format!("`SOURCE_DATE_EPOCH` is `{wrong}`, not a whole number")), "{message}");
        assert!(message.contains("git log -1 --format=%ct"), "{message}");
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_a_warning_and_the_rest_a_line_that_cargo_hides() {
    let summary = compress::Summary { variants: 6, encoded: 2, encoded_bytes: 10, trouble: None };
    assert_eq!(cargo::about_compression(&summary), "6 compressed static files, 2 of them made anew\n");
    let summary = compress::Summary { trouble: Some("the disk is full".to_string()), ..summary };
    let lines = cargo::about_compression(&summary);
    assert!(lines.contains("\ncargo::warning=the disk is full; the site is complete"), "{lines}");
}
