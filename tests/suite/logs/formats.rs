//! The forms of a line, and what is told of each request.

use serde_json::{Value, json};

use super::{SECRET, accesses, ask, id, objects, started};
use crate::services::subprocess::start_after;

/// Everything but the id, the time and the address of the client, which other tests look at.
fn told(access: &Value) -> Value {
    let mut told = access.clone();
    for name in ["timestamp", "level", "target", "message", "duration_ms", "client", "request_id"] {
        told.as_object_mut().unwrap().remove(name).unwrap_or_else(|| panic!("no {name}: {access}"));
    }
    told
}

#[test]
fn nobody_makes_a_line_so_long_that_the_journal_cuts_it() {
    let server = started(&["log.format=json"]);
    let (method, path) = ("X".repeat(20_000), format!("/{}%0A%3C3%3Eforged", "x".repeat(40_000)));
    ask(&server, "GET", &path, &[]);
    ask(&server, &method, "/nowhere", &[]);
    let (_, log) = server.stop();
    assert_eq!(
        objects(&log).iter().filter(|line| line["path"].as_str().is_some_and(|path| path.ends_with('…'))).count(),
        2
    );
    assert!(log.lines().all(|line| line.len() < 4096) && !log.contains("forged"), "{log}");
}

#[test]
fn each_request_is_one_line_of_json_with_what_is_known_of_it() {
    let server = started(&["log.format=json"]);
    let tag = server.get("/static/site.css").header("etag").to_string();
    let secret = format!("?token={SECRET}");
    let requests: [(&str, &str, &[&str]); 9] = [
        ("GET", &format!("/show/tea{secret}"), &[]),
        ("GET", &format!("/static/site.css{secret}"), &[]),
        ("GET", "/static/site.css", &[&format!("If-None-Match: {tag}")]),
        ("HEAD", "/static/site.css", &[]),
        ("GET", &format!("/nowhere{secret}"), &[]),
        ("GET", "/stream", &[]),
        ("GET", "/broken", &[]),
        ("POST", &format!("/send{secret}"), &[]),
        ("GET", "/panic", &[]),
    ];
    let heads = requests.map(|(method, target, fields)| ask(&server, method, target, fields).0);
    let (status, log) = server.stop();
    assert!(status.success() && !log.contains(SECRET), "{log}");
    let objects = objects(&log);
    let accesses = &accesses(&objects)[1..];
    let plain = "404 page";
    let page_of_404 = accesses[4]["bytes"].as_u64().filter(|bytes| *bytes > 100).unwrap_or_else(|| panic!("{plain}"));
    let page_of_500 = accesses[8]["bytes"].as_u64().filter(|bytes| *bytes > 32).unwrap();
    let expected = json!([
        {"method": "GET", "path": "/show/tea", "route": "show", "status": 200, "bytes": 32, "language": "en"},
        {"method": "GET", "path": "/static/site.css", "status": 200, "bytes": 20},
        {"method": "GET", "path": "/static/site.css", "status": 304, "bytes": 0},
        {"method": "HEAD", "path": "/static/site.css", "status": 200, "bytes": 0},
        {"method": "GET", "path": "/nowhere", "status": 404, "bytes": page_of_404, "language": "en"},
        {"method": "GET", "path": "/stream", "route": "stream", "status": 200, "bytes": 9, "language": "en"},
        {"method": "GET", "path": "/broken", "route": "broken", "status": 200, "bytes": 4, "language": "en"},
        {"method": "POST", "path": "/send", "route": "send", "status": 200, "bytes": 8, "language": "en"},
        {"method": "GET", "path": "/panic", "route": "panic", "status": 500, "bytes": page_of_500, "language": "en"},
    ]);
    assert_eq!(Value::from_iter(accesses.iter().map(|access| told(access))), expected, "{log}");
    for (access, head) in accesses.iter().zip(&heads) {
        assert_eq!((&access["request_id"], &access["client"]), (&json!(id(head)), &json!("127.0.0.1")));
        assert!(access["duration_ms"].as_f64().is_some_and(|duration| duration > 0.0 && duration < 60_000.0));
        assert!(access["timestamp"].as_str().is_some_and(|time| time.ends_with('Z') && time.len() == 27), "{access}");
        assert_eq!((&access["level"], &access["message"]), (&json!("INFO"), &json!("answered")));
    }
}

