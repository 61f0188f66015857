use super::*;
use crate::site::tests::{language, only, setting, snapshot, text};
use crate::snapshot::{Environment, Setting, Snapshot, Value};

fn with(settings: Vec<Setting>) -> Snapshot {
    Snapshot { settings: settings.into(), ..snapshot() }
}

fn settings_of(settings: Vec<Setting>) -> Settings {
    Settings::load(&with(settings), Outside::default()).unwrap()
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

#[test]
fn values_from_yaml_keep_their_types() {
    // B10, B18
    let list = Value::List(vec![text("a"), Value::Integer(2)].into());
    let settings = settings_of(vec![
        setting("bool", Value::Bool(true)),
        setting("float", Value::Float(1.5)),
        setting("list", list),
        setting("null", Value::Null),
        setting("number", Value::Integer(-5)),
        setting("items", text("a, b,,c ")),
        setting("quoted", text("5")),
        setting("text", text("x")),
    ]);
    assert!(settings.get_bool("bool").unwrap());
    assert_eq!(settings.get_number("number").unwrap(), -5);
    assert_eq!((settings.get_float("float").unwrap(), settings.get_float("number").unwrap()), (1.5, -5.0));
    assert_eq!(
        (settings.get_string("text").unwrap(), settings.get_string("number").unwrap()),
        ("x".into(), "-5".into())
    );
    assert_eq!(settings.get_vec("list").unwrap(), ["a", "2"]);
    assert_eq!(settings.get_vec("items").unwrap(), ["a", "b", "c"]);
    for (key, is_ok) in [("quoted", false), ("float", false), ("bool", false), ("null", false), ("number", true)] {
        assert_eq!(settings.get_number(key).is_ok(), is_ok, "{key}");
    }
    assert!(settings.get::<u8>("number").is_err());
    for key in ["bool", "list", "null"] {
        assert!(settings.get_string(key).is_err(), "{key}");
    }
    let error = settings.get_number("quoted").unwrap_err().to_string();
    let expected = "the setting `quoted` (config/app.yaml:2:3) is a quoted text and must be a whole number: write it without quotes";
    assert_eq!(error, expected);
    assert!(settings.exists("null") && !settings.exists("nul") && !settings.exists("server.port"));
    assert_eq!(
        settings.get_string("nul").unwrap_err().to_string(),
        "the setting `nul` is not there; did you mean `null`?"
    );
}

#[test]
fn values_from_outside_are_read_as_what_is_asked_for() {
    let snapshot = with(vec![setting("own.Key-name", text("x")), setting("own.list", Value::List(vec![].into()))]);
    let outside = variables(&[
        ("KALGAN__OWN__KEY_NAME", " 5 "),
        ("KALGAN__OWN__LIST", "1, 2,3"),
        ("KALGAN__COOKIE__VISIT__MAX_AGE", "60"),
        ("KALGAN__ERROR__404", "missing"),
    ]);
    let settings = Settings::load(&snapshot, outside).unwrap();
    assert_eq!((settings.get_number("own.Key-name").unwrap(), settings.get_float("own.Key-name").unwrap()), (5, 5.0));
    assert_eq!(settings.get_string("own.Key-name").unwrap(), " 5 ");
    assert!(settings.get_bool("own.Key-name").is_err());
    assert_eq!(settings.get::<Vec<u8>>("own.list").unwrap(), [1, 2, 3]);
    assert_eq!(settings.get_number("cookie.visit.max_age").unwrap(), 60);
    assert_eq!(settings.get_string("error.404").unwrap(), "missing");
    assert_eq!(settings.below("cookie").collect::<Vec<_>>(), ["visit.max_age"]);
}

#[test]
fn an_empty_text_from_outside_unsets_a_key() {
    let file = vec![
        setting("server.port", Value::Integer(1)),
        setting("own.key", text("x")),
        setting("static.folders", text("static")),
        setting("own.empty", text("")),
    ];
    let empty = [("KALGAN__SERVER__PORT", ""), ("KALGAN__OWN__KEY", ""), ("KALGAN__STATIC__FOLDERS", "")];
    let settings = Settings::load(&with(file), variables(&empty)).unwrap();
    assert_eq!(settings.get_number("server.port").unwrap(), 7878);
    assert!(!settings.exists("own.key"));
    assert_eq!(settings.get_vec("static.folders").unwrap(), [""; 0]);
    assert_eq!(settings.get_string("own.empty").unwrap(), "", "an empty text in YAML is a text");
}

#[test]
fn defaults_count_where_nobody_set_a_key() {
    let settings = settings_of(vec![]);
    assert_eq!(settings.get_number("server.port").unwrap(), 7878);
    assert!(settings.get_bool("cookie.visit.http_only").unwrap());
    assert!(settings.get_bool("cookie.visit.secure").is_err(), "a default that is described in words is no value");
    assert!(settings.get_number("server.number_of_workers").unwrap() >= 1);
    assert_eq!(settings.get_vec("server.hosts").unwrap(), [""; 0]);
    assert_eq!(settings.get::<Option<String>>("server.public_url").unwrap(), None);
    assert!(settings.get_string("server.public_url").is_err());
    assert!(settings.is_prod() && settings.get_bool("environment.is_prod").unwrap());
    assert!(!settings.exists("environment.is_prod"));
    assert!(settings.get_string("i18n.language.default").is_err(), "a default that is described in words is no value");
    let languages = vec![language("de", &[]), language("en", &[])];
    let snapshot = Snapshot { languages: languages.into(), ..snapshot() };
    let settings = Settings::load(&snapshot, Outside::default()).unwrap();
    assert_eq!(settings.get_string("i18n.language.default").unwrap(), "de");
}

/// What `environment.is_prod` comes to.
fn is_prod(files: Vec<Setting>, outside: Outside) -> Result<bool, String> {
    Settings::load(&with(files), outside).map(|settings| settings.is_prod()).map_err(|error| error.to_string())
}

#[test]
fn the_environment_is_decided_by_the_strongest_layer() {
    let file = |value| vec![setting("environment.is_prod", Value::Bool(value))];
    let flag = |text: &str| vec![("environment.is_prod".to_string(), text.to_string())];
    assert_eq!(is_prod(vec![], Outside::default()), Ok(true));
    assert_eq!(is_prod(file(false), Outside::default()), Ok(false));
    assert_eq!(is_prod(file(true), Outside { file: file(false), ..Outside::default() }), Ok(false));
    let variable = variables(&[("KALGAN__ENVIRONMENT__IS_PROD", "true")]);
    assert_eq!(is_prod(file(false), variable.clone()), Ok(true));
    assert_eq!(is_prod(file(true), Outside { flags: flag("false"), ..variable }), Ok(false));
    assert_eq!(is_prod(file(false), Outside { flags: flag(""), ..Outside::default() }), Ok(true));
    assert!(is_prod(vec![], Outside { flags: flag("maybe"), ..Outside::default() }).unwrap_err().contains("flag for"));
    let limited = only(setting("environment.is_prod", Value::Bool(false)), Environment::Production);
    assert!(is_prod(vec![limited], Outside::default()).unwrap_err().contains("decides which files count"));
}

fn env(name: &'static str, default: Option<&'static str>) -> Value {
    Value::Env { name: name.into(), default: default.map(Into::into) }
}

#[test]
fn env_is_looked_up_when_the_process_starts() {
    let file = vec![
        setting("server.port", env("PORT", None)),
        setting("own.absent", env("ABSENT", Some("5"))),
        setting("own.empty", env("EMPTY", Some("5"))),
        setting("own.list", Value::List(vec![env("PORT", None), env("EMPTY", None), text("x")].into())),
    ];
    let settings = Settings::load(&with(file.clone()), variables(&[("PORT", "80"), ("EMPTY", "")])).unwrap();
    assert_eq!((settings.get_number("server.port").unwrap(), settings.get_number("own.absent").unwrap()), (80, 5));
    assert!(!settings.exists("own.empty"));
    assert_eq!(settings.get_vec("own.list").unwrap(), ["80", "x"]);
    let error = mistakes(&with(file.clone()), variables(&[("EMPTY", "")]));
    assert!(
        error.contains("`server.port` (config/app.yaml:2:3) needs the environment variable `PORT`, which is not set"),
        "{error}"
    );
    let overridden = variables(&[("EMPTY", ""), ("KALGAN__SERVER__PORT", "1"), ("KALGAN__OWN__LIST", "x")]);
    assert!(Settings::load(&with(file), overridden).is_ok(), "what is overridden is not looked up");
}

#[test]
fn credentials_are_files_of_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), " secret \n").unwrap();
    std::fs::write(folder.path().join("windows"), "secret\n\n").unwrap();
    std::fs::write(folder.path().join("bytes"), [0xff]).unwrap();
    let load = |name: &'static str, credentials| {
        let snapshot = with(vec![setting("db.password", Value::Credential(name.into()))]);
        let settings = Settings::load(&snapshot, Outside { credentials, ..Outside::default() });
        settings.and_then(|settings| settings.get_string("db.password")).map_err(|error| error.to_string())
    };
    let here = || Some(folder.path().to_path_buf());
    assert_eq!(load("password", here()).unwrap(), " secret ");
    assert_eq!(load("windows", here()).unwrap(), "secret\n", "one line feed is dropped");
    assert!(load("password", None).unwrap_err().contains("--credentials DIR"));
    assert!(load("bytes", here()).unwrap_err().contains("not UTF-8"));
    assert!(load("absent", here()).unwrap_err().contains("absent"));
    for name in ["../password", "/etc/passwd", "..", "", "a/b"] {
        assert!(load(name, here()).unwrap_err().contains("not a plain file name"), "{name}");
    }
}

