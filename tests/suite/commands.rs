//! The commands of the built binary: what they print, where, and with which exit code they end.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::server::SECRET_KEY;

/// The binary with an environment that holds these variables and nothing else.
fn kalgan(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
    command.args(arguments).env_clear().envs(variables.iter().copied());
    command
}

fn run_with(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = kalgan(arguments, variables).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    run_with(arguments, &[])
}

/// The cells of a table's line, which are two spaces or more apart.
fn cells(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

/// The line of a table whose first cell is this.
fn row<'a>(table: &'a str, first: &str) -> Vec<&'a str> {
    table.lines().map(cells).find(|cells| cells.first() == Some(&first)).unwrap_or_default()
}

#[test]
fn version_names_the_site_kalgan_and_the_static_files() {
    let (code, text, errors) = run(&["version"]);
    assert_eq!(run(&["--version"]), (code, text.clone(), errors.clone()));
    let lines: Vec<&str> = text.lines().collect();
    let release = concat!("kalgan ", env!("CARGO_PKG_VERSION"));
    assert_eq!((code, &lines[..2], &errors[..]), (Some(0), &[release, release][..], ""));
    assert!(lines[2].starts_with("static files ") && lines[2].len() > 20 && lines.len() == 3, "{text}");
}

#[test]
fn settings_shows_the_strongest_layer_of_each() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("more.yaml");
    fs::write(&file, "server:\n  port: 1\n  max_body_size: 2\n  idle_timeout: 3\nshop: {open: true}\n").unwrap();
    let file = file.to_str().unwrap();
    let variables =
        [("KALGAN__SERVER__PORT", "11"), ("KALGAN__SERVER__MAX_BODY_SIZE", "12"), ("KALGAN__I18N__NEGOTIATE", "")];
    let (code, text, errors) = run_with(&["settings", "--settings", file, "--set", "server.port=21"], &variables);
    assert_eq!((code, &errors[..]), (Some(0), ""));
    assert_eq!(row(&text, "server.port"), ["server.port", "21", "flag for server.port"]);
    assert_eq!(row(&text, "server.max_body_size")[1..], ["12", "variable KALGAN__SERVER__MAX_BODY_SIZE"]);
    assert_eq!(row(&text, "server.idle_timeout")[1..], ["3", &format!("--settings {file}:4:3")]);
    assert_eq!(row(&text, "shop.open")[1], "true");
    assert_eq!(row(&text, "static.path")[1..], ["/static", "config/app.yaml:8:3"]);
    assert_eq!(row(&text, "server.address")[1..], ["127.0.0.1", "default"]);
    assert_eq!(row(&text, "i18n.negotiate")[1..], ["false", "default"], "an empty text unsets a key");
}

#[test]
fn assets_are_listed_and_written_without_any_setting() {
    let (code, text, errors) = run(&["assets", "list"]);
    assert_eq!((code, &errors[..]), (Some(0), ""));
    let style = row(&text, "static/css/manual.css");
    assert_eq!((style.len(), style[7]), (8, "text/css; charset=utf-8"), "{text}");
    assert!(style[1].parse::<usize>().is_ok_and(|size| size > 0), "{text}");
    let (code, text, _) = run(&["assets", "types"]);
    assert!(code == Some(0) && text.contains("\"text/css; charset=utf-8\" css;"), "{text}");

    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("public");
    // What would keep the site from serving is of no matter here.
    let arguments = ["assets", "export", target.to_str().unwrap(), "--set", "server.port=none"];
    let (code, text, errors) = run(&arguments);
    assert_eq!((code, &errors[..]), (Some(0), ""));
    assert!(
        text.starts_with(&format!("{}: ", target.display())) && text.ends_with(" 0 unchanged, 0 removed\n"),
        "{text}"
    );
    assert!(run(&arguments).1.contains("; 0 written, "));
    assert_eq!(fs::metadata(target.join("static/css/manual.css")).unwrap().len().to_string(), style[1]);

    let blocked = target.join("static/css/manual.css");
    let (code, text, errors) = run(&["assets", "export", blocked.to_str().unwrap()]);
    assert_eq!((code, &text[..]), (Some(1), ""));
    assert!(errors.starts_with(&format!("error: `{}` cannot be made: ", blocked.display())), "{errors}");
    assert_eq!((run(&["assets", "export"]).0, run(&["assets"]).0), (Some(2), Some(2)));
}

