//! What `dev` and the process of the site tell each other: lines of JSON over a Unix socket, one object a line.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::notice::first_line;
use crate::overlay::live::{Build, CompileError};

/// The environment variable by which a site's process learns that `dev` has started it: the path of the Unix socket to report to.
pub(super) const SOCKET: &str = "KALGAN_DEV_SOCKET";

/// What a site's process reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Report {
    /// It takes connections from now on. With the line that tells a person what is served, and where.
    Ready(String),
    /// It cannot serve, and ends. With the reason.
    Failed(String),
}

/// How the build of the site's binary goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Progress {
    /// Cargo is at work.
    Running,
    /// There is no new binary, or it does not start.
    Failed(Vec<Fault>),
    /// The binary that serves is the newest.
    Done,
}

/// One reason why there is no new binary, most often an error of the compiler.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fault {
    /// The file, absolute; empty where there is none.
    pub(crate) path: PathBuf,
    /// The line, from 1; 0 where there is none.
    pub(crate) line: u32,
    /// The column in characters, from 1; 0 where there is none.
    pub(crate) column: u32,
    /// What is wrong, in one line.
    pub(crate) message: String,
    /// The whole of it as the compiler prints it, without colours.
    pub(crate) rendered: String,
}

impl Fault {
    /// A fault without a place; its first line says what is wrong.
    pub(super) fn of(rendered: &str) -> Fault {
        let message = first_line(rendered).to_owned();
        Fault { message, rendered: rendered.trim_end().to_owned(), ..Fault::default() }
    }
}

impl From<Progress> for Build {
    fn from(progress: Progress) -> Build {
        match progress {
            Progress::Running => Build::Running,
            Progress::Failed(faults) => Build::Failed(faults.into_iter().map(CompileError::from).collect()),
            Progress::Done => Build::Done,
        }
    }
}

impl From<Fault> for CompileError {
    fn from(Fault { path, line, column, message, rendered }: Fault) -> CompileError {
        CompileError { path, line, column, rendered, message }
    }
}

/// A message as it is sent.
pub(super) fn line(message: &impl Serialize) -> String {
    let mut line = serde_json::to_string(message).expect("texts and numbers are always JSON");
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_and_is_read_as_it_was_written() {
        let fault = Fault { path: "/a b/ü.rs".into(), line: 3, column: 7, ..Fault::of("\nerror: x\n  --> y\n") };
        assert_eq!((fault.message.as_str(), fault.rendered.as_str()), ("error: x", "\nerror: x\n  --> y"));
        for message in [Progress::Running, Progress::Failed(vec![fault]), Progress::Done] {
            let line = line(&message);
            assert_eq!(line.find('\n'), Some(line.len() - 1));
            assert_eq!(serde_json::from_str::<Progress>(&line).unwrap(), message);
        }
        assert_eq!(line(&Report::Ready("x".to_owned())), "{\"ready\":\"x\"}\n");
    }
}
