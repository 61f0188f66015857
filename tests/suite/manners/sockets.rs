//! Sockets that are open before the process is there, handed over by the program that systemd has for trying that.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};

use super::client::Client;
use super::{kalgan, wait_until, with_socket};
use crate::deploy::skip;
use crate::server::{SECRET_KEY, Server};

/// A process that `systemd-socket-activate` starts when the first connection is there.
struct Activated {
    process: Child,
    _data: tempfile::TempDir,
}

impl Activated {
    fn start(options: &[&str], settings: &[&str]) -> Option<Activated> {
        let program = "systemd-socket-activate";
        Command::new(program).arg("--version").output().inspect_err(|error| skip(program, error)).ok()?;
        let data = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.args(options).arg(env!("CARGO_BIN_EXE_kalgan")).arg("serve");
        // It passes nothing of its own environment on.
        let own = [format!("data.path={}", data.path().display()), format!("security.secret_key={SECRET_KEY}")];
        for setting in own.iter().map(String::as_str).chain(settings.iter().copied()) {
            command.args(["--set", setting]);
        }
        let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        Some(Activated { process, _data: data })
    }

    /// The line with which the site says where it listens.
    fn greeting(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        line
    }

    /// Ends it, and gives what it has logged.
    fn stop(mut self) -> String {
        let status = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(status.success());
        let log = std::io::read_to_string(self.process.stderr.take().unwrap()).unwrap();
        assert_eq!(self.process.wait().unwrap().code(), Some(0));
        log
    }
}

impl Drop for Activated {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_socket_file_of_systemd_is_served_from_and_left_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let listen = format!("--listen={}", path.display());
    for names in ["--fdname=http", "--fdname=anything"] {
        let _ = fs::remove_file(&path);
        let Some(mut site) = Activated::start(&[&listen, names], &["server.address=unix:/nowhere/site.sock"]) else {
            return;
        };
        wait_until(|| Client::file(&path).is_ok());
        let mut client = Client::file(&path).unwrap();
        assert_eq!(client.get("/en").unwrap().status, "200");
        assert!(site.greeting().ends_with(&format!(": unix:{}\n", path.display())));
        site.stop();
        assert!(path.exists(), "it is for the next process");
    }
}

#[test]
fn a_port_of_systemd_is_served_from_beside_a_socket_for_the_operator() {
    let folder = tempfile::tempdir().unwrap();
    let admin = folder.path().join("admin.sock");
    let port = free_port();
    let (http, beside) = (format!("--listen=127.0.0.1:{port}"), format!("--listen={}", admin.display()));
    for options in [&[&http[..]][..], &[&beside, &http, "--fdname=admin:http"]] {
        let settings: &[_] = match options.len() {
            1 => &["server.port=1"],
            _ => &["server.port=1", "server.admin=unix:/nowhere/admin.sock"],
        };
        let Some(mut site) = Activated::start(options, settings) else { return };
        let origin = format!("http://127.0.0.1:{port}");
        wait_until(|| Client::origin(&origin).is_ok());
        let mut client = Client::origin(&origin).unwrap();
        assert_eq!(client.get("/en").unwrap().status, "200");
        assert!(site.greeting().ends_with(&format!(": {origin}\n")));
        let has_admin = options.contains(&&*beside);
        if has_admin {
            assert_eq!(Client::file(&admin).unwrap().get("/readyz").unwrap().status, "200");
        }
        let log = site.stop();
        assert_eq!(
            log.contains("does not count: the socket that systemd hands over takes its place"),
            has_admin,
            "{log}"
        );
    }
}

/// Runs the binary with variables of systemd, a socket as descriptor 3, and gives its exit code and what it says.
fn refused(script: &str, socket: impl Into<std::os::fd::OwnedFd>, settings: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new("sh");
    let script = format!("{script} exec \"$@\" 3<&0 4<&0 </dev/null");
    command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_kalgan"), "serve"]).stdin(Stdio::from(socket.into()));
    command.env("KALGAN__SECURITY__SECRET_KEY", SECRET_KEY);
    settings.iter().for_each(|setting| {
        command.args(["--set", setting]);
    });
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn what_cannot_be_served_from_stops_the_start_with_a_line_that_says_why() {
    let tcp = || TcpListener::bind("127.0.0.1:0").unwrap();
    let one = "LISTEN_PID=$$ LISTEN_FDS=1";
    let (code, said) = refused(one, UdpSocket::bind("127.0.0.1:0").unwrap(), &[]);
    assert!(code == Some(1) && said.contains("neither a TCP socket nor a Unix stream socket"), "{said}");
    let (code, said) = refused(one, fs::File::open("Cargo.toml").unwrap(), &[]);
    assert!(code == Some(1) && said.contains("neither a TCP socket nor a Unix stream socket"), "{said}");
    let listener = tcp();
    let connection = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (code, said) = refused(one, connection, &[]);
    assert!(code == Some(1) && said.contains("`Accept=no`"), "{said}");
    for script in ["LISTEN_PID=$$ LISTEN_FDS=2", "LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=http:http"] {
        let (code, said) = refused(script, tcp(), &[]);
        assert!(code == Some(1) && said.contains("systemd hands over 2 sockets"), "{said}");
    }
    for script in ["LISTEN_PID=$$ LISTEN_FDS=many", "LISTEN_PID=$$ LISTEN_FDS=2000000000"] {
        let (code, said) = refused(script, tcp(), &[]);
        assert!(code == Some(1) && said.contains("`LISTEN_FDS`"), "{said}");
    }
    let everywhere = TcpListener::bind("0.0.0.0:0").unwrap();
    let (code, said) = refused(one, everywhere, &["environment.is_prod=false"]);
    assert!(code == Some(1) && said.contains("a development process listens on this machine only"), "{said}");
}

/// As it happens where a script starts the binary without `exec`.
#[test]
fn sockets_of_another_process_are_left_alone_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.sock");
    let socket = UnixListener::bind(&path).unwrap();
    let mut inner = Command::new("env");
    inner.arg("LISTEN_PID=1").arg(kalgan().get_program());
    let server = Server::start_command(with_socket(&socket, &inner), &[]);
    assert_eq!(server.get("/en").status, 200, "it listens where the settings say");
    server.wait_for_log("systemd hands its sockets to the process 1", 1);
}
