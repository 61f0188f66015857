//! How a process starts and stops, seen from outside: what its hooks and tasks log.

use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kalgan::{App, Error, Process};

use super::process_site::{self, Counter};
use super::subprocess::{output, start};

/// The exit code of a site that could not start; `subprocess` adds 10 to tell it from what else may go wrong.
const FAILED: Option<i32> = Some(11);

/// A value that is made from another one.
struct Doubled(usize);

pub fn orderly() -> App {
    said(process_site::app().state_from(|process: Process| async move {
        let _ = process.data().file("made-at-the-start")?;
        Ok::<_, Error>(Doubled(2))
    }))
    .on_start(|process| async move {
        let counter = process.state::<Counter>().map(|counter| counter.0.fetch_add(5, Ordering::SeqCst));
        tracing::info!("start two: {counter:?} {:?}", process.state::<Doubled>().map(|doubled| doubled.0));
        process.spawn("slow task", slow_task(process.clone()));
        process.spawn("bad task", async { panic!("a mistake in a task") });
        process.every("rounds", Duration::from_millis(5), |process| async move {
            if let Some(counter) = process.state::<Counter>() {
                counter.0.fetch_add(1000, Ordering::SeqCst);
            }
        });
        Ok::<_, Error>(())
    })
    .on_stop(|process| async move {
        let rendered = process.render("sign_in.html", "", kalgan::context! { "token" => "from-a-hook" });
        tracing::info!("stop two: {}", rendered.is_ok_and(|text| text.contains("from-a-hook")));
        Err::<(), _>("an error of a hook")
    })
    .on_stop(|_| async {
        tracing::info!("stop three");
        panic!("a panic of a hook");
        #[allow(unreachable_code, reason = "it tells the type")]
        Ok::<_, Error>(())
    })
}

/// Hooks that say that they run.
fn said(app: App) -> App {
    app.on_start(|_| async {
        tracing::info!("start one");
        Ok::<_, Error>(())
    })
    .on_stop(|_| async {
        tracing::info!("stop one");
        Ok::<_, Error>(())
    })
}

/// A task that takes two seconds for its last work.
async fn slow_task(process: Process) {
    process.asked_to_stop().await;
    tracing::info!("task heard");
    process.stopping().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    tracing::info!("task done");
}

pub fn failing_hook() -> App {
    said(process_site::app()).on_start(|process: Process| async move {
        process.spawn("task", slow_task(process.clone()));
        Err::<(), _>("the queue is not there")
    })
}

pub fn panicking_hook() -> App {
    process_site::app().on_start(|_| async {
        if true {
            panic!("there is something");
        }
        Ok::<_, Error>(())
    })
}

pub fn failing_state() -> App {
    said(process_site::app()).state_from(|_| async { Err::<u8, _>("the prices cannot be read") })
}

/// A task that never ends.
pub fn slow() -> App {
    process_site::app().on_start(|process: Process| async move {
        process.spawn("endless task", std::future::pending());
        Ok::<_, Error>(())
    })
}

/// The lines of a log that hold one of these texts, in order, as these texts.
fn order<'t>(log: &str, texts: &[&'t str]) -> Vec<&'t str> {
    log.lines().filter_map(|line| texts.iter().find(|text| line.contains(**text)).copied()).collect()
}

#[test]
fn hooks_run_in_order_and_a_task_that_needs_two_seconds_is_awaited() {
    let server = start("orderly", &["environment.is_prod=true"]);
    let count = |server: &crate::server::Server| server.get("/count").body;
    assert!(count(&server).starts_with("Some("), "state is shared with controllers");
    while count(&server).trim_matches(|c: char| !c.is_ascii_digit()).parse::<usize>().unwrap() < 2000 {}
    let (status, log) = server.stop();
    assert!(status.success(), "{status}: {log}");
    let told = [
        "start one",
        "start two: Some(0) Some(2)",
        "stop one",
        "stop two: true",
        "an error of a hook",
        "stop three",
        "a hook of the stop failed: a panic: a panic of a hook",
        "task done",
    ];
    assert_eq!(order(&log, &told), told, "{log}");
    assert!(log.contains("a background task panicked: a mistake in a task") && log.contains("bad task"), "{log}");
    assert!(log.contains("task heard") && !log.contains("was dropped"), "{log}");
}

#[test]
fn a_start_that_fails_ends_with_code_1_and_its_reason() {
    for (site, reason) in [
        ("failing hook", "a hook of the start failed: the queue is not there"),
        ("panicking hook", "a hook of the start failed: a panic: there is something"),
        ("failing state", "a value of `App::state_from` cannot be made: the prices cannot be read"),
    ] {
        let ended = output(site, 0);
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), FAILED, "{site}: {said}");
        assert!(said.contains(reason), "{site}: {said}");
        assert!(!said.contains("stop one"), "{site}: nothing is stopped that did not start: {said}");
        assert_eq!(said.contains("task done"), site == "failing hook", "{site}: what was begun is ended: {said}");
        let printed = String::from_utf8_lossy(&ended.stdout);
        assert!(!printed.contains("http://"), "{site}: no socket was opened: {printed}");
    }
}

#[test]
fn a_process_that_cannot_listen_begins_nothing() {
    let occupied = TcpListener::bind("127.0.0.1:0").unwrap();
    let ended = output("orderly", occupied.local_addr().unwrap().port());
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), FAILED, "{said}");
    assert!(said.contains("cannot listen") && !said.contains("start one") && !said.contains("stop one"), "{said}");
}

#[test]
fn a_task_that_does_not_end_does_not_keep_the_process() {
    let server = start("slow", &["environment.is_prod=true", "server.shutdown_timeout=0"]);
    assert_eq!(server.get("/").status, 200);
    let (status, log) = server.stop();
    assert!(status.success(), "{log}");
    assert!(log.contains("endless task") && log.contains("did not end within 5 s and was dropped"), "{log}");
}
