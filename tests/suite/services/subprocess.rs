//! A site that runs in a process of its own, which is this very test program: for what needs real sockets and signals.

use std::process::{Command, ExitCode, Output};

use kalgan::App;

#[cfg(feature = "metrics")]
use super::figures;
#[cfg(feature = "websocket")]
use super::sockets;
use super::{lifecycle, process_site};
use crate::manners::sites;
use crate::server::{SECRET_KEY, Server};

/// What the test program is told: which site it is, and the command line of that.
const SITE: &str = "KALGAN_TEST_SITE";
const ARGUMENTS: &str = "KALGAN_TEST_ARGUMENTS";

type Site = fn() -> App;

/// Every site that can be started, by name.
const SITES: &[(&str, Site)] = &[
    #[cfg(feature = "metrics")]
    ("figures", figures::app),
    ("orderly", lifecycle::orderly),
    ("failing hook", lifecycle::failing_hook),
    ("panicking hook", lifecycle::panicking_hook),
    ("failing state", lifecycle::failing_state),
    ("slow", lifecycle::slow),
    ("plain", process_site::app),
    ("signalled", sites::signalled),
    ("stuck", sites::stuck),
    ("waiting hook", sites::waiting_hook),
    ("waiting state", sites::waiting_state),
    ("logged", crate::logs::app),
    ("proxied", crate::proxies::site::app),
    ("kit", crate::kit::site::app),
    #[cfg(feature = "websocket")]
    ("sockets", sockets::app),
];

/// Starts a site with settings, each `key=value`.
pub fn start(site: &str, settings: &[&str]) -> Server {
    Server::start_command(command(site), settings)
}

/// Starts a site by a shell that first does what a script says.
pub fn start_after(script: &str, site: &str, settings: &[&str]) -> Server {
    let inner = command(site);
    let mut outer = Command::new("sh");
    outer.args(["-c", &format!("{script}; exec \"$0\" \"$@\"")]).arg(inner.get_program()).args(inner.get_args());
    let variables = inner.get_envs().filter_map(|(name, value)| Some((name, value?)));
    outer.envs(variables);
    Server::start_command(outer, settings)
}

/// Runs a site that ends by itself, listening on a port, and gives what it said.
pub fn output(site: &str, port: u16) -> Output {
    let data = tempfile::tempdir().unwrap();
    let set = format!("data.path={}", data.path().display());
    command(site).args(["serve", "--port", &port.to_string(), "--set", &set]).output().unwrap()
}

/// A command that becomes the site when it is given the arguments of its binary.
pub fn command(site: &str) -> Command {
    let mut command = Command::new("sh");
    let script = format!(
        "{ARGUMENTS}=\"$*\" exec \"$0\" services::subprocess::the_process_of_a_site --exact --ignored --nocapture"
    );
    command.args(["-c", &script]).arg(std::env::current_exe().unwrap()).env(SITE, site);
    let folder = if site == "logged" { site } else { "process" };
    let folder = format!("{}/tests/sites/{folder}/app", env!("CARGO_MANIFEST_DIR"));
    command.args(["--site", &folder]).env("KALGAN__SECURITY__SECRET_KEY", SECRET_KEY);
    command
}

#[test]
#[ignore = "it is the process that other tests here start"]
fn the_process_of_a_site() {
    let (Ok(site), Ok(arguments)) = (std::env::var(SITE), std::env::var(ARGUMENTS)) else { return };
    let (_, app) = SITES.iter().find(|(name, _)| *name == site).unwrap();
    let code = kalgan::testing::run(app(), std::iter::once("site").chain(arguments.split(' ')));
    // What a test would print at its end nobody reads.
    std::process::exit(if code == ExitCode::SUCCESS { 0 } else { i32::from(code == ExitCode::from(1)) + 10 });
}
