//! Which lines are written.

use std::process::Command;

use super::{SECRET, accesses, ask, objects};
use crate::server::{SECRET_KEY, Server};

/// The manual in production with a file of settings.
fn start(file: &std::path::Path) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
    command.arg("--settings").arg(file).env("RUST_LOG", "off");
    Server::start_command(command, &["environment.is_prod=true", "log.format=json"])
}

#[test]
fn a_reload_changes_the_level_and_refuses_a_wrong_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("more.yaml");
    let set = |level: &str| std::fs::write(&file, format!("log: {{level: '{level}'}}\n")).unwrap();
    set("info");
    let server = start(&file);
    let reload = |level: &str, said: &str, times: usize| {
        set(level);
        server.hang_up();
        server.wait_for_log(said, times);
    };
    assert_eq!(server.get("/en?at=first").status, 200);
    reload("info,kalgan::access=off", "reloaded in", 1);
    assert_eq!(server.get("/en/silent").status, 404);
    reload("inof", "`inof` is no level", 1);
    assert_eq!(server.get("/en").status, 200);
    reload("info", "reloaded in", 2);
    assert_eq!(server.get("/es").status, 200);
    let (_, log) = server.stop();
    let objects = objects(&log);
    let paths: Vec<_> = accesses(&objects).iter().map(|access| access["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["/en", "/es"], "{log}");
    let failure = objects.iter().find(|object| object["path"] == "/en/silent").unwrap();
    assert!(failure["request_id"].as_str().is_some_and(|id| id.len() == 32), "the other lines have their ids: {log}");
}

#[test]
fn a_wrong_level_or_form_stops_the_start() {
    for (setting, said) in [
        ("log.level=inof", "`log.level` (flag for log.level) is wrong: `inof` is no level"),
        ("log.format=xml", "`log.format` (flag for log.format) is wrong: there is no format `xml`"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
        command.args(["serve", "--port", "0", "--set", "environment.is_prod=true", "--set", setting]);
        let ended = command.env("KALGAN__SECURITY__SECRET_KEY", SECRET_KEY).output().unwrap();
        let text = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success() && text.contains(said), "{text}");
    }
}

#[test]
fn no_secret_is_logged_even_when_everything_is() {
    for site in ["the manual", "a site"] {
        let settings = ["environment.is_prod=true", "log.format=json", "log.level=trace"];
        let server = match site {
            "a site" => crate::services::subprocess::start("logged", &settings),
            _ => Server::start(&settings),
        };
        for (method, target) in [
            ("GET", "/en"),
            ("POST", "/en/accounts/sign-in"),
            ("POST", "/send"),
            ("GET", "/show/tea"),
            ("GET", "/panic"),
        ] {
            ask(&server, method, &format!("{target}?token={SECRET}"), &[]);
        }
        ask(&server, "GET", "/en", &["Broken line"]);
        ask(&server, "GET", &format!("/%ff?token={SECRET}"), &[]);
        ask(&server, "GET", &format!("/en?{SECRET}=%ff"), &[]);
        let (_, log) = server.stop();
        let objects = objects(&log);
        assert!(accesses(&objects).len() >= 8, "{site}: {log}");
        let key = SECRET_KEY;
        let shown: Vec<_> = log.lines().filter(|line| line.contains(SECRET) || line.contains(key)).collect();
        assert!(shown.is_empty(), "{site}: {shown:#?}");
    }
}
