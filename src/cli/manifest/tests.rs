use super::content::Manifest;
use super::{make, text};
use crate::snapshot::{Environment, Place, Setting, Snapshot, Value};

fn setting(key: &'static str, value: Value, only: Option<Environment>) -> Setting {
    Setting { key: key.into(), value, only, place: Place { file: "config/a.yaml".into(), line: 1, column: 1 } }
}

fn env(name: &'static str, default: Option<&'static str>) -> Value {
    Value::Env { name: name.into(), default: default.map(Into::into) }
}

fn site() -> Snapshot {
    let secret = || Value::Text("quite-secret".into());
    let settings = vec![
        setting("shop.name", Value::Text("Shop".into()), None),
        setting("shop.api_key", secret(), None),
        setting("shop.url", Value::Text("redis://:quite-secret@host/1".into()), None),
        setting(
            "shop.pairs",
            Value::Map(vec![("token".into(), secret()), ("a".into(), Value::Integer(1))].into()),
            None,
        ),
        setting(
            "shop.urls",
            Value::List(vec![Value::Text("a".into()), Value::Text("x://u:quite-secret@h".into())].into()),
            None,
        ),
        setting("shop.pin", env("SHOP_PIN", None), None),
        setting("shop.color", env("SHOP_COLOR", Some("blue")), None),
        setting("shop.word", env("SHOP_PASSWORD", Some("quite-secret")), None),
        setting("mailer.password", Value::Credential("mail".into()), None),
        setting("shop.name", Value::Text("Test".into()), Some(Environment::Development)),
        setting("shop.extra", Value::Credential("only_dev".into()), Some(Environment::Development)),
    ];
    Snapshot { settings: settings.into(), ..crate::testing::empty() }
}

#[test]
fn settings_are_shown_as_they_were_frozen_and_secrets_are_masked() {
    let manifest = make::manifest(&site());
    let values: Vec<(&str, Option<&str>, &str)> =
        manifest.settings.iter().map(|it| (&*it.key, it.environment.as_deref(), &*it.value)).collect();
    assert_eq!(
        values,
        [
            ("mailer.password", None, "!credential mail"),
            ("shop.api_key", None, "********"),
            ("shop.color", None, "!env [SHOP_COLOR, blue]"),
            ("shop.extra", Some("development"), "!credential only_dev"),
            ("shop.name", Some("development"), "Test"),
            ("shop.name", Some("production"), "Shop"),
            ("shop.pairs", None, "{token: ********, a: 1}"),
            ("shop.pin", None, "!env SHOP_PIN"),
            ("shop.url", None, "redis://********@host/1"),
            ("shop.urls", None, "a, x://********@h"),
            ("shop.word", None, "!env [SHOP_PASSWORD, ********]"),
        ]
    );
    let json = serde_json::to_string(&manifest).unwrap();
    assert!(!json.contains("quite-secret") && !text::page(&manifest).contains("quite-secret"), "{json}");
}

#[test]
fn what_production_needs_from_outside_is_listed() {
    let manifest = make::manifest(&site());
    let credentials: Vec<_> = manifest.credentials.iter().map(|(id, it)| (&**id, &it.settings[..])).collect();
    assert_eq!(credentials, [("mail", &["mailer.password".to_string()][..])]);
    let variables: Vec<_> = manifest.variables.iter().map(|(name, it)| (&**name, it.required)).collect();
    assert_eq!(variables, [("SHOP_COLOR", false), ("SHOP_PASSWORD", false), ("SHOP_PIN", true)]);
}

#[test]
fn a_manifest_is_read_as_it_was_written_also_with_fields_of_a_later_kalgan() {
    let manifest = make::manifest(&site());
    let mut json = serde_json::to_value(&manifest).unwrap();
    assert_eq!(serde_json::from_value::<Manifest>(json.clone()).unwrap(), manifest);
    json["versions"]["rustc"] = "later".into();
    json["more"] = 1.into();
    assert_eq!(serde_json::from_value::<Manifest>(json).unwrap(), manifest);
}

#[test]
fn every_feature_of_a_running_process_is_named() {
    let cargo = include_str!("../../../Cargo.toml");
    let (_, features) = cargo.split_once("[features]\n").unwrap();
    let (features, _) = features.split_once("\n\n").unwrap();
    let names = features.lines().filter(|line| line.contains(" = ")).filter_map(|line| line.split(" = ").next());
    // Those that are for builds, and those that stand for others.
    let without = ["default", "manual", "build", "minify", "services", "db"];
    let mut names: Vec<&str> = names.filter(|name| !without.contains(name)).collect();
    names.sort_unstable();
    assert_eq!(make::FEATURES.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
}
