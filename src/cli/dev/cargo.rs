//! Runs cargo, shows what it says, and gathers what comes of it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use super::diagnostics::Line;
use super::messages::Fault;
use super::notice;
use super::program::Program;
use crate::cli::notify;

/// What came of a build.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The binary is there.
    Built(PathBuf),
    /// Why it is not; at least one error of the compiler.
    Failed(Vec<Fault>),
    /// Why it was not even compiled: build.rs met a mistake in the site's files, or cargo itself one in its own.
    Refused(Fault),
}

/// Builds the program. When the future is dropped, cargo and all that it has started are killed.
pub(super) async fn build(program: Program, more: Vec<OsString>) -> Outcome {
    let failed = |error: std::io::Error| {
        let text = format!("`{}` cannot be run: {error}", program.cargo.to_string_lossy());
        notice::say(&text);
        Outcome::Refused(Fault::of(&text))
    };
    match run(command(&program, &more)).await {
        Ok((status, said)) => said.outcome(status, &program),
        Err(error) => failed(error),
    }
}

fn command(program: &Program, more: &[OsString]) -> Command {
    let colours = notice::has_colours();
    let mut command = Command::new(&program.cargo);
    command.args(program.arguments());
    command.arg(if colours { "--message-format=json-diagnostic-rendered-ansi" } else { "--message-format=json" });
    command.args(more).current_dir(&program.folder).env("CARGO_TERM_COLOR", if colours { "always" } else { "never" });
    notify::FOR_THIS_PROCESS.iter().for_each(|variable| {
        command.env_remove(variable);
    });
    // In a process group of its own: so Ctrl+C reaches `dev` alone, which ends cargo and the compilers together.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command
}

async fn run(mut command: Command) -> std::io::Result<(ExitStatus, Said)> {
    let mut group = Group(command.spawn()?);
    let (output, errors) = (group.0.stdout.take(), group.0.stderr.take());
    let mut said = Said::default();
    let (messages, text) = tokio::join!(said.listen(output), relay(errors));
    messages?;
    said.text = text?;
    let status = group.0.wait().await?;
    Ok((status, said))
}

/// A process and all that it starts; killed together when this is dropped before the process has ended.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // None once it was waited for, so that the number cannot be another process's.
        let number = self.0.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(number) = number {
            // It fails where the process has just ended by itself.
            let _ = kill_process_group(number, Signal::KILL);
        }
    }
}

/// What cargo has said.
#[derive(Debug, Default)]
struct Said {
    executable: Option<PathBuf>,
    faults: Vec<Fault>,
    /// What it wrote for people: what it could not do, and what build scripts reported.
    text: String,
}

impl Said {
    /// Reads cargo's messages, and shows those of the compiler as they come.
    async fn listen(&mut self, output: Option<impl AsyncRead + Unpin>) -> std::io::Result<()> {
        let Some(output) = output else { return Ok(()) };
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await? {
            match serde_json::from_str(&line) {
                Ok(Line::CompilerMessage { manifest_path, message }) => {
                    notice::print(message.shown().unwrap_or_default());
                    self.faults.extend(message.fault(&manifest_path));
                }
                Ok(Line::CompilerArtifact { executable: Some(executable) }) => self.executable = Some(executable),
                // Whatever else cargo has to say, and what procedural macros print.
                _ => {}
            }
        }
        Ok(())
    }

    fn outcome(self, status: ExitStatus, program: &Program) -> Outcome {
        if status.success() {
            return Outcome::Built(self.executable.unwrap_or_else(|| program.executable.clone()));
        }
        match self.faults.is_empty() {
            true => Outcome::Refused(Fault::of(&self.text)),
            false => Outcome::Failed(self.faults),
        }
    }
}

/// Passes on what cargo writes for people, and gives it without colours and without the lines about its progress.
async fn relay(errors: Option<impl AsyncRead + Unpin>) -> std::io::Result<String> {
    let mut text = String::new();
    let Some(errors) = errors else { return Ok(text) };
    let mut lines = BufReader::new(errors).split(b'\n');
    while let Some(line) = lines.next_segment().await? {
        let line = String::from_utf8_lossy(&line);
        let plain = notice::without_colours(&line);
        match plain.trim_start().split(' ').next() {
            // `dev` says it itself.
            Some("Finished") => continue,
            Some("Compiling" | "Blocking" | "Updating" | "Locking" | "Downloading" | "Downloaded" | "Adding") => {}
            _ => text.extend([&plain, "\n"]),
        }
        notice::print(&format!("{line}\n"));
    }
    Ok(text)
}
