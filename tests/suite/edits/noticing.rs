//! The settings that say how edits are noticed, and what happens when there are very many.

use std::fs;
use std::process::Command;

use super::{Site, marked, setting};

#[test]
fn polling_sees_edits_of_every_kind() {
    let site = Site::start(&["environment.watch=poll"]);
    for number in 1..=3 {
        site.write("templates/part.html", &marked("part", number));
        site.wait_for("/page", |_, body| body.contains(&format!("part ends {number}.")));
        site.write("config/site.yaml", &setting(number));
        site.wait_for("/page", |_, body| body.contains(&format!("<i>/at-{number}/page</i>")));
        site.write("static/new.css", "p { margin: 0; }");
        site.wait_for("/static/new.css", |status, _| status == 200);
        fs::remove_file(site.path("static/new.css")).unwrap();
        site.wait_for("/static/new.css", |status, _| status == 404);
    }
}

#[test]
fn an_unknown_way_of_noticing_stops_the_start() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
    let output = command.args(["serve", "--port", "0", "--set", "environment.watch=inotify"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("`environment.watch`"), "{said}");
    assert!(said.contains("is `inotify`; it may be `auto`, `events` or `poll`"), "{said}");
}

/// Events are kept, not lost, until the time is over.
/// B21, B37
#[test]
fn a_pause_between_refreshes_keeps_edits_for_later() {
    let site = Site::start(&["environment.refresh_config_timeout=3600"]);
    // Before the first refresh there is none to keep a distance from.
    site.write("templates/part.html", &marked("part", 1));
    assert!(site.get("/page").1.contains("part ends 1."));
    site.write("templates/part.html", &marked("part", 2));
    for _ in 0..10 {
        assert!(site.get("/page").1.contains("part ends 1."));
    }
}

/// It may be set, and taken back, in the site's own files.
#[test]
fn a_pause_can_be_set_while_the_site_is_served() {
    let site = Site::start(&[]);
    let environment = |seconds: u32| format!("environment:\n  refresh_config_timeout: {seconds}\n");
    site.write("config/environment.yaml", &environment(1));
    assert_eq!(site.status("/page"), 200);
    site.write("config/environment.yaml", &environment(0));
    site.write("templates/part.html", &marked("part", 1));
    site.wait_for("/page", |_, body| body.contains("part ends 1."));
    site.write("templates/part.html", &marked("part", 2));
    assert!(site.get("/page").1.contains("part ends 2."));
}

/// Without a request the log tells that the edit was taken.
#[test]
fn edits_are_followed_when_nobody_asks() {
    let site = Site::start(&[]);
    site.write("templates/part.html", &marked("part", 1));
    site.server.wait_for_log("refreshed", 1);
    let Site { server, folder: _folder, .. } = site;
    let (status, log) = server.stop();
    assert!(status.success(), "{log}");
}

#[test]
fn more_edits_than_the_system_keeps_are_all_seen() {
    let most = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let most: usize = most.trim().parse().unwrap();
    // As long as this request is held up nobody reads the events, but those who follow edits do: it may take several attempts to
    // be faster than they are, and that is not what is tested here. `overlay::watch` has a test of the overflow itself.
    let site = Site::start(&[]);
    for number in 1..=most.min(20_000) {
        fs::write(site.path("templates").join(["part.html", "base.html"][number % 2]), BURST[number % 2]).unwrap();
    }
    let (status, body) = site.get("/page");
    assert!(status == 200 && body.contains("the part after the burst") && body.contains("<section>"), "{body}");
}

const BURST: [&str; 2] = ["the part after the burst", "<section>{% block body %}{% endblock %}</section>"];
