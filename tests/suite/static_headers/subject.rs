//! A static file on a running server, and what the RFCs say of the answers for it.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

/// One file of a server, as it was made.
pub struct Subject {
    /// Host and port.
    pub server: String,
    /// Its address, without a query.
    pub path: String,
    /// The current version, which a page's addresses carry as their query.
    pub version: String,
    /// Its media type.
    pub mime: String,
    /// What its entity tags are made of.
    pub hash: String,
    /// The value of `Last-Modified`, where it has a date.
    pub date: Option<String>,
    /// Its bytes as they are.
    pub body: Vec<u8>,
    /// Its bytes by the name of each encoding that it is there in, the smallest first.
    pub encoded: Vec<(String, Vec<u8>)>,
}

/// A request and what must come of it.
pub struct Case {
    /// What it is about.
    pub name: String,
    /// Method and query.
    pub request: (&'static str, String),
    /// The fields of the request but for `Host`.
    pub fields: Vec<(&'static str, String)>,
    /// The answer.
    pub expected: Expected,
}

/// An answer.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Expected {
    /// Its status.
    pub status: u16,
    /// All its fields but for `Date` and `X-Request-Id`, by name in lower case.
    pub fields: BTreeMap<String, String>,
    /// Its body; none where it is a page of the site, of which only the status and the fields here are looked at.
    pub body: Option<Vec<u8>>,
}

/// How the address of a request is to be kept.
#[derive(Clone, Copy)]
pub enum Address {
    /// It has the current version: for good.
    Current,
    /// It has none or another: it is asked about each time.
    Other,
}

impl Subject {
    /// The encoding of the smallest body among the first of these groups that the file is there in, else none.
    pub fn preferred(&self, groups: &[&[&str]]) -> Option<&str> {
        let first = |group: &&[&str]| self.encoded.iter().find(|(name, _)| group.contains(&name.as_str()));
        groups.iter().find_map(first).map(|(name, _)| name.as_str())
    }

    /// The bytes in an encoding.
    pub fn bytes(&self, encoding: Option<&str>) -> &[u8] {
        let found = self.encoded.iter().find(|(name, _)| Some(name.as_str()) == encoding);
        found.map_or(&self.body, |(_, body)| body)
    }

    /// The entity tag of an encoding.
    pub fn tag(&self, encoding: Option<&str>) -> String {
        let suffix = encoding.map_or(String::new(), |name| format!("-{name}"));
        format!("\"{}{suffix}\"", self.hash)
    }

    /// 200 with the whole file.
    pub fn whole(&self, encoding: Option<&str>, address: Address) -> Expected {
        let mut fields = self.unchanged(encoding, address).fields;
        let mut add = |name: &str, value: &str| fields.insert(name.into(), value.into());
        let body = self.bytes(encoding);
        add("content-type", &self.mime);
        add("content-length", &body.len().to_string());
        add("accept-ranges", "bytes");
        add("x-content-type-options", "nosniff");
        add("referrer-policy", "strict-origin-when-cross-origin");
        if let Some(encoding) = encoding {
            add("content-encoding", encoding);
        }
        if let Some(date) = &self.date {
            add("last-modified", date);
        }
        Expected { status: 200, fields, body: Some(body.to_vec()) }
    }

    /// 304.
    pub fn unchanged(&self, encoding: Option<&str>, address: Address) -> Expected {
        let cache = match address {
            Address::Current => "public, max-age=31536000, immutable",
            Address::Other => "no-cache",
        };
        let mut fields = named(&[("etag", &self.tag(encoding)), ("cache-control", cache)]);
        if !self.encoded.is_empty() {
            fields.insert("vary".into(), "Accept-Encoding".into());
        }
        Expected { status: 304, fields, body: Some(Vec::new()) }
    }

    /// 206 with the bytes from the first to the last position.
    pub fn part(&self, encoding: Option<&str>, first: usize, last: usize) -> Expected {
        let mut expected = self.whole(encoding, Address::Other);
        let body = self.bytes(encoding);
        expected.fields.insert("content-range".into(), format!("bytes {first}-{last}/{}", body.len()));
        expected.fields.insert("content-length".into(), (last - first + 1).to_string());
        Expected { status: 206, body: Some(body[first..=last].to_vec()), ..expected }
    }