#[test]
fn settings_masks_secrets() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mail"), "credential-text\n").unwrap();
    let file = folder.path().join("more.yaml");
    fs::write(&file, "shop:\n  pin: !env SHOP_PIN\n  mail: !credential mail\n").unwrap();
    let variables = [
        ("KALGAN__DB__PASSWORD", "variable-text"),
        ("SHOP_PIN", "env-text"),
        ("KALGAN__CACHE__SERVER", "redis://:cache-text@host/1"),
    ];
    let folder = folder.path().to_str().unwrap();
    let arguments = [
        "settings",
        "--settings",
        file.to_str().unwrap(),
        "--credentials",
        folder,
        "--set",
        "mailer.password=flag-text",
    ];
    let (code, text, errors) = run_with(&arguments, &variables);
    assert_eq!((code, &errors[..]), (Some(0), ""));
    for (key, shown) in [
        ("db.password", "********"),
        ("shop.pin", "********"),
        ("shop.mail", "********"),
        ("mailer.password", "********"),
        ("cache.server", "redis://********@host/1"),
    ] {
        assert_eq!(row(&text, key)[1], shown, "{key}");
    }
    assert!(!text.contains("-text"), "{text}");
}

#[test]
fn a_setting_that_does_not_fit_stops_with_one_line_that_names_its_layer() {
    for (arguments, variable, message) in [
        (
            &["--set", "server.port=x"][..],
            ("A", ""),
            "the setting `server.port` (flag for server.port) is `x` and must be a whole number from 0 to 65535",
        ),
        (
            &["--port", "70000"],
            ("A", ""),
            "the setting `server.port` (flag for server.port) is `70000` and must be a whole number from 0 to 65535",
        ),
        (
            &[],
            ("KALGAN__I18N__NEGOTIATE", "maybe"),
            "the setting `i18n.negotiate` (variable KALGAN__I18N__NEGOTIATE) is `maybe` and must be `true` or `false`",
        ),
        (
            &[],
            ("KALGAN__SERVER__PROT", "1"),
            "the environment variable `KALGAN__SERVER__PROT` names no setting; did you mean `KALGAN__SERVER__PORT`?",
        ),
        (
            &["--set", "server.prot=1"],
            ("A", ""),
            "`server.prot` (flag for server.prot) is not a setting; did you mean `server.port`?",
        ),
        (&["--set", "server.port"], ("A", ""), "`--set server.port` names no value; write `--set KEY=VALUE`"),
        (
            &["--set", "tera.path=x"],
            ("A", ""),
            "the setting `tera.path` (flag for tera.path) counts when the site is built, so it can only be set in the site's own \
             files",
        ),
        (
            &["--set", "i18n.language.default=fr"],
            ("A", ""),
            "the setting `i18n.language.default` (flag for i18n.language.default) is `fr`, which is none of the site's languages: \
             en, es",
        ),
    ] {
        for command in ["settings", "routes", "serve"] {
            let code = if command == "serve" { 78 } else { 1 };
            let expected = (Some(code), String::new(), format!("error: {message}\n"));
            assert_eq!(run_with(&[&[command], arguments].concat(), &[variable]), expected, "{command} {arguments:?}");
        }
    }
}

#[test]
fn a_settings_file_with_mistakes_is_reported_as_the_build_would() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("more.yaml");
    fs::write(&file, "server:\n  port: many\n").unwrap();
    let (code, text, errors) = run(&["settings", "--settings", file.to_str().unwrap()]);
    assert_eq!((code, &text[..]), (Some(1), ""));
    let first = format!("{}:2:9: error: `server.port` must be a whole number", file.display());
    assert!(errors.starts_with(&first) && errors.ends_with("1 error, 0 warnings\n"), "{errors}");
    let (code, _, errors) = run(&["settings", "--settings", "/no/such/file.yaml"]);
    assert!(code == Some(1) && errors.contains("there is no such file or folder"), "{errors}");
}

