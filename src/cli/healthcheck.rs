//! The command `healthcheck`: asks a running process whether it is well, as a probe of a container or a script does.
//!
//! It is a client of a few lines over a blocking socket, with an end to how long it waits and to how much it reads.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;

use super::{Options, print};
use crate::error::{Error, one_line};
use crate::launch::App;
use crate::server::AdminAddress;
use crate::site::Settings;

/// More than any answer to such a question has.
const MOST_BYTES: u64 = 256 * 1024;

#[derive(Debug, Args)]
pub(super) struct Flags {
    /// Ask whether the process is alive (`/healthz`), not whether requests should be sent to it (`/readyz`)
    #[arg(long)]
    live: bool,
    /// How long to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

/// Prints one line: what was asked, and how it is. 0 where the process is well, else 1.
///
/// # Errors
///
/// [`Error::Setting`] where there is no address to ask.
pub(super) fn run(app: &App, options: &Options, flags: &Flags) -> Result<ExitCode, Error> {
    let target = target(app, options)?;
    let (sender, receiver) = mpsc::channel();
    let (asked, is_live) = (target.clone(), flags.live);
    // On a thread of its own: connecting to a socket file has no time limit, nor has looking a name up. It ends with the process.
    std::thread::spawn(move || sender.send(ask(&asked, if is_live { "/healthz" } else { "/readyz" })));
    let answer = receiver.recv_timeout(Duration::from_secs(flags.timeout));
    let found = match answer {
        Ok(Ok(answer)) => answer.verdict(flags.live),
        Ok(Err(error)) => Err(format!("no answer: {error}")),
        Err(_) => Err(format!("no answer within {} s", flags.timeout)),
    };
    let (line, code) = match found {
        Ok(well) => (well.to_string(), ExitCode::SUCCESS),
        Err(ill) => (ill, ExitCode::FAILURE),
    };
    print(&format!("{target}: {}\n", one_line(&line)))?;
    Ok(code)
}

/// Who is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target(AdminAddress);

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            AdminAddress::File(path) => write!(f, "unix:{path}"),
            AdminAddress::Port(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            AdminAddress::Port(host, port) => write!(f, "{host}:{port}"),
        }
    }
}

/// The address of `--address`, for which no setting is needed; else `server.admin`; else the site's own.
fn target(app: &App, options: &Options) -> Result<Target, Error> {
    if let Some(address) = options.address.as_deref().filter(|address| is_whole(address)) {
        let parsed = AdminAddress::parse(address);
        return parsed.map(Target).map_err(|wrong| Error::Setting(format!("`--address` {wrong}")));
    }
    let settings = Settings::load(&options.snapshot(app)?, options.outside()?)?;
    const ADMIN: &str = "server.admin";
    let admin = settings.get::<Option<String>>(ADMIN)?.filter(|_| options.address.is_none());
    if let Some(address) = admin {
        let parsed = AdminAddress::parse(&address);
        let parsed = parsed.map_err(|wrong| Error::Setting(format!("{} {wrong}", settings.name(ADMIN))));
        return parsed.and_then(|address| reachable(address, &settings.name(ADMIN)));
    }
    let host = settings.get_string("server.address")?;
    if let Some(path) = host.strip_prefix("unix:") {
        return Ok(Target(AdminAddress::File(path.to_string())));
    }
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&host).to_string();
    reachable(AdminAddress::Port(host, settings.get("server.port")?), &settings.name("server.port"))
}

/// Whether `--address` says all that is needed. Without a port it is short for the setting `server.address`, as for every command.
fn is_whole(address: &str) -> bool {
    address.starts_with("unix:") || (address.parse::<IpAddr>().is_err() && address.contains(':'))
}

/// The address at which a socket is reached that is bound at this one.
fn reachable(address: AdminAddress, name: &str) -> Result<Target, Error> {
    match address {
        AdminAddress::Port(_, 0) => {
            Err(Error::Setting(format!("{name} leaves the port to the system; name it with `--address HOST:PORT`")))
        }
        AdminAddress::Port(host, port) => {
            let host = match host.parse::<IpAddr>() {
                Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) => Ipv4Addr::LOCALHOST.to_string(),
                Ok(IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => Ipv6Addr::LOCALHOST.to_string(),
                _ => host,
            };
            Ok(Target(AdminAddress::Port(host, port)))
        }
        file => Ok(Target(file)),
    }
}

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: String,
}

fn ask(target: &Target, path: &str) -> io::Result<Answer> {
    match &target.0 {
        AdminAddress::File(file) => exchange(UnixStream::connect(file)?, path),
        AdminAddress::Port(host, port) => exchange(TcpStream::connect((host.as_str(), *port))?, path),
    }
}

