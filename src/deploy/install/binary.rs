//! A binary that is to be deployed: whether it can run here at all, what it says of itself, and under which version it is kept.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use twox_hash::xxhash3_128::Hasher;

use super::description::Description;
use super::files;
use super::machine::{Call, Ended};
use super::{Machine, Trail};
use crate::error::Error;

/// Bytes of a file that are read at a time.
const PIECE: usize = 1 << 16;

/// Offset of the processor in an ELF header, and how much of the header is needed for it.
const PROCESSOR: usize = 18;
const HEADER: usize = 20;

/// Processors that run each other's programs, the older one's being the smaller.
const FAMILIES: [[u16; 2]; 2] = [[3, 62], [40, 183]];

/// A binary.
#[derive(Debug)]
pub(super) struct Binary {
    pub(super) path: PathBuf,
    /// Its path for people: a process knows its own file by another name.
    pub(super) shown: String,
    pub(super) size: u64,
    hash: u128,
}

impl Binary {
    /// Opens a binary and makes sure that it is for this processor.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where it cannot be read, [`Error::Deploy`] where it is no program for this machine.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        // A name without a slash would be looked for among the commands of the system.
        let path = &std::path::absolute(path).map_err(|error| files::failed(path, "read", &error))?;
        let wrong = |error| files::failed(path, "read", &error);
        // Asked before it is opened: opening a pipe waits for its writer.
        if !fs::metadata(path).map_err(wrong)?.is_file() {
            return Err(Error::Deploy(format!("`{}` is no file", path.display())));
        }
        let mut file = File::open(path).map_err(wrong)?;
        let mut head = [0; HEADER];
        let read = file.read(&mut head).map_err(wrong)?;
        let own = File::open("/proc/self/exe").and_then(|mut own| {
            let mut head = [0; HEADER];
            own.read_exact(&mut head).map(|()| head)
        });
        check_processor(path, &head[..read], &own.map_err(wrong)?)?;
        let (size, hash) = measure(File::open(path).map_err(wrong)?, &mut io::sink()).map_err(wrong)?;
        let shown = shown(path);
        Ok(Binary { path: path.to_path_buf(), shown, size, hash })
    }

    /// The name of the version: the release, and twelve digits of a hash of its bytes.
    pub(super) fn version(&self, release: &str) -> String {
        format!("{release}-{:012x}", self.hash >> 80)
    }

    /// Whether a file is this very binary.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        let Ok(file) = File::open(path) else { return false };
        measure(file, &mut io::sink()).is_ok_and(|(size, hash)| (size, hash) == (self.size, self.hash))
    }

    /// Copies the binary, in one step.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where that cannot be done, or the binary is another one by now.
    pub(super) fn copy(&self, trail: &mut Trail, place: &Path) -> Result<(), Error> {
        let back = place.to_path_buf();
        trail.back(format!("`{}` is there", place.display()), move |_| match fs::remove_file(&back) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(files::failed(&back, "removed", &error)),
            _ => Ok(()),
        });
        self.write(place)
    }

    fn write(&self, place: &Path) -> Result<(), Error> {
        files::replace_by(place, 0o755, |target| {
            let copied = measure(File::open(&self.path)?, target)?;
            match copied == (self.size, self.hash) {
                true => Ok(()),
                false => Err(io::Error::other(format!("`{}` changed meanwhile", self.shown))),
            }
        })
    }

    /// Asks the binary what it is. It answers from where it is; where nothing can be run from there (no right to, a folder mounted
    /// `noexec`) and the machine may be changed, from a copy that is removed again.
    ///
    /// # Errors
    ///
    /// [`Error::Deploy`] where it cannot be run, is no site's or cannot answer.
    pub(super) fn describe(&self, machine: &Machine, asked: &Asked, may_copy: bool) -> Result<Description, Error> {
        let ended = match machine.ask(asked.call(&self.path)) {
            Err(_) if may_copy && machine.go_on().is_ok() => self.describe_copy(machine, asked),
            ended => ended,
        };
        machine.go_on()?;
        self.understood(&ended.map_err(|error| self.cannot_start(&error))?)
    }

    fn describe_copy(&self, machine: &Machine, asked: &Asked) -> Result<Ended, Error> {
        let folder = machine.on_disk(machine.layout.versions());
        let copy = folder.join(".look");
        let mut made = Trail::default();
        let ended = files::make_folder(&mut made, &folder, 0o755)
            .and_then(|()| self.copy(&mut made, &copy))
            .and_then(|()| machine.ask(asked.call(&copy)));
        let left = made.take_back(machine);
        match left.is_empty() {
            true => ended,
            false => Err(Error::Deploy(left.join("\n"))),
        }
    }

    fn understood(&self, ended: &Ended) -> Result<Description, Error> {
        let path = &self.shown;
        if !ended.success {
            return Err(Error::Deploy(format!(
                "`{path}` cannot be deployed here ({}){}{}",
                ended.status,
                ended.told(),
                advice(ended)
            )));
        }
        let understood = serde_json::from_str::<Description>(&ended.output);
        understood.ok().filter(|description| !description.name.is_empty()).ok_or_else(|| {
            Error::Deploy(format!("`{path}` is not the binary of a site made with Kalgan: it does not say what it is"))
        })
    }

    fn cannot_start(&self, error: &Error) -> Error {
        Error::Deploy(format!(
            "`{}` cannot be run here: {error}\n  where it says that there is no such file, the program's loader is missing: build it for this \
             system, or for one that needs no loader (`--target {}-unknown-linux-musl`)",
            self.shown,
            std::env::consts::ARCH
        ))
    }
}

