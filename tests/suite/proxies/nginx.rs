//! A real NGINX with TLS in front of a site in a process of its own, and visitors who forge what NGINX would say of them.
//!
//! All is on loopback: NGINX speaks from 127.0.0.1, the outer one of two from 127.0.0.2, and visitors come from 127.0.0.5.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::deploy::skip;
use crate::server::Server;
use crate::services::subprocess::start;

const VISITOR: &str = "127.0.0.5";

/// Everything by which a visitor could try to be somebody else.
const FORGED: [&str; 5] = [
    "X-Forwarded-For: 8.8.8.8",
    "X-Forwarded-Proto: http",
    "X-Forwarded-Host: evil.example",
    "Forwarded: for=8.8.8.8;proto=http;host=evil.example",
    "X-Forwarded-For: 127.0.0.1",
];

/// How often and how long NGINX is waited for: a minute, which only one that will never listen takes.
const TRIES: usize = 6000;
const PAUSE: Duration = Duration::from_millis(10);

/// What NGINX says in its `X-Forwarded-…`, as the manual has it.
const FAMILY: &str = "proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; \
     proxy_set_header X-Forwarded-Host $http_host; proxy_set_header Forwarded \"\";";

/// What it says in `Forwarded`.
const STANDARD: &str = "proxy_set_header Forwarded 'for=\"$remote_addr:$remote_port\";proto=$scheme;host=\"$http_host\"'; \
     proxy_set_header X-Forwarded-For \"\"; proxy_set_header X-Forwarded-Proto \"\"; proxy_set_header X-Forwarded-Host \"\";";

/// What the inner of two adds to what the outer one said.
const ADDING: &str = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header Forwarded \"\";";

/// What one says that was set up without care: it passes `Forwarded` on.
const CARELESS: &str =
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;";

/// NGINX in front of a site; stopped when it is dropped.
struct Nginx {
    process: Child,
    _folder: TempDir,
    /// The ports of its servers: with `FAMILY`, `STANDARD`, the outer and the inner one of two, and `CARELESS`.
    ports: [u16; 5],
}

impl Nginx {
    /// NGINX in front of an address; none where a program is missing.
    fn start(site: &str) -> Option<Nginx> {
        for program in ["nginx", "openssl", "curl"] {
            let found = Command::new(program).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status();
            found.inspect_err(|error| skip(program, error)).ok()?;
        }
        // A port that is free now may be taken when NGINX wants it; then others are tried.
        (0..5).find_map(|_| Nginx::try_to_start(site)).or_else(|| panic!("NGINX does not listen"))
    }

    fn try_to_start(site: &str) -> Option<Nginx> {
        let folder = tempfile::tempdir().unwrap();
        certificate(folder.path());
        let listeners = [(); 5].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = listeners.each_ref().map(|listener| listener.local_addr().unwrap().port());
        fs::write(folder.path().join("nginx.conf"), configuration(site, ports)).unwrap();
        drop(listeners);
        let mut command = Command::new("nginx");
        command.current_dir(folder.path()).arg("-p").arg(folder.path()).args(["-c", "nginx.conf", "-e", "log"]);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut nginx = Nginx { process, _folder: folder, ports };
        nginx.listens().then_some(nginx)
    }

