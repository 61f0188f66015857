//! The built binary as a running server, and what a client sees of it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A server of the manual on a free port; stopped when it is dropped.
pub struct Server {
    process: Child,
    /// What it writes to standard error.
    log: tempfile::NamedTempFile,
    /// What it keeps; a test that starts it again on the same folder sets `data.path` itself.
    _data: tempfile::TempDir,
    /// Scheme, host and port, without a slash at the end; `unix:` and the path for a socket file.
    pub origin: String,
}

/// What the servers of tests sign with: in production there must be a key.
pub const SECRET_KEY: &str = "a key for tests, known to everybody";

/// An answer with its body as text.
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: String,
}

impl Server {
    /// Starts the binary with these settings, each `key=value`.
    pub fn start(settings: &[&str]) -> Server {
        Server::start_command(Command::new(env!("CARGO_BIN_EXE_kalgan")), settings)
    }

    /// Starts a command that becomes the binary when it is given the binary's arguments.
    pub fn start_command(mut command: Command, settings: &[&str]) -> Server {
        let log = tempfile::NamedTempFile::new().unwrap();
        let data = tempfile::tempdir().unwrap();
        command.env("KALGAN__DATA__PATH", data.path());
        command.env("KALGAN__SECURITY__SECRET_KEY", SECRET_KEY);
        // What tests look for are lines for people, in production too.
        command.env("KALGAN__LOG__FORMAT", "text");
        command.args(["serve", "--port", "0"]).stdout(Stdio::piped()).stderr(log.reopen().unwrap());
        settings.iter().for_each(|setting| {
            command.args(["--set", setting]);
        });
        let mut process = command.spawn().expect("the binary starts");
        // A test program that becomes a server says other things before.
        let lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let line =
            lines.into_iter().find(|line| line.contains("http://") || line.contains("unix:")).unwrap_or_default();
        let address = line.split_whitespace().last().unwrap_or_default().trim_end_matches('/').to_string();
        let server = Server { process, log, _data: data, origin: address };
        let is_address = ["http://", "unix:"].iter().any(|scheme| server.origin.starts_with(scheme));
        assert!(is_address, "the first line names no address: {line:?}\n{}", server.log());
        server
    }

    /// Asks the process to stop, as systemd does.
    pub fn terminate(&self) {
        let status = Command::new("kill").arg(self.process.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Asks the process to reload, as systemd does.
    pub fn hang_up(&self) {
        self.signal("-HUP");
    }

    /// Sends a signal, written as for `kill`.
    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Asks the process to open its log file anew, as logrotate does.
    pub fn ask_to_reopen(&self) {
        let status = Command::new("kill").args(["-USR1", &self.process.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Asks the process to stop and waits until it has.
    pub fn stop_by_terminating(&mut self) {
        self.terminate();
        assert!(self.process.wait().unwrap().success());
    }

    /// Asks the process to stop, if that has not been done, and gives its exit status and its log.
    pub fn stop(self) -> (ExitStatus, String) {
        self.terminate();
        self.wait()
    }

    /// Waits until the process has ended, and gives its exit status and its log.
    pub fn wait(mut self) -> (ExitStatus, String) {
        let status = self.process.wait().unwrap();
        let log = self.log();
        (status, log)
    }

    /// Waits until its log says something so often, and gives the log. A thread of its own writes the log, so a line may come later
    /// than the answer that it tells of.
    pub fn wait_for_log(&self, said: &str, times: usize) -> String {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let log = self.log();
            if log.matches(said).count() >= times {
                return log;
            }
            assert!(Instant::now() < end, "`{said}` is not logged {times} times:\n{log}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap()
    }

    /// Asks for a path with a header or several; redirections are not followed.
    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let (answer, body) = self.bytes(path, headers);
        Answer { body: String::from_utf8(body).unwrap_or_default(), ..answer }
    }

    /// Asks for a path with a header or several, and gives the body as bytes beside an answer without it.
    pub fn bytes(&self, path: &str, headers: &[(&str, &str)]) -> (Answer, Vec<u8>) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        let request = agent.get(format!("{}{path}", self.origin));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let mut answer = request.call().unwrap_or_else(|error| panic!("{path}: {error}"));
        let body = answer.body_mut().read_to_vec().unwrap_or_default();
        (Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), body: String::new() }, body)
    }

    /// Asks for a path.
    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[])
    }

    /// Asks for what is said of a path before its body.
    pub fn head_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.head(format!("{}{path}", self.origin));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.call().unwrap_or_else(|error| panic!("{path}: {error}"));
        Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), body: String::new() }
    }
}

impl Answer {
    /// The first value of a header; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
