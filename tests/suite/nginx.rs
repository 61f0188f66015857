//! What `assets export` and `assets types` are for: a real NGINX over the exported folder gives what the binary itself gives.
//!
//! NGINX runs from a folder of its own, without rights, on a socket file there, so that no port has to be free. Both servers get the
//! same requests, byte by byte, and the bodies are compared as they come, without decompressing them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::deploy::skip;
use crate::outside;
use crate::server::Server;

/// Fields in which the two must not differ. Entity tags are each server's own, and `Cache-Control` is for NGINX's configuration.
const SAME: [&str; 5] = ["content-type", "content-encoding", "content-length", "content-range", "vary"];

/// `Accept-Encoding` as clients send it; none, where it is empty.
const ACCEPTED: [&str; 5] = ["", "identity", "gzip", "gzip;q=0", "gzip, deflate"];

/// The same where NGINX has the module for brotli.
const ACCEPTED_WITH_BROTLI: [&str; 2] = ["br", "br;q=1, *;q=0"];

/// How often and how long NGINX is waited for: a minute, which only one that will never listen takes.
const TRIES: usize = 6000;
const PAUSE: Duration = Duration::from_millis(10);

/// NGINX, stopped when it is dropped.
struct Nginx {
    process: Child,
    folder: TempDir,
    has_brotli: bool,
}