    /// 206 with several parts, each from its first to its last position.
    pub fn parts(&self, parts: &[(usize, usize)]) -> Expected {
        let mut body = Vec::new();
        for (first, last) in parts {
            let (hash, mime, length) = (&self.hash, &self.mime, self.body.len());
            let head =
                format!("--{hash}\r\nContent-Type: {mime}\r\nContent-Range: bytes {first}-{last}/{length}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(&self.body[*first..=*last]);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{}--\r\n", self.hash).as_bytes());
        let mut expected = self.whole(None, Address::Other);
        let mime = format!("multipart/byteranges; boundary={}", self.hash);
        expected.fields.insert("content-type".into(), mime);
        expected.fields.insert("content-length".into(), body.len().to_string());
        Expected { status: 206, body: Some(body), ..expected }
    }

    /// An answer without a body that no cache may keep.
    pub fn refused(&self, status: u16, others: &[(&str, &str)]) -> Expected {
        let mut fields = named(others);
        fields.insert("cache-control".into(), "no-store".into());
        fields.insert("content-length".into(), "0".into());
        Expected { status, fields, body: Some(Vec::new()) }
    }

    /// A page of the site with this status.
    pub fn page(&self, status: u16, fields: &[(&str, &str)]) -> Expected {
        Expected { status, fields: named(fields), body: None }
    }

    /// Sends the requests over one connection, each after the answer to the one before.
    pub fn check_one_by_one(&self, cases: &[Case]) {
        let mut connection = self.connect();
        for case in cases {
            connection.write_all(self.text(case).as_bytes()).unwrap();
            compare(case, receive(&mut connection, case));
        }
    }

    /// Sends all requests at once over one connection; the answers come in the same order.
    pub fn check_pipelined(&self, cases: &[Case]) {
        let text: String = cases.iter().map(|case| self.text(case)).collect();
        let mut connection = self.connect();
        let mut sending = connection.try_clone().unwrap();
        let writer = std::thread::spawn(move || sending.write_all(text.as_bytes()).unwrap());
        cases.iter().for_each(|case| compare(case, receive(&mut connection, case)));
        writer.join().unwrap();
    }

    fn connect(&self) -> TcpStream {
        let connection = TcpStream::connect(&self.server).unwrap();
        // Only so that a mistake ends the test instead of keeping it waiting.
        connection.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
        connection
    }

    fn text(&self, case: &Case) -> String {
        let (method, query) = &case.request;
        let target = if query.starts_with('/') { query.clone() } else { format!("{}{query}", self.path) };
        let fields: String = case.fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")
    }
}

fn named(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    fields.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

/// Reads one answer.
fn receive(connection: &mut impl Read, case: &Case) -> Expected {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        connection.read_exact(&mut byte).unwrap_or_else(|error| panic!("{}: {error}: {head:?}", case.name));
        head.extend_from_slice(&byte);
    }
    let head = String::from_utf8(head).unwrap();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    let mut fields = BTreeMap::new();
    for line in head.lines().skip(1).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{}: {line:?}", case.name));
        let twice = fields.insert(name.to_ascii_lowercase(), value.to_string());
        assert!(twice.is_none(), "{}: {name} is there twice", case.name);
    }
    assert!(fields.remove("date").is_some_and(|date| date.ends_with(" GMT")), "{}: no date", case.name);
    let id = fields.remove("x-request-id").unwrap_or_default();
    assert!(id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{}: the id {id:?}", case.name);
    let is_bodiless = case.request.0 == "HEAD" || status == 304 || status == 204;
    let length = fields.get("content-length").filter(|_| !is_bodiless).map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    connection.read_exact(&mut body).unwrap_or_else(|error| panic!("{}: {error}", case.name));
    Expected { status, fields, body: Some(body) }
}

fn compare(case: &Case, answer: Expected) {
    let Expected { status, fields, body } = &case.expected;
    if body.is_some() {
        assert!(answer.fields == *fields, "{}: got {} {:#?}, not {fields:#?}", case.name, answer.status, answer.fields);
        assert!(answer.body == *body, "{}: the body is another one", case.name);
    } else {
        for (name, value) in fields {
            assert_eq!(answer.fields.get(name), Some(value), "{}: {name}", case.name);
        }
    }
    assert_eq!(answer.status, *status, "{}", case.name);
}
