//! A Debian machine in a container: real systemd as its first process, real NGINX, a network of its own.
//!
//! `debootstrap` makes the root once and keeps it in cargo's folder for tests; each boot works on a copy. `systemd-nspawn` boots it. The
//! network namespace has nothing but a loopback device, so ports 80 and 443 are free in it and nothing leaves the machine.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What the machine needs beyond the least that Debian is.
const PACKAGES: &str = "systemd,systemd-sysv,dbus,nginx-light,openssl";

/// The programs that make and boot it.
const PROGRAMS: [&str; 4] = ["debootstrap", "systemd-nspawn", "nsenter", "openssl"];

/// How long a boot or a stop may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A booted machine; it is switched off when this is dropped.
pub struct Machine {
    nspawn: Child,
    /// The machine's first process, as this machine numbers it.
    first: String,
    root: PathBuf,
}

/// Why no machine can be booted here; `None` where one can.
pub fn obstacle() -> Option<String> {
    if let Some(missing) = PROGRAMS.iter().find(|program| !is_there(program)) {
        return Some(format!("`{missing}` is not installed"));
    }
    let unshared = Command::new("unshare").args(["--mount", "--pid", "--net", "--fork", "true"]).output();
    match unshared {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(format!("namespaces are not allowed: {}", text(&output).trim())),
        Err(error) => Some(format!("`unshare` cannot be run: {error}")),
    }
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

impl Machine {
    /// Makes the root where it is not there yet, copies it and boots the copy.
    pub fn boot(folder: &Path) -> Machine {
        let root = folder.join("root");
        succeed(Command::new("cp").args(["-a", "--reflink=auto"]).arg(debian()).arg(&root));
        let log = fs::File::create(folder.join("console")).expect("the console's file can be made");
        let nspawn = Command::new("systemd-nspawn")
            .args(["--quiet", "--register=no", "--keep-unit", "--private-network", "--boot", "--directory"])
            .arg(&root)
            .stdin(Stdio::null())
            .stderr(log.try_clone().expect("a file handle can be doubled"))
            .stdout(log)
            .spawn()
            .expect("systemd-nspawn can be started");
        let mut machine = Machine { nspawn, first: String::new(), root };
        machine.first = wait_for("the machine's first process", || machine.first_process());
        wait_for("the machine to be up", || machine.is_up().then_some(()));
        machine
    }

    /// The child of nspawn, which is the machine's `init`.
    fn first_process(&self) -> Option<String> {
        let id = self.nspawn.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        children.split_whitespace().next().map(str::to_string)
    }

    fn is_up(&self) -> bool {
        let output = self.command(&["systemctl", "is-system-running"]).output().expect("nsenter can be run");
        // A unit of Debian's own may fail in a container; that is none of our business.
        ["running", "degraded"].contains(&text(&output).trim())
    }

    /// A command inside the machine.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.first, "--mount", "--uts", "--ipc", "--pid", "--net", "--cgroup"]);
        // What is set here, such as cargo's variables, is not set there.
        command.args([
            "--",
            "/usr/bin/env",
            "-i",
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL=C.UTF-8",
            "HOME=/root",
        ]);
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// A program of this machine in the network of that one.
    pub fn in_its_network(&self, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.first, "--net", "--"]).arg(program);
        command
    }

    /// Connects to a socket file of the machine.
    pub fn connect(&self, socket: &str) -> UnixStream {
        let path = format!("/proc/{}/root{socket}", self.first);
        UnixStream::connect(&path).unwrap_or_else(|error| panic!("`{path}` cannot be connected to: {error}"))
    }

    /// Runs a command inside the machine. Gives what it printed.
    ///
    /// # Panics
    ///
    /// Where it fails.
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("nsenter can be run");
        assert!(output.status.success(), "`{}` failed: {}", arguments.join(" "), text(&output));
        text(&output)
    }

    /// Runs a command that is to fail. Gives what it printed.
    pub fn fail(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("nsenter can be run");
        assert!(!output.status.success(), "`{}` was to fail: {}", arguments.join(" "), text(&output));
        text(&output)
    }

    /// Puts a file into the machine.
    pub fn copy(&self, from: &Path, to: &str) {
        let to = self.path(to);
        fs::create_dir_all(to.parent().expect("it lies in a folder")).expect("a folder can be made");
        fs::copy(from, to).expect("a file can be copied into the machine");
    }

    /// Where a path of the machine is to be found from here.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside.trim_start_matches('/'))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.command(&["systemctl", "poweroff"]).output();
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if self.nspawn.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            sleep(Duration::from_millis(100));
        }
        let _ = self.nspawn.kill();
        let _ = self.nspawn.wait();
    }
}

/// The root that all machines are copied from.
fn debian() -> PathBuf {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("debian");
    let ready = kept.join("etc/debian_version.ready");
    if !ready.exists() {
        // What an interrupted run has left is no root.
        let _ = fs::remove_dir_all(&kept);
        let (suite, mirror) = distribution();
        let include = format!("--include={PACKAGES}");
        succeed(Command::new("debootstrap").args(["--variant=minbase", &include, &suite]).arg(&kept).arg(mirror));
        fs::write(ready, "").expect("a file can be written");
    }
    kept
}

/// The release of Debian that this machine has, and the mirror that its apt asks: what is known to be within reach.
fn distribution() -> (String, String) {
    let output = Command::new("apt-get").args(["indextargets", "--format", "$(SITE) $(RELEASE)"]).output();
    let listed = output.map(|output| text(&output)).unwrap_or_default();
    let main = listed.lines().filter_map(|line| line.split_once(' ')).find(|(_, release)| !release.contains('-'));
    let (mirror, suite) = main.expect("apt has a source of Debian's packages");
    (suite.to_string(), mirror.to_string())
}

/// Runs a command of this machine.
///
/// # Panics
///
/// Where it fails.
pub fn succeed(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"));
    assert!(output.status.success(), "{command:?} failed: {}", text(&output));
}

/// What a command printed, both streams.
pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Asks again and again until there is an answer.
///
/// # Panics
///
/// Where there is none in a minute.
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "waited for {what} in vain");
        sleep(Duration::from_millis(50));
    }
}
