//! What `doctor` says of the file that `deploy nginx` prints.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

use super::{files, text};
use crate::services::subprocess;

/// Checks of NGINX's file that need nothing else of the machine.
const CHECKS: [&str; 5] = ["nginx file", "nginx body size", "nginx timeouts", "nginx keep-alive", "nginx headers"];

fn output(mut command: Command, arguments: &[&str]) -> Output {
    command.args(arguments).output().expect("the binary can be run")
}

/// The report, without what the harness of a test program says around it.
fn report(output: &Output) -> Value {
    let text = text(output);
    let json = text.find('{').zip(text.rfind('}')).map(|(start, end)| &text[start..=end]);
    json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_else(|| panic!("{text}"))
}

/// Whether route `/` has limits of its own or not, whatever is chosen, and wherever the site lies.
#[test]
fn nothing_is_wrong_with_a_file_as_it_is_printed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (root, file) = (folder.path().join("root"), folder.path().join("nginx.conf"));
    let settings: [&[&str]; 5] = [
        &[],
        &["--set", "server.public_url=https://example.com/a%20b/docs"],
        &["--set", "server.max_body_size=0", "--set", "server.request_timeout=0", "--set", "server.idle_timeout=1"],
        &["--set", "server.max_body_size=3000000", "--set", "server.request_timeout=700"],
        &["--set", "server.request_timeout=10", "--set", "server.shutdown_timeout=100"],
    ];
    let choices: [&[&str]; 4] = [
        &[],
        &["--instances", "3", "--socket", "tcp"],
        &["--static-root"],
        &["--domain", "example.com", "--tls", "/cert.pem", "/key.pem"],
    ];
    for name in ["kalgan", "kit"] {
        let command = || match name {
            "kit" => subprocess::command("kit"),
            _ => Command::new(env!("CARGO_BIN_EXE_kalgan")),
        };
        for (settings, choices) in settings.iter().flat_map(|it| choices.iter().map(move |other| (*it, *other))) {
            let printed = output(command(), &[&["deploy", "nginx", "--name", name], settings, choices].concat());
            assert!(printed.status.success(), "{}", text(&printed));
            let site = files(&String::from_utf8_lossy(&printed.stdout)).remove(0).1;
            fs::write(&file, site).expect("a file can be written");
            let places = ["--root", root.to_str().expect("UTF-8"), "--nginx", file.to_str().expect("UTF-8")];
            let looked = output(command(), &[&["doctor", "--json", "--name", name], settings, &places].concat());
            let report = report(&looked);
            for check in CHECKS {
                let findings = report["findings"].as_array().expect("it is a list").iter();
                let states: Vec<_> = findings.filter(|it| it["check"] == check).map(|it| &it["state"]).collect();
                assert_eq!(states, ["fine"], "{name} {settings:?} {choices:?}: {report:#}");
            }
        }
    }
}
