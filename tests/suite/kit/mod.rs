//! The command `deploy`: its units satisfy systemd, its file satisfies NGINX, and a real NGINX serves a real site through it.

mod doctor;
mod examples;
mod proxy;
mod serving;
pub mod site;
mod syntax;
mod units;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::deploy::skip;
use crate::services::subprocess;

/// The manual's binary, which is in no environment but its own.
fn manual(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
    command.args(arguments).env_clear().output().expect("the binary can be run")
}

/// What a command of the manual's binary that succeeds prints.
fn printed(arguments: &[&str]) -> String {
    let output = manual(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

/// Why a command of the manual's binary fails.
fn refused(arguments: &[&str]) -> String {
    let output = manual(arguments);
    assert!(!output.status.success(), "{arguments:?} is done");
    String::from_utf8(output.stderr).expect("it prints UTF-8")
}

/// Lets the site of `tests/sites/kit` write its files for NGINX or systemd below a folder.
fn written(what: &str, arguments: &[&str], folder: &Path) {
    let mut command = subprocess::command("kit");
    command.args(["deploy", what, "--name", "kit", "--output"]).arg(folder).args(arguments);
    let output = command.output().expect("the test program can be run");
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
}

/// Lets the site of `tests/sites/kit` write its static files to a folder.
fn export(folder: &Path) {
    let output = subprocess::command("kit").args(["assets", "export"]).arg(folder).output();
    let output = output.expect("the test program can be run");
    assert!(output.status.success(), "{}", text(&output));
}

/// The files that a command printed, by path.
fn files(printed: &str) -> Vec<(PathBuf, String)> {
    let parts = printed.split("# ---- ").skip(1);
    parts
        .map(|part| {
            let (path, text) = part.split_once(" ----\n").expect("a path stands before each file");
            (PathBuf::from(path), text.to_string())
        })
        .collect()
}

/// Runs a tool. Where it is not installed a line says so.
fn tool(command: &mut Command) -> Option<Output> {
    command.output().inspect_err(|error| skip(&command.get_program().to_string_lossy(), error)).ok()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A certificate for tests, signed by itself, and its key; none where OpenSSL is not installed.
fn certificate(folder: &Path) -> Option<(String, String)> {
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let mut command = Command::new("openssl");
    command.args([
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=example.com",
        "-keyout",
    ]);
    let output = tool(command.arg(&key).arg("-out").arg(&certificate))?;
    assert!(output.status.success(), "{}", text(&output));
    let path = |path: PathBuf| path.to_str().expect("its path is UTF-8").to_string();
    Some((path(certificate), path(key)))
}

/// All files below a folder, by their paths in it.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.iter().map(|path| path.strip_prefix(folder).expect("it lies below").to_path_buf()).collect()
}
