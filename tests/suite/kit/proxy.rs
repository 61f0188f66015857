//! A real NGINX with the file that the site made for it, in a folder of its own and on a port of its own.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{certificate, export, site, written};
use crate::server::Server;
use crate::servers::{Daemon, free_port};
use crate::services::subprocess;

/// NGINX before the instances of the site in `tests/sites/kit`.
pub struct Deployment {
    daemon: Option<Daemon>,
    pub folder: TempDir,
    port: u16,
    /// That of HTTPS.
    encrypted: u16,
    pub instances: Vec<Server>,
}

/// An answer as it came, its fields in small letters.
#[derive(Debug)]
pub struct Raw {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Raw {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl Deployment {
    /// Starts that many instances with these settings, each `key=value`, and NGINX; none where it is not installed.
    pub fn start(instances: usize, settings: &[&str]) -> Option<Deployment> {
        Deployment::with(instances, settings, &[], false)
    }

    /// One instance with a certificate, and with static files that NGINX serves; none where NGINX or OpenSSL is not installed.
    pub fn encrypted() -> Option<Deployment> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (certificate, key) = certificate(folder.path())?;
        let chosen = ["--domain", "example.com", "--tls", &certificate, &key];
        let deployment = Deployment::with(1, &[], &chosen, true)?;
        export(&deployment.folder.path().join("public"));
        Some(deployment)
    }

    /// The same, with static files that NGINX serves from the folder `public`.
    pub fn exported(settings: &[&str]) -> Option<Deployment> {
        let deployment = Deployment::with(1, settings, &[], true)?;
        export(&deployment.folder.path().join("public"));
        Some(deployment)
    }

    fn with(instances: usize, settings: &[&str], more: &[&str], is_exported: bool) -> Option<Deployment> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (number, root) = (instances.to_string(), folder.path().join("public").display().to_string());
        let mut chosen = vec!["--instances", &number];
        settings.iter().for_each(|setting| chosen.extend(["--set", setting]));
        chosen.extend(more);
        if is_exported {
            chosen.extend(["--static-root", &root]);
        }
        written("nginx", &chosen, &folder.path().join("files"));
        let mut deployment =
            Deployment { daemon: None, port: free_port(), encrypted: free_port(), folder, instances: Vec::new() };
        for instance in 1..=instances {
            deployment.begin(instance, instances, settings, is_exported);
        }
        deployment.proxy()?;
        Some(deployment)
    }

    /// Starts one instance where NGINX looks for it.
    fn begin(&mut self, instance: usize, of: usize, settings: &[&str], is_exported: bool) {
        let name = if of == 1 { "http.sock".to_string() } else { format!("http-{instance}.sock") };
        let address = format!("server.address=unix:{}", self.folder.path().join(name).display());
        let mut command = subprocess::command("kit");
        command.env(site::DEATHS, self.deaths());
        if is_exported {
            command.env("KALGAN__STATIC__FOLDERS", "").env("KALGAN__STATIC__ROOT", "");
        }
        let settings = [settings, &["environment.is_prod=true", &address]].concat();
        self.instances.push(Server::start_command(command, &settings));
    }

