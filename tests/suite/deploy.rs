//! What tests say where a program that they need is not installed.

use std::io::{self, Write};

/// Says on the terminal, past the capture of test output, that a tool is missing.
pub fn skip(tool: &str, error: &io::Error) {
    writeln!(io::stderr(), "skipped: `{tool}` cannot be run here ({error})").expect("standard error takes a line");
}
