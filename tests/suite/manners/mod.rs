//! How a served process behaves towards systemd and the proxy in front: sockets that it is handed, what it tells, how it stops, what its
//! exit code says.

mod client;
mod drain;
mod exits;
mod nginx;
mod notify;
pub mod sites;
mod sockets;
mod starts;
mod trial;

use std::os::fd::{AsFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Hands a command its standard input as the first socket of systemd, in the process that it becomes.
const HAND_OVER: &str = "LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http exec \"$@\" 3<&0 </dev/null";

/// A command whose process is given a socket as systemd does. The socket stays open here.
fn with_socket(socket: &impl AsFd, inner: &Command) -> Command {
    let descriptor: OwnedFd = socket.as_fd().try_clone_to_owned().unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", HAND_OVER, "sh"]).arg(inner.get_program()).args(inner.get_args());
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.stdin(Stdio::from(descriptor));
    command
}

fn kalgan() -> Command {
    Command::new(env!("CARGO_BIN_EXE_kalgan"))
}

/// Waits for something that happens on its own. The limit only keeps a mistake from hanging the tests.
#[track_caller]
fn wait_until(condition: impl Fn() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < limit, "it did not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}
