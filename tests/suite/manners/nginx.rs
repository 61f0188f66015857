//! Restarts behind a real NGINX that keeps its connections to the site: no request of a visitor is lost, not even a `POST`, which NGINX does
//! not send again on another connection.

use std::fs;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::client::Client;
use super::{wait_until, with_socket};
use crate::deploy::skip;
use crate::server::Server;
use crate::services::subprocess;

/// Visitors that ask without a pause, each on a connection of its own to NGINX.
const BUSY: usize = 4;

/// Visitors that ask now and then, so that connections from NGINX to the site are idle for a while.
const SELDOM: usize = 4;
const PAUSE: Duration = Duration::from_millis(37);

const RESTARTS: usize = 4;

struct Nginx {
    process: Child,
    folder: tempfile::TempDir,
}

impl Nginx {
    /// NGINX in front of a socket file; none where it is not installed.
    fn start(site: &Path) -> Option<Nginx> {
        Command::new("nginx").arg("-v").output().inspect_err(|error| skip("nginx", error)).ok()?;
        let folder = tempfile::tempdir().unwrap();
        let temporary =
            ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path {name};\n"));
        let configuration = format!(
            "daemon off;\nmaster_process off;\npid pid;\nevents {{}}\nhttp {{\naccess_log off;\nkeepalive_requests 1000000;\n{}\
             upstream site {{\nserver unix:{};\nkeepalive 32;\n}}\n\
             server {{\nlisten unix:socket;\nlocation / {{\nproxy_pass http://site;\nproxy_http_version 1.1;\n\
             proxy_set_header Connection \"\";\n}}\n}}\n}}\n",
            temporary.concat(),
            site.display()
        );
        fs::write(folder.path().join("nginx.conf"), configuration).unwrap();
        let mut command = Command::new("nginx");
        // The socket's path is taken as relative to where the process runs, everything else to the prefix.
        command.current_dir(folder.path()).arg("-p").arg(folder.path()).args(["-c", "nginx.conf", "-e", "log"]);
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let nginx = Nginx { process, folder };
        wait_until(|| UnixStream::connect(nginx.socket()).is_ok());
        Some(nginx)
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks until told to stop; every answer must be the right one. Gives how many there were.
fn visit(nginx: &Path, number: usize, done: &AtomicBool, answered: &AtomicUsize) -> Result<(), String> {
    let mut client = Client::file(nginx).map_err(|error| error.to_string())?;
    for count in 0.. {
        if done.load(Ordering::Relaxed) {
            break;
        }
        let text = format!("visitor {number} request {count}");
        let (asked, expected) = match count % 2 {
            0 => (client.post("/echo", &text), format!("\"body\":\"{text}\"")),
            _ => (client.get(&format!("/echo?{number}-{count}")), format!("\"query\":\"{number}-{count}\"")),
        };
        let answer = asked.map_err(|error| format!("{text}: {error}"))?;
        if answer.status != "200" || !answer.body.contains(&expected) {
            return Err(format!("{text}: {answer:?}"));
        }
        answered.fetch_add(1, Ordering::Relaxed);
        if number >= BUSY {
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

#[test]
fn restarts_lose_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let socket = UnixListener::bind(&path).unwrap();
    let start =
        || Server::start_command(with_socket(&socket, &subprocess::command("plain")), &["environment.is_prod=true"]);
    let mut server = Some(start());
    let Some(nginx) = Nginx::start(&path) else { return };
    let (done, answered, front) = (AtomicBool::new(false), AtomicUsize::new(0), nginx.socket());
    let lost: Vec<String> = thread::scope(|scope| {
        let visitors: Vec<_> = (0..BUSY + SELDOM)
            .map(|number| {
                let (front, done, answered) = (&front, &done, &answered);
                scope.spawn(move || visit(front, number, done, answered))
            })
            .collect();
        for _ in 0..RESTARTS {
            let before = answered.load(Ordering::Relaxed);
            wait_until(|| {
                answered.load(Ordering::Relaxed) > before + 200 || visitors.iter().any(|one| one.is_finished())
            });
            let (status, log) = server.take().unwrap().stop();
            assert!(status.success(), "{log}");
            server = Some(start());
        }
        done.store(true, Ordering::Relaxed);
        visitors.into_iter().filter_map(|visitor| visitor.join().unwrap().err()).collect()
    });
    assert!(lost.is_empty(), "{lost:?}\n{}", nginx.log());
    assert!(answered.load(Ordering::Relaxed) > RESTARTS * 200);
    drop(server);
}
