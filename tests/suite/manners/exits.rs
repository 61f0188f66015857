//! What the exit code of a process that serves says to systemd.

use std::net::TcpListener;
use std::process::Command;

use super::kalgan;
use crate::server::{SECRET_KEY, Server};

fn code(arguments: &[&str]) -> Option<i32> {
    let mut command: Command = kalgan();
    let output = command.args(arguments).env("KALGAN__SECURITY__SECRET_KEY", SECRET_KEY).output().unwrap();
    assert!(!output.stderr.is_empty(), "{arguments:?} says why");
    output.status.code()
}

#[test]
fn the_exit_code_tells_a_stop_a_refusal_a_slip_and_a_wrong_setting_apart() {
    for signal in ["-TERM", "-INT"] {
        let server = Server::start(&["environment.is_prod=true"]);
        server.signal(signal);
        assert_eq!(server.wait().0.code(), Some(0), "{signal}");
    }
    let occupied = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = occupied.local_addr().unwrap().port().to_string();
    assert_eq!(code(&["serve", "--port", &port]), Some(1));
    assert_eq!(code(&["serve", "--no-such-flag"]), Some(2));
    assert_eq!(code(&["serve", "--set", "server.idle_timeout=soon"]), Some(78));
    assert_eq!(code(&["--set", "server.idle_timeout=soon"]), Some(78), "serving is what happens without a command");
    let credential = ["serve", "--settings", "tests/suite/manners/credential.yaml"];
    assert_eq!(code(&credential), Some(78), "a credential that is not there");
    assert_eq!(code(&["settings", "--set", "server.idle_timeout=soon"]), Some(1), "nobody starts that again and again");
}
