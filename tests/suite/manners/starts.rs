//! A process that is asked to stop before it serves.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};

use super::sites::{ENDED, WAITS};
use crate::services::subprocess;

fn signal(process: &Child, signal: &str) {
    let status = Command::new("kill").args([signal, &process.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_process_that_is_asked_to_stop_while_it_starts_ends_what_it_has_begun() {
    for (site, how) in [("waiting hook", "-TERM"), ("waiting hook", "-INT"), ("waiting state", "-TERM")] {
        let folder = tempfile::tempdir().unwrap();
        let (notified, own, admin) = (folder.path().join("notify"), folder.path().join("s"), folder.path().join("a"));
        let systemd = UnixDatagram::bind(&notified).unwrap();
        systemd.set_nonblocking(true).unwrap();
        let mut command = subprocess::command(site);
        command.arg("serve").env("NOTIFY_SOCKET", &notified).stderr(Stdio::piped()).stdout(Stdio::null());
        let addresses = [("server.address", &own), ("server.admin", &admin)];
        for (key, value) in addresses.map(|(key, path)| (key, format!("unix:{}", path.display()))) {
            command.args(["--set", &format!("{key}={value}")]);
        }
        command.args(["--set", "environment.is_prod=true", "--set", "log.format=text"]);
        command.args(["--set", &format!("data.path={}", folder.path().join("data").display())]);
        let mut process = command.spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains(WAITS) {
            assert!(log.read_line(&mut said).unwrap() > 0, "{said}");
        }
        signal(&process, how);
        log.read_to_string(&mut said).unwrap();
        assert_eq!(process.wait().unwrap().code(), Some(0), "{site} {how}: {said}");
        assert!(said.contains(ENDED) && said.contains("asked to stop before the process served"), "{said}");
        assert!(!own.exists() && !admin.exists(), "no socket file is left");
        let mut message = [0; 4096];
        let length = systemd.recv(&mut message).unwrap_or(0);
        assert_eq!(length, 0, "{:?}", String::from_utf8_lossy(&message[..length]));
    }
}