/// An answer as it came.
#[derive(Debug, PartialEq)]
struct Raw {
    status: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Nginx {
    /// NGINX over a folder of static files, with these directives for their types; none where it is not installed.
    fn start(root: &Path, types: &str) -> Option<Nginx> {
        let version = Command::new("nginx").arg("-V").output().inspect_err(|error| skip("nginx", error)).ok()?;
        let brotli = brotli_module(&String::from_utf8_lossy(&version.stderr));
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let configuration = configuration(root, types, brotli.as_deref());
        fs::write(folder.path().join("nginx.conf"), configuration).expect("a file can be written");
        let mut command = Command::new("nginx");
        // The socket's path is taken as relative to where the process runs, everything else to the prefix.
        command
            .current_dir(folder.path())
            .arg("-p")
            .arg(folder.path())
            .args(["-c", "nginx.conf", "-e", "log"])
            .stdout(Stdio::null());
        let process = command.stderr(Stdio::null()).spawn().expect("it is installed");
        let mut nginx = Nginx { process, folder, has_brotli: brotli.is_some() };
        nginx.wait();
        Some(nginx)
    }

    /// Waits until it listens.
    fn wait(&mut self) {
        for _ in 0..TRIES {
            if UnixStream::connect(self.socket()).is_ok() {
                return;
            }
            let ended = self.process.try_wait().expect("its state can be asked for");
            assert!(ended.is_none(), "NGINX has ended: {}", self.log());
            thread::sleep(PAUSE);
        }
        panic!("NGINX does not listen: {}", self.log());
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn ask(&self, request: &str) -> Raw {
        ask(UnixStream::connect(self.socket()).expect("NGINX listens"), request)
    }

    fn accepted(&self) -> Vec<&'static str> {
        let brotli: &[_] = if self.has_brotli { &ACCEPTED_WITH_BROTLI } else { &[] };
        [&ACCEPTED[..], brotli].concat()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The module's file. Where it is not installed a line says so, and brotli is left out.
fn brotli_module(version: &str) -> Option<PathBuf> {
    let (_, rest) = version.split_once("--modules-path=")?;
    let path = Path::new(rest.split_whitespace().next()?).join("ngx_http_brotli_static_module.so");
    let found = fs::metadata(&path).inspect_err(|error| skip("NGINX's module brotli_static", error));
    found.is_ok().then_some(path)
}

/// Everything that NGINX writes lies in its prefix; `master_process off` leaves one process, which is the one that is ended.
fn configuration(root: &Path, types: &str, brotli: Option<&Path>) -> String {
    let load = brotli.map(|path| format!("load_module {};\n", path.display())).unwrap_or_default();
    let brotli = if brotli.is_some() { "brotli_static on;" } else { "" };
    let root = root.display();
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path {name};\n"));
    format!(
        "{load}daemon off;\nmaster_process off;\npid pid;\nevents {{}}\nhttp {{\naccess_log off;\n{}\
         server {{\nlisten unix:socket;\nroot \"{root}\";\ngzip_static on;\ngzip_vary on;\n{brotli}\n{types}}}\n}}\n",
        temporary.concat()
    )
}

/// Sends a request and reads to the end of the connection.
fn ask(mut stream: impl Read + Write, request: &str) -> Raw {
    stream.write_all(request.as_bytes()).expect("the request can be sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the answer can be read");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("the head ends");
    let head = std::str::from_utf8(&answer[..end]).expect("the head is ASCII");
    let (status, fields) = head.split_once("\r\n").expect("there are fields");
    let status = status.split(' ').nth(1).expect("there is a status").to_string();
    let field = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_string()));
    Raw { status, headers: fields.split("\r\n").filter_map(field).collect(), body: answer[end + 4..].to_vec() }
}

fn request(method: &str, path: &str, fields: &[(&str, &str)]) -> String {
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n")
}

fn binary_answer(server: &Server, request: &str) -> Raw {
    let address = server.origin.strip_prefix("http://").expect("the server listens on a port");
    ask(TcpStream::connect(address).expect("the server listens"), request)
}

/// An address whose every byte that is not a letter, digit or slash is percent-encoded.
fn encoded(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'/';
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// What a command of the binary prints.
fn printed(binary: &Path, arguments: &[&str]) -> String {
    let output = Command::new(binary).args(arguments).output().expect("the binary can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

/// The addresses of all exported files that are not the compressed form of another, by name in the folder.
fn addresses(folder: &Path) -> Vec<String> {
    let all = outside::contents(folder);
    let is_form = |name: &Path| {
        let is_compressed =
            name.extension().is_some_and(|ending| ["gz", "br", "zst"].iter().any(|known| ending == *known));
        is_compressed && all.contains_key(&name.with_extension(""))
    };
    let names = all.keys().filter(|name| !is_form(name) && !name.starts_with(".kalgan-export.json"));
    names.map(|name| format!("/{}", name.to_str().expect("names are UTF-8"))).collect()
}

/// Compares the answers for all files, and gives how many came compressed.
fn compare(binary: &Path) -> Option<usize> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    printed(binary, &["assets", "export", folder.path().to_str().expect("its path is UTF-8")]);
    let nginx = Nginx::start(folder.path(), &printed(binary, &["assets", "types"]))?;
    let server = Server::start_command(Command::new(binary), &["environment.is_prod=true"]);
    let addresses = addresses(folder.path());
    assert!(addresses.len() > 2, "{addresses:?}");
    let (mut different, mut compressed) = (Vec::new(), 0);
    for (address, accepted) in
        addresses.iter().flat_map(|address| nginx.accepted().into_iter().map(move |it| (address, it)))
    {
        for request in requests(&encoded(address), accepted) {
            let (mut ours, theirs) = (binary_answer(&server, &request), nginx.ask(&request));
            // NGINX looks for a `.gz` to know whether an answer varies: one that is whole may then be kept for all, which is true.
            if !folder.path().join(format!("{}.gz", &address[1..])).exists() && !theirs.headers.contains_key("vary") {
                ours.headers.remove("vary");
            }
            compressed += usize::from(ours.headers.contains_key("content-encoding"));
            different.extend(difference(&ours, &theirs).map(|what| format!("{request}{what}")));
        }
    }
    for address in &addresses {
        revalidates(&nginx, &server, &encoded(address));
    }
    assert!(different.is_empty(), "{}\n{}", different.join("\n\n"), nginx.log());
    Some(compressed)
}

/// What is asked for a file with this `Accept-Encoding`: all of it, its head, and some bytes of it as it is. (Of a compressed form NGINX
/// gives no parts.)
fn requests(address: &str, accepted: &str) -> Vec<String> {
    let mut fields = Vec::new();
    if !accepted.is_empty() {
        fields.push(("Accept-Encoding", accepted));
    }
    let mut requests = vec![request("GET", address, &fields), request("HEAD", address, &fields)];
    if accepted.is_empty() || accepted == "identity" {
        fields.push(("Range", "bytes=5-9"));
        requests.push(request("GET", address, &fields));
    }
    requests
}

/// In what two answers differ that must not.
fn difference(ours: &Raw, theirs: &Raw) -> Option<String> {
    // Where there is no body the length 0 may be left out (RFC 9110 section 8.6).
    let value = |answer: &Raw, name: &str| answer.headers.get(name).filter(|value| *value != "0").cloned();
    let fields = |answer: &Raw| SAME.map(|name| value(answer, name).unwrap_or_default());
    if theirs.status == "416" && ours.body.is_empty() {
        // No range of an empty file can be had, and a server may refuse it or pass over it (RFC 9110 section 14.2).
        return None;
    }
    let (ours_fields, theirs_fields) = (fields(ours), fields(theirs));
    if (&ours.status, &ours_fields) != (&theirs.status, &theirs_fields) {
        return Some(format!(
            "the binary: {} {ours_fields:?}\nNGINX:      {} {theirs_fields:?}",
            ours.status, theirs.status
        ));
    }
    (ours.body != theirs.body).then(|| format!("bodies of {} and {} bytes differ", ours.body.len(), theirs.body.len()))
}

/// A client that has a file gets none from the server that it has it from.
fn revalidates(nginx: &Nginx, server: &Server, address: &str) {
    let ask: [&dyn Fn(&str) -> Raw; 2] = [&|request| nginx.ask(request), &|request| binary_answer(server, request)];
    for ask in ask {
        let whole = ask(&request("GET", address, &[("Accept-Encoding", "gzip")]));
        let tag = whole.headers.get("etag").expect("a file has an entity tag");
        let again = ask(&request("GET", address, &[("Accept-Encoding", "gzip"), ("If-None-Match", tag)]));
        assert_eq!(
            (again.status.as_str(), again.body.len(), again.headers.get("etag")),
            ("304", 0, Some(tag)),
            "{address}"
        );
    }
}

/// B144
#[test]
fn nginx_gives_the_files_of_the_manual_as_the_binary_does() {
    compare(Path::new(env!("CARGO_BIN_EXE_kalgan")));
}

#[test]
fn nginx_gives_the_files_of_a_site_outside_as_the_binary_does() {
    compare(&outside::built_with(&outside::original(), &[]).binary);
}

#[test]
#[ignore = "builds for minutes; .ci/run runs it"]
fn nginx_gives_the_compressed_forms_of_a_release_build_as_the_binary_does() {
    for site in [outside::repository(), &outside::original()] {
        let Some(compressed) = compare(&outside::released(site).binary) else { return };
        assert!(compressed > 0, "{}: nothing is compressed", site.display());
    }
}

#[test]
fn a_file_that_is_in_neither_is_missing_in_both() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let binary = Path::new(env!("CARGO_BIN_EXE_kalgan"));
    printed(binary, &["assets", "export", folder.path().to_str().expect("its path is UTF-8")]);
    let Some(nginx) = Nginx::start(folder.path(), &printed(binary, &["assets", "types"])) else { return };
    let server = Server::start(&["environment.is_prod=true"]);
    for path in
        ["/static/none.css", "/static/css/manual.css/", "/static/../Cargo.toml", "/static/%2e%2e/%2e%2e/etc/passwd"]
    {
        let request = request("GET", path, &[]);
        let answers = [binary_answer(&server, &request), nginx.ask(&request)];
        assert!(answers.iter().all(|answer| answer.status.starts_with('4')), "{path}: {answers:?}");
    }
}
