//! Binaries that need nothing of the system: they start in a folder that holds nothing else.
//!
//! They are built for the C library musl, which is linked into them; the recipe is the one of the manual's page on releases. A target
//! takes a minute, so only `.ci/run` runs these tests: `cargo test --test suite -- --ignored`.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::deploy::skip;
use crate::outside;
use crate::server::Server;

const X86: &str = "x86_64-unknown-linux-musl";
const ARM: &str = "aarch64-unknown-linux-musl";

/// Whether the standard library for a target is installed; else a line says so.
fn has(target: &str) -> bool {
    let output = Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output().unwrap();
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_string();
    fs::metadata(&folder).inspect_err(|error| skip(&format!("rustup target add {target}"), error)).is_ok()
}

/// A folder with nothing in it but the site, built for a target.
fn alone(target: &str) -> TempDir {
    // The linker that comes with Rust knows every target; the machine's own knows its own alone.
    let linker = format!("target.{target}.linker=\"rust-lld\"");
    let linker: &[&str] = if target == X86 { &[] } else { &["--config", &linker] };
    let options = [&["--no-default-features", "--target", target], linker].concat();
    let built = outside::built_with(&outside::original(), &options);
    let folder = tempfile::tempdir().unwrap();
    fs::copy(built.binary, folder.path().join("site")).unwrap();
    folder
}

/// A command that sees this folder as the whole system; `None` where nobody may do that here. Who is not root may in a user namespace.
fn inside(folder: &Path, program: &str) -> Option<Command> {
    let mut plain = Command::new("chroot");
    plain.arg(folder);
    let mut as_nobody = Command::new("unshare");
    as_nobody.args(["--user", "--map-root-user", "chroot"]).arg(folder);
    for mut command in [plain, as_nobody] {
        let mut copy = Command::new(command.get_program());
        copy.args(command.get_args()).args([program, "--version"]);
        if copy.output().is_ok_and(|output| output.status.success()) {
            command.arg(program);
            return Some(command);
        }
    }
    skip("chroot", &io::Error::from(io::ErrorKind::PermissionDenied));
    None
}

/// The site answers with its page, its static file and its error page.
fn check(command: Command) {
    let server = Server::start_command(command, &["environment.is_prod=true"]);
    assert_eq!((server.get("/").status, server.get("/nothing").status), (200, 404), "{}", server.log());
    let (status, log) = server.stop();
    assert!(status.success(), "{log}");
}

#[test]
#[ignore = "builds for a minute; .ci/run runs it"]
fn a_static_binary_serves_where_there_is_nothing_else() {
    if !has(X86) {
        return;
    }
    let folder = alone(X86);
    if let Some(command) = inside(folder.path(), "/site") {
        check(command);
    }
}

/// Linked by the linker that comes with Rust, run by an emulator, which is a static binary itself and so may come along.
#[test]
#[ignore = "builds for a minute; .ci/run runs it"]
fn a_static_binary_for_arm_does_too() {
    let emulator = Path::new("/usr/bin/qemu-aarch64-static");
    if !has(ARM) || fs::metadata(emulator).inspect_err(|error| skip("qemu-aarch64-static", error)).is_err() {
        return;
    }
    let folder = alone(ARM);
    fs::copy(emulator, folder.path().join("emulator")).unwrap();
    if let Some(mut command) = inside(folder.path(), "/emulator") {
        command.arg("/site");
        check(command);
    }
}
