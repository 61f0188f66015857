//! A log file, and what becomes of it when it is moved away.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{accesses, objects, started};
use crate::services::subprocess::start_after;

#[test]
fn a_file_that_is_moved_away_is_opened_anew_and_no_line_is_lost() {
    let data = tempfile::tempdir().unwrap();
    let server =
        started(&[&format!("data.path={}", data.path().display()), "log.file=log/site.log", "log.format=auto"]);
    let file = data.path().join("log/site.log");
    let (done, mut moved) = (AtomicBool::new(false), Vec::new());
    let asked = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let mut asked = 0;
            while !done.load(Ordering::SeqCst) || asked < 200 {
                assert_eq!(server.get("/show/tea").status, 200);
                asked += 1;
            }
            asked
        });
        for number in 0..3 {
            let old = data.path().join(format!("log/site.log.{number}"));
            wait_until(|| fs::metadata(&file).is_ok_and(|file| file.len() > 0));
            fs::rename(&file, &old).unwrap();
            server.ask_to_reopen();
            wait_until(|| file.exists());
            moved.push(old);
        }
        done.store(true, Ordering::SeqCst);
        asking.join().unwrap()
    });
    let (status, on_standard_error) = server.stop();
    assert!(status.success());
    let texts = moved.iter().chain([&file]).map(|file| fs::read_to_string(file).unwrap());
    let log: String = texts.collect();
    let objects = objects(&log);
    assert_eq!(accesses(&objects).len(), asked, "one line for each request, in a form for programs");
    assert!(!on_standard_error.contains("kalgan::access"), "{on_standard_error}");
}

#[test]
fn a_file_that_cannot_be_opened_stops_the_start() {
    let ended = Command::new(env!("CARGO_BIN_EXE_kalgan"))
        .args(["serve", "--port", "0", "--set", "environment.is_prod=true", "--set", "log.file=/dev/null/site.log"])
        .env("KALGAN__SECURITY__SECRET_KEY", crate::server::SECRET_KEY)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success(), "{said}");
    assert!(said.contains("`/dev/null") && said.contains("`log.file`"), "{said}");
}

/// One access line has more than 200 bytes, and a pipe holds 65,536. A page that is not there has a line of its own besides.
#[test]
fn nobody_who_reads_the_log_keeps_requests_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut reader = File::options().read(true).write(true).open(&pipe).unwrap();
    let script = format!("exec 2> {}", pipe.display());
    let server = start_after(&script, "logged", &["environment.is_prod=true", "log.format=json"]);
    for _ in 0..500 {
        assert_eq!(server.get("/static/site.css").status, 200);
        assert_eq!(server.get("/nowhere").status, 404);
    }
    let (mut lines, mut piece) = (0, [0; 4096]);
    while lines < 1500 {
        let length = reader.read(&mut piece).unwrap();
        lines += piece[..length].iter().filter(|byte| **byte == b'\n').count();
    }
    assert!(server.stop().0.success());
}

/// Each panic is an error in the log, and the page for it fails as well. Nobody reads the pipe, from the beginning to the end.
#[test]
fn a_log_that_nobody_reads_stops_neither_pages_nor_health_checks_nor_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, admin) = (folder.path().join("pipe"), folder.path().join("admin.sock"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let _reader = File::options().read(true).write(true).open(&pipe).unwrap();
    let script = format!("exec 2> {}", pipe.display());
    let admin_setting = format!("server.admin=unix:{}", admin.display());
    let settings = ["environment.is_prod=true", "server.number_of_workers=2", &admin_setting];
    let server = start_after(&script, "logged", &[&settings[..], &["log.format=json"]].concat());
    for _ in 0..500 {
        assert_eq!(server.get("/nowhere").status, 404);
    }
    for _ in 0..5 {
        assert_eq!(server.get("/panic").status, 500);
        assert_eq!(server.get("/show/tea").status, 200);
    }
    let mut operator = UnixStream::connect(&admin).unwrap();
    operator.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    operator.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(server.stop().0.success());
}

fn wait_until(is_so: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end, "it does not come about");
        std::thread::sleep(Duration::from_millis(2));
    }
}
