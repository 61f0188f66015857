//! Release builds: the one file that goes to a server. They take minutes, so only `.ci/run` runs these tests:
//! `cargo test --test suite -- --ignored`.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::deploy::skip;
use crate::outside::{self, contains, original, repository};
use crate::server::Server;
use crate::static_headers;

/// The system calls that name a file, and the one that prints the address.
const CALLS: &str = "trace=%file,write";

/// A release build alone in an empty folder.
fn alone(package: &Path) -> TempDir {
    let built = outside::released(package);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::copy(built.binary, folder.path().join("site")).expect("the binary can be copied");
    folder
}

/// The site in that folder, watched by `strace` where it can be.
fn start(folder: &Path) -> (Server, bool) {
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).current_dir(folder).output();
    let can_trace = traced.as_ref().is_ok_and(|output| output.status.success());
    if let Err(error) = &traced {
        skip("strace", error);
    }
    let mut command = Command::new(if can_trace { "strace" } else { "./site" });
    if can_trace {
        // `-D` leaves the site in the place of the started process, so that it is the one that is stopped at the end.
        command.args(["-D", "-f", "-s", "200", "-e", CALLS, "-o", "calls", "./site"]);
    }
    command.current_dir(folder);
    (Server::start_command(command, &[]), can_trace)
}

#[test]
#[ignore = "builds for minutes; .ci/run runs it"]
fn one_file_alone_serves_the_manual_and_opens_no_file_for_it() {
    let folder = alone(repository());
    let (server, traced) = start(folder.path());
    let page = server.get("/en");
    let (_, style) = page.body.split_once("<link rel=\"stylesheet\" href=\"").expect("the page has a stylesheet");
    let style = style.split('"').next().expect("the address ends");
    assert_eq!((page.status, server.get(style).status), (200, 200));
    assert!(server.get(style).header("cache-control").contains("immutable"), "{style}");
    assert_eq!((server.get("/es").status, server.get("/en/nothing").status), (200, 404));
    let (status, log) = server.stop();
    assert!(status.success(), "{log}");
    if traced {
        let calls = fs::read_to_string(folder.path().join("calls")).expect("strace has written");
        let (_, serving) = calls.split_once("http://127.0.0.1:").expect("the address was printed");
        // The demo's database is the process's own and no part of the site; SQLite looks at its file and tidies up at the end.
        let is_of_site =
            |line: &&str| line.contains('/') && !line.contains("write(") && !line.contains("/site.sqlite3");
        let files: Vec<&str> = serving.lines().skip(1).filter(is_of_site).collect();
        assert!(files.is_empty(), "while it served it named {files:#?}");
    }
}

#[test]
#[ignore = "builds for minutes; .ci/run runs it"]
fn compressed_files_are_negotiated_and_every_field_is_as_the_rfcs_say() {
    let folder = alone(repository());
    let mut command = Command::new("./site");
    command.current_dir(folder.path());
    let server = Server::start_command(command, &[]);
    let subject = static_headers::stylesheet(&server);
    assert_eq!(subject.encoded.len(), 3, "a release build compresses with gzip, brotli and zstd");
    let cases = static_headers::cases::all(&subject);
    subject.check_one_by_one(&cases);
    subject.check_pipelined(&cases);
}

#[test]
#[ignore = "builds for minutes; .ci/run runs it"]
fn a_site_outside_holds_no_secret_of_the_machine_that_built_it() {
    let folder = alone(&original());
    let bytes = fs::read(folder.path().join("site")).expect("the binary can be read");
    assert!(contains(&bytes, "OUTSIDE_TOKEN") && !contains(&bytes, outside::SECRET));
    let dev = Command::new("./site").arg("dev").current_dir(folder.path()).output().expect("the binary starts");
    assert_eq!(dev.status.code(), Some(2), "a site without the feature `overlay` has no command `dev`");
    let (server, _) = start(folder.path());
    assert!(server.get("/es").body.contains("<h1>UN SITIO APARTE!</h1>"));
}

/// How many static files the measured site has, each of about 30 KB.
const FILES: u32 = 40;

/// A script that is like no other and compresses to about a third, as scripts do. Its first line stands in no other file.
fn script(number: u32) -> String {
    let mut state = number;
    let mut draw = |below: u32| {
        // The constants of Numerical Recipes; the upper half of the bits is random enough.
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % below
    };
    let mut text = format!("// The only file with number {number}\n");
    while text.len() < 30_000 {
        text += &format!(
            "export function part{}(first, second) {{ return first.{:x} + second[{}]; }}\n",
            draw(9_999),
            10 + draw(900),
            draw(99)
        );
    }
    text
}

/// The size of the release's binary, and how many bytes of compressed files its build has stored.
fn sizes(site: &Path) -> (u64, u64) {
    let built = outside::released(site);
    let binary = fs::read(&built.binary).expect("the binary can be read");
    let first_line = "// The only file with number 7\n";
    assert_eq!(occurrences(&binary, first_line), 1, "a file's own bytes are stored once");
    let stored = outside::contents(&built.frozen.join("encoded")).values().map(|bytes| bytes.len() as u64).sum();
    (binary.len() as u64, stored)
}

fn occurrences(bytes: &[u8], text: &str) -> usize {
    bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
}

#[test]
#[ignore = "builds for minutes; .ci/run runs it"]
fn a_binary_grows_by_its_compressed_files_and_hardly_more() {
    let site = outside::copy("outside-sized");
    for number in 0..FILES {
        let path = site.path().join(format!("app/static/scripts/{number}.js"));
        fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder can be made");
        fs::write(path, script(number)).expect("a file can be written");
    }
    let (with, stored) = sizes(site.path());
    fs::write(site.path().join("app/config/static.yaml"), "static:\n  encodings: []\n").expect("a file can be written");
    let (without, nothing) = sizes(site.path());
    assert_eq!(nothing, 0);
    let (grown, allowed) = (with.saturating_sub(without), stored + stored / 50);
    assert!(stored > 100_000 && grown >= stored, "{stored} bytes of compressed files made it grow by {grown}");
    assert!(
        grown <= allowed,
        "{stored} bytes of compressed files made it grow by {grown}, which is more than {allowed}"
    );
}
