//! A client that keeps its connection, over either kind of socket.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

pub trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// Only so that a mistake ends the test instead of keeping it waiting.
const LIMIT: Option<Duration> = Some(Duration::from_secs(60));

/// A connection that is kept from one request to the next.
pub struct Client {
    stream: Box<dyn Stream>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: String,
    pub head: String,
    pub body: String,
}

impl Client {
    pub fn file(path: &Path) -> io::Result<Client> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(LIMIT)?;
        Ok(Client { stream: Box::new(stream) })
    }

    /// Connects to `http://HOST:PORT` or `unix:PATH`.
    pub fn origin(origin: &str) -> io::Result<Client> {
        if let Some(path) = origin.strip_prefix("unix:") {
            return Client::file(Path::new(path));
        }
        let stream = TcpStream::connect(origin.trim_start_matches("http://"))?;
        stream.set_read_timeout(LIMIT)?;
        Ok(Client { stream: Box::new(stream) })
    }

    pub fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }

    pub fn post(&mut self, path: &str, body: &str) -> io::Result<Answer> {
        let length = body.len();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    }

    pub fn ask(&mut self, request: &str) -> io::Result<Answer> {
        self.stream.write_all(request.as_bytes())?;
        self.answer()
    }

    /// Sends a part of a request.
    pub fn send(&mut self, part: &str) {
        self.stream.write_all(part.as_bytes()).unwrap();
    }

    /// Reads one answer with a known length.
    pub fn answer(&mut self) -> io::Result<Answer> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte)?;
            head.extend_from_slice(&byte);
        }
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap_or_default().to_string();
        let mut answer = Answer { status, head, body: String::new() };
        let mut body = vec![0; answer.field("content-length").parse().unwrap_or(0)];
        self.stream.read_exact(&mut body)?;
        answer.body = String::from_utf8_lossy(&body).into_owned();
        Ok(answer)
    }

    /// What comes until the connection is closed.
    pub fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.stream.read_to_string(&mut rest).unwrap();
        rest
    }
}

impl Answer {
    /// The value of a field in small letters; empty where it is absent.
    pub fn field(&self, name: &str) -> &str {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(found, _)| *found == name).map_or("", |(_, value)| value)
    }

    /// Whether the connection ends with it.
    pub fn is_last(&self) -> bool {
        self.field("connection") == "close"
    }
}