/// HTTP/1.0, in which an answer ends when the connection does (RFC 9112 section 6.3).
fn exchange(mut stream: impl Read + Write, path: &str) -> io::Result<Answer> {
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: localhost\r\nAccept: */*\r\n\r\n").as_bytes())?;
    let mut bytes = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut words = head.lines().next().unwrap_or_default().split(' ');
    let is_http = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
    match words.next().and_then(|status| status.parse().ok()).filter(|_| is_http) {
        Some(status) => Ok(Answer { status, body: body.to_string() }),
        None => Err(io::Error::new(io::ErrorKind::InvalidData, "what answers there does not speak HTTP")),
    }
}

/// What `/readyz` of the operator's address says.
#[derive(Deserialize)]
struct Readiness {
    phase: String,
    checks: Vec<Check>,
}

#[derive(Deserialize)]
struct Check {
    name: String,
    ok: bool,
    #[serde(default)]
    reason: String,
}

impl Answer {
    /// How the process is, or what is wrong with it.
    fn verdict(&self, is_live: bool) -> Result<&'static str, String> {
        match self.status {
            200 if is_live => Ok("alive"),
            200 => Ok("ready"),
            503 if !is_live => Err(self.reasons().map_or("not ready".to_string(), |why| format!("not ready: {why}"))),
            404 => Err("answered with 404; set `server.admin`, or `server.health: true`".to_string()),
            status => Err(format!("answered with {status}")),
        }
    }

    /// Why it is not ready; the site's own address does not say it.
    fn reasons(&self) -> Option<String> {
        let readiness: Readiness = serde_json::from_str(&self.body).ok()?;
        let failed = readiness.checks.iter().filter(|check| !check.ok);
        let failed: Vec<_> = failed.map(|check| format!("{}: {}", check.name, check.reason)).collect();
        Some(if failed.is_empty() { readiness.phase } else { failed.join("; ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers with these bytes whatever is asked.
    struct Fixed(io::Cursor<Vec<u8>>);

    impl Read for Fixed {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Fixed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn answer(bytes: &[u8]) -> io::Result<Answer> {
        exchange(Fixed(io::Cursor::new(bytes.to_vec())), "/readyz")
    }

    #[test]
    fn a_verdict_names_what_is_wrong() {
        let body = r#"{"ready":false,"phase":"serving","checks":[{"name":"cache","ok":true,"milliseconds":1},{"name":"database","ok":false,"milliseconds":2,"reason":"gone"}]}"#;
        let told = answer(format!("HTTP/1.1 503 Service Unavailable\r\n\r\n{body}").as_bytes()).unwrap();
        assert_eq!(told.verdict(false), Err("not ready: database: gone".to_string()));
        let told = answer(b"HTTP/1.1 503 x\r\n\r\n{\"ready\":false,\"phase\":\"stopping\",\"checks\":[]}").unwrap();
        assert_eq!(told.verdict(false), Err("not ready: stopping".to_string()));
        assert_eq!(answer(b"HTTP/1.1 503 x\r\n\r\nnot ready").unwrap().verdict(false), Err("not ready".to_string()));
        assert_eq!(answer(b"HTTP/1.1 200 OK\r\n\r\nready").unwrap().verdict(false), Ok("ready"));
        assert!(answer(b"HTTP/1.1 421 x\r\n\r\n").unwrap().verdict(true).unwrap_err().contains("421"));
    }

    #[test]
    fn what_is_no_http_is_refused_and_what_has_no_end_is_cut() {
        assert!(answer(b"SSH-2.0-OpenSSH\r\n").is_err());
        assert!(answer(b"").is_err());
        let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        endless.resize(1 << 20, b'x');
        assert!(answer(&endless).unwrap().body.len() < usize::try_from(MOST_BYTES).unwrap());
    }

    #[test]
    fn an_address_for_all_interfaces_is_asked_on_this_machine() {
        let port = |host: &str, port| AdminAddress::Port(host.to_string(), port);
        let reached = |host| reachable(port(host, 80), "x").unwrap().to_string();
        assert_eq!(reached("0.0.0.0"), "127.0.0.1:80");
        assert_eq!(reached("::"), "[::1]:80");
        assert_eq!(reached("example.com"), "example.com:80");
        assert!(reachable(port("127.0.0.1", 0), "`server.port`").is_err());
        assert!(is_whole("[::1]:80") && is_whole("a:80") && is_whole("unix:x"));
        assert!(!is_whole("::1") && !is_whole("127.0.0.1") && !is_whole("localhost"));
    }
}
