//! A mail server: Debian's `python3-aiosmtpd`, run by `smtp.py`, which says what it does with whom.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Daemon, free_port, skip};

/// Debian's own Python, which sees Debian's packages; another may come first in the path.
const PYTHON: &str = "/usr/bin/python3";

/// A mail server and what it has accepted.
pub struct Smtp {
    daemon: Daemon,
    pub port: u16,
    options: Vec<String>,
    folder: tempfile::TempDir,
}

impl Smtp {
    /// Starts a server with options of `smtp.py`; `None` where it is not installed.
    pub fn start(options: &[&str]) -> Option<Smtp> {
        let found = Command::new(PYTHON).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
        match found {
            Ok(status) if status.success() => {}
            Ok(_) => {
                skip("aiosmtpd", &std::io::Error::other("the package is not installed"));
                return None;
            }
            Err(error) => {
                skip(PYTHON, &error);
                return None;
            }
        }
        let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
        let options: Vec<_> = options.iter().map(ToString::to_string).collect();
        let daemon = run(port, folder.path(), &options);
        Some(Smtp { daemon, port, options, folder })
    }

    /// Ends the server at once.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it again on the same port.
    pub fn start_again(&mut self) {
        self.daemon = run(self.port, self.folder.path(), &self.options);
    }

    /// What has been accepted, in no order.
    pub fn mails(&self) -> Vec<Value> {
        let files = std::fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path());
        let mails = files.filter(|path| path.extension().is_some_and(|end| end == "json"));
        mails.map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
    }

    /// Waits until so many mails are there, and gives them.
    pub fn wait_for(&self, count: usize) -> Vec<Value> {
        let start = Instant::now();
        loop {
            let mails = self.mails();
            if mails.len() >= count {
                return mails;
            }
            assert!(start.elapsed() < super::PATIENCE, "{} of {count} mails have come", mails.len());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn run(port: u16, folder: &Path, options: &[String]) -> Daemon {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/servers/smtp.py");
    let mut command = Command::new(PYTHON);
    command
        .args(["-W", "ignore"])
        .arg(script)
        .args(["--port", &port.to_string(), "--folder"])
        .arg(folder)
        .args(options);
    let mut daemon = Daemon::start(&mut command).expect("it has just been found");
    daemon.wait_until("the mail server listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    daemon
}

/// A certificate for `localhost` and 127.0.0.1 that its own key has signed, and the key, as files in a folder; `None` where `openssl`
/// is not installed.
pub fn certificate(folder: &Path) -> Option<(String, String)> {
    let path = |name: &str| folder.join(name).display().to_string();
    let (certificate, key) = (path("cert.pem"), path("key.pem"));
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]);
    command.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
    command.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", &key, "-out", &certificate]);
    match command.stderr(Stdio::null()).status() {
        Ok(status) => {
            assert!(status.success(), "openssl makes no certificate");
            Some((certificate, key))
        }
        Err(error) => {
            skip("openssl", &error);
            None
        }
    }
}
