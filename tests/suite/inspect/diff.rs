use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{BINARY, printed, run, run_with};

/// A program of these lines.
fn script(folder: &Path, lines: &str) -> PathBuf {
    let path = folder.join("old");
    fs::write(&path, format!("#!/bin/sh\n{lines}\n")).expect("a file can be written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its rights can be changed");
    path
}

/// What the binary says of an old one that is no such thing.
fn refused(old: &Path, more: &[&str]) -> String {
    let arguments = [&["diff", old.to_str().expect("the path is UTF-8")], more].concat();
    let (code, text, errors) = run(&arguments);
    assert_eq!((code, &text[..], errors.lines().count()), (Some(2), "", 1), "{errors}");
    let start = format!("error: `{}` ", old.display());
    errors.strip_prefix(&start).unwrap_or_else(|| panic!("{errors}")).to_string()
}

fn fifo(folder: &Path) -> PathBuf {
    let path = folder.join("fifo");
    let made = Command::new("mkfifo").arg(&path).status().expect("`mkfifo` is part of every system");
    assert!(made.success());
    path
}

#[test]
fn a_binary_does_not_differ_from_itself() {
    assert_eq!(printed(&["diff", BINARY]), "nothing differs\n");
    let json: Value = serde_json::from_str(&printed(&["diff", BINARY, "--json"])).expect("it is JSON");
    assert_eq!(
        (&json["equal"], &json["changes"], &json["format"]),
        (&true.into(), &Value::Array(Vec::new()), &1.into())
    );
}

#[test]
fn an_altered_site_differs_also_where_only_its_manifest_is_there() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut manifest: Value = serde_json::from_str(&printed(&["manifest", "--json"])).expect("it is JSON");
    manifest["versions"]["release"] = "0.9.9".into();
    manifest["migrations"].as_array_mut().expect("a list").pop();
    manifest["messages"]["es"]["texts"]["a.former.message"] = "0".into();
    manifest["routes"][1]["controller"] = "page::other".into();
    let file = folder.path().join("old.json");
    fs::write(&file, manifest.to_string()).expect("a file can be written");
    let old = script(folder.path(), &format!("test \"$*\" = 'manifest --json' && exec cat '{}'", file.display()));
    for old in [&old, &file] {
        let (code, text, errors) = run(&["diff", old.to_str().expect("UTF-8")]);
        assert_eq!((code, &errors[..]), (Some(1), ""));
        for line in [
            "kalgan 0.9.9 → ",
            "migrations: 1 added",
            "messages es: 1 removed",
            "- a.former.message",
            "~ home  controller: page::other → page::show",
        ] {
            assert!(text.lines().any(|it| it.starts_with(line)), "{line} is not in\n{text}");
        }
    }
    let (code, json, _) = run(&["diff", old.to_str().expect("UTF-8"), "--json"]);
    let json: Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!((code, &json["equal"], &json["old"]["release"]), (Some(1), &false.into(), &"0.9.9".into()));
}

#[test]
fn the_old_binary_gets_nothing_of_this_ones_environment_and_no_input() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let old = script(folder.path(), "cat\necho \"variable:$KALGAN_TEST_SECRET\" >&2\nexit 3");
    let (code, _, errors) =
        run_with(&["diff", old.to_str().expect("UTF-8")], &[("KALGAN_TEST_SECRET", "a secret of the environment")]);
    assert_eq!(code, Some(2));
    assert!(errors.ends_with("ended with exit status: 3, saying: variable:\n"), "{errors}");
}