#[test]
fn unknown_names_from_outside_are_mistakes() {
    let snapshot = with(vec![setting("shop.currency", text("EUR"))]);
    let file = vec![setting("server.prot", Value::Integer(1)), setting("shop.other", text("x"))];
    let flags = vec![("shop.curency".to_string(), "x".to_string()), ("shop.currency".to_string(), "y".to_string())];
    let outside =
        Outside { file, file_name: "local.yaml".into(), flags, ..variables(&[("KALGAN__SHOP__CURENCY", "x")]) };
    assert_eq!(
        mistakes(&snapshot, outside),
        "the environment variable `KALGAN__SHOP__CURENCY` names no setting; did you mean `KALGAN__SHOP__CURRENCY`?\n\
         `server.prot` (--settings local.yaml:2:3) is not a setting; did you mean `server.port`?\n\
         `shop.curency` (flag for shop.curency) is not a setting; did you mean `shop.currency`?"
    );
}

#[test]
fn secrets_are_neither_shown_nor_told() {
    let file = vec![
        setting("cache.server", text("redis://user:hunter2@host/0")),
        setting("db.url", text("postgres:///site?host=/run/pg&Password=hunter2")),
        setting("db.password", text("hunter2")),
        setting("own.hidden", env("HIDDEN", None)),
        setting("own.api_key", text("hunter2")),
        setting("own.map", Value::List(vec![Value::Map(vec![("token".into(), text("hunter2"))].into())].into())),
        setting("server.address", text("127.0.0.1")),
    ];
    let settings = Settings::load(&with(file), variables(&[("HIDDEN", "hunter2")])).unwrap();
    let shown: Vec<Shown> = settings.iter().collect();
    let line = |key: &str| {
        let shown = shown.iter().find(|shown| shown.key == key).unwrap();
        format!("{} ({})", shown.value, shown.layer)
    };
    assert!(shown.iter().all(|shown| !shown.value.contains("hunter2")), "{shown:?}");
    assert_eq!(line("cache.server"), "redis://********@host/0 (config/app.yaml:2:3)");
    assert_eq!(line("db.url"), "postgres:///site?host=/run/pg&Password=******** (config/app.yaml:2:3)");
    assert_eq!(line("own.map"), "{token: ********} (config/app.yaml:2:3)");
    assert_eq!(line("server.address"), "127.0.0.1 (config/app.yaml:2:3)");
    assert_eq!(line("server.port"), "7878 (default)");
    assert!(shown.is_sorted_by(|a, b| a.key < b.key));
    let port =
        Settings::load(&with(vec![setting("server.port", env("PORT", None))]), variables(&[("PORT", "hunter2")]));
    let error = port.unwrap_err().to_string();
    assert!(error.contains("server.port") && !error.contains("hunter2"), "{error}");
}

#[test]
fn a_prefix_reads_as_a_struct() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Server {
        address: String,
        port: u16,
        hosts: Option<Vec<String>>,
        #[serde(default)]
        own: bool,
    }
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Level {
        Low,
    }
    let settings = Settings::load(
        &with(vec![
            setting("server.hosts", text("a,b")),
            setting("own.level", text("low")),
            setting("own.size", text("x")),
        ]),
        variables(&[("KALGAN__SERVER__PORT", "80")]),
    );
    let settings = settings.unwrap();
    let hosts = Some(vec!["a".to_string(), "b".to_string()]);
    let server = Server { address: "127.0.0.1".into(), port: 80, hosts, own: false };
    assert_eq!(settings.get::<Server>("server").unwrap(), server);
    assert_eq!(settings.get::<Level>("own.level").unwrap(), Level::Low);
    assert!(settings.get::<Level>("own.size").is_err());
    assert!(settings.get_string("own").is_err());
    let map: std::collections::BTreeMap<String, String> = settings.get("own").unwrap();
    assert_eq!(map.len(), 2);
    let error = settings.get::<std::collections::BTreeMap<String, u8>>("own").unwrap_err().to_string();
    assert!(error.contains("`own.level`"), "{error}");
}
