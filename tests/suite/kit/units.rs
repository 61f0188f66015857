//! The units, as systemd itself judges them.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{files, printed, refused, text, tool};

/// What all combinations of choices are made of.
const SOCKETS: [&str; 2] = ["unix", "tcp"];
const INSTANCES: [&str; 2] = ["1", "3"];

fn deployed(arguments: &[&str]) -> Vec<(std::path::PathBuf, String)> {
    files(&printed(&[&["deploy", "systemd", "--set", "session.store=sqlite"], arguments].concat()))
}

/// Writes units to a folder, with programs that exist here, and gives the names of those that can be looked at: of a template its first
/// instance.
fn written(folder: &Path, units: &[(std::path::PathBuf, String)]) -> Vec<String> {
    let mut names = Vec::new();
    for (path, unit) in units {
        let name = path.file_name().expect("a unit has a name").to_str().expect("it is UTF-8").to_string();
        let unit = unit.replace("/opt/kalgan/current/kalgan serve", "/bin/sh");
        let unit = unit.replace("/opt/kalgan/next/kalgan serve --trial", "/bin/sh");
        assert!(!unit.contains("ExecStart=/opt"), "the test replaces the program by one that exists");
        fs::write(folder.join(&name), unit).expect("a file can be written");
        names.push(name.replace("@.", "@1."));
    }
    names
}

fn each(mut check: impl FnMut(&[&str], &Path, &[String])) {
    for socket in SOCKETS {
        for instances in INSTANCES {
            for rest in [&[][..], &["--static-root", "--domain", "example.com", "--tls", "/etc/a.pem", "/etc/b.pem"]] {
                let arguments = [&["--socket", socket, "--instances", instances], rest].concat();
                let folder = tempfile::tempdir().expect("a temporary folder can be made");
                let names = written(folder.path(), &deployed(&arguments));
                check(&arguments, folder.path(), &names);
            }
        }
    }
}

#[test]
fn systemd_finds_nothing_to_say_about_any_unit() {
    each(|arguments, folder, names| {
        let mut command = Command::new("systemd-analyze");
        // Where the units lie, they are found by each other.
        command.env("SYSTEMD_UNIT_PATH", format!("{}:", folder.display())).arg("verify").args(names);
        let Some(output) = tool(command.current_dir(folder)) else { return };
        // An unknown directive is only a line of text; the status stays 0.
        assert!(output.status.success() && text(&output).trim().is_empty(), "{arguments:?}: {}", text(&output));
    });
}

/// The figure that `systemd-analyze security` gives a service, in tenths.
fn exposure(folder: &Path, service: &str) -> Option<u32> {
    let mut command = Command::new("systemd-analyze");
    command.args(["security", "--offline=true", "--no-pager"]).arg(folder.join(service));
    let output = tool(&mut command)?;
    let text = text(&output);
    let (_, rest) = text.split_once("Overall exposure level for ").unwrap_or_else(|| panic!("{text}"));
    let figure = rest.split_whitespace().nth(1).expect("a figure follows");
    Some(figure.replace('.', "").parse().expect("it is a figure"))
}

/// The figure that a unit's head claims, in tenths.
fn claimed(unit: &str) -> u32 {
    let (_, rest) = unit.split_once("of systemd 252 gives it ").expect("the head says it");
    let figure = rest.split(' ').next().expect("a figure follows");
    figure.replace('.', "").parse().expect("it is a figure")
}

#[test]
fn the_sandbox_is_as_tight_as_the_head_of_the_unit_says() {
    each(|arguments, folder, names| {
        let most = if arguments.contains(&"tcp") { 13 } else { 6 };
        for service in names.iter().filter(|name| name.ends_with(".service")) {
            let file = service.replace("@1.", "@.");
            let Some(found) = exposure(folder, &file) else { return };
            let unit = fs::read_to_string(folder.join(&file)).expect("it was written");
            assert!(found <= most, "{arguments:?} {service}: {found} tenths");
            assert_eq!(found, claimed(&unit), "{arguments:?} {service}");
        }
    });
}

#[test]
fn a_server_on_the_network_opens_that_and_the_head_says_what_it_costs() {
    for (settings, line) in [
        (&["--set", "cache.server=redis://127.0.0.1/"][..], "IPAddressAllow=localhost"),
        (
            &["--set", "db.url=postgres://u@10.0.0.7/x", "--set", "cache.server=redis://[fd00::1]:6379"],
            "IPAddressAllow=10.0.0.7 fd00::1",
        ),
        (
            &["--set", "mailer.server=mail.example.com", "--set", "mailer.transport=smtp"],
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
        ),
        (&["--network"], "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let units = deployed(settings);
        written(folder.path(), &units);
        let unit = fs::read_to_string(folder.path().join("kalgan.service")).expect("it was written");
        assert!(unit.lines().any(|found| found == line), "{settings:?}: {unit}");
        assert!(!unit.contains("PrivateNetwork"), "{settings:?}");
        let Some(found) = exposure(folder.path(), "kalgan.service") else { return };
        assert_eq!(found, claimed(&unit), "{settings:?}");
    }
}

#[test]
fn what_the_settings_or_the_choices_forbid_is_refused_with_a_reason() {
    let refusal = refused(&["deploy", "systemd", "--instances", "2"]);
    assert!(refusal.contains("`session.store`") && refusal.contains("sqlite"), "{refusal}");
    let refusal =
        refused(&["deploy", "systemd", "--set", "security.secret_key=this is a secret of at least 32 characters"]);
    assert!(
        refusal.contains("KALGAN__SECURITY__SECRET_KEY") && !refusal.contains("at least 32 characters"),
        "{refusal}"
    );
    let refusal = refused(&["deploy", "systemd", "--socket", "tcp", "--port", "0"]);
    assert!(refusal.contains("`server.port`"), "{refusal}");
    let refusal = refused(&["deploy", "systemd", "--name", "a b"]);
    assert!(refusal.contains("`--name`"), "{refusal}");
}

/// A value may hold anything that systemd would otherwise read as its own.
#[test]
fn a_chosen_setting_reaches_the_process_as_it_was_given() {
    let units = deployed(&["--set", "mailer.sender=100% \"A\\B\" <a@b.de>"]);
    let line = r#"Environment="KALGAN__MAILER__SENDER=100%% \"A\\B\" <a@b.de>""#;
    assert!(units[0].1.lines().any(|found| found == line), "{}", units[0].1);
}
