//! A request that comes after a save has finished sees it, whatever was saved and however; a thousand times in a row.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::{Site, marked, messages, page, route, setting, stylesheet};

/// Edits of each kind; all together more than a thousand.
const EDITS: usize = 170;

/// A kind of file: what it is with a number, where that shows, and the texts that show it.
struct Kind {
    file: &'static str,
    text: fn(usize) -> String,
    address: fn(usize) -> String,
    shown: fn(usize) -> Vec<String>,
}

const KINDS: &[Kind] = &[
    Kind { file: "templates/manual/en/page.html", text: page, address: at_page, shown: |number| ends("page", number) },
    Kind {
        file: "templates/part.html",
        text: |number| marked("part", number),
        address: at_page,
        shown: |number| ends("part", number),
    },
    Kind { file: "i18n/en/messages.yaml", text: messages, address: at_page, shown: |number| ends("message", number) },
    Kind {
        file: "config/site.yaml",
        text: setting,
        address: at_page,
        shown: |number| vec![format!("<i>/at-{number}/page</i>")],
    },
    Kind {
        file: "routes/moving.yaml",
        text: route,
        address: |number| format!("/at-{number}"),
        shown: |_| vec!["the page that moves".to_string()],
    },
    Kind {
        file: "static/site.css",
        text: stylesheet,
        address: |_| "/static/site.css".to_string(),
        shown: |number| vec![format!("/* {number} */"), format!(".end-{number} ")],
    },
];

fn at_page(_: usize) -> String {
    "/page".to_string()
}

fn ends(name: &str, number: usize) -> Vec<String> {
    vec![format!("{name} begins {number}."), format!("{name} ends {number}.")]
}

impl Kind {
    /// Asserts that an answer shows the file with this number, and the whole of it.
    fn assert_shown(&self, site: &Site, number: usize) {
        let (status, body) = site.get(&(self.address)(number));
        let missing = (self.shown)(number).into_iter().find(|text| !body.contains(text.as_str()));
        let file = self.file;
        let log = || site.server.log();
        assert!(
            status == 200 && missing.is_none(),
            "{file} {number}: {status} without {missing:?}:\n{body}\n{}",
            log()
        );
    }
}

/// The ways in which programs save a file that is there.
const WAYS: &[fn(&Site, &Path, &str)] = &[in_place, by_rename, with_backup, twice, deleted_and_made_again];

fn in_place(_: &Site, file: &Path, text: &str) {
    fs::write(file, text).unwrap();
}

/// A new file is written elsewhere and moved over the old one.
fn by_rename(_: &Site, file: &Path, text: &str) {
    let beside = file.with_file_name(".saving");
    fs::write(&beside, text).unwrap();
    fs::rename(beside, file).unwrap();
}

/// The old file becomes a backup, a new one is written, and the backup is deleted (Vim).
fn with_backup(_: &Site, file: &Path, text: &str) {
    let backup = file.with_extension("bak");
    fs::rename(file, &backup).unwrap();
    fs::write(file, text).unwrap();
    fs::remove_file(backup).unwrap();
}

/// A half-finished text is saved first.
fn twice(_: &Site, file: &Path, text: &str) {
    fs::write(file, &text[..text.len() / 2]).unwrap();
    fs::write(file, text).unwrap();
}

fn deleted_and_made_again(_: &Site, file: &Path, text: &str) {
    fs::remove_file(file).unwrap();
    fs::write(file, text).unwrap();
}

/// A site whose moving page is there, and known.
fn started() -> Site {
    let site = Site::start(&[]);
    site.write("templates/manual/en/moving.html", "the page that moves");
    KINDS.iter().for_each(|kind| kind.assert_shown(&site, 0));
    site
}

/// B36, B37, B125: Kalgan 0.9 wanted a pause of four seconds before it looked.
#[test]
fn a_thousand_saves_in_a_row_are_seen_at_once() {
    let site = started();
    for number in 1..=EDITS {
        for (kind, save) in KINDS.iter().zip((number..).map(|step| WAYS[step % WAYS.len()])) {
            save(&site, &site.path(kind.file), &(kind.text)(number));
            kind.assert_shown(&site, number);
        }
    }
}

/// While a file is being written, the one before is shown.
/// B38
#[test]
fn half_a_file_is_never_shown() {
    let site = started();
    for number in 1..=10 {
        for kind in KINDS {
            let text = (kind.text)(number);
            let mut file = fs::File::create(site.path(kind.file)).unwrap();
            kind.assert_shown(&site, number - 1);
            file.write_all(&text.as_bytes()[..text.len() / 2]).unwrap();
            kind.assert_shown(&site, number - 1);
            file.write_all(&text.as_bytes()[text.len() / 2..]).unwrap();
            drop(file);
            kind.assert_shown(&site, number);
        }
    }
}

/// The old file is out of its place while the new one is written.
#[test]
fn a_file_that_is_written_anew_is_never_missing() {
    let site = started();
    for kind in KINDS {
        let (file, backup) = (site.path(kind.file), site.path(kind.file).with_extension("bak"));
        fs::rename(&file, &backup).unwrap();
        let mut writing = fs::File::create(&file).unwrap();
        kind.assert_shown(&site, 0);
        writing.write_all((kind.text)(1).as_bytes()).unwrap();
        drop(writing);
        fs::remove_file(&backup).unwrap();
        kind.assert_shown(&site, 1);
    }
}
