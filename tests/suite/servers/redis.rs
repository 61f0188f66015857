//! A Redis server that has written to disk what it acknowledged, so that nothing of it is lost when it is killed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::{Daemon, free_port};

/// The server, on a port of its own.
#[derive(Debug)]
pub struct Redis {
    daemon: Daemon,
    port: u16,
    folder: TempDir,
}

impl Redis {
    /// Starts a server; `None` where the program is not installed.
    pub fn start() -> Option<Redis> {
        let folder = TempDir::new().expect("there is a folder for temporary files");
        let port = free_port();
        let daemon = run(port, &folder)?;
        let mut redis = Redis { daemon, port, folder };
        redis.wait();
        Some(redis)
    }

    /// The setting `cache.server`.
    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Ends the server at once.
    pub fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it again on the same port with what it had on disk.
    pub fn start_again(&mut self) {
        self.daemon = run(self.port, &self.folder).expect("it was there a moment ago");
        self.wait();
    }

    /// What the server answers to a command, as it is on the wire.
    pub fn ask(&self, command: &str) -> String {
        ask(self.port, command).expect("the server answers")
    }

    fn wait(&mut self) {
        let port = self.port;
        let answers = || ask(port, "PING").is_ok_and(|answer| answer.starts_with("+PONG"));
        self.daemon.wait_until("Redis answers", answers);
    }
}

fn run(port: u16, folder: &TempDir) -> Option<Daemon> {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]);
    command.args(["--appendfsync", "always", "--dir"]).arg(folder.path()).stdout(Stdio::null());
    Daemon::start(&mut command)
}

fn ask(port: u16, command: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port)))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
