use super::*;
use crate::site::tests::{only, setting, snapshot, text};
use crate::snapshot::{Environment, Setting, Snapshot, Value};

fn with(settings: Vec<Setting>) -> Snapshot {
    Snapshot { settings: settings.into(), ..snapshot() }
}

fn variables(pairs: &[(&str, &str)]) -> Outside {
    let variables = pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Outside { variables, ..Outside::default() }
}

fn mistakes(snapshot: &Snapshot, outside: Outside) -> String {
    Settings::load(snapshot, outside).unwrap_err().to_string()
}

#[test]
fn files_for_one_environment_count_only_there() {
    let settings = vec![
        setting("server.port", Value::Integer(1)),
        only(setting("server.port", Value::Integer(2)), Environment::Development),
        only(setting("server.port", Value::Integer(3)), Environment::Production),
    ];
    let snapshot = with(settings);
    assert_eq!(Settings::load(&snapshot, Outside::default()).unwrap().get_number("server.port").unwrap(), 3);
    let development = variables(&[("KALGAN__ENVIRONMENT__IS_PROD", "false")]);
    assert_eq!(Settings::load(&snapshot, development).unwrap().get_number("server.port").unwrap(), 2);
}

#[test]
fn a_later_layer_is_stronger() {
    let snapshot = with(vec![setting("server.address", text("file"))]);
    let mut outside = Outside { file_name: "local.yaml".into(), ..Outside::default() };
    let address = |outside: &Outside| {
        let settings = Settings::load(&snapshot, outside.clone()).unwrap();
        format!("{} {}", settings.get_string("server.address").unwrap(), settings.layer("server.address").unwrap())
    };
    assert_eq!(address(&outside), "file config/app.yaml:2:3");
    outside.file = vec![setting("server.address", text("outside"))];
    assert_eq!(address(&outside), "outside --settings local.yaml:2:3");
    outside.variables = vec![("KALGAN__SERVER__ADDRESS".into(), "variable".into())];
    assert_eq!(address(&outside), "variable variable KALGAN__SERVER__ADDRESS");
    outside.flags = vec![("server.address".into(), "flag".into())];
    assert_eq!(address(&outside), "flag flag for server.address");
}

#[test]
fn all_mistakes_are_told_at_once_with_their_layers() {
    let snapshot = with(vec![setting("server.port", text("7878")), setting("error.custom_in_dev", text("yes"))]);
    let outside = variables(&[
        ("KALGAN__SERVER__PROT", "1"),
        ("KALGAN__ROUTER__PATH", "x"),
        ("KALGAN__SERVER__NUMBER_OF_WORKERS", "0"),
        ("HOME", "/root"),
    ]);
    assert_eq!(
        mistakes(&snapshot, outside),
        "the environment variable `KALGAN__SERVER__PROT` names no setting; did you mean `KALGAN__SERVER__PORT`?\n\
         the setting `router.path` (variable KALGAN__ROUTER__PATH) counts when the site is built, so it can only be set in the \
         site's own files\n\
         the setting `error.custom_in_dev` (config/app.yaml:2:3) is the text `yes` and must be `true` or `false`\n\
         the setting `server.number_of_workers` (variable KALGAN__SERVER__NUMBER_OF_WORKERS) is `0` and must be a whole number \
         from 1 to 1024\n\
         the setting `server.port` (config/app.yaml:2:3) is the text `7878` and must be a whole number from 0 to 65535"
    );
}
