//! What a process counts, compared with what it was asked.

use std::collections::BTreeSet;
use std::path::Path;

use super::openmetrics::Exposition;
use super::*;

/// How many requests of a route were answered so.
fn requests(scrape: &Exposition, route: &str, method: &str, status: &str) -> f64 {
    let labels = [("route", route), ("method", method), ("status", status)];
    scrape.value("kalgan_http_requests_total", &labels).unwrap_or(0.0)
}

#[test]
fn requests_are_counted_by_route_method_and_status() {
    let watched = Watched::start(&[]);
    for _ in 0..3 {
        assert_eq!(status(&watched.raw(&get("/")).0), 200);
    }
    watched.raw("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let post = "POST /posts/7 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";
    assert_eq!(status(&watched.raw(post).0), 201);
    watched.raw(&post.replace("POST /posts/7", "PUT /posts/8"));
    assert_eq!(status(&watched.raw(&post.replace("/posts/7", "/")).0), 405);
    assert_eq!(status(&watched.raw(&get("/nowhere")).0), 404);
    assert_eq!(status(&watched.raw(&get("/a/%ff")).0), 400);
    assert_eq!(status(&watched.raw(&get("/static/site.css")).0), 200);
    assert_eq!(status(&watched.raw(&get("/static/site.css").replace("Host", "Range: bytes=0-2\r\nHost")).0), 206);
    let ranges = get("/static/site.css").replace("Host", "Range: bytes=0-1,3-4\r\nHost");
    assert_eq!(status(&watched.raw(&ranges).0), 206);
    assert_eq!(watched.raw(&get("/healthz")).1, "ok");
    assert_eq!(watched.raw(&get("/readyz")).1, "ready");
    assert_eq!(status(&watched.raw("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").0), 400);

    let scrape = watched.scrape();
    let counted = |route, method, status| requests(&scrape, route, method, status);
    assert_eq!(counted("home", "GET", "200"), 3.0);
    assert_eq!(counted("home", "HEAD", "200"), 1.0);
    assert_eq!(counted("post", "POST", "201"), 1.0);
    assert_eq!(counted("post", "PUT", "201"), 1.0);
    assert_eq!(counted("(unrouted)", "POST", "405"), 1.0);
    assert_eq!(counted("(unrouted)", "GET", "404"), 1.0);
    assert_eq!(counted("(unrouted)", "GET", "400"), 2.0);
    assert_eq!(counted("(static)", "GET", "200"), 1.0);
    assert_eq!(counted("(static)", "GET", "206"), 2.0);
    assert_eq!(counted("(health)", "GET", "200"), 2.0);
    let all: f64 = scrape.samples("kalgan_http_requests_total").map(|(_, count)| count).sum();
    let timed: f64 = scrape.samples("kalgan_http_request_duration_seconds_count").map(|(_, count)| count).sum();
    assert_eq!((all, timed), (15.0, 15.0));
    let home = [("route", "home")];
    assert_eq!(scrape.value("kalgan_http_request_duration_seconds_count", &home), Some(4.0));
    assert_eq!(scrape.value("kalgan_template_render_duration_seconds_count", &[]), Some(4.0));
    assert_eq!(scrape.value("kalgan_http_requests_in_flight", &[]), Some(0.0));
    assert_eq!(scrape.value("kalgan_connections_accepted_total", &[]), Some(15.0));
    assert_eq!(scrape.value("kalgan_connections_limit", &[]), Some(10_000.0));
    until("all connections are closed", || watched.scrape().value("kalgan_connections_open", &[]) == Some(0.0));
}

#[test]
fn a_request_with_two_accounts_of_its_visitor_is_counted_as_unrouted() {
    let watched = Watched::start(&["server.trusted_proxies=127.0.0.1"]);
    let both = "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.2\r\nHost";
    for path in ["/static/site.css", "/", "/healthz"] {
        assert_eq!(status(&watched.raw(&get(path).replace("Host", both)).0), 400, "{path}");
    }
    let scrape = watched.scrape();
    assert_eq!(requests(&scrape, "(unrouted)", "GET", "400"), 3.0);
    assert_eq!(requests(&scrape, "(static)", "GET", "400"), 0.0);
}

#[test]
fn clients_cannot_add_series() {
    let watched = Watched::start(&[]);
    let invented = |number: usize| {
        watched.raw(&get(&format!("/invented/{number}")));
        watched.raw(&get(&format!("/static/{number}.css")));
        watched.raw(&get("/").replace("GET", &format!("BREW{number}")));
        watched.raw(&get("/").replace("localhost", &format!("host-{number}.example")));
        watched.raw(&get(&format!("/posts/{number}")).replace("GET", "POST"));
    };
    invented(0);
    let before = watched.scrape();
    (1..30).for_each(invented);
    let after = watched.scrape();
    assert_eq!(before.series(), after.series());
    assert_eq!(requests(&after, "(unrouted)", "other", "405"), 30.0);
    assert_eq!(requests(&after, "post", "POST", "201"), 30.0);
}

#[test]
fn bytes_are_those_on_the_wire() {
    let watched = Watched::start(&[]);
    let sizes = |scrape: &Exposition| {
        ["kalgan_received_bytes_total", "kalgan_sent_bytes_total"].map(|name| scrape.value(name, &[]).unwrap())
    };
    assert_eq!(sizes(&watched.scrape()), [0.0, 0.0], "what the operator asks is not counted");
    let request = get("/static/site.css");
    let address = watched.server.origin.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let [received, sent] = sizes(&watched.scrape());
    assert_eq!((received, sent), (request.len() as f64, answer.len() as f64));
}

#[test]
fn a_request_in_progress_and_its_connection_are_seen() {
    let mut watched = Watched::start(&[]);
    let address = watched.server.origin.strip_prefix("http://").unwrap().to_string();
    let waiting = std::thread::spawn(move || ask(TcpStream::connect(address).unwrap(), &get("/slow")));
    let in_flight = || watched.scrape().value("kalgan_http_requests_in_flight", &[]);
    until("the request is in flight", || in_flight() == Some(1.0));
    assert_eq!(watched.scrape().value("kalgan_connections_open", &[]), Some(1.0));
    watched.server.terminate();
    until("the process says that it stops", || watched.admin("/readyz").0 == 503);
    let (status, told) = watched.admin("/readyz");
    assert_eq!((status, &*told), (503, r#"{"ready":false,"phase":"stopping","checks":[]}"#));
    assert_eq!(watched.admin("/healthz"), (200, "ok".to_string()));
    assert_eq!(waiting.join().unwrap().1, "late");
    watched.server.stop_by_terminating();
    assert!(!watched.socket().exists(), "the file of the socket is removed");
}

#[test]
fn look_ups_in_the_cache_and_of_sessions_are_counted() {
    let watched = Watched::start(&[]);
    let (head, _) = watched.raw(&get("/visit"));
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let visit = |cookie: &str| watched.raw(&get("/visit").replace("Host", &format!("Cookie: {cookie}\r\nHost")));
    visit(cookie);
    let (name, id) = cookie.split_once('=').unwrap();
    let unknown: String = id.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    visit(&format!("{name}={unknown}"));
    let scrape = watched.scrape();
    let counted = |name: &str| scrape.value(name, &[]).unwrap();
    assert_eq!((counted("kalgan_cache_misses_total"), counted("kalgan_cache_hits_total")), (1.0, 2.0));
    assert_eq!((counted("kalgan_session_misses_total"), counted("kalgan_session_hits_total")), (1.0, 1.0));
}

#[test]
fn the_process_and_what_runs_in_it_are_described() {
    let watched = Watched::start(&[]);
    let scrape = watched.scrape();
    let value = |name: &str| scrape.value(name, &[]).unwrap_or_else(|| panic!("there is no {name}"));
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("process_open_fds") > 5.0);
    assert!(value("process_start_time_seconds") > 1.7e9);
    let (labels, one) = scrape.samples("kalgan_build_info").next().unwrap();
    assert_eq!((labels["name"].as_str(), one), ("figures", 1.0));
    assert_eq!(labels["kalgan_version"], env!("CARGO_PKG_VERSION"));
    let names: Vec<_> = labels.keys().map(String::as_str).collect();
    assert_eq!(names, ["assets_version", "kalgan_version", "name", "version"]);
    let (head, text) = ask(
        UnixStream::connect(watched.socket()).unwrap(),
        &get("/metrics").replace("Host", "Accept: text/plain\r\nHost"),
    );
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{head}");
    assert!(!text.contains("# EOF") && text.contains("# TYPE kalgan_http_requests_in_flight gauge\n"), "{text}");
}

/// The names in the first column of the tables of a page.
fn documented(language: &str) -> BTreeSet<String> {
    let page =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("app/templates/manual").join(language).join("monitoring.html");
    let page = std::fs::read_to_string(page).unwrap();
    let names = page.lines().filter_map(|line| line.strip_prefix("| `")?.split(['`', '{']).next());
    names.filter(|name| name.starts_with("kalgan_") || name.starts_with("process_")).map(str::to_string).collect()
}

#[test]
fn the_manual_lists_what_a_process_exposes() {
    let mail = ["mailer.transport=smtp", "mailer.server=127.0.0.1", "mailer.port=9", "mailer.tls=none"];
    let watched = Watched::start(&[&mail[..], &["mailer.sender=site@example.com"]].concat());
    let exposed = watched.scrape().names();
    for language in ["en", "es"] {
        assert_eq!(documented(language), exposed, "the page `monitoring` in `{language}`");
    }
}
