//! The commands `manifest`, `diff` and `doctor` of the built binary.

mod diff;
mod doctor;
mod manifest;

use std::process::{Command, Output};

/// The binary of the manual.
const BINARY: &str = env!("CARGO_BIN_EXE_kalgan");

/// Runs the binary with an environment that holds these variables and nothing else: its exit code and what it printed.
fn run_with(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut command = Command::new(BINARY);
    command.args(arguments).env_clear().envs(variables.iter().copied());
    let Output { status, stdout, stderr } = command.output().expect("the binary can be run");
    let text = |bytes| String::from_utf8(bytes).expect("it prints UTF-8");
    (status.code(), text(stdout), text(stderr))
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    run_with(arguments, &[])
}

/// What the binary prints where it does what it is asked.
fn printed(arguments: &[&str]) -> String {
    let (code, text, errors) = run(arguments);
    assert_eq!((code, &errors[..]), (Some(0), ""), "{arguments:?}");
    text
}

/// The cells of a table's line, which are two spaces or more apart.
fn cells(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}
