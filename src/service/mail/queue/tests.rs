//! The queue in memory, which a site with a database never uses, against a real mail server.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use super::{Memory, Queue, Store};
use crate::error::Error;
use crate::process::{DataFolder, Process, States};
use crate::service::mail::folder::Folder;
use crate::service::mail::options::{Security, Server};
use crate::service::mail::smtp::Smtp;
use crate::service::mail::{self, Mailer, Waiting, Way};
use crate::site::{Outside, Settings};

/// A process that sends by a server on this port and has no database.
fn process(port: u16, size: u32) -> Process {
    let data = DataFolder::temporary().expect("there is a folder for temporary files");
    let timeout = Duration::from_secs(10);
    let server = Server { host: "127.0.0.1".to_string(), port, security: Security::None, login: None, timeout };
    let smtp = Box::new(Smtp::new(server).expect("no TLS is asked for"));
    let queue = OnceLock::from(Queue::new(Store::Memory(Memory::new(size))));
    let sender = mail::Address::from("cafe@example.com").mailbox("sender").ok();
    let undelivered = Folder(data.path().join("mail/undelivered"));
    let mut states = States::default();
    states.insert(Mailer { sender, way: Way::Smtp(smtp, Box::new(Waiting { size, queue })), undelivered });
    let settings = Settings::load(&crate::testing::empty(), Outside::default()).expect("there are none");
    Process::new(settings, data, states)
}

async fn enqueue(process: &Process, recipient: &str) -> Result<(), Error> {
    mail::letter().to(recipient).subject("Hello").text("Hello").enqueue(process).await
}

/// Stops as a process does that serves.
async fn stop(process: &Process) -> Vec<&'static str> {
    let late = process.stop(Duration::from_secs(60)).await;
    mail::end(process).await;
    late
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    listener.local_addr().expect("a listener has an address").port()
}

fn files(folder: &Path, end: &str) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = files.map(|file| file.expect("the folder can be read").path());
    let wanted = paths.filter(|path| path.extension().is_some_and(|found| found == end));
    wanted.map(|path| std::fs::read_to_string(path).expect("the file is text")).collect()
}

/// The server of the black-box tests; ended when it is dropped.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `None` where it is not installed, which the black-box tests say on the terminal.
fn server(port: u16, folder: &Path) -> Option<Started> {
    const PYTHON: &str = "/usr/bin/python3";
    let found = Command::new(PYTHON).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/servers/smtp.py");
    let mut command = Command::new(PYTHON);
    command.arg(script).args(["--port", &port.to_string(), "--folder"]).arg(folder);
    let mut server = Started(command.spawn().expect("it has just been found"));
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(server.0.try_wait().expect("the process can be asked for").is_none(), "the mail server has ended");
        std::thread::sleep(Duration::from_millis(10));
    }
    Some(server)
}

#[tokio::test]
async fn what_is_left_in_memory_when_the_process_ends_is_written_to_files() {
    let process = process(free_port(), 3);
    mail::run(&process);
    for _ in 0..3 {
        enqueue(&process, "ana@example.com").await.expect("there is room");
    }
    let full = enqueue(&process, "ana@example.com").await.expect_err("there is no room").to_string();
    assert!(full.starts_with("3 mails wait to be sent already (`mailer.queue_size`)"), "{full}");
    assert_eq!(stop(&process).await, [""; 0]);
    let written = files(&process.data().path().join("mail/undelivered"), "eml");
    assert_eq!(written.len(), 3);
    assert!(written[0].starts_with("X-Kalgan-Recipient: ana@example.com\r\n"), "{}", written[0]);
    assert!(written[0].contains("\r\nSubject: Hello\r\n"), "{}", written[0]);
}

#[tokio::test]
async fn what_waits_in_memory_is_sent_before_the_process_ends() {
    let (port, folder) = (free_port(), tempfile::tempdir().expect("there is a folder for temporary files"));
    let Some(_server) = server(port, folder.path()) else { return };
    let process = process(port, 100);
    for number in 0..10 {
        enqueue(&process, &format!("guest{number}@example.com")).await.expect("there is room");
    }
    enqueue(&process, "refused@example.com").await.expect("there is room");
    // Put off once, and a process that stops does not wait for the pause to end.
    enqueue(&process, "later@example.com").await.expect("there is room");
    mail::run(&process);
    assert_eq!(stop(&process).await, [""; 0]);
    let undelivered = files(&process.data().path().join("mail/undelivered"), "eml");
    let of = |name: &str| {
        undelivered.iter().filter(|text| text.starts_with(&format!("X-Kalgan-Recipient: {name}@"))).count()
    };
    let arrived = files(folder.path(), "json").len();
    assert_eq!((of("refused"), undelivered.len() + arrived), (1, 12), "none is lost");
    assert!(arrived >= 10, "{arrived}");
}
