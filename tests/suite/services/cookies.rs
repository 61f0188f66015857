//! Cookies from settings, their renewal, and signed and encrypted ones.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::thread;

use kalgan::testing::{Answer, Client};

use super::cookie_site::{KEY, development, production};
use crate::server::Server;

fn lines(answer: &Answer) -> Vec<&str> {
    answer.headers().get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect()
}

fn visit(client: &Client, what: &str, cookies: &[(&str, &str)]) -> Answer {
    let call = client.get(&format!("/visit/{what}"));
    cookies.iter().fold(call, |call, (name, value)| call.cookie(name, value)).send()
}

const LOGIN: &str = "sid=a%20b; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600";
const THEME: &str = "theme=dark; SameSite=Strict; Secure; Path=/; Expires=Sat, 06 Nov 2094 08:49:37 GMT";

#[test]
fn a_cookie_is_sent_as_the_settings_describe_it() {
    let answer = visit(&production(&[]), "log-in", &[]);
    assert_eq!(lines(&answer), ["sid=new; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=3600"], "B103, B105");
    let answer = visit(&development(&[("cookie.login.secure", "true")]), "log-in", &[]);
    assert!(lines(&answer)[0].contains("; Secure"), "what is said counts in development too");
    let answer = visit(&development(&[]), "log-in", &[]);
    assert!(!lines(&answer)[0].contains("Secure"), "B107: development has no TLS");
    let answer = visit(&development(&[]), "unknown", &[]);
    assert!(answer.status() == 500 && answer.text().contains("did you mean `login`?"), "{}", answer.text());
}

#[test]
fn cookies_are_renewed_with_the_value_that_came() {
    let client = production(&[]);
    let both = [("sid", "a%20b"), ("theme", "dark"), ("other", "1")];
    assert_eq!(lines(&visit(&client, "nothing", &both)), [LOGIN, THEME], "B108: by id, with the blank after the comma");
    assert_eq!(lines(&visit(&client, "nothing", &both[1..])), [THEME]);
    assert!(lines(&visit(&client, "nothing", &[])).is_empty(), "what did not come is not sent");
    let answer = client.get("/stopped").cookie("theme", "dark").send();
    assert_eq!(lines(&answer), ["gate=1; HttpOnly; SameSite=Lax; Secure; Path=/", THEME], "B108: middleware too");
    let answer = client.get("/static/site.css").cookie("theme", "dark").send();
    assert!(answer.status() == 200 && lines(&answer).is_empty(), "B108: static files not");
}

#[test]
fn the_controller_wins_against_the_renewal() {
    let client = production(&[]);
    for (what, start) in [
        ("log-in", "sid=new; "),
        ("log-out", "sid=; "),
        ("log-out-by-name", "sid=; "),
        ("by-header", "sid=by-header; "),
    ] {
        let answer = visit(&client, what, &[("sid", "old")]);
        let lines = lines(&answer);
        assert!(lines.len() == 1 && lines[0].starts_with(start), "C10: {what}: {lines:?}");
    }
}

#[test]
fn error_pages_renew_too_and_keep_what_the_controller_set() {
    let client = production(&[]);
    let answer = client.get("/nowhere").cookie("sid", "a%20b").cookie("theme", "dark").send();
    let found = lines(&answer);
    assert_eq!((answer.status(), found.len()), (404, 2), "{found:?}");
    assert!(found[0].starts_with("theme=; ") && found[1] == LOGIN, "B108, C10: {found:?}");
    let answer = visit(&client, "fail", &[("theme", "dark")]);
    assert_eq!((answer.status(), lines(&answer)), (500, vec!["a=1; HttpOnly; SameSite=Lax; Secure; Path=/", THEME]));
}

#[test]
fn a_value_that_grew_too_long_is_not_renewed() {
    let client = production(&[]);
    let (long, short) = ("ñ".repeat(1000), "ñ".repeat(600));
    assert!(lines(&visit(&client, "nothing", &[("sid", &long)])).is_empty());
    assert_eq!(lines(&visit(&client, "nothing", &[("sid", &short)])).len(), 1);
}

#[test]
fn without_the_setting_nothing_is_renewed() {
    let client = production(&[("cookie.renew", "")]);
    assert!(lines(&visit(&client, "nothing", &[("sid", "a")])).is_empty());
}

#[test]
fn cookies_with_a_place_or_a_prefix_can_be_removed() {
    let answer = visit(&production(&[]), "clear", &[]);
    let found = lines(&answer);
    assert!(found[0].starts_with("__Secure-basket=; HttpOnly; SameSite=Lax; Secure; Path=/shop; Domain=example.com;"));
    assert!(found[1].starts_with("__Host-a=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"), "{found:?}");
}

#[test]
fn what_no_browser_would_take_is_a_failure_that_says_why() {
    for (what, reason) in [("wrong", "its `path` must be `/`"), ("large", "browsers take 4096 at most")] {
        let answer = visit(&development(&[]), what, &[]);
        assert!(answer.status() == 500 && answer.text().contains(reason), "{what}: {}", answer.text());
        assert!(!answer.text().contains("secret-value") && lines(&answer).is_empty());
    }
}

