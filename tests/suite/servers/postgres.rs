//! A PostgreSQL server in a folder of its own.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{Daemon, PASSWORD, as_user, free_port, give_to, is_root, skip};

/// The user of Debian's package.
const USER: &str = "postgres";

/// The server, on a socket file and a port of its own.
#[derive(Debug)]
pub struct Postgres {
    daemon: Daemon,
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Postgres {
    /// Starts a server; `None` where the program is not installed.
    pub fn start() -> Option<Postgres> {
        let Some(programs) = programs() else {
            skip("postgres", &io::Error::from(io::ErrorKind::NotFound));
            return None;
        };
        let folder = TempDir::new().expect("there is a folder for temporary files");
        std::fs::write(folder.path().join("password"), PASSWORD).expect("the file can be written");
        if is_root() {
            give_to(USER, folder.path());
        }
        let mut init = as_user(USER, &programs.join("initdb"));
        init.args(["--no-sync", "--username", USER, "--auth", "scram-sha-256", "--pwfile"]);
        init.arg(folder.path().join("password")).arg(data(folder.path())).stdout(Stdio::null());
        let made = init.status().expect("initdb can be run");
        assert!(made.success(), "initdb failed");
        let port = free_port();
        let daemon = run(&programs, folder.path(), port)?;
        let mut postgres = Postgres { daemon, programs, folder, port };
        postgres.wait();
        Some(postgres)
    }

    /// The settings for a connection by its socket file.
    pub fn settings(&self) -> Vec<(String, String)> {
        let folder = self.folder.path().display().to_string();
        let port = self.port.to_string();
        let settings = [
            ("db.engine", "postgres"),
            ("db.server", &folder),
            ("db.port", &port),
            ("db.user", USER),
            ("db.password", PASSWORD),
            ("db.name", "postgres"),
        ];
        settings.map(|(key, value)| (key.to_string(), value.to_string())).to_vec()
    }

    /// The setting `db.url` for a connection by its port.
    pub fn url(&self) -> String {
        format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    /// Ends the server at once.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it again with what it had on disk.
    pub fn start_again(&mut self) {
        // Its children notice that it is gone; until then its memory is in use.
        let held = data(self.folder.path()).join("postmaster.pid");
        let _ = std::fs::remove_file(held);
        self.daemon = run(&self.programs, self.folder.path(), self.port).expect("it was there a moment ago");
        self.wait();
    }

    fn wait(&mut self) {
        let mut ask = Command::new(self.programs.join("pg_isready"));
        ask.arg("--host").arg(self.folder.path()).args(["--port", &self.port.to_string()]).stdout(Stdio::null());
        self.daemon.wait_until("PostgreSQL answers", || ask.status().is_ok_and(|status| status.success()));
    }
}

/// The folder of the newest version; Debian puts none of it on the path.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    folders.filter(|folder| folder.join("postgres").is_file()).max()
}

fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn run(programs: &Path, folder: &Path, port: u16) -> Option<Daemon> {
    let mut command = as_user(USER, &programs.join("postgres"));
    command.arg("-D").arg(data(folder)).arg("-k").arg(folder).args(["-p", &port.to_string(), "-h", "127.0.0.1"]);
    Daemon::start(command.stdout(Stdio::null()).stderr(Stdio::null()))
}
