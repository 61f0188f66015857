//! The running binary on raw sockets: what clients that make mistakes, or trouble, get; and how the process stops.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::{Duration, Instant};

use super::server::{SECRET_KEY, Server};

const GET: &str = "GET /en HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST: &str = "GET /en HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.origin.trim_start_matches("http://")).unwrap();
    // Only so that a mistake ends the test instead of keeping it waiting.
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// Sends a request and gives all that comes back until the server closes.
fn exchange(server: &Server, request: &[u8]) -> String {
    let mut stream = connect(server);
    stream.write_all(request).unwrap();
    rest(&mut stream)
}

fn rest(stream: &mut impl Read) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Reads one answer with a known length.
fn answer(stream: &mut impl Read) -> String {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        text.extend_from_slice(&byte);
    }
    let mut text = String::from_utf8(text).unwrap();
    let mut body = vec![0; field(&text, "content-length").parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    text.push_str(&String::from_utf8_lossy(&body));
    text
}

/// The value of a field; empty where it is absent.
fn field<'a>(answer: &'a str, name: &str) -> &'a str {
    let head = answer.split("\r\n\r\n").next().unwrap();
    let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

/// Waits for something that happens on its own. The limit only keeps a mistake from hanging the tests.
#[track_caller]
fn wait_until(condition: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < limit, "it did not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// B45, B50, B139, B173
#[test]
fn mistakes_of_clients_are_answered_and_do_no_harm() {
    let server = Server::start(&[]);
    let ten_megabytes = [b"GET /en HTTP/1.1\r\nHost: localhost\r\nX: ".as_slice(), &vec![b'x'; 10 << 20]].concat();
    let long_path = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(60_000));
    for (request, expected) in [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(), "400"),
        (b"GET /en HTTP/1.1\r\nHost: localhost\r\nX: \0\r\n\r\n", "400"),
        (b"GET /en HTTP/1.1\r\n\r\n", "400"),
        (b"GET /en HTTP/1.1\r\nHost: a b<>\r\n\r\n", "400"),
        (b"GET /en HTTP/1.1\r\nHost: someone@localhost\r\n\r\n", "400"),
        (b"GET /en HTTP/1.1\r\nHost: \xff\r\n\r\n", "400"),
        (b"GET /en HTTP/1.1\r\nHost: \r\nConnection: close\r\n\r\n", "200"),
        (b"GET /en HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n", "200"),
        (b"GET /%ff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400"),
        (b"GET /static/../Cargo.toml HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "404"),
        (b"GET /static/%2e%2e/Cargo.toml HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "404"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n", "4"),
        (&ten_megabytes, "431"),
        (long_path.as_bytes(), "4"),
    ] {
        let start = String::from_utf8_lossy(&request[..request.len().min(60)]);
        let answer = exchange_closing(&server, request);
        assert!(status(&answer).starts_with(expected), "{start:?}: {answer}");
        assert!(!answer.contains("[package]"), "{start:?}: {answer}");
        assert_eq!(status(&exchange(&server, LAST.as_bytes())), "200", "after {start:?}");
    }
}

/// As [`exchange`], for a request after which the server waits for more: the sending side is closed.
fn exchange_closing(server: &Server, request: &[u8]) -> String {
    let mut stream = connect(server);
    stream.write_all(request).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    rest(&mut stream)
}

#[test]
fn a_client_that_hangs_up_halfway_does_no_harm() {
    let server = Server::start(&[]);
    for start in ["", "GET / HT", "GET /en HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf", GET] {
        connect(&server).write_all(start.as_bytes()).unwrap();
        assert_eq!(status(&exchange(&server, LAST.as_bytes())), "200", "after {start:?}");
    }
}

