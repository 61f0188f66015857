//! Uploads over real connections: many at once, slow ones, and those that break off.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Command, ExitCode};
use std::time::Duration;

use serde_json::Value;

use super::functions::{app, hash};
use super::{TYPE, form, noise};
use crate::server::Server;

/// How the test program is told the command line of the process that it becomes.
const ARGUMENTS: &str = "KALGAN_TEST_UPLOADS";

/// This very test program as the server of the site.
fn server(settings: &[&str]) -> Server {
    let mut command = Command::new("sh");
    let test = "services::uploads::sockets::the_process_of_the_site";
    let script = format!("{ARGUMENTS}=\"$*\" exec \"$0\" {test} --exact --ignored --nocapture");
    command.args(["-c", &script]).arg(std::env::current_exe().unwrap());
    Server::start_command(command, &[&["environment.is_prod=true"], settings].concat())
}

#[test]
#[ignore = "it is the process that the other tests here start"]
fn the_process_of_the_site() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let code = kalgan::testing::run(app(), std::iter::once("site").chain(arguments.split(' ')));
    // What a test would print at its end nobody reads.
    std::process::exit(i32::from(code != ExitCode::SUCCESS));
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.origin.trim_start_matches("http://")).unwrap();
    // Only so that a mistake ends the test instead of keeping it waiting.
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    stream
}

fn head(path: &str, fields: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {TYPE}\r\n{fields}\r\n")
}

/// Reads one answer with a known length.
fn answer(stream: &mut impl Read) -> (u16, String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend_from_slice(&byte);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length =
        head.split("content-length: ").nth(1).map_or(0, |rest| rest.split('\r').next().unwrap().parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head[9..12].parse().unwrap(), String::from_utf8(body).unwrap())
}

/// How many temporary files the server has open.
fn open_files(server: &Server) -> String {
    let mut stream = connect(server);
    stream.write_all(b"GET /open HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    answer(&mut stream).1
}

/// Waits for something that happens on its own. The limit only keeps a mistake from hanging the tests.
#[track_caller]
fn wait_until(condition: impl Fn() -> bool) {
    for _ in 0..12_000 {
        if condition() {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("it did not happen");
}

#[test]
fn ten_uploads_at_once_arrive_whole_and_leave_nothing() {
    let server = server(&[]);
    std::thread::scope(|scope| {
        for seed in 1..=10 {
            let server = &server;
            scope.spawn(move || {
                let content = noise(seed, 20_000_000);
                let body = form(&[("name=file; filename=f", &content), ("name=note", b"end")]);
                let mut stream = connect(server);
                // Twice on one connection: the body was read to its end.
                for _ in 0..2 {
                    stream
                        .write_all(head("/large", &format!("Content-Length: {}\r\n", body.len())).as_bytes())
                        .unwrap();
                    stream.write_all(&body).unwrap();
                    let (status, text) = answer(&mut stream);
                    assert_eq!(status, 200, "{text}");
                    let read: Value = serde_json::from_str(&text).unwrap();
                    assert_eq!(read["fields"][0][1]["hash"], hash(&content));
                    assert_eq!((&read["note"], read["on_disk"].as_u64() > Some(0)), (&Value::from("end"), true));
                }
            });
        }
    });
    wait_until(|| open_files(&server) == "0");
}

#[test]
fn a_client_that_hangs_up_leaves_no_temporary_file() {
    let server = server(&[]);
    let body = form(&[("name=file; filename=f", &noise(1, 2_000_000))]);
    for fields in [format!("Content-Length: {}\r\n", body.len()), "Transfer-Encoding: chunked\r\n".to_string()] {
        let mut stream = connect(&server);
        stream.write_all(head("/large", &fields).as_bytes()).unwrap();
        if fields.starts_with('T') {
            stream.write_all(format!("{:x}\r\n", body.len()).as_bytes()).unwrap();
        }
        stream.write_all(&body[..1_500_000]).unwrap();
        wait_until(|| open_files(&server) == "1");
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(answer(&mut stream).0, 400);
        wait_until(|| open_files(&server) == "0");
    }
    let log = server.stop().1;
    assert_eq!(log.matches("the body of the request is incomplete").count(), 2, "{log}");
}

#[test]
fn an_upload_that_goes_on_is_cut_by_no_timer_and_one_that_stalls_is() {
    let server = server(&["server.idle_timeout=1", "server.header_timeout=1"]);
    let body = form(&[("name=file; filename=f", &noise(1, 100_000)), ("name=note", b"end")]);
    let fields = format!("Content-Length: {}\r\n", body.len());
    let mut stream = connect(&server);
    stream.write_all(head("/large", &fields).as_bytes()).unwrap();
    // B44: the end of a request was where a piece of it was short.
    for piece in body.chunks(body.len() / 4) {
        stream.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(700));
    }
    let (status, text) = answer(&mut stream);
    assert_eq!(status, 200, "{text}");
    // `/slow` has a second.
    let mut stream = connect(&server);
    stream.write_all(head("/slow", &fields).as_bytes()).unwrap();
    stream.write_all(&body[..90_000]).unwrap();
    assert_eq!(answer(&mut stream).0, 408);
    wait_until(|| open_files(&server) == "0");
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_asked_for_or_when_it_is() {
    let server = server(&["server.max_body_size=100000"]);
    let mut stream = connect(&server);
    stream.write_all(head("/form", "Expect: 100-continue\r\nContent-Length: 100001\r\n").as_bytes()).unwrap();
    // Not 100.
    assert_eq!(answer(&mut stream).0, 413);
    let body = form(&[("name=note", b"text")]);
    let mut stream = connect(&server);
    let fields = format!("Expect: 100-continue\r\nContent-Length: {}\r\n", body.len());
    stream.write_all(head("/form", &fields).as_bytes()).unwrap();
    assert_eq!(answer(&mut stream).0, 100);
    stream.write_all(&body).unwrap();
    assert_eq!(answer(&mut stream).0, 200);
    // Nobody reads it, so nobody asks for it.
    stream.write_all(head("/ignored", &fields).as_bytes()).unwrap();
    assert_eq!(answer(&mut stream).0, 200);
    let mut stream = connect(&server);
    stream.write_all(head("/form", "Transfer-Encoding: chunked\r\n").as_bytes()).unwrap();
    let large = form(&[("name=file; filename=f", &noise(1, 100_000))]);
    stream.write_all(format!("{:x}\r\n", large.len()).as_bytes()).unwrap();
    stream.write_all(&large).unwrap();
    assert_eq!(answer(&mut stream).0, 413);
}