    fn proxy(&mut self) -> Option<()> {
        let folder = self.folder.path();
        let site = fs::read_to_string(folder.join("files/etc/nginx/sites-available/kit")).expect("it was written");
        // Whoever asks in a test asks from this machine.
        let site = site.replace("192.0.2.1", "127.0.0.1");
        fs::create_dir_all(folder.join("opt")).expect("a folder can be made");
        let page = fs::read(folder.join("files/opt/kit/maintenance.html")).expect("it was written");
        fs::write(folder.join("opt/maintenance.html"), page).expect("a file can be written");
        fs::write(folder.join("nginx.conf"), whole(&site, folder, self.port, self.encrypted))
            .expect("a file can be written");
        let mut command = Command::new("nginx");
        command
            .arg("-p")
            .arg(folder)
            .args(["-c", "nginx.conf", "-e", "log"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let port = self.port;
        let mut daemon = Daemon::start(&mut command)?;
        daemon.wait_until("NGINX listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        self.daemon = Some(daemon);
        Some(())
    }

    /// Where dying instances say so.
    pub fn deaths(&self) -> std::path::PathBuf {
        self.folder.path().join("deaths")
    }

    /// Ends all instances and takes their sockets away, as when nothing runs.
    pub fn stop(&mut self) {
        self.instances.clear();
    }

    pub fn get(&self, path: &str, fields: &[&str]) -> Raw {
        self.ask("GET", path, fields, "")
    }

    /// Over HTTPS, by OpenSSL's own client, whoever has signed the certificate.
    pub fn get_encrypted(&self, path: &str) -> Raw {
        let mut command = Command::new("openssl");
        let address = format!("127.0.0.1:{}", self.encrypted);
        command.args(["s_client", "-quiet", "-servername", "example.com", "-connect", &address]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut client = command.spawn().expect("it made the certificate");
        let request = format!("GET {path} HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n");
        client.stdin.as_mut().expect("it is piped").write_all(request.as_bytes()).expect("the request can be sent");
        let output = client.wait_with_output().expect("it ends with the connection");
        self.raw(path, &output.stdout)
    }

    /// Whether OpenSSL's own client, with these flags, and NGINX agree on how to encrypt.
    pub fn agrees(&self, flags: &[&str]) -> bool {
        let mut command = Command::new("openssl");
        let address = format!("127.0.0.1:{}", self.encrypted);
        command.args(["s_client", "-servername", "example.com", "-connect", &address]).args(flags);
        let output = command.stdin(Stdio::null()).output().expect("it made the certificate");
        // With no agreement it ends with an error.
        output.status.success()
    }

    pub fn post(&self, path: &str, body: &str) -> Raw {
        self.ask("POST", path, &["Content-Type: text/plain"], body)
    }

    pub fn ask(&self, method: &str, path: &str, fields: &[&str], body: &str) -> Raw {
        let length = format!("Content-Length: {}", body.len());
        let length = if body.is_empty() { &[][..] } else { &[&*length] };
        self.ask_as_written(method, path, &[fields, length].concat(), body)
    }

    /// As [`Deployment::ask`], without a field that says how long the body is.
    pub fn ask_as_written(&self, method: &str, path: &str, fields: &[&str], body: &str) -> Raw {
        let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
        let request =
            format!("{method} {path} HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n{fields}\r\n{body}");
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("NGINX listens");
        // A request that is refused need not be read to its end.
        let _ = stream.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        self.raw(path, &answer)
    }

    fn raw(&self, path: &str, answer: &[u8]) -> Raw {
        let answer = String::from_utf8_lossy(answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no answer to {path}: {answer:?}\n{}", self.log()));
        let head = head.lines().map(|line| match line.split_once(": ") {
            Some((name, value)) => format!("{}: {value}\n", name.to_ascii_lowercase()),
            None => format!("{line}\n"),
        });
        Raw { status, head: head.collect(), body: body.to_string() }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// The site's file with the paths and ports of this test, in a configuration of one process that writes to its own folder.
fn whole(site: &str, folder: &Path, port: u16, encrypted: u16) -> String {
    let folder = folder.display();
    let site = site
        .replace("/run/kit/", &format!("{folder}/"))
        .replace("root /opt/kit;", &format!("root {folder}/opt;"))
        .replace("/var/cache/nginx-kit", &format!("{folder}/cache"))
        .replace("    listen [::]:80 default_server;\n", "")
        .replace("listen 80 default_server;", &format!("listen 127.0.0.1:{port};"))
        .replace("    listen [::]:80;\n", "")
        .replace("listen 80;", &format!("listen 127.0.0.1:{port};"))
        .replace("    listen [::]:443 ssl http2;\n", "")
        .replace("listen 443 ssl http2;", &format!("listen 127.0.0.1:{encrypted} ssl http2;"));
    for word in ["/run/", "/opt/", "/var/cache", "listen 80", "listen 443"] {
        assert!(
            !site.lines().any(|line| !line.trim().starts_with('#') && line.contains(word)),
            "`{word}` is left in {site}"
        );
    }
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path {name};\n"));
    format!(
        "daemon off;\nmaster_process off;\npid pid;\nevents {{}}\nhttp {{\naccess_log off;\n{}{site}}}\n",
        temporary.concat()
    )
}
