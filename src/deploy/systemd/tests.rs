use std::collections::BTreeSet;

use super::network::Network;
use super::{File, systemd};
use crate::deploy::{Choices, Socket, Subject};
use crate::site::Outside;
use crate::snapshot::{Setting, Snapshot, Value};

/// A site with these settings, `!NAME` being a credential.
fn subject(settings: &[(&str, &str)]) -> Subject {
    let setting = |&(key, value): &(&str, &str)| Setting {
        key: key.to_string().into(),
        value: match (value.strip_prefix('!'), value.parse()) {
            (Some(id), _) => Value::Credential(id.to_string().into()),
            (None, Ok(number)) => Value::Integer(number),
            (None, Err(_)) => Value::Text(value.to_string().into()),
        },
        only: None,
        place: Default::default(),
    };
    let snapshot = Snapshot {
        name: "shop".into(),
        release: "1.0.0".into(),
        is_prod: true,
        version: "abc".into(),
        date: None,
        settings: settings.iter().map(setting).collect(),
        routes: Vec::new().into(),
        languages: Vec::new().into(),
        templates: Vec::new().into(),
        assets: Vec::new().into(),
        migrations: Vec::new().into(),
    };
    Subject::new(snapshot, Outside::default()).unwrap()
}

fn choices() -> Choices {
    Choices { name: "shop".to_string(), ..Choices::default() }
}

fn network(settings: &[(&str, &str)]) -> Network {
    Network::of(&subject(settings), &choices()).unwrap()
}

fn file<'f>(files: &'f [File], name: &str) -> &'f str {
    let found = files.iter().find(|file| file.path.ends_with(name));
    &found.unwrap_or_else(|| panic!("{name} in {:?}", files.iter().map(|file| &file.path).collect::<Vec<_>>())).text
}