/// B42, B43, B76: the answer to `HEAD` has a length and no body.
#[test]
fn one_connection_carries_many_requests() {
    let server = Server::start(&[]);
    let mut stream = connect(&server);
    stream.write_all(GET.repeat(3).as_bytes()).unwrap();
    let first = answer(&mut stream);
    assert_eq!(status(&first), "200");
    // B96: Kalgan 0.9 sent neither a date nor a length, and a semicolon too many.
    assert_eq!(field(&first, "content-type"), "text/html; charset=utf-8");
    assert!(field(&first, "date").ends_with(" GMT"), "{first}");
    assert_eq!([status(&answer(&mut stream)), status(&answer(&mut stream))], ["200"; 2]);
    // The answer to HEAD says how long the body would be, and has none: the next answer follows at once.
    stream.write_all(format!("{}{LAST}", GET.replace("GET", "HEAD")).as_bytes()).unwrap();
    let both = rest(&mut stream);
    let (head, last) = both.split_once("\r\n\r\n").unwrap();
    assert_eq!(field(head, "content-length"), field(&first, "content-length"));
    assert!(last.starts_with("HTTP/1.1 200"), "{last}");
    let old = exchange(&server, b"GET /en HTTP/1.0\r\nHost: localhost\r\n\r\n");
    assert_eq!(status(&old), "200");
}

/// B48
#[test]
fn running_out_of_file_descriptors_passes() {
    let mut command = Command::new("bash");
    command.args(["-c", "ulimit -n 40; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_kalgan")]);
    let server = Server::start_command(command, &["server.number_of_workers=1"]);
    let crowd: Vec<TcpStream> = (0..80).map(|_| connect(&server)).collect();
    let trouble = "no connection can be taken";
    server.wait_for_log(trouble, 1);
    let mut waiting = connect(&server);
    waiting.write_all(LAST.as_bytes()).unwrap();
    drop(crowd);
    assert_eq!(status(&rest(&mut waiting)), "200");
    let (_, log) = server.stop();
    assert_eq!(log.matches(trouble).count(), 1, "{log}");
}

/// B51
#[test]
fn a_stop_finishes_requests_and_ends_with_success() {
    let server = Server::start(&[]);
    let mut busy = connect(&server);
    let (start, end) = GET.split_at(20);
    busy.write_all(start.as_bytes()).unwrap();
    // Once a second connection is served, the first has been taken.
    assert_eq!(status(&exchange(&server, LAST.as_bytes())), "200");
    server.terminate();
    wait_until(|| TcpStream::connect(server.origin.trim_start_matches("http://")).is_err());
    busy.write_all(end.as_bytes()).unwrap();
    let answer = rest(&mut busy);
    assert_eq!((status(&answer), field(&answer, "connection")), ("200", "close"));
    let (exit, log) = server.stop();
    assert_eq!(exit.code(), Some(0), "{log}");
}

#[test]
fn a_socket_file_is_served_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let server = Server::start(&[&format!("server.address=unix:{}", path.display())]);
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.write_all(LAST.as_bytes()).unwrap();
    assert_eq!(status(&rest(&mut stream)), "200");
    let (exit, log) = server.stop();
    assert_eq!(exit.code(), Some(0), "{log}");
    assert!(!path.exists());
}

/// The binary with a key, so that it keeps none beside the site of this repository.
fn kalgan() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
    command.env("KALGAN__SECURITY__SECRET_KEY", SECRET_KEY);
    command
}

/// B2: Kalgan 0.9 logged it, where somebody had installed a logger, and ended with success.
#[test]
fn an_address_that_is_taken_is_one_line_and_exit_code_1() {
    let server = Server::start(&[]);
    let port = server.origin.rsplit_once(':').unwrap().1;
    let second = kalgan().args(["--port", port]).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let message = String::from_utf8(second.stderr).unwrap();
    assert!(message.lines().count() == 1 && message.contains(port) && message.contains("server.port"), "{message}");
}

#[test]
fn an_error_page_that_the_binary_has_not_stops_the_start() {
    for (setting, reason) in [
        ("error.404=page::shwo", "did you mean `page::show`?"),
        ("error.700=page::show", "from 400 to 599"),
        ("error.lost=page::show", "from 400 to 599"),
    ] {
        let arguments = ["--port", "0", "--set", setting];
        let refused = kalgan().args(arguments).output().unwrap();
        let message = String::from_utf8(refused.stderr).unwrap();
        assert_eq!((refused.status.code(), message.lines().count()), (Some(78), 1), "{message}");
        assert!(
            refused.stdout.is_empty() && message.contains("(flag for error.") && message.contains(reason),
            "{message}"
        );
    }
}