    fn listens(&mut self) -> bool {
        for _ in 0..TRIES {
            if self.ports.iter().all(|port| std::net::TcpStream::connect(("127.0.0.1", *port)).is_ok()) {
                return true;
            }
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            thread::sleep(PAUSE);
        }
        false
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn certificate(folder: &Path) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=site.example", "-keyout", "key.pem", "-out", "certificate.pem"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

fn configuration(site: &str, ports: [u16; 5]) -> String {
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path {name};\n")).concat();
    let server = |listen: String, headers: &str, to: &str| {
        format!(
            "server {{ listen 127.0.0.1:{listen}; location / {{ proxy_pass {to}; proxy_http_version 1.1; \
             proxy_set_header Host $host; proxy_set_header Connection \"\"; {headers} }} }}\n"
        )
    };
    let [family, standard, outer, inner, careless] = ports;
    let tls = |port: u16| format!("{port} ssl");
    let from_outer = format!("proxy_bind 127.0.0.2; {FAMILY}");
    let servers = [
        server(tls(family), FAMILY, site),
        server(tls(standard), STANDARD, site),
        server(tls(outer), &from_outer, &format!("http://127.0.0.1:{inner}")),
        server(inner.to_string(), ADDING, site),
        server(tls(careless), CARELESS, site),
    ];
    format!(
        "daemon off;\nmaster_process off;\npid pid;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}\
         ssl_certificate certificate.pem;\nssl_certificate_key key.pem;\n{}}}\n",
        servers.concat()
    )
}

/// What a visitor from another address than the proxies' gets, head and body.
fn visit(url: &str, port: u16, headers: &[&str]) -> String {
    let mut command = Command::new("curl");
    command.args(["-sSik", "--noproxy", "*", "--max-time", "60", "--interface", VISITOR]);
    command.args(["--resolve", &format!("site.example:{port}:127.0.0.1")]);
    headers.iter().for_each(|header| {
        command.args(["-H", header]);
    });
    let output = command.arg(url).output().unwrap();
    assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

fn site(settings: &[&str]) -> Server {
    let common = ["environment.is_prod=true", "server.hosts=site.example,127.0.0.1"];
    start("proxied", &[&common[..], settings].concat())
}

#[test]
fn a_site_behind_nginx_knows_its_visitor_and_a_forger_gets_nowhere() {
    let site = site(&["server.trusted_proxies=127.0.0.1,127.0.0.2"]);
    let Some(nginx) = Nginx::start(&site.origin) else { return };
    let [family, standard, outer, _, careless] = nginx.ports;
    for port in [family, standard, outer] {
        let origin = format!("https://site.example:{port}");
        for headers in [&[][..], &FORGED, &FORGED[..3], &FORGED[3..4], &FORGED[4..]] {
            let answer = visit(&format!("{origin}/who"), port, headers);
            let expected = format!("{VISITOR} https site.example:{port} {origin}/page");
            assert_eq!(body(&answer), expected, "{port} of {:?}, {headers:?}", nginx.ports);
            assert!(answer.lines().any(|line| line.starts_with("set-cookie: seen=1;") && line.contains("; Secure")));
            assert!(visit(&format!("{origin}/static/site.css"), port, headers).starts_with("HTTP/1.1 200"));
        }
    }
    let careless_url = format!("https://site.example:{careless}/who");
    assert!(visit(&careless_url, careless, &FORGED[..1]).contains(&format!("{VISITOR} https site.example ")));
    assert!(visit(&careless_url, careless, &FORGED[3..4]).starts_with("HTTP/1.1 400"), "it is refused, not believed");
}

#[test]
fn a_visitor_who_goes_round_nginx_is_not_believed() {
    let site = site(&["server.trusted_proxies=127.0.0.1"]);
    if Command::new("curl").arg("-V").output().inspect_err(|error| skip("curl", error)).is_err() {
        return;
    }
    let host = site.origin.strip_prefix("http://").unwrap();
    let answer = visit(&format!("{}/who", site.origin), 1, &FORGED);
    // Nobody says the scheme, so there is no address for a mail either.
    assert!(body(&answer).starts_with(&format!("{VISITOR} http {host} (")), "{answer}");
}

#[test]
fn a_proxy_over_a_socket_file_is_trusted_by_its_own_name() {
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix:{}", folder.path().join("http.sock").display());
    let address = format!("server.address={socket}");
    for (trusted, visitor, scheme) in [("unix", VISITOR, "https"), ("127.0.0.1", "nobody", "http")] {
        let site = site(&[&address, &format!("server.trusted_proxies={trusted}")]);
        let Some(nginx) = Nginx::start(&format!("http://{socket}:")) else { return };
        let port = nginx.ports[0];
        let answer = visit(&format!("https://site.example:{port}/who"), port, &FORGED);
        assert!(body(&answer).starts_with(&format!("{visitor} {scheme} site.example")), "{answer}");
        drop(site);
    }
}