fn lines<'t>(text: &'t str, key: &'t str) -> Vec<&'t str> {
    text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

#[test]
fn only_what_the_settings_name_is_reachable() {
    assert_eq!(network(&[]), Network::None);
    for file in [
        ("db.url", "sqlite:///x"),
        ("db.server", "/run/postgresql"),
        ("db.url", "postgres://u@%2Frun%2Fpostgresql/x"),
        ("cache.server", "redis+unix:///run/redis.sock"),
    ] {
        assert_eq!(network(&[file]), Network::None, "{file:?}");
    }
    let addresses = |settings| match network(settings) {
        Network::Addresses(addresses, _) => addresses,
        other => panic!("{other:?}"),
    };
    let expected = |all: &[&str]| all.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    assert_eq!(addresses(&[("cache.server", "redis://:p@127.0.0.1:6379/1")]), expected(&["localhost"]));
    assert_eq!(addresses(&[("db.engine", "postgres")]), expected(&["localhost"]));
    let several = [("db.url", "mysql://u:p@[fd00::1]:3306/x"), ("mailer.server", "10.0.0.5")];
    assert_eq!(addresses(&several), expected(&["10.0.0.5", "fd00::1"]));
    for any in [("db.server", "db.example.com"), ("cache.server", "!redis"), ("mailer.server", "mail.example.com")] {
        assert!(matches!(network(&[any]), Network::Any(_)), "{any:?}");
    }
    // Mail that goes to a folder needs no server.
    assert_eq!(network(&[("mailer.server", "mail.example.com"), ("mailer.transport", "file")]), Network::None);
    let chosen = Choices { network: true, ..choices() };
    assert!(matches!(Network::of(&subject(&[]), &chosen).unwrap(), Network::Any(_)));
}

#[test]
fn each_credential_is_loaded_and_its_value_is_in_no_unit() {
    let site = subject(&[("shop.api_key", "!api_key"), ("security.secret_key", "!secret_key")]);
    let files = systemd(&site, &choices()).unwrap();
    for unit in ["shop.service", "shop-trial.service"] {
        let loaded = lines(file(&files, unit), "LoadCredential");
        let expected = ["api_key", "secret_key"].map(|id| format!("{id}:/etc/shop/credentials/{id}"));
        assert_eq!(loaded, expected, "{unit}");
    }
    assert!(systemd(&subject(&[("a.b", "!../x")]), &choices()).is_err());
    let secret = [("security.secret_key".to_string(), "x".repeat(40))].into();
    let outside = Outside { flags: vec![("security.secret_key".to_string(), "x".repeat(40))], ..Outside::default() };
    let with_secret = Subject::new(subject(&[]).snapshot, outside).unwrap();
    let refused = systemd(&with_secret, &Choices { settings: secret, ..choices() }).unwrap_err().to_string();
    assert!(refused.contains("KALGAN__SECURITY__SECRET_KEY") && !refused.contains("xxx"), "{refused}");
}

#[test]
fn settings_of_time_and_number_reach_the_unit() {
    let site = subject(&[
        ("server.shutdown_timeout", "100"),
        ("server.max_connections", "50"),
        ("server.trusted_proxies", "10.0.0.1"),
    ]);
    let files = systemd(&site, &Choices { socket: Socket::Tcp, ..choices() }).unwrap();
    let service = file(&files, "shop.service");
    assert_eq!(lines(service, "TimeoutStopSec"), ["115"]);
    assert_eq!(lines(service, "LimitNOFILE"), ["1124"]);
    assert!(lines(service, "Environment").contains(&"\"KALGAN__SERVER__TRUSTED_PROXIES=10.0.0.1,127.0.0.1\""));
    assert_eq!(lines(file(&files, "shop.socket"), "ListenStream"), ["127.0.0.1:7878"]);
}

/// A service that cannot start must free its sockets in time, so that NGINX shows its page or asks another instance.
#[test]
fn a_service_that_fails_at_once_is_given_up_within_half_a_minute() {
    let three = Choices { instances: 3, ..choices() };
    for (choices, unit, repair) in [
        (choices(), "shop.service", "systemctl reset-failed shop.service; systemctl start shop.service"),
        (three, "shop@.service", "systemctl reset-failed 'shop@*'; systemctl start shop.target"),
    ] {
        let files = systemd(&subject(&[]), &choices).unwrap();
        let service = file(&files, unit);
        let number = |key: &str| lines(service, key)[0].parse::<u64>().unwrap();
        let (pause, burst, within) = (number("RestartSec"), number("StartLimitBurst"), number("StartLimitIntervalSec"));
        assert!((20..=30).contains(&(pause * burst)) && pause * burst < within, "{service}");
        assert!(service.contains(repair), "{service}");
        assert!(lines(service, "RestartPreventExitStatus").is_empty());
    }
}

#[test]
fn several_instances_have_templates_and_a_target_that_wants_them_all() {
    let three = Choices { instances: 3, ..choices() };
    let files = systemd(&subject(&[]), &three).unwrap();
    assert_eq!(lines(file(&files, "shop@.socket"), "ListenStream"), ["/run/shop/http-%i.sock"]);
    assert_eq!(lines(file(&files, "shop-admin@.socket"), "Service"), ["shop@%i.service"]);
    assert_eq!(lines(file(&files, "shop.target"), "Wants")[0].split(' ').count(), 9);
    assert!(file(&files, "shop@.service").contains("KALGAN__SERVER__INSTANCES=3"));
    let ports = systemd(&subject(&[]), &Choices { socket: Socket::Tcp, ..three.clone() }).unwrap();
    assert_eq!(lines(file(&ports, "shop@3.socket"), "ListenStream"), ["127.0.0.1:7880"]);
    let sessions = [("session.visitor.cookie", "visitor")];
    let refused = systemd(&subject(&sessions), &three).unwrap_err().to_string();
    assert!(refused.contains("`session.store`"), "{refused}");
    systemd(&subject(&sessions), &choices()).unwrap();
    systemd(&subject(&[sessions[0], ("session.store", "sqlite")]), &three).unwrap();
}

#[test]
fn the_origin_is_told_where_a_certificate_makes_it_sure() {
    let tls = crate::deploy::Tls { certificate: "/c".to_string(), key: "/k".to_string() };
    let https = Choices { domains: vec!["a.de".to_string()], tls: Some(tls), ..choices() };
    let origin = |site: &Subject, choices: &Choices| {
        let files = systemd(site, choices).unwrap();
        file(&files, "shop.service").contains("\"KALGAN__SERVER__PUBLIC_URL=https://a.de\"")
    };
    assert!(origin(&subject(&[]), &https));
    assert!(!origin(&subject(&[("server.public_url", "https://b.de/docs")]), &https));
    assert!(!origin(&subject(&[]), &Choices { tls: None, ..https }));
}
