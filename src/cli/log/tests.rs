//! Levels, lines and files, without a process.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;

use tracing::Level;
use tracing_subscriber::fmt::format::Writer;

use super::file::LogFile;
use super::levels::Levels;
use super::lines::{begin_line, in_one_piece};

fn parsed(written: &str) -> Result<String, String> {
    Levels::parse(written).map(|levels| format!("{levels:?}"))
}

#[test]
fn a_level_that_is_none_is_refused_with_what_there_is() {
    for (written, found) in [
        ("inof", "`inof` is no level"),
        ("info,my_site=loud", "`loud` is no level"),
        ("=info", "`` is no name"),
        ("[span]=info", "`[span]` is no name"),
        ("my\nsite=info", "`my\\nsite` is no name"),
    ] {
        let reason = parsed(written).unwrap_err();
        assert!(reason.starts_with(found), "{written}: {reason}");
    }
    for written in ["", "warn", "info,kalgan::access=off,my_site=debug", "my-site = trace", "OFF"] {
        assert!(parsed(written).is_ok(), "{written}");
    }
}

#[test]
fn a_line_break_begins_no_line_of_the_log() {
    let line = "now one\ntwo\r\tthree\u{9b}\n";
    assert_eq!(in_one_piece(line, true), "now one\n    two\\r\tthree\\u{9b}");
    assert_eq!(in_one_piece(line, false), "now one\\ntwo\\r\tthree\\u{9b}");
}

#[test]
fn on_a_terminal_only_time_and_level_are_in_colour() {
    let mut begun = String::new();
    begin_line(Level::WARN, &mut Writer::new(&mut begun)).unwrap();
    assert!(begun.starts_with("\u{1b}[2m2") && begun.ends_with("Z\u{1b}[0m \u{1b}[33m WARN\u{1b}[0m "), "{begun:?}");
    // A field that is written by `%` comes as it is.
    assert_eq!(
        in_one_piece("kalgan: told name=\u{1b}]0;forged\u{7}\n", true),
        "kalgan: told name=\\u{1b}]0;forged\\u{7}"
    );
}

#[test]
fn a_full_disk_does_not_keep_a_file_from_being_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.log");
    symlink("/dev/full", &path).unwrap();
    let mut file = LogFile::open(&path).unwrap();
    file.write_all(b"lost\n").unwrap();
    assert!(file.flush().is_err());
    fs::remove_file(&path).unwrap();
    file.reopening().ask();
    // A line without text, as it wakes the thread that writes.
    file.write_all(b"").unwrap();
    file.flush().unwrap();
    file.write_all(b"kept\n").unwrap();
    file.flush().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "kept\n");
}