#[test]
fn routes_are_listed_in_order_with_their_places() {
    let (code, text, errors) = run(&["routes"]);
    assert_eq!((code, &errors[..]), (Some(0), ""));
    let mut lines = text.lines().map(cells);
    assert_eq!(lines.next().unwrap(), ["NAME", "METHODS", "PATH", "CONTROLLER", "MIDDLEWARE", "DECLARED"]);
    assert_eq!(lines.next().unwrap(), ["start_page", "GET", "/", "page::choose_language", "routes/manual.yaml:3:5"]);
    assert_eq!(lines.next().unwrap()[2], "/en [en]");
    assert_eq!(lines.next().unwrap()[2], "/es [es]");
}

#[test]
fn routes_explains_which_one_answers() {
    for (method, path, code, row, told) in [
        (
            "GET",
            "/en/routing",
            0,
            "routing /en/routing answers",
            "`routing` answers GET /en/routing: page::show (routes/",
        ),
        (
            "head",
            "/en/routing?page=2#top",
            0,
            "routing /en/routing answers",
            "`routing` answers HEAD /en/routing: page::show",
        ),
        (
            "GET",
            "/es/producci%C3%B3n",
            0,
            "production /es/producción answers",
            "`production` answers GET /es/producci%C3%B3n",
        ),
        (
            "POST",
            "/en/routing",
            1,
            "routing /en/routing has other methods",
            "no route answers POST /en/routing: 405, this path has GET",
        ),
        ("GET", "/nowhere", 1, "search /en/search.json has another path", "no route answers GET /nowhere: 404"),
        ("GET", "/%FF", 1, "", "no route answers GET /%FF: 400, it is not percent-encoded UTF-8"),
    ] {
        let (found, text, errors) = run(&["routes", "--match", method, path]);
        assert_eq!((found, &errors[..]), (Some(code), ""), "{method} {path}");
        let rows: Vec<_> = text.lines().map(|line| cells(line).join(" ")).collect();
        assert!(rows.iter().any(|found| found == row) || row.is_empty(), "{text}");
        assert!(text.lines().last().unwrap().starts_with(told), "{text}");
        if code == 0 {
            assert!(rows[rows.len() - 2] == row, "what comes after the answer is of no interest: {text}");
            assert!(rows[0].starts_with("start_page") && rows[0].ends_with("has another path"), "{text}");
        }
    }
    let (code, _, errors) = run(&["routes", "--match", "B D", "/"]);
    assert_eq!((code, &errors[..]), (Some(1), "error: `B D` is not a method\n"));
}

#[test]
fn check_says_what_the_build_says() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (site, code) in [
        ("app", 0),
        ("tests/sites/pages/app", 0),
        ("tests/mistakes/setting-of-a-service", 1),
        ("tests/mistakes/message-missing-in-a-language", 0),
        ("tests/mistakes/route-unreachable", 1),
        ("tests/mistakes/several-at-once", 1),
        ("tests/mistakes/trans-of-unknown-message", 1),
    ] {
        let folder = repository.join(site);
        let (found, text, errors) = run(&["check", "--site", folder.to_str().unwrap()]);
        let expected = fs::read_to_string(folder.join("expected.txt"));
        assert_eq!(text, expected.unwrap_or_else(|_| "0 errors, 0 warnings\n".to_string()), "{site}");
        assert_eq!((found, &errors[..]), (Some(code), ""), "{site}");
    }
    // `cargo run -- check` finds the site by the variable that cargo sets.
    let (code, text, _) = run_with(&["check"], &[("CARGO_MANIFEST_DIR", repository.to_str().unwrap())]);
    assert_eq!((code, &text[..]), (Some(0), "0 errors, 0 warnings\n"));
    let (code, _, errors) = run(&["check", "--site", "/no/such/folder"]);
    assert_eq!(
        (code, &errors[..]),
        (Some(1), "error: there is no folder `/no/such/folder`; name the site's folder with `--site DIR`\n",)
    );
}