/// What a binary is asked with.
pub(super) struct Asked {
    /// The choices, as JSON.
    pub(super) choices: String,
    /// The settings file and the overlay, as flags.
    pub(super) flags: Vec<String>,
    /// The environment that its processes will have.
    pub(super) environment: Vec<(String, String)>,
}

impl Asked {
    fn call(&self, binary: &Path) -> Call {
        let mut call = Call::new(binary, &["deploy", "describe"]);
        call.arguments.extend(self.flags.iter().cloned());
        Call { environment: Some(self.environment.clone()), input: self.choices.clone(), ..call }
    }
}

/// What to do about an output that tells a well-known cause.
fn advice(ended: &Ended) -> &'static str {
    if ended.errors.contains("GLIBC_") {
        "\n  it was built on a system with a newer C library: build it on one that is as old as this, or for musl"
    } else if ended.errors.contains("unrecognized subcommand") {
        "\n  it was made with a Kalgan that cannot deploy itself"
    } else if ended.told().is_empty() && ended.status.contains("SIGILL") {
        "\n  it uses instructions that this processor lacks: build it without `target-cpu`"
    } else if ended.told().is_empty() && ended.status.contains("signal") {
        "\n  the file may be broken or cut short: copy it again"
    } else {
        ""
    }
}

fn shown(path: &Path) -> String {
    let own = path.starts_with("/proc").then(|| fs::read_link(path).ok()).flatten();
    own.as_deref().unwrap_or(path).display().to_string()
}

fn check_processor(path: &Path, head: &[u8], own: &[u8]) -> Result<(), Error> {
    let path = path.display();
    if head.len() < HEADER || !head.starts_with(b"\x7fELF") {
        return Err(Error::Deploy(format!("`{path}` is no program for Linux: it does not begin as an ELF file does")));
    }
    let (theirs, ours) = (processor(head), processor(own));
    let is_relative = |family: &[u16; 2]| family.contains(&theirs) && family.contains(&ours);
    if theirs == ours || FAMILIES.iter().any(is_relative) {
        return Ok(());
    }
    Err(Error::Deploy(format!(
        "`{path}` is for another processor: it is for {}, and this machine is {}; build it with `--target {}-unknown-linux-gnu`",
        processor_name(theirs),
        processor_name(ours),
        std::env::consts::ARCH
    )))
}

/// The processor of an ELF header (`e_machine`), whose byte order the header tells.
fn processor(head: &[u8]) -> u16 {
    const BIG_ENDIAN: u8 = 2;
    match head {
        [.., high, low] if head.get(5) == Some(&BIG_ENDIAN) => u16::from_be_bytes([*high, *low]),
        _ => u16::from_le_bytes([head[PROCESSOR], head[PROCESSOR + 1]]),
    }
}

fn processor_name(number: u16) -> String {
    let known = [(3, "x86 (32 bits)"), (40, "ARM (32 bits)"), (62, "x86-64"), (183, "AArch64"), (243, "RISC-V")];
    let known = known.into_iter().find(|(known, _)| *known == number);
    known.map_or_else(|| format!("number {number} of the ELF list"), |(_, name)| name.to_string())
}

/// Size and hash of a file, which is written to somewhere meanwhile.
fn measure(mut from: File, to: &mut impl io::Write) -> io::Result<(u64, u128)> {
    let (mut hasher, mut size, mut piece) = (Hasher::new(), 0, vec![0; PIECE]);
    loop {
        let read = match from.read(&mut piece) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            return Ok((size, hasher.finish_128()));
        }
        hasher.write(&piece[..read]);
        to.write_all(&piece[..read])?;
        size += read as u64;
    }
}
