//! What a process tells systemd, received on a socket that the test has made.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::kalgan;
use super::sites::{FREE, STUCK};
use crate::server::Server;
use crate::services::subprocess;

/// The other end of `NOTIFY_SOCKET`.
struct Systemd {
    socket: UnixDatagram,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Systemd {
    fn listen() -> Systemd {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        // Only so that a mistake ends the test instead of keeping it waiting.
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Systemd { socket, path, _folder: folder }
    }

    /// Starts a command that tells this what it does.
    fn start(&self, mut command: Command, settings: &[&str]) -> Server {
        command.env("NOTIFY_SOCKET", &self.path);
        Server::start_command(command, settings)
    }

    fn next(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).expect("a message comes");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    /// The next message about something else than being alive.
    fn next_event(&self) -> String {
        std::iter::repeat_with(|| self.next()).find(|message| message != "WATCHDOG=1\n").unwrap()
    }
}

#[test]
fn systemd_is_told_of_the_start_a_reload_and_the_stop() {
    let systemd = Systemd::listen();
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.yaml");
    fs::write(&settings, "server:\n  number_of_workers: 3\n").unwrap();
    let mut command = kalgan();
    command.arg("--settings").arg(&settings);
    let server = systemd.start(command, &["environment.is_prod=true"]);
    let serving = format!("STATUS=serving {}, 3 workers", server.origin);
    assert_eq!(systemd.next_event(), format!("READY=1\n{serving}\n"));
    assert_eq!(server.get("/en").status, 200);

    server.hang_up();
    let begun = systemd.next_event();
    assert!(begun.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{begun}");
    assert!(begun["RELOADING=1\nMONOTONIC_USEC=".len()..].starts_with(|digit: char| digit.is_ascii_digit()), "{begun}");
    assert_eq!(systemd.next_event(), format!("READY=1\n{serving}; reloaded\n"));

    fs::write(&settings, "server:\n  number_of_workers: many\n").unwrap();
    server.hang_up();
    assert!(systemd.next_event().starts_with("RELOADING=1\n"));
    let refused = systemd.next_event();
    assert!(refused.starts_with(&format!("READY=1\n{serving}, as before; the reload was refused: ")), "{refused}");
    assert!(refused.contains("must be a whole number") && refused.lines().count() == 2, "{refused}");

    server.terminate();
    let stopping = systemd.next_event();
    assert!(stopping.starts_with("STOPPING=1\nSTATUS=stopping: "), "{stopping}");
    // 30 seconds for requests, five each for hooks, tasks and services.
    assert!(stopping.ends_with("\nEXTEND_TIMEOUT_USEC=45000000\n"), "{stopping}");
    assert_eq!(server.wait().0.code(), Some(0));
}

#[test]
fn a_start_that_fails_leaves_its_reason_as_the_status() {
    let systemd = Systemd::listen();
    let mut command = kalgan();
    let output = command.args(["serve", "--set", "server.port=none"]).env("NOTIFY_SOCKET", &systemd.path).output();
    assert_eq!(output.unwrap().status.code(), Some(78));
    let status = systemd.next_event();
    assert!(status.starts_with("STATUS=the setting `server.port`"), "{status}");
}

#[test]
fn the_watchdog_hears_of_workers_that_turn_and_not_of_workers_that_are_stuck() {
    let systemd = Systemd::listen();
    let mut command = subprocess::command("stuck");
    command.env("WATCHDOG_USEC", "100000");
    let server = systemd.start(command, &["environment.is_prod=true", "server.number_of_workers=1"]);
    assert!(systemd.next_event().starts_with("READY=1\n"));
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| server.get("/stuck").body);
        while systemd.next() != STUCK {}
        assert_eq!(systemd.next(), FREE, "nothing is said while the only worker is stuck");
        for _ in 0..3 {
            assert_eq!(systemd.next(), "WATCHDOG=1\n");
        }
        assert_eq!(asked.join().unwrap(), "free");
    });
}

#[test]
fn without_systemd_and_for_its_own_children_a_process_tells_nothing() {
    let server = Server::start(&[]);
    assert!(!server.log().contains("NOTIFY_SOCKET"), "{}", server.log());
    let mut command = kalgan();
    command.env("NOTIFY_SOCKET", "/nowhere/notify");
    let server = Server::start_command(command, &[]);
    assert_eq!(server.get("/en").status, 200, "a socket that is not there keeps nobody from serving");
    let log = server.wait_for_log("systemd cannot be told", 1);
    assert_eq!(log.matches("systemd cannot be told").count(), 1, "{log}");
}

/// Both would end a process that does nothing about them.
#[test]
fn signals_that_come_while_the_site_is_loaded_do_not_end_the_process() {
    let server = subprocess::start("signalled", &["environment.is_prod=true"]);
    server.wait_for_log("reloaded in", 1);
    assert_eq!(server.get("/").status, 200);
}
