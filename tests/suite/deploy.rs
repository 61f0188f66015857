//! The files in `deploy/`: the programs that will read them accept them.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(deploy(name)).expect("the file is there")
}

/// Runs a tool. Where it is not installed a line says so, written past the capture of test output.
fn run(command: &mut Command) -> Option<Output> {
    command.output().inspect_err(|error| skip(command.get_program().to_string_lossy().as_ref(), error)).ok()
}

/// Says on the terminal that a tool is missing.
pub fn skip(tool: &str, error: &io::Error) {
    writeln!(io::stderr(), "skipped: `{tool}` cannot be run here ({error})").expect("standard error takes a line");
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The unit with a program that exists here, in a folder of its own.
fn unit(folder: &Path) -> PathBuf {
    let path = folder.join("kalgan.service");
    let unit = read("kalgan.service");
    assert!(unit.contains("ExecStart=/opt/kalgan/kalgan serve"), "the test replaces the program by one that exists");
    fs::write(&path, unit.replace("/opt/kalgan/kalgan serve", "/bin/sh")).expect("a file can be written");
    path
}

#[test]
fn systemd_accepts_the_unit() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let Some(output) = run(Command::new("systemd-analyze").arg("verify").arg(unit(folder.path()))) else { return };
    // An unknown directive is only a line of text; the status stays 0.
    assert!(output.status.success() && text(&output).trim().is_empty(), "{}", text(&output));
}

#[test]
fn the_unit_leaves_the_process_little_to_harm() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut command = Command::new("systemd-analyze");
    // In tenths: what systemd calls "OK" ends at 4.9, a unit without hardening has 9.6.
    command.args(["security", "--offline=true", "--threshold=20"]).arg(unit(folder.path()));
    let Some(output) = run(&mut command) else { return };
    assert!(output.status.success(), "{}", text(&output));
}

/// B53, B144
#[test]
fn nginx_accepts_the_site_with_and_without_its_own_static_files() {
    for snippet in ["", "nginx-static.conf"] {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let included = if snippet.is_empty() { String::new() } else { read(snippet) };
        let site = read("nginx.conf");
        let here = "include /etc/nginx/kalgan.d/*.conf;";
        assert!(site.contains(here), "the test puts the snippet in place of this line");
        let pid = folder.path().join("pid");
        let types = folder.path().join("types");
        let printed = Command::new(env!("CARGO_BIN_EXE_kalgan")).args(["assets", "types"]).output();
        fs::write(&types, printed.expect("the binary can be run").stdout).expect("a file can be written");
        let included = included.replace("/etc/nginx/kalgan.types", types.to_str().expect("its path is UTF-8"));
        let site = site.replace(here, &included);
        let whole =
            format!("pid {};\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{site}}}\n", pid.display());
        let path = folder.path().join("nginx.conf");
        fs::write(&path, whole).expect("a file can be written");
        let Some(output) = run(Command::new("nginx").args(["-t", "-q", "-c"]).arg(&path)) else { return };
        assert!(output.status.success() && !text(&output).contains("[warn]"), "{}", text(&output));
    }
}

#[test]
fn the_times_and_sizes_fit_the_defaults_of_the_settings() {
    let default = |name: &str| {
        let key = kalgan::snapshot::schema::find(name).expect("the setting exists");
        key.default.parse::<u64>().expect("its default is a number")
    };
    let (site, unit) = (read("nginx.conf"), read("kalgan.service"));
    let number = |text: &str, before: &str| {
        let (_, rest) = text.split_once(before).expect("the directive is there");
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u64>().expect("a number follows")
    };
    assert_eq!(number(&site, "client_max_body_size ") * 1024 * 1024, default("server.max_body_size"));
    assert_eq!(number(&site, "server 127.0.0.1:"), default("server.port"));
    assert_eq!(number(&unit, "KALGAN__SERVER__PORT="), default("server.port"));
    assert!(number(&site, "proxy_read_timeout ") > default("server.request_timeout"));
    // Hooks and tasks have five seconds each after the last request.
    assert!(number(&unit, "TimeoutStopSec=") > default("server.shutdown_timeout") + 10);
    assert!(number(&unit, "LimitNOFILE=") > 2 * default("server.max_connections"));
    // NGINX closes an idle connection to the site after 60 seconds unless told otherwise.
    assert!(default("server.idle_timeout") > 60 && !site.contains("keepalive_timeout"));
}
