//! NGINX's file: NGINX accepts it whatever is chosen, and it says what the settings say.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{certificate, files, printed, refused, text, tool};

/// A file of the site in a configuration that writes nothing outside the folder.
fn whole(site: &str, folder: &Path) -> String {
    let site = site.replace("/var/cache/nginx-", &format!("{}/cache-", folder.display()));
    let folder = folder.display();
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path {folder}/{name};\n"));
    format!(
        "pid {folder}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{}{site}}}\n",
        temporary.concat()
    )
}

fn site(arguments: &[&str]) -> String {
    files(&printed(&[&["deploy", "nginx"], arguments].concat())).remove(0).1
}

#[test]
fn nginx_accepts_every_combination_of_choices() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let Some((certificate, key)) = certificate(folder.path()) else { return };
    let tls = ["--domain", "example.com", "*.example.com", "--tls", &certificate, &key];
    let choices: [[&[&str]; 2]; 7] = [
        [&["--domain", "example.com"], &tls],
        [&["--instances", "1"], &["--instances", "3"]],
        [&[], &["--static-root"]],
        [&[], &["--set", "server.trusted_proxies=unix,10.0.0.0/8,fd00::/8,0.0.0.0/0"]],
        [&["--socket", "unix"], &["--socket", "tcp"]],
        [&[], &["--set", "server.public_url=https://example.com/a%20b/docs"]],
        [
            &[],
            &["--set", "server.max_body_size=0", "--set", "server.request_timeout=0", "--set", "server.idle_timeout=1"],
        ],
    ];
    for number in 0..1 << choices.len() {
        let chosen = choices.iter().enumerate().map(|(bit, pair)| pair[number >> bit & 1]);
        let arguments = chosen.collect::<Vec<_>>().concat();
        let path = folder.path().join("nginx.conf");
        fs::write(&path, whole(&site(&arguments), folder.path())).expect("a file can be written");
        let Some(output) = tool(Command::new("nginx").args(["-t", "-q", "-c"]).arg(&path)) else { return };
        assert!(output.status.success() && text(&output).is_empty(), "{arguments:?}: {}", text(&output));
    }
}

#[test]
fn without_a_name_every_host_is_answered() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let site = site(&[]);
    assert!(site.contains("server_name _;") && site.contains("default_server"), "{site}");
    let path = folder.path().join("nginx.conf");
    fs::write(&path, whole(&site, folder.path())).expect("a file can be written");
    let Some(output) = tool(Command::new("nginx").args(["-t", "-q", "-c"]).arg(&path)) else { return };
    assert!(output.status.success(), "{}", text(&output));
}

/// Names of variables and of groups in expressions have a greatest length.
#[test]
fn nginx_accepts_the_longest_name_of_a_site() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let name = "a-name-as-long-as-they-ever-get";
    assert_eq!(name.len(), 31);
    let public = "server.public_url=https://example.com/docs";
    let before = "server.trusted_proxies=10.0.0.0/8";
    let site = site(&["--name", name, "--static-root", "--instances", "2", "--set", public, "--set", before]);
    let path = folder.path().join("nginx.conf");
    fs::write(&path, whole(&site, folder.path())).expect("a file can be written");
    let Some(output) = tool(Command::new("nginx").args(["-t", "-q", "-c"]).arg(&path)) else { return };
    assert!(output.status.success() && text(&output).is_empty(), "{}", text(&output));
}

#[test]
fn the_file_follows_the_settings() {
    let has = |arguments: &[&str], lines: &[&str]| {
        let site = site(arguments);
        for line in lines {
            assert!(site.lines().any(|found| found.trim() == *line), "{arguments:?}: no `{line}` in {site}");
        }
    };
    has(
        &[],
        &[
            "client_max_body_size 10m;",
            "proxy_read_timeout 65s;",
            "keepalive_timeout 60s;",
            "client_header_timeout 30s;",
        ],
    );
    has(&["--set", "server.max_body_size=0"], &["client_max_body_size 1;"]);
    has(
        &["--set", "server.request_timeout=0", "--set", "server.idle_timeout=30"],
        &["proxy_read_timeout 3600s;", "keepalive_timeout 20s;"],
    );
    // A request may have to wait for a restart.
    has(&["--set", "server.request_timeout=10"], &["proxy_read_timeout 50s;"]);
    has(
        &["--set", "server.request_timeout=10", "--set", "server.shutdown_timeout=100"],
        &["proxy_read_timeout 120s;", "proxy_send_timeout 120s;"],
    );
    assert!(!site(&["--set", "server.request_timeout=0"]).contains("24d"), "no route of the manual says 0 itself");
    has(&["--set", "server.max_body_size=1000"], &["client_max_body_size 1000;", "client_max_body_size 2200000;"]);
    has(
        &["--socket", "tcp", "--instances", "2", "--port", "9000"],
        &["server 127.0.0.1:9000 max_fails=3 fail_timeout=5s;", "server 127.0.0.1:9001 max_fails=3 fail_timeout=5s;"],
    );
    has(&[], &["server unix:/run/kalgan/http.sock max_fails=0;"]);
    has(
        &["--set", "server.trusted_proxies=unix,127.0.0.1,10.0.0.0/8"],
        &["set_real_ip_from 10.0.0.0/8;", "real_ip_header X-Forwarded-For;", "real_ip_recursive on;"],
    );
    assert!(!site(&[]).contains("set_real_ip_from 1") && !site(&[]).contains("real_ip_header"), "nobody is named");
    has(&["--set", "server.hosts=a.de,b.de"], &["server_name a.de b.de;"]);
    has(
        &["--static-root", "/srv/x", "--set", "static.max_age=60"],
        &["root /srv/x;", "default \"public, max-age=60\";"],
    );
}

#[test]
fn a_domain_that_the_site_does_not_answer_for_is_refused() {
    let refusal = refused(&["deploy", "nginx", "--domain", "other.de", "--set", "server.hosts=a.de,b.de"]);
    assert!(
        refusal.contains("other.de") && refusal.contains("a.de, b.de") && refusal.contains("`server.hosts`"),
        "{refusal}"
    );
    printed(&["deploy", "nginx", "--domain", "A.de", "--set", "server.hosts=a.de,b.de"]);
    for wrong in [
        &["--domain", "a.de;"][..],
        &["--static-root", "/a b"],
        &["--tls", "/a", "/b"],
        &["--domain", "a.de", "--tls", "a", "/b"],
    ] {
        refused(&[&["deploy", "nginx"], wrong].concat());
    }
}