#[test]
fn every_line_of_a_request_has_its_id_wherever_it_comes_from() {
    let server = started(&["log.format=json", "log.level=debug"]);
    let asked =
        ["/show/tea", "/blocking", "/broken", "/panic", "/nowhere"].map(|path| (path, ask(&server, "GET", path, &[])));
    let (_, log) = server.stop();
    let objects = objects(&log);
    let lines = |id: &str| {
        let own = objects.iter().filter(|object| object["request_id"] == id && object["target"] != "kalgan::access");
        own.map(|object| object["message"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    for (path, expected) in [
        ("/show/tea", vec!["showing tea", "details"]),
        ("/blocking", vec!["from another thread"]),
        ("/broken", vec!["the stream of an answer broke off: on\\npurpose"]),
        ("/nowhere", vec!["no route answers `/nowhere`"]),
    ] {
        let (_, (head, _)) = asked.iter().find(|(asked, _)| *asked == path).unwrap();
        assert_eq!(lines(id(head)), expected, "{path}: {log}");
    }
    let (_, (head, page)) = &asked[3];
    let panic = lines(id(head));
    assert!(panic.len() == 2 && panic.iter().all(|line| line.contains("on\\npurpose")), "{panic:?}");
    assert_eq!(page.trim(), format!("tell us: {}", id(head)), "the site's error page shows the id");
    let (_, (head, body)) = &asked[0];
    assert_eq!(body, id(head), "a controller sees the id");
    let details = objects.iter().find(|object| object["message"] == "details").unwrap();
    assert_eq!(
        (&details["timestamp_"], &details["level_"], &details["request_id_"]),
        (&json!("mine"), &json!(5), &json!("mine too"))
    );
    assert_eq!((&details["level"], &details["request_id"]), (&json!("DEBUG"), &json!(id(head))));
}

#[test]
fn a_trusted_proxy_gives_id_and_client_and_what_is_no_id_is_not_taken() {
    let server = started(&["log.format=json", "server.trusted_proxies=127.0.0.1"]);
    let given = ["X-Request-Id: 5c1f.0b_6d-e3", "X-Forwarded-For: 192.0.2.7"];
    for path in ["/show/tea", "/static/site.css", "/nowhere"] {
        assert_eq!(id(&ask(&server, "GET", path, &given).0), "5c1f.0b_6d-e3");
    }
    let long = format!("X-Request-Id: {}", "x".repeat(129));
    for wrong in ["X-Request-Id: a b", "X-Request-Id: \"", "X-Request-Id: {}", &long] {
        assert_eq!(id(&ask(&server, "GET", "/show/tea", &[wrong]).0).len(), 32, "{wrong}");
    }
    let (_, log) = server.stop();
    let objects = objects(&log);
    let given = accesses(&objects).into_iter().filter(|access| access["request_id"] == "5c1f.0b_6d-e3");
    assert!(given.clone().count() == 3 && given.clone().all(|access| access["client"] == "192.0.2.7"), "{log}");
    assert!(objects.iter().any(|object| object["message"] == "showing tea" && object["request_id"] == "5c1f.0b_6d-e3"));
}

/// What could be taken for a line of its own, or moves a terminal's cursor.
const FORGED: &str = "/show/a%0A%0D2026-01-01T00:00:00Z%20ERROR%20forged%1B%5B2J%C2%9B2J";

#[test]
fn nothing_that_a_client_sends_forges_a_line_in_any_form() {
    for (format, lines) in [("text", 3), ("json", 3), ("journal", 3)] {
        let server = started(&[&format!("log.format={format}")]);
        let (head, _) = ask(&server, "GET", FORGED, &["X-Request-Id: forged"]);
        assert_ne!(id(&head), "forged", "nobody is trusted");
        let (head, _) = ask(&server, "GET", "/show/%0A%3C0%3Ex", &["X-Request-Id: a\tb"]);
        assert_eq!(id(&head).len(), 32);
        let (_, log) = server.stop();
        let of_requests = log.lines().filter(|line| line.contains("show") || line.contains("forged")).count();
        assert_eq!(of_requests, lines + 1, "two lines for each request: {log}");
        assert!(!log.contains(['\r', '\u{1b}', '\u{9b}']), "{log:?}");
        let begins = |line: &str| match format {
            "text" => line.starts_with("20") && line[..35].contains(" INFO "),
            "journal" => line.starts_with("<6>kalgan::access: ") || line.starts_with("<6>request{request_id="),
            _ => line.starts_with("{\"timestamp\":"),
        };
        assert!(log.lines().all(begins), "{format}: {log}");
    }
}

#[test]
fn auto_is_the_journal_under_systemd_and_json_elsewhere_in_production() {
    let own = "export JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2)";
    let other = "export JOURNAL_STREAM=$(stat -Lc %d:%i /dev/null)";
    for (script, is_prod, begin) in [
        (own, true, "<6>kalgan::access: "),
        (other, true, "{\"timestamp\":\"20"),
        (own, false, "20"),
        ("true", true, "{\"timestamp\":\"20"),
    ] {
        let server = start_after(script, "logged", &["log.format=auto", &format!("environment.is_prod={is_prod}")]);
        assert_eq!(server.get("/show/tea").status, 200);
        let (_, log) = server.stop();
        let access =
            log.lines().find(|line| line.contains("kalgan::access")).unwrap_or_else(|| panic!("{script}: {log}"));
        assert!(access.starts_with(begin), "{script}: {access}");
    }
}

#[test]
fn priorities_in_the_journal_are_those_of_syslog() {
    let server = started(&["log.format=journal", "log.level=debug"]);
    for path in ["/show/tea", "/blocking", "/panic"] {
        ask(&server, "GET", path, &[]);
    }
    let (_, log) = server.stop();
    for (priority, text) in
        [("<6>", "showing tea"), ("<7>", "details"), ("<4>", "from another thread"), ("<3>", "on\\npurpose")]
    {
        let line = log.lines().find(|line| line.contains(text)).unwrap_or_else(|| panic!("{text}: {log}"));
        assert!(line.starts_with(priority), "{line}");
    }
}
