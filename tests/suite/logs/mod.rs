//! What a process logs: in which form, where, and what of a request is in it.

mod files;
mod formats;
mod levels;
mod site;

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

pub use site::site as app;

use crate::server::Server;
use crate::services::subprocess::start;

/// What no log may show.
const SECRET: &str = "hunter2";

/// The site in production with settings.
fn started(settings: &[&str]) -> Server {
    start("logged", &[&["environment.is_prod=true"], settings].concat())
}

/// Sends a request as it is, with secrets in all places that have them. Gives the head of the answer in lower case, and its body.
fn ask(server: &Server, method: &str, target: &str, fields: &[&str]) -> (String, String) {
    let mut connection = TcpStream::connect(server.origin.trim_start_matches("http://")).unwrap();
    let body = format!("password={SECRET}");
    let body = if method == "POST" { body.as_str() } else { "" };
    let secret = format!("Cookie: sid={SECRET}\r\nAuthorization: Bearer {SECRET}\r\nReferer: http://a/?{SECRET}\r\n");
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let length = body.len();
    let head = format!("{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{secret}{fields}");
    let form = "Content-Type: application/x-www-form-urlencoded";
    write!(connection, "{head}{form}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    let mut answer = Vec::new();
    // An answer that breaks off may end in an error.
    let _ = connection.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_ascii_lowercase(), body.to_string())
}

/// The id in the head of an answer.
fn id(head: &str) -> &str {
    head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap_or_else(|| panic!("no id: {head}"))
}

/// Each line as the object that it must be.
fn objects(log: &str) -> Vec<Value> {
    let object = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    log.lines().map(object).collect()
}

/// The access lines.
fn accesses(objects: &[Value]) -> Vec<&Value> {
    objects.iter().filter(|object| object["target"] == "kalgan::access").collect()
}
