//! The machine that is deployed to: where its files are, and the programs of it that are called.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::deploy::Layout;
use crate::error::Error;

/// How often a program that runs is looked at: whether it has ended, and whether somebody wants to break off.
const LOOK: Duration = Duration::from_millis(20);

/// A program and what it is given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// The whole environment; none hands on that of this process. It may hold secrets, and is never shown.
    pub(crate) environment: Option<Vec<(String, String)>>,
    /// What it reads from standard input.
    pub(crate) input: String,
    /// It must come to its end even when somebody asked to stop: it takes something back.
    pub(crate) must_end: bool,
}

/// How a program ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ended {
    pub(crate) success: bool,
    /// The status for people: "exit status: 1".
    pub(crate) status: String,
    pub(crate) output: String,
    pub(crate) errors: String,
}

/// What runs a program and waits for its end: [`real`], or what a test puts in its place.
pub(crate) type Caller = dyn Fn(&Call) -> io::Result<Ended>;

/// The machine.
pub(crate) struct Machine {
    /// Where everything lies.
    pub(crate) layout: Layout,
    /// Whether services run on it. A folder that becomes the image of a machine has none.
    pub(crate) is_live: bool,
    caller: Box<Caller>,
    stop: Arc<AtomicBool>,
    taking_back: Cell<bool>,
}

impl Call {
    pub(crate) fn new(program: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_string()).collect();
        Call { program: program.into(), arguments, ..Call::default() }
    }

    /// The command for people, without its environment and input.
    fn shown(&self) -> String {
        let mut words = vec![self.program.to_string_lossy()];
        words.extend(self.arguments.iter().map(|argument| argument.as_str().into()));
        words.join(" ")
    }
}

impl Machine {
    /// A machine with those paths, whose programs are called that way, until the flag says that somebody wants to stop.
    pub(crate) fn new(layout: Layout, is_live: bool, caller: Box<Caller>, stop: Arc<AtomicBool>) -> Self {
        Machine { layout, is_live, caller, stop, taking_back: Cell::new(false) }
    }

    /// Where a path of the machine is found by this process.
    pub(super) fn on_disk(&self, path: impl AsRef<Path>) -> PathBuf {
        self.layout.on_disk(path)
    }

    /// Goes on unless somebody asked to stop.
    ///
    /// # Errors
    ///
    /// [`Error::Deploy`] that says that it was broken off.
    pub(super) fn go_on(&self) -> Result<(), Error> {
        match self.stop.load(Ordering::Relaxed) && !self.taking_back.get() {
            true => Err(Error::Deploy("it was interrupted".to_string())),
            false => Ok(()),
        }
    }

    /// From here on nobody can break off.
    pub(super) fn is_taking_back(&self) {
        self.taking_back.set(true);
    }

    /// Runs a program, whatever it ends with.
    ///
    /// # Errors
    ///
    /// [`Error::Deploy`] when it cannot be run, or somebody asked to stop meanwhile.
    pub(super) fn ask(&self, call: Call) -> Result<Ended, Error> {
        let call = Call { must_end: self.taking_back.get(), ..call };
        (self.caller)(&call).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => Error::Deploy("it was interrupted".to_string()),
            _ => Error::Deploy(format!("`{}` cannot be run: {error}", call.shown())),
        })
    }

    /// Runs a program that must succeed, and gives what it wrote to standard output.
    ///
    /// # Errors
    ///
    /// [`Error::Deploy`] with all that it wrote, where it fails.
    pub(super) fn call(&self, call: Call) -> Result<String, Error> {
        self.call_whole(call).map(|ended| ended.output)
    }

    /// Runs a program that must succeed, and gives all that it wrote.
    ///
    /// # Errors
    ///
    /// As [`Machine::call`].
    pub(super) fn call_whole(&self, call: Call) -> Result<Ended, Error> {
        let shown = call.shown();
        let ended = self.ask(call)?;
        match ended.success {
            true => Ok(ended),
            false => Err(Error::Deploy(format!("`{shown}` failed ({}){}", ended.status, ended.told()))),
        }
    }

    /// `systemctl` with these arguments, which must succeed.
    ///
    /// # Errors
    ///
    /// As [`Machine::call`].
    pub(super) fn systemctl(&self, arguments: &[&str]) -> Result<String, Error> {
        self.call(Call::new("systemctl", arguments))
    }
}

impl Ended {
    /// All that the program wrote, indented below a colon; nothing where it wrote nothing.
    pub(super) fn told(&self) -> String {
        let lines = self.errors.lines().chain(self.output.lines()).filter(|line| !line.trim().is_empty());
        let text: String = lines.map(|line| format!("\n  {}", without_control(line))).collect();
        if text.is_empty() { text } else { format!(":{text}") }
    }
}

/// What a program wrote must not move the cursor of whoever reads it.
pub(super) fn without_control(line: &str) -> String {
    line.chars().filter(|c| !c.is_control()).collect()
}

/// Runs programs for real. Each is in a process group of its own: Ctrl+C is for this process, which decides what becomes of it.
pub(crate) fn real(stop: Arc<AtomicBool>) -> Box<Caller> {
    Box::new(move |call| run(call, &stop))
}

fn run(call: &Call, stop: &AtomicBool) -> io::Result<Ended> {
    let mut command = Command::new(&call.program);
    command.args(&call.arguments).process_group(0);
    if let Some(environment) = &call.environment {
        command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (output, errors) = (reader(child.stdout.take()), reader(child.stderr.take()));
    if let Some(mut input) = child.stdin.take() {
        // A program that reads nothing of it is free to do so.
        let _ = input.write_all(call.input.as_bytes());
    }
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if stop.load(Ordering::Relaxed) && !call.must_end {
            child.kill()?;
            child.wait()?;
            return Err(io::ErrorKind::Interrupted.into());
        }
        thread::sleep(LOOK);
    };
    Ok(ended(status, output, errors))
}

fn ended(status: ExitStatus, output: thread::JoinHandle<String>, errors: thread::JoinHandle<String>) -> Ended {
    let text = |reader: thread::JoinHandle<String>| reader.join().unwrap_or_default();
    Ended { success: status.success(), status: status.to_string(), output: text(output), errors: text(errors) }
}

/// Reads all that a program writes, so that it never waits for somebody to read.
fn reader(from: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            // What was read before an error is as much as there is to tell.
            let _ = from.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
