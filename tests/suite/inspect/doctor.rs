use std::fs;

use serde_json::Value;

use super::{run, run_with};
use crate::server::SECRET_KEY;

/// What the doctor finds below a folder, by name of the check.
fn finding<'v>(report: &'v Value, check: &str) -> &'v Value {
    let mut findings = report["findings"].as_array().expect("it is a list").iter();
    findings.find(|it| it["check"] == check).unwrap_or_else(|| panic!("{check} is not in {report}"))
}

#[test]
fn a_machine_without_a_deployment_is_looked_at_and_the_secret_key_is_missed() {
    let root = tempfile::tempdir().expect("a temporary folder can be made");
    let arguments = ["doctor", "--json", "--root", root.path().to_str().expect("UTF-8")];
    let (code, text, errors) = run(&arguments);
    let report: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!((code, &errors[..], &report["ok"], &report["format"]), (Some(1), "", &false.into(), &1.into()));
    assert_eq!(finding(&report, "secret key")["state"], "problem");
    assert_eq!(finding(&report, "nginx file")["state"], "skipped");

    let (code, text, _) = run_with(&arguments, &[("KALGAN__SECURITY__SECRET_KEY", SECRET_KEY)]);
    let report: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!((code, &report["ok"]), (Some(0), &true.into()), "{report}");
    assert!(!text.contains(SECRET_KEY));
}

#[test]
fn each_line_says_what_is_wrong_and_what_to_do() {
    let root = tempfile::tempdir().expect("a temporary folder can be made");
    let file = root.path().join("shop.conf");
    fs::write(
        &file,
        "upstream kalgan_kalgan { server 127.0.0.1:1; }\nserver { location / { proxy_pass http://kalgan_kalgan; } }",
    )
    .expect("a file can be written");
    let arguments =
        ["doctor", "--root", root.path().to_str().expect("UTF-8"), "--nginx", file.to_str().expect("UTF-8")];
    let (code, text, errors) = run(&arguments);
    assert_eq!((code, &errors[..]), (Some(1), ""));
    let lines: Vec<String> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for line in [
        "PROBLEM nginx body size `client_max_body_size` is 1m where the site takes bodies of 10485760 bytes: `client_max_body_size 10485760;`",
        "PROBLEM nginx headers NGINX does not tell the site `Host`: `proxy_set_header Host $host;` where `proxy_pass` is",
        "ok data folder",
    ] {
        assert!(lines.iter().any(|it| it == line), "{line} is not in\n{text}");
    }
    assert!(text.lines().last().is_some_and(|it| it.contains("problems, ") && it.ends_with(" fine")), "{text}");
}

#[test]
fn a_setting_that_does_not_fit_is_told_and_ends_with_one() {
    let root = tempfile::tempdir().expect("a temporary folder can be made");
    let arguments = ["doctor", "--root", root.path().to_str().expect("UTF-8"), "--set", "server.port=none"];
    let (code, text, _) = run(&arguments);
    assert_eq!(code, Some(1));
    assert!(text.contains("PROBLEM") && text.contains("server.port"), "{text}");
}

#[test]
fn this_very_machine_is_looked_at_without_an_error() {
    let (code, text, errors) = run_with(&["doctor"], &[("KALGAN__SECURITY__SECRET_KEY", SECRET_KEY)]);
    assert!(matches!(code, Some(0 | 1)) && errors.is_empty(), "{errors}");
    assert!(text.contains("clock") && !text.contains(SECRET_KEY), "{text}");
}
