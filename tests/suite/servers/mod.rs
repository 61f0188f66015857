//! Real servers that sites use, started by the tests from Debian's packages: each on a free port or a socket file of its own, with its
//! files in a folder of its own, and stopped when it is dropped. Where a program is not installed a line says so, and the test passes.

pub mod mariadb;
pub mod postgres;
pub mod redis;
pub mod smtp;

use std::io::{self, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How long a server is waited for: only one that will never listen takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The password of database servers; one of digits, which YAML takes for a number.
pub const PASSWORD: &str = "271828";

/// A program that runs until it is dropped.
#[derive(Debug)]
pub struct Daemon(Child);

impl Daemon {
    /// Starts a program; `None`, with a line on the terminal that says so, where it is not installed.
    pub fn start(command: &mut Command) -> Option<Daemon> {
        command.spawn().map(Daemon).inspect_err(|error| skip(&command.get_program().to_string_lossy(), error)).ok()
    }

    /// Waits until something is so, such as that the program answers.
    pub fn wait_until(&mut self, what: &str, mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            let ended = self.0.try_wait().expect("the process can be asked for");
            assert!(ended.is_none(), "{what}: the program ended with {ended:?}");
            assert!(start.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends the program at once, without a word, as a crash of its machine would.
    pub fn kill(&mut self) {
        self.0.kill().expect("the process can be ended");
        self.0.wait().expect("the process can be waited for");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on at this moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("a listener has an address").port()
}

/// Says on the terminal, past the capture of test output, that a program is missing.
pub fn skip(program: &str, error: &io::Error) {
    writeln!(io::stderr(), "skipped: `{program}` cannot be run here ({error})").expect("standard error takes a line");
}

/// Lets a server that refuses to run as root write to a folder: gives it to a user of Debian's package.
pub fn give_to(user: &str, folder: &Path) {
    let status = Command::new("chown").args(["-R", user]).arg(folder).status();
    assert!(status.is_ok_and(|status| status.success()), "`{}` cannot be given to `{user}`", folder.display());
}

/// Whether the tests run as root.
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// A program that refuses to run as root, as this user where the tests do.
pub fn as_user(user: &str, program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid", user, "--clear-groups", "--"]).arg(program).current_dir("/");
    command
}