#[test]
fn serve_that_cannot_start_says_why_in_one_line() {
    for (expected, arguments, message) in [
        (
            1,
            &["--set", "environment.is_prod=false", "--address", "0.0.0.0"][..],
            "a development process listens on this machine only, not on `0.0.0.0`",
        ),
        (1, &["--set", "environment.is_prod=false", "--address", "[::]"], "this machine only, not on `[::]`"),
        (1, &["--set", "environment.is_prod=true", "--address", "192.0.2.1"], "cannot listen on `192.0.2.1:0`"),
        (1, &["--set", "environment.is_prod=true", "--address", "a b"], "`a b"),
        (
            78,
            &["--set", "error.404=error::lost"],
            "`error.404` (flag for error.404) names the controller `error::lost`",
        ),
    ] {
        let (code, text, errors) =
            run_with(&[&["serve", "--port", "0"], arguments].concat(), &[("KALGAN__SECURITY__SECRET_KEY", SECRET_KEY)]);
        assert_eq!((code, &text[..], errors.lines().count()), (Some(expected), "", 1), "{arguments:?}: {errors}");
        assert!(errors.starts_with("error: ") && errors.contains(message), "{arguments:?}: {errors}");
    }
}

#[test]
fn production_does_not_start_without_a_secret_key_and_the_binary_makes_one() {
    let production = ["serve", "--port", "0", "--set", "environment.is_prod=true"];
    let (code, text, errors) = run(&production);
    assert_eq!((code, &text[..], errors.lines().count()), (Some(78), "", 1), "{errors}");
    assert!(errors.starts_with("error: the setting `security.secret_key` is not there"), "{errors}");
    let (code, key, errors) = run(&["key"]);
    assert_eq!((code, key.len(), &errors[..]), (Some(0), 65, ""));
    assert!(key.trim_end().bytes().all(|byte| byte.is_ascii_hexdigit()) && key.ends_with('\n'));
    assert_ne!(run(&["key"]).1, key);
}

#[test]
fn a_command_line_that_cannot_be_understood_ends_with_code_2() {
    for arguments in
        [&["server"][..], &["--prot", "1"], &["serve", "extra"], &["--port"], &["routes", "--match", "GET"]]
    {
        let (code, text, errors) = run(arguments);
        assert_eq!((code, &text[..]), (Some(2), ""), "{arguments:?}");
        assert!(errors.starts_with("error: ") && errors.contains("--help"), "{arguments:?}: {errors}");
    }
    assert!(run(&["server"]).2.contains("serve"), "nothing near is suggested");
}

#[test]
fn help_names_every_command_and_flag() {
    for arguments in [&["--help"][..], &["help"], &["-h"]] {
        let (code, text, errors) = run(arguments);
        assert_eq!((code, &errors[..]), (Some(0), ""), "{arguments:?}");
        for word in [
            "serve",
            "dev",
            "check",
            "routes",
            "assets",
            "key",
            "settings",
            "version",
            "--settings",
            "--set",
            "--address",
            "--port",
        ] {
            assert!(text.contains(&format!(" {word} ")), "{arguments:?}: {word} is not in\n{text}");
        }
    }
    assert!(run(&["serve", "--help"]).1.contains("--allow-remote"));
}

#[test]
fn a_reader_that_has_gone_is_no_mistake() {
    for command in [&["routes"][..], &["assets", "list"], &["assets", "types"], &["settings"], &["version"]] {
        let mut process = kalgan(command, &[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(process.stdout.take());
        let Output { status, stderr, .. } = process.wait_with_output().unwrap();
        assert_eq!((status.code(), String::from_utf8_lossy(&stderr)), (Some(0), "".into()), "{command:?}");
    }
}

#[test]
fn the_first_line_says_what_is_served_and_a_stop_ends_with_success() {
    for (is_prod, mode, address, host) in [
        ("true", "production, from the binary", "127.0.0.1", "http://127.0.0.1:"),
        ("false", "development, from `app`", "127.0.0.1", "http://127.0.0.1:"),
        ("true", "production, from the binary", "0.0.0.0", "http://0.0.0.0:"),
    ] {
        let flag = format!("environment.is_prod={is_prod}");
        let arguments = ["--port", "0", "--set", &flag, "--address", address];
        let key = [("KALGAN__SECURITY__SECRET_KEY", SECRET_KEY)];
        let mut process = kalgan(&arguments, &key).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let expected = format!("kalgan {} in {mode}: {host}", env!("CARGO_PKG_VERSION"));
        assert!(Command::new("kill").arg(process.id().to_string()).status().unwrap().success());
        assert_eq!(process.wait().unwrap().code(), Some(0));
        assert!(line.starts_with(&expected), "{line}");
        assert!(line.trim_end().rsplit(':').next().unwrap().parse::<u16>().is_ok_and(|port| port > 0), "{line}");
    }
}
