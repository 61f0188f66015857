//! The builds of the manual that are deployed: the one under test, and a second one with another text, made by cargo from a copy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::machine::succeed;

/// What the second build shows on its first page.
pub const SECOND: &str = "The second build of this manual";

/// A setting of the second build takes its value from this variable, and it does not start without it.
pub const NEEDED: &str = "SECOND_BUILD_NEEDS";

/// Another takes it from the file of this name among the credentials.
pub const CREDENTIAL: &str = "second_secret";

/// The build under test.
pub fn first() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_kalgan"))
}

/// Builds the second one, with the packages that are compiled already. The copy keeps its place, so that what has not changed since is not
/// compiled again.
pub fn second(folder: &Path) -> PathBuf {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("second");
    // Where there is none yet, there is nothing to remove.
    let _ = fs::remove_dir_all(&copy);
    fs::create_dir(&copy).expect("a folder can be made");
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let parts =
        ["Cargo.toml", "Cargo.lock", "build.rs", "src", "app", "benches", "tests"].map(|part| repository.join(part));
    succeed(Command::new("cp").arg("-a").args(parts).arg(&copy));
    let texts = copy.join("app/i18n/en/pages.yaml");
    let text = fs::read_to_string(&texts).expect("the texts can be read");
    let (before, after) = text.split_once("  home:\n").expect("the first page has texts");
    let (_, after) = after.split_once("title:").and_then(|(_, rest)| rest.split_once('\n')).expect("it has a title");
    fs::write(&texts, format!("{before}  home:\n    title: {SECOND}\n{after}")).expect("a file can be written");
    let settings = format!("second: {{variable: !env {NEEDED}, credential: !credential {CREDENTIAL}}}\n");
    fs::write(copy.join("app/config/second.yaml"), settings).expect("a file can be written");
    build(&copy, folder)
}

/// Cargo puts the binary where the one under test is, so that is put back.
fn build(copy: &Path, folder: &Path) -> PathBuf {
    let (kept, made) = (folder.join("first"), folder.join("kalgan"));
    fs::copy(first(), &kept).expect("the build under test can be kept");
    let target = first().ancestors().nth(2).expect("it lies in a folder for its profile in the target folder");
    let mut cargo = Command::new(env!("CARGO"));
    // What cargo sets for this test is not meant for the cargo that the test starts.
    let inherited = std::env::vars_os().map(|(name, _)| name);
    inherited.filter(|name| name.to_string_lossy().starts_with("CARGO_PKG_")).for_each(|name| {
        cargo.env_remove(name);
    });
    cargo.env_remove("CARGO_MANIFEST_DIR").env("CARGO_TARGET_DIR", target).current_dir(copy);
    succeed(cargo.args(["build", "--locked", "--bin", "kalgan"]));
    fs::copy(first(), &made).expect("the second build can be kept");
    // Its file may be a link to what cargo keeps elsewhere.
    fs::remove_file(first()).expect("the second build can be removed");
    fs::copy(kept, first()).expect("the build under test can be put back");
    made
}
