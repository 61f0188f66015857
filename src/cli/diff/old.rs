//! The manifest of another binary: it is started with the command `manifest --json` and looked at with suspicion.
//!
//! It may be from before that command, for another kind of machine, no program at all, or hang, or talk without end. So it gets a time limit,
//! an environment with nothing in it, no input, and only so much of what it says is read. A file with the JSON itself is accepted as well,
//! for a binary that cannot run here.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::cli::manifest::content::{FORMAT, Manifest};
use crate::error::{Error, one_line};

/// Most bytes of a manifest: some twenty times that of a site with 100,000 messages.
const LONGEST: u64 = 256 * 1024 * 1024;

/// Most bytes of what a binary says to standard error; the first line is what counts.
const LONGEST_COMPLAINT: u64 = 64 * 1024;

/// How often a process that has said everything is asked whether it has ended.
const PAUSE: Duration = Duration::from_millis(5);

/// The manifest of the binary at a path, which gets `limit` to tell it.
///
/// # Errors
///
/// [`Error::File`] for every reason why there is none; the text names the file.
pub(super) fn manifest(path: &Path, limit: Duration) -> Result<Manifest, Error> {
    let wrong = |reason: String| Error::File(format!("`{}` {reason}", path.display()));
    let told = match kind(path).map_err(&wrong)? {
        Kind::Manifest => read(path).map_err(&wrong)?,
        Kind::Program => ask(path, limit).map_err(&wrong)?,
    };
    parse(&told).map_err(wrong)
}

/// What a file is, by its first bytes.
enum Kind {
    /// A program or a script.
    Program,
    /// The JSON of a manifest.
    Manifest,
}

/// What is neither must not be started: the C library would hand it to a shell.
fn kind(path: &Path) -> Result<Kind, String> {
    let wrong = |error: io::Error| match error.kind() {
        ErrorKind::NotFound => "is not there".to_string(),
        _ => format!("cannot be read: {error}"),
    };
    // Asked before it is opened: opening a pipe waits for its writer.
    match fs::metadata(path).map_err(wrong)?.file_type() {
        folder if folder.is_dir() => return Err("is a folder: name the binary in it".to_string()),
        file if file.is_file() => {}
        _ => {
            return Err(
                "is no regular file: name the binary, or a file with what its `manifest --json` printed".to_string()
            );
        }
    }
    let head = head(path).map_err(wrong)?;
    if head.starts_with(b"#!") {
        return Ok(Kind::Program);
    }
    if head.trim_ascii_start().starts_with(b"{") {
        return Ok(Kind::Manifest);
    }
    if !head.starts_with(b"\x7fELF") {
        return Err(
            "is neither a program nor a manifest: name the binary of the site that was there before".to_string()
        );
    }
    match head_of_this_program() {
        Some(own) if machine(&own) != machine(&head) => Err(
            "is for another kind of processor: run `manifest --json` where it runs, and name a file with what it prints"
                .to_string(),
        ),
        _ => Ok(Kind::Program),
    }
}

fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path)?.take(64).read_to_end(&mut head)?;
    Ok(head)
}

fn head_of_this_program() -> Option<Vec<u8>> {
    head(&std::env::current_exe().ok()?).ok().filter(|head| head.starts_with(b"\x7fELF"))
}

/// Width, byte order and processor in the head of an ELF file.
fn machine(head: &[u8]) -> (Option<&[u8]>, Option<&[u8]>) {
    (head.get(4..6), head.get(18..20))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut text));
    read.map_err(|error| format!("cannot be read: {error}"))?;
    bounded(text)
}

fn bounded(text: Vec<u8>) -> Result<Vec<u8>, String> {
    if text.len() as u64 > LONGEST { Err("says more than a manifest can have".to_string()) } else { Ok(text) }
}

