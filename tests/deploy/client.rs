//! A browser's side of HTTPS: connections to NGINX that are kept and used again, and answers read to their last byte.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A connection that has waited so long is not used again: NGINX closes it after 75 seconds, and must never be the first.
const KEPT: Duration = Duration::from_secs(5);

/// A client of one site.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    host: String,
    tls: TlsConnector,
    kept: Mutex<Vec<(Connection, Instant)>>,
    again: AtomicUsize,
}

type Connection = TlsStream<TcpStream>;

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// By name in lower case; several values of a name with line breaks between them.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    /// A client that trusts this certificate, in DER, and speaks to its owner on this machine.
    pub fn new(host: &str, certificate: Vec<u8>) -> Client {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(certificate)).expect("the certificate is one");
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config));
        Client(Arc::new(Inner { host: host.to_string(), tls, kept: Mutex::default(), again: AtomicUsize::new(0) }))
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    ///
    /// Whatever a visitor would see as a page that cannot be shown.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Answer> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.0.host);
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        if method != "GET" {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let request = [head.as_bytes(), body].concat();
        while let Some(connection) = self.kept() {
            match self.exchange(connection, &request).await {
                // NGINX lets go of connections that wait for a request when it reads its files again. As browsers do, also with forms
                // (RFC 9112 section 9.3.1 would have them ask first), another is taken where nothing came back; NGINX answers whatever
                // it has handed on. How often that may be is for the scenario to say.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {
                    self.0.again.fetch_add(1, Ordering::Relaxed);
                }
                answer => return answer,
            }
        }
        self.exchange(self.connect().await?, &request).await
    }

    /// How often a request was sent over another connection, because the kept one had been closed.
    pub fn again(&self) -> usize {
        self.0.again.load(Ordering::Relaxed)
    }

    async fn exchange(&self, mut connection: Connection, request: &[u8]) -> io::Result<Answer> {
        connection.write_all(request).await.map_err(gone)?;
        connection.flush().await.map_err(gone)?;
        let answer = read(&mut connection).await?;
        if !answer.header("connection").eq_ignore_ascii_case("close") {
            self.0.kept.lock().expect("nobody panics with it").push((connection, Instant::now()));
        }
        Ok(answer)
    }

    fn kept(&self) -> Option<Connection> {
        let mut kept = self.0.kept.lock().expect("nobody panics with it");
        kept.retain(|(_, since)| since.elapsed() < KEPT);
        kept.pop().map(|(connection, _)| connection)
    }

    async fn connect(&self) -> io::Result<Connection> {
        let name = ServerName::try_from(self.0.host.clone()).map_err(io::Error::other)?;
        let socket = TcpStream::connect(("127.0.0.1", 443)).await?;
        socket.set_nodelay(true)?;
        self.0.tls.connect(name, socket).await
    }
}

/// The error of a connection on which nothing came back.
fn gone(error: io::Error) -> io::Error {
    let is_gone = [ErrorKind::UnexpectedEof, ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].contains(&error.kind());
    if is_gone { io::Error::new(ErrorKind::ConnectionAborted, error) } else { error }
}

/// Reads one answer that has a length or comes in chunks.
async fn read(connection: &mut Connection) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        let read = more(connection, &mut bytes).await;
        read.map_err(|error| if bytes.is_empty() { gone(error) } else { error })?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let status = status.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "no status line"))?;
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let values = headers.entry(name.to_ascii_lowercase()).or_default();
        *values = format!("{values}\n{}", value.trim()).trim_start().to_string();
    }
    bytes.drain(..end);
    if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        let body = chunks(connection, bytes).await?;
        return Ok(Answer { status, headers, body });
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while bytes.len() < length {
        more(connection, &mut bytes).await?;
    }
    Ok(Answer { status, headers, body: bytes })
}

async fn chunks(connection: &mut Connection, mut bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = loop {
            match bytes.windows(2).position(|two| two == b"\r\n") {
                Some(end) => break end,
                None => more(connection, &mut bytes).await?,
            }
        };
        let size = std::str::from_utf8(&bytes[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let size = size.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "no size of a chunk"))?;
        while bytes.len() < end + 2 + size + 2 {
            more(connection, &mut bytes).await?;
        }
        body.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes.drain(..end + 2 + size + 2);
        if size == 0 {
            return Ok(body);
        }
    }
}

async fn more(connection: &mut Connection, bytes: &mut Vec<u8>) -> io::Result<()> {
    match connection.read_buf(bytes).await? {
        0 => Err(io::Error::new(ErrorKind::UnexpectedEof, "the connection ended before the answer did")),
        _ => Ok(()),
    }
}
