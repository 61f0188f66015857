//! A MariaDB server in a folder of its own.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{Daemon, PASSWORD, free_port, give_to, is_root, skip};

/// The user of Debian's package.
const USER: &str = "mysql";

/// The server, on a socket file and a port of its own.
#[derive(Debug)]
pub struct MariaDb {
    daemon: Daemon,
    folder: TempDir,
    port: u16,
}

impl MariaDb {
    /// Starts a server; `None` where the program is not installed.
    pub fn start() -> Option<MariaDb> {
        let folder = TempDir::new().expect("there is a folder for temporary files");
        let mut install = Command::new("mariadb-install-db");
        install.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
        install.arg(format!("--datadir={}", folder.path().join("data").display()));
        if is_root() {
            give_to(USER, folder.path());
            install.arg(format!("--user={USER}"));
        }
        let made = install.stdout(Stdio::null()).stderr(Stdio::null()).status();
        let made = made.inspect_err(|error| skip("mariadb-install-db", error)).ok()?;
        assert!(made.success(), "mariadb-install-db failed");
        let port = free_port();
        let daemon = run(folder.path(), port)?;
        let mut server = MariaDb { daemon, folder, port };
        server.wait();
        let user = format!("CREATE DATABASE site; GRANT ALL ON *.* TO site@'%' IDENTIFIED BY '{PASSWORD}'");
        assert!(server.client(&user).status().is_ok_and(|status| status.success()), "the user cannot be made");
        Some(server)
    }

    /// The settings for a connection by its socket file.
    pub fn settings(&self) -> Vec<(String, String)> {
        let folder = self.folder.path().display().to_string();
        let settings = [
            ("db.engine", "mysql"),
            ("db.server", &folder),
            ("db.user", "site"),
            ("db.password", PASSWORD),
            ("db.name", "site"),
        ];
        settings.map(|(key, value)| (key.to_string(), value.to_string())).to_vec()
    }

    /// The setting `db.url` for a connection by its port.
    pub fn url(&self) -> String {
        format!("mysql://site:{PASSWORD}@127.0.0.1:{}/site?ssl-mode=DISABLED", self.port)
    }

    /// Ends the server at once.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it again with what it had on disk.
    pub fn start_again(&mut self) {
        self.daemon = run(self.folder.path(), self.port).expect("it was there a moment ago");
        self.wait();
    }

    fn wait(&mut self) {
        let mut ask = self.client("SELECT 1");
        self.daemon.wait_until("MariaDB answers", || ask.status().is_ok_and(|status| status.success()));
    }

    /// The server's own program, as its administrator.
    fn client(&self, statements: &str) -> Command {
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "--user=root", "--socket"]).arg(self.folder.path().join("mysqld.sock"));
        command.args(["--execute", statements]).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

fn run(folder: &Path, port: u16) -> Option<Daemon> {
    let mut command = Command::new("mariadbd");
    command.args(["--no-defaults", "--bind-address=127.0.0.1", &format!("--port={port}")]);
    command.arg(format!("--datadir={}", folder.join("data").display()));
    command.arg(format!("--socket={}", folder.join("mysqld.sock").display()));
    command.arg(format!("--pid-file={}", folder.join("pid").display()));
    if is_root() {
        command.arg(format!("--user={USER}"));
    }
    Daemon::start(command.stdout(Stdio::null()).stderr(Stdio::null()))
}
