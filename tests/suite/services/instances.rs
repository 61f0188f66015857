//! Two instances behind NGINX that keep their sessions in Redis: a visitor who alternates between them stays signed in, and when one is
//! stopped nobody notices.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use regex::Regex;

use crate::server::Server;
use crate::servers::redis::Redis;
use crate::servers::{Daemon, free_port};

/// How many requests there are while one instance stops.
const REQUESTS: usize = 10_000;

/// How many visitors send them at the same time.
const VISITORS: usize = 8;

/// NGINX before two instances, as the file in `deploy/` sets it up. It is one process, so that none is left when it is ended.
struct Proxy {
    _daemon: Daemon,
    _folder: tempfile::TempDir,
    origin: String,
}

impl Proxy {
    fn start(instances: &[&Server]) -> Option<Proxy> {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        fs::write(folder.path().join("nginx.conf"), configuration(port, instances)).unwrap();
        let mut command = Command::new("nginx");
        command.args(["-p", ".", "-c", "nginx.conf", "-e", "stderr"]).current_dir(folder.path());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut daemon = Daemon::start(&mut command)?;
        daemon.wait_until("NGINX listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        Some(Proxy { _daemon: daemon, _folder: folder, origin: format!("http://127.0.0.1:{port}") })
    }
}

fn configuration(port: u16, instances: &[&Server]) -> String {
    let servers: String = instances
        .iter()
        .map(|instance| format!("server {};\n", instance.origin.trim_start_matches("http://")))
        .collect();
    format!(
        "daemon off; master_process off; error_log stderr crit; pid nginx.pid;
        events {{ worker_connections 512; }}
        http {{
            access_log off;
            client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
            upstream kalgan {{ {servers} keepalive 32; }}
            server {{
                listen 127.0.0.1:{port};
                proxy_http_version 1.1;
                proxy_set_header Connection \"\";
                proxy_set_header Host $host;
                location / {{ proxy_pass http://kalgan; add_header X-Instance $upstream_addr always; }}
            }}
        }}"
    )
}

/// A visitor's browser as far as it matters here: it keeps cookies.
struct Visitor {
    agent: ureq::Agent,
    origin: String,
    cookies: Vec<(String, String)>,
}

struct Seen {
    status: u16,
    instance: String,
    body: String,
}

impl Visitor {
    fn new(origin: &str) -> Visitor {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        Visitor { agent, origin: origin.to_string(), cookies: Vec::new() }
    }

    fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn get(&mut self, path: &str) -> Seen {
        let request = self.agent.get(format!("{}{path}", self.origin)).header("cookie", self.cookie());
        let answer = request.call().unwrap_or_else(|error| panic!("{path}: {error}"));
        self.see(answer)
    }

    fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Seen {
        let form: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.agent.post(format!("{}{path}", self.origin)).header("cookie", self.cookie());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send(form.join("&")).unwrap_or_else(|error| panic!("{path}: {error}"));
        self.see(answer)
    }

    fn see(&mut self, mut answer: ureq::http::Response<ureq::Body>) -> Seen {
        for line in answer.headers().get_all("set-cookie") {
            let pair = line.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_string(), value.to_string()));
        }
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_string());
        let instance = header("x-instance").unwrap_or_default();
        let status = answer.status().as_u16();
        Seen { status, instance, body: answer.body_mut().read_to_string().unwrap_or_default() }
    }

    fn sign_up(&mut self, name: &str) {
        let form = self.get("/en/demo/account").body;
        let token = Regex::new(r#"name="csrf_token" value="([^"]*)""#).unwrap();
        let token = token.captures(&form).expect("the form has a token")[1].to_string();
        let fields = [("csrf_token", token.as_str()), ("name", name), ("password", "a+long+password")];
        let seen = self.post("/en/demo/sign-up", &fields);
        assert_eq!(seen.status, 303, "{}", seen.body);
    }
}

/// An instance in production that shares what it keeps with the others.
fn instance(redis: &Redis, data: &Path) -> Server {
    let (server, data) = (format!("cache.server={}", redis.address()), format!("data.path={}", data.display()));
    Server::start(&["environment.is_prod=true", "session.store=redis", "db.migrate_on_start=true", &server, &data])
}

#[test]
fn a_visitor_alternates_between_instances_and_one_stops_without_a_failed_request() {
    let Some(redis) = Redis::start() else { return };
    let data = tempfile::tempdir().unwrap();
    let (first, mut second) = (instance(&redis, data.path()), instance(&redis, data.path()));
    let Some(proxy) = Proxy::start(&[&first, &second]) else { return };
    let mut visitor = Visitor::new(&proxy.origin);
    visitor.sign_up("ann");

    let mut answered_by = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..20 {
        let seen = visitor.get("/en/demo/account");
        assert!(seen.body.contains("You are signed in as ann."), "{}", seen.body);
        *answered_by.entry(seen.instance).or_default() += 1;
    }
    assert!(answered_by.len() == 2 && answered_by.values().all(|count| *count >= 5), "{answered_by:?}");

    let done = AtomicUsize::new(0);
    let cookies = visitor.cookies.clone();
    thread::scope(|scope| {
        let visitors: Vec<_> = (0..VISITORS)
            .map(|_| {
                let (origin, cookies, done) = (&proxy.origin, cookies.clone(), &done);
                scope.spawn(move || {
                    let mut visitor = Visitor { cookies, ..Visitor::new(origin) };
                    let mut failed = Vec::new();
                    while done.fetch_add(1, Ordering::Relaxed) < REQUESTS {
                        let seen = visitor.get("/en/demo/account");
                        if seen.status != 200 || !seen.body.contains("You are signed in as ann.") {
                            failed.push((seen.status, seen.instance));
                        }
                    }
                    failed
                })
            })
            .collect();
        while done.load(Ordering::Relaxed) < REQUESTS / 4 {
            thread::yield_now();
        }
        second.stop_by_terminating();
        assert!(done.load(Ordering::Relaxed) < REQUESTS, "it stopped when all was over");
        let failed: Vec<_> = visitors.into_iter().flat_map(|visitor| visitor.join().unwrap()).collect();
        assert_eq!(failed, [], "of {REQUESTS} requests");
    });
    assert!(visitor.get("/en/demo/account").body.contains("You are signed in as ann."));
}