/// Starts the binary and gives what it says.
fn ask(path: &Path, limit: Duration) -> Result<Vec<u8>, String> {
    let end = Instant::now() + limit;
    let slow = || format!("did not tell its manifest within {} seconds", limit.as_secs());
    let mut running = Running::start(path)?;
    let output = running.0.stdout.take().map(|output| listen(output, LONGEST + 1));
    let complaint = running.0.stderr.take().map(|complaint| listen(complaint, LONGEST_COMPLAINT));
    let (output, complaint) = output.zip(complaint).ok_or("gave no output")?;
    let told = match output.recv_timeout(limit) {
        Ok(told) => bounded(told.map_err(|error| format!("broke off: {error}"))?)?,
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Err(slow()),
    };
    let status = running.wait(end).ok_or_else(slow)?;
    if status.success() {
        return Ok(told);
    }
    let complaint = complaint.recv_timeout(end.saturating_duration_since(Instant::now()));
    let complaint = complaint.ok().and_then(Result::ok).unwrap_or_default();
    Err(refusal(status, &String::from_utf8_lossy(&complaint)))
}

/// Reads on a thread of its own, so that whoever waits can stop waiting.
fn listen(from: impl Read + Send + 'static, most: u64) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut text = Vec::new();
        let mut limited = from.take(most);
        let read = limited.read_to_end(&mut text).map(|_| text);
        // Where nobody waits any more there is nobody to tell.
        let _ = sender.send(read);
        // A process that has more to complain of must not be kept waiting for it.
        let _ = io::copy(&mut limited.into_inner(), &mut io::sink());
    });
    receiver
}

/// Why there is no manifest, from how the binary ended.
/// The number of SIGILL on Linux (signal(7)).
const ILLEGAL_INSTRUCTION: i32 = 4;

fn refusal(status: ExitStatus, complaint: &str) -> String {
    // Kalgan of before the command: that is how the command line's reader refuses a name.
    if status.code() == Some(2) && complaint.contains("manifest") {
        return "has no command `manifest`: it was made with an earlier Kalgan, so it can only be compared by `version`, `routes` and \
                `settings`"
            .to_string();
    }
    let said: String =
        complaint.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().chars().take(300).collect();
    match (said.is_empty(), status.signal()) {
        (true, Some(ILLEGAL_INSTRUCTION)) => {
            "uses instructions that this processor lacks: it was built for a newer one, with `target-cpu`".to_string()
        }
        (true, Some(_)) => format!("ended with {status}, without a word; the file may be broken or cut short"),
        (true, None) => format!("ended with {status}, without a word"),
        (false, _) => format!("ended with {status}, saying: {}", one_line(&said)),
    }
}

fn parse(told: &[u8]) -> Result<Manifest, String> {
    #[derive(serde::Deserialize)]
    struct Head {
        format: u32,
    }
    let no_manifest = |error: serde_json::Error| {
        format!("tells something that is no manifest ({error}); is it a site made with Kalgan?")
    };
    let head: Head = serde_json::from_slice(told).map_err(no_manifest)?;
    if head.format != FORMAT {
        return Err(format!(
            "tells a manifest of format {}, and this binary knows format {FORMAT}: let the newer binary of the two compare",
            head.format
        ));
    }
    serde_json::from_slice(told).map_err(no_manifest)
}

/// A process that is ended when nobody waits for it any more.
struct Running(Child);

impl Running {
    fn start(path: &Path) -> Result<Running, String> {
        // A name without a slash would be looked for among the commands of the system.
        let absolute: PathBuf = path.canonicalize().map_err(|error| format!("cannot be found: {error}"))?;
        let mut command = Command::new(&absolute);
        command.args(["manifest", "--json"]).env_clear();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map(Running).map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => {
                "cannot be started: it is no program that this user may run; try `chmod +x`".to_string()
            }
            ErrorKind::NotFound => {
                "cannot be started: the loader or interpreter that it names is not on this machine".to_string()
            }
            _ => format!("cannot be started: {error}; the file may be broken"),
        })
    }

    /// How the process ended; none where it has not by then.
    fn wait(&mut self, end: Instant) -> Option<ExitStatus> {
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if Instant::now() < end => thread::sleep(PAUSE),
                _ => return None,
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It fails where the process has ended, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
