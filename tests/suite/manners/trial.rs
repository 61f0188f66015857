//! `serve --trial`: what it tells, and what it leaves alone.

use std::net::TcpListener;
use std::process::{Command, Output};

use super::kalgan;
use crate::server::SECRET_KEY;
use crate::services::subprocess;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn tried(mut command: Command, settings: &[&str]) -> (Output, tempfile::TempDir) {
    let data = tempfile::tempdir().unwrap();
    command.args(["serve", "--trial", "--set", &format!("data.path={}", data.path().display())]);
    settings.iter().for_each(|setting| {
        command.args(["--set", setting]);
    });
    (command.output().unwrap(), data)
}

#[test]
fn a_trial_tells_what_would_be_served_and_takes_nothing_from_who_serves() {
    let occupied = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = occupied.local_addr().unwrap().port();
    let mut command = kalgan();
    command.env("KALGAN__SECURITY__SECRET_KEY", SECRET_KEY);
    let address = format!("server.port={port}");
    let settings = ["environment.is_prod=true", "server.number_of_workers=3", "db.migrate_on_start=false", &address];
    let (output, data) = tried(command, &settings);
    let (said, errors) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}{errors}");
    let place = format!(" in production, from the binary: it would listen on `127.0.0.1:{port}` with 3 workers, or ");
    assert!(said.contains(&place), "{said}");
    assert!(
        said.contains("the database lacks migrations: `migrations/001_") && said.contains("run the command `migrate`"),
        "{said}"
    );
    assert!(said.ends_with("the trial went well: the site would start\n"), "{said}");
    assert!(!data.path().join("site.sqlite3").exists(), "the database was not made");
}

#[test]
fn migrations_that_a_start_would_apply_are_told_and_not_applied() {
    let mut command = kalgan();
    command.env("KALGAN__SECURITY__SECRET_KEY", SECRET_KEY);
    let (output, data) = tried(command, &["environment.is_prod=true", "db.migrate_on_start=true"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}{}", text(&output.stderr));
    assert!(said.contains("a start would apply the migrations `migrations/001_"), "{said}");
    assert!(!data.path().join("site.sqlite3").exists(), "the database was not made");
}

#[test]
fn a_trial_fails_with_what_a_start_would_say() {
    for (settings, code) in [
        (&["environment.is_prod=true"][..], 78),
        (&["environment.is_prod=true", "server.port=none"], 78),
        (&["environment.is_prod=false", "server.address=0.0.0.0"], 1),
    ] {
        let (trial, _) = tried(kalgan(), settings);
        let mut start = kalgan();
        start.arg("serve");
        settings.iter().for_each(|setting| {
            start.args(["--set", setting]);
        });
        let start = start.output().unwrap();
        assert_eq!((trial.status.code(), start.status.code()), (Some(code), Some(code)), "{settings:?}");
        assert_eq!(text(&trial.stderr), text(&start.stderr), "{settings:?}");
        assert!(trial.stdout.is_empty(), "{}", text(&trial.stdout));
    }
}

/// Values are made, hooks are not run.
#[test]
fn values_of_the_site_are_tried_and_hooks_are_left_out() {
    let (output, _) = tried(subprocess::command("orderly"), &["environment.is_prod=true"]);
    let (said, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && said.contains("the site would start"), "{said}{errors}");
    assert!(!errors.contains("start one") && !errors.contains("stop one"), "{errors}");
    let (output, _) = tried(subprocess::command("failing hook"), &["environment.is_prod=true"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let (output, _) = tried(subprocess::command("failing state"), &["environment.is_prod=true"]);
    let errors = text(&output.stderr);
    assert!(!output.status.success(), "{errors}");
    assert!(errors.contains("a value of `App::state_from` cannot be made: the prices cannot be read"), "{errors}");
}