#[test]
fn a_signed_cookie_is_read_back_and_a_forged_one_is_not() {
    let client = production(&[]);
    let made = visit(&client, "sign", &[]).cookie("team").unwrap();
    assert!(made.value().ends_with("blue; ñ") && made.http_only() == Some(true) && made.secure() == Some(true));
    let read = |value: &str| visit(&client, "signed", &[("team", &encoded(value))]).text().to_string();
    assert_eq!(read(made.value()), r#"Some("blue; ñ")"#);
    let other = visit(&client, "sign-other", &[]).cookie("other").unwrap();
    let private = visit(&client, "encrypt", &[]).cookie("note").unwrap();
    for (what, value) in [
        ("changed", made.value().replace("blue", "rost")),
        ("truncated", made.value()[..40].to_string()),
        ("without its end", made.value().trim_end_matches('ñ').to_string()),
        ("plain", "blue".to_string()),
        ("empty", String::new()),
        ("oversized", format!("{}{}", made.value(), "x".repeat(4096))),
        ("of another name", other.value().to_string()),
        ("encrypted", private.value().to_string()),
    ] {
        assert_eq!(read(&value), "None", "{what}");
    }
}

#[test]
fn an_encrypted_cookie_is_read_back_and_shows_nothing() {
    let client = production(&[]);
    let made = visit(&client, "encrypt", &[]).cookie("note").unwrap();
    assert!(!made.value().contains("4711"));
    assert_ne!(made.value(), visit(&client, "encrypt", &[]).cookie("note").unwrap().value(), "another one each time");
    let read = |value: &str| visit(&client, "private", &[("note", &encoded(value))]).text().to_string();
    assert_eq!(read(made.value()), r#"Some("4711; ñ")"#);
    let signed = visit(&client, "sign", &[]).cookie("team").unwrap();
    assert_eq!(read(signed.value()), "None");
    assert_eq!(read(&made.value()[..made.value().len() - 4]), "None");
    let as_signed = visit(&client, "signed", &[("team", &encoded(made.value()))]);
    assert_eq!(as_signed.text(), "None", "one purpose is not the other");
}

#[test]
fn a_key_can_be_changed_while_cookies_of_the_old_one_count() {
    let old = production(&[("security.secret_key", KEY)]);
    let (team, note) =
        (visit(&old, "sign", &[]).cookie("team").unwrap(), visit(&old, "encrypt", &[]).cookie("note").unwrap());
    let new = "another key of thirty-two letters";
    let read = |client: &Client| {
        let signed = visit(client, "signed", &[("team", &encoded(team.value()))]).text().to_string();
        (signed, visit(client, "private", &[("note", &encoded(note.value()))]).text().to_string())
    };
    let both = production(&[("security.secret_key", new), ("security.previous_secret_key", KEY)]);
    assert_eq!(read(&both), (r#"Some("blue; ñ")"#.to_string(), r#"Some("4711; ñ")"#.to_string()));
    let foreign = production(&[("security.secret_key", new)]);
    assert_eq!(read(&foreign), ("None".to_string(), "None".to_string()), "a foreign site's cookies do not count");
    let fresh = visit(&both, "sign", &[]).cookie("team").unwrap();
    let answer = visit(&foreign, "signed", &[("team", &encoded(fresh.value()))]);
    assert_eq!(answer.text(), r#"Some("blue; ñ")"#, "what is signed now is signed by the new key");
}

#[test]
#[should_panic(expected = "`cookie.login.same_site` (flag for cookie.login.same_site) is `lex`")]
fn a_wrong_setting_of_a_cookie_stops_the_start() {
    production(&[("cookie.login.same_site", "lex")]);
}

#[test]
fn a_reload_with_a_wrong_cookie_is_refused_and_one_with_another_key_tells_that_it_waits() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.yaml");
    fs::write(&file, "cookie:\n  a:\n    same_site: strict\n").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
    command.arg("--settings").arg(&file);
    let server = Server::start_command(command, &["environment.is_prod=true"]);
    let reload = |settings: &str, said: &str| {
        fs::write(&file, settings).unwrap();
        server.hang_up();
        server.wait_for_log(said, 1)
    };
    reload("cookie:\n  a:\n    name: __Host-a\n    path: /x\n", "must be `/`, because the name begins with `__Host-`");
    server.wait_for_log("the reload is refused", 1);
    assert_eq!(server.get("/en").status, 200);
    let previous = format!("security:\n  previous_secret_key: {KEY}\n");
    let log =
        reload(&previous, "`security.previous_secret_key` was changed; it counts when the process is started again");
    assert!(!log.contains(KEY), "a key is in no log");
}

#[test]
fn processes_in_development_make_one_key_and_keep_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = format!("data.path={}", folder.path().display());
    let start = || Server::start(&["environment.is_prod=false", "security.secret_key=", &data]);
    let file = folder.path().join("secret_key");
    let both = thread::scope(|scope| [scope.spawn(start), scope.spawn(start)].map(|thread| thread.join().unwrap()));
    let key = fs::read_to_string(&file).unwrap();
    assert!(key.len() == 65 && both.iter().all(|server| server.get("/en").status == 200));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    drop(both);
    let again = start();
    assert_eq!(fs::read_to_string(&file).unwrap(), key);
    let (_, log) = again.stop();
    assert!(!log.contains(key.trim_end()));
}

/// A value as browsers send it back: as it came, percent-encoded.
pub fn encoded(value: &str) -> String {
    kalgan::Cookie::new("a", value).encoded().stripped().to_string().split_off(2)
}
