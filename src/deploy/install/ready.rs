//! Whether a process that was started answers, and what its journal says where it does not.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::Machine;
use super::description::Process;
use super::machine::{Call, without_control};
use super::target::process_environment;
use crate::error::Error;

/// How long a process may take to answer once it has said that it is ready.
const PATIENCE: Duration = Duration::from_secs(20);

/// Lines of the journal that are told.
const LINES: &str = "20";

/// Asks a process how it is, at its socket for that and at the one where NGINX asks.
///
/// # Errors
///
/// [`Error::Deploy`] that says where it did not answer, or with what.
pub(super) fn check(machine: &Machine, process: &Process, host: &str) -> Result<(), Error> {
    let binary = machine.on_disk(machine.layout.binary());
    let call = Call::new(binary, &["healthcheck", "--address", &process.admin]);
    machine.call(Call { environment: Some(process_environment(&[])), ..call })?;
    let status = request(&process.address, host)
        .map_err(|error| Error::Deploy(format!("`{}` does not answer: {error}", process.address)))?;
    // What a site answers there is its own business, as long as it is no failure.
    match status < 500 {
        true => Ok(()),
        false => Err(Error::Deploy(format!("`{}` answers `/readyz` with status {status}", process.address))),
    }
}

/// The status of the answer to a request.
fn request(address: &str, host: &str) -> io::Result<u16> {
    match address.strip_prefix("unix:") {
        Some(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            status(stream, host)
        }
        None => {
            let stream = TcpStream::connect(address)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            status(stream, host)
        }
    }
}

fn status(mut stream: impl Read + Write, host: &str) -> io::Result<u16> {
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    let text = std::str::from_utf8(&head).ok().and_then(|head| head.strip_prefix("HTTP/1.1 "));
    text.and_then(|status| status.parse().ok()).ok_or_else(|| io::Error::other("that is no answer in HTTP"))
}

/// An error with the last lines of a unit's journal below it: those since it was started last, where systemd tells them apart.
pub(super) fn with_journal(machine: &Machine, unit: &str, error: &Error) -> Error {
    let asked = machine.ask(Call::new("systemctl", &["show", "--property=InvocationID", "--value", unit]));
    let start = asked.map(|ended| ended.output.trim().to_string()).unwrap_or_default();
    // What the process says, and what systemd says of it.
    let by_start = [format!("_SYSTEMD_INVOCATION_ID={start}"), "+".to_string(), format!("INVOCATION_ID={start}")];
    let by_name = ["-u".to_string(), unit.to_string()];
    let chosen = if start.is_empty() { &by_name[..] } else { &by_start[..] };
    let mut call = Call::new("journalctl", &["-n", LINES, "--no-pager", "-o", "cat", "-q"]);
    call.arguments.extend_from_slice(chosen);
    let lines = machine.ask(call).map(|ended| ended.output).unwrap_or_default();
    let lines: String = lines.lines().map(|line| format!("\n  {}", without_control(line))).collect();
    Error::Deploy(match lines.is_empty() {
        true => format!("{error}\nthe journal of `{unit}` says nothing; `systemctl status {unit}` may"),
        false => format!("{error}\nthe journal of `{unit}` ends with:{lines}"),
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn answering(text: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 256];
            let _ = stream.read(&mut head);
            let _ = stream.write_all(text.as_bytes());
        });
        address
    }

    #[test]
    fn the_status_of_an_answer_is_read() {
        assert_eq!(request(&answering("HTTP/1.1 204 No Content\r\n\r\n"), "a.de").unwrap(), 204);
        assert!(request(&answering("hello, this is no HTTP"), "a.de").is_err());
        assert!(request(&answering("HTTP"), "a.de").is_err());
        assert!(request("unix:/nowhere/at/all", "a.de").is_err());
    }
}
