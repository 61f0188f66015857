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
    let built = outside::built_with(package, &["--release"]);
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
        let files: Vec<&str> =
            serving.lines().skip(1).filter(|line| line.contains('/') && !line.contains("write(")).collect();
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
    let (server, _) = start(folder.path());
    assert!(server.get("/es").body.contains("<h1>UN SITIO APARTE!</h1>"));
}