#[test]
fn what_is_no_earlier_binary_of_the_site_is_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = folder.path();
    let file = |name: &str, content: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, content).expect("a file can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its rights can be changed");
        path
    };
    assert!(refused(&folder.join("none"), &[]).starts_with("is not there"));
    assert!(refused(folder, &[]).starts_with("is a folder"));
    assert!(refused(&fifo(folder), &[]).starts_with("is no regular file"), "nobody ever writes to it");
    assert!(refused(&file("text", b"echo hello"), &[]).starts_with("is neither a program nor a manifest"));
    assert!(refused(&file("empty", b""), &[]).starts_with("is neither"));
    let mut foreign = fs::read(BINARY).expect("the binary can be read")[..64].to_vec();
    let own = file("broken", &foreign);
    let cut = file("cut", &fs::read(BINARY).expect("the binary can be read")[..3000]);
    assert!(refused(&cut, &[]).contains("the file may be broken"), "{}", refused(&cut, &[]));
    foreign[18] ^= 0xff;
    assert!(refused(&file("foreign", &foreign), &[]).starts_with("is for another kind of processor"));
    assert!(refused(&own, &[]).contains("cannot be started"), "{}", refused(&own, &[]));
    let plain = script(folder, "exit 0");
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o644)).expect("its rights can be changed");
    assert!(refused(&plain, &[]).contains("`chmod +x`"));

    let old = |lines: &str| script(folder, lines);
    let clap = "echo \"error: unrecognized subcommand 'manifest'\" >&2; exit 2";
    assert!(refused(&old(clap), &[]).starts_with("has no command `manifest`"));
    assert!(refused(&old("echo hello"), &[]).starts_with("tells something that is no manifest"));
    assert!(refused(&old("true"), &[]).starts_with("tells something that is no manifest"));
    assert!(refused(&old("echo '{\"format\": 7}'"), &[]).starts_with("tells a manifest of format 7"));
    assert!(refused(&old("printf 'a\\033[2Jb\\n' >&2; exit 1"), &[]).contains(r"saying: a\u{1b}[2Jb"));
    assert!(refused(&old("kill -KILL $$"), &[]).contains("signal: 9"));
    assert!(
        refused(&old("exec sleep 1000"), &["--time-limit", "1"])
            .starts_with("did not tell its manifest within 1 seconds")
    );
    assert!(refused(&old("exec >&-; exec sleep 1000"), &["--time-limit", "1"]).starts_with("did not tell"));
    let endless = refused(&old("exec yes"), &["--time-limit", "60"]);
    assert!(endless.starts_with("says more than a manifest can have"), "{endless}");
    assert!(refused(&old("exec yes >&2"), &["--time-limit", "1"]).starts_with("did not tell"));
}

#[test]
fn another_site_is_not_compared() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut manifest: Value = serde_json::from_str(&printed(&["manifest", "--json"])).expect("it is JSON");
    manifest["versions"]["site"] = "shop".into();
    let file = folder.path().join("shop.json");
    fs::write(&file, manifest.to_string()).expect("a file can be written");
    assert_eq!(refused(&file, &[]), "is another site, `shop`, and this one is `kalgan`\n");
}

/// The second binary is one that cargo builds from a copy of a small site.
#[test]
#[ignore = "builds for minutes; .ci/run runs it"]
fn two_real_builds_differ_by_what_was_edited() {
    let site = crate::outside::copy("outside-compared");
    let before = crate::outside::built_with(site.path(), &[]).binary;
    let old = site.path().join("old");
    fs::copy(&before, &old).expect("the binary can be copied");
    let config = site.path().join("app/config/site.yaml");
    let text = fs::read_to_string(&config).expect("the site has settings");
    fs::write(&config, format!("{text}  price: 12\nmailer:\n  password: !credential mail\n"))
        .expect("it can be written");
    let routes = site.path().join("app/routes/main.yaml");
    let text = fs::read_to_string(&routes).expect("the site has routes");
    fs::write(&routes, text.replace("/hello/{name}", "/hi/{name}")).expect("it can be written");
    let new = crate::outside::built_with(site.path(), &[]).binary;
    let output = std::process::Command::new(new).arg("diff").arg(&old).env_clear().output().expect("it can be run");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    for line in ["+ mail  for mailer.password", "/hello/{name} → /hi/{name}", "+ outside.price  12"] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}
