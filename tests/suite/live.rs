//! An open page follows the edits of its site: a real browser, a real process, files on disk.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use kalgan::controller::{Dispatch, controller};
use kalgan::{App, Request, Response, context, render};
use serde_json::json;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::server::Server;

/// Through these [`the_process_of_a_site`] gets its command line, and the port in place of a free one.
const ARGUMENTS: &str = "KALGAN_TEST_ARGUMENTS";
const PORT: &str = "KALGAN_TEST_PORT";

/// The site in `tests/sites/live`, copied to where it may be edited, and a process in development that serves it.
struct Edited {
    server: Server,
    folder: TempDir,
}

impl Edited {
    fn start(settings: &[&str]) -> Edited {
        let folder = tempfile::tempdir().unwrap();
        let copied = Command::new("cp").arg("-r").arg(original()).arg(folder.path()).status();
        assert!(copied.unwrap().success());
        Edited { server: process(folder.path(), settings, "0"), folder }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join("app").join(file)
    }

    /// Replaces a text in a file, which must have it.
    fn edit(&self, file: &str, before: &str, after: &str) {
        let text = std::fs::read_to_string(self.path(file)).unwrap();
        assert!(text.contains(before), "{file} has no {before}");
        std::fs::write(self.path(file), text.replace(before, after)).unwrap();
    }

    fn open(&self, browser: &mut Browser, path: &str) {
        browser.open(&format!("{}{path}", self.server.origin));
        // A variable lives as long as the page is not loaded again.
        browser.value("window.kept = true; null");
    }
}

fn original() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sites/live/app")
}

/// A process of this very test program that serves the site below a folder.
fn process(folder: &Path, settings: &[&str], port: &str) -> Server {
    let mut command = Command::new("sh");
    let script = format!("{ARGUMENTS}=\"$*\" exec \"$0\" live::the_process_of_a_site --exact --ignored --nocapture");
    command.args(["-c", &script]).arg(std::env::current_exe().unwrap());
    command.arg("--site").arg(folder.join("app")).env(PORT, port);
    Server::start_command(command, settings)
}

#[test]
#[ignore = "it is the process that the other tests here start"]
fn the_process_of_a_site() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let arguments = arguments.replace("--port 0", &format!("--port {}", std::env::var(PORT).unwrap()));
    let controllers = [("page::show", controller(show)), ("page::other", controller(|| render!("other.html")))];
    let dispatch = Dispatch::new(controllers, []);
    let app = App::new(|| super::pages::read("live"), dispatch);
    let code = kalgan::testing::run(app, std::iter::once("site").chain(arguments.split(' ')));
    // What a test would print at its end nobody reads.
    std::process::exit(i32::from(code != ExitCode::SUCCESS));
}

/// The page, with the policy that the address asks for.
fn show(request: Request) -> Response {
    let page = Response::render("home.html", context! {});
    match request.query("policy") {
        Some(policy) => page.with_header("content-security-policy", policy),
        None => page,
    }
}

#[test]
fn an_edit_of_a_template_a_message_or_a_route_loads_the_page_again() {
    let Some(mut browser) = Browser::start() else { return };
    let site = Edited::start(&[]);
    site.open(&mut browser, "/");
    site.edit("templates/home.html", "First", "Second");
    browser.wait_for("document.querySelector('h1')?.textContent == 'Second' && !window.kept");
    site.edit("i18n/en/main.yaml", "Hello", "Welcome");
    browser.wait_for("document.querySelector('p')?.textContent == 'Welcome'");
    site.edit("templates/base.html", "<title>Live", "<title>Lively");
    browser.wait_for("document.title == 'Lively'");
}

#[test]
fn a_stylesheet_and_a_picture_are_swapped_in_the_page() {
    let Some(mut browser) = Browser::start() else { return };
    let site = Edited::start(&[]);
    site.open(&mut browser, "/");
    let colour = "getComputedStyle(document.querySelector('h1')).color";
    assert_eq!(browser.value(colour), json!("rgb(1, 2, 3)"));
    let picture = browser.value("document.querySelector('img').src");
    for number in [4, 5, 6] {
        site.edit("static/site.css", "rgb(", &format!("rgb({number},"));
        site.edit("static/site.css", ", 2, 3)", ", 3)");
        browser.wait_for(&format!("{colour}.startsWith('rgb({number}, ')"));
        browser.wait_for("document.querySelectorAll('link[rel=stylesheet]').length == 1");
        site.edit("static/site.css", &format!("rgb({number},"), "rgb(");
        site.edit("static/site.css", ", 3)", ", 2, 3)");
        browser.wait_for(&format!("{colour} == 'rgb(1, 2, 3)'"));
    }
    site.edit("static/dot.svg", "<rect", "<rect fill=\"red\"");
    browser.wait_for(&format!("document.querySelector('img').src != {picture}"));
    assert_eq!(browser.value("window.kept"), json!(true), "the page was loaded again");
    let address = browser.value("new URL(document.querySelector('link[rel=stylesheet]').href).search");
    let part = browser.value("fetch('/').then((answer) => answer.text())");
    assert!(!part.as_str().unwrap().contains("_kalgan"), "what a script asks for has a tag: {part}");
    let page = site.server.get("/").body;
    assert!(page.contains(address.as_str().unwrap()), "the page loaded anew names another version than {address}");
}

#[test]
fn what_broke_the_page_is_shown_and_the_repair_brings_it_back() {
    let Some(mut browser) = Browser::start() else { return };
    let site = Edited::start(&["environment.editor=edit://{path}:{line}:{column}"]);
    site.open(&mut browser, "/");
    site.edit("templates/home.html", "<h1>First</h1>", "<h1>{{ if }}</h1>");
    browser.wait_for("document.querySelector('.mistakes mark') != null");
    let link = browser.value("document.querySelector('.mistakes a').href");
    assert_eq!(link, json!(format!("edit://{}:3:8", site.path("templates/home.html").display())), "{link}");
    assert_eq!(site.server.get("/").status, 500);
    assert_eq!(site.server.get("/other").status, 200, "a page that does not need the template");
    // Another mistake in its place, one that no engine can read past, and one in another file beside it.
    site.edit("templates/home.html", "{{ if }}", "{% if %}");
    site.edit("i18n/en/main.yaml", "greeting:", "greeting: [");
    browser.wait_for("document.querySelectorAll('.mistakes li.error').length == 2");
    site.edit("templates/home.html", "<h1>{% if %}</h1>", "<h1>Repaired</h1>");
    browser.wait_for("document.querySelectorAll('.mistakes li.error').length == 1");
    browser.wait_for("document.querySelector('.mistakes li .place')?.textContent.startsWith('i18n/en/main.yaml:')");
    site.edit("i18n/en/main.yaml", "greeting: [", "greeting:");
    browser.wait_for("document.querySelector('h1')?.textContent == 'Repaired'");
}

#[test]
fn other_mistakes_stand_in_a_panel_until_they_are_repaired() {
    let Some(mut browser) = Browser::start() else { return };
    let site = Edited::start(&[]);
    site.open(&mut browser, "/");
    let panel = "document.querySelector('kalgan-live')?.shadowRoot.querySelector('[role=alertdialog]')";
    site.edit("templates/other.html", "Other", "{{ \"<b>no</b>\"|trans }}");
    browser.wait_for(&format!("{panel}?.textContent.includes('<b>no</b>') == true"));
    assert_eq!(browser.value(&format!("{panel}.querySelectorAll('li.error, li.warning').length")), json!(1));
    browser.press("Escape");
    browser.wait_for("document.querySelector('kalgan-live') == null");
    browser.value("location.reload(); null");
    browser.wait_for("document.readyState == 'complete' && window.own == true");
    // Another mistake opens it again.
    site.edit("templates/other.html", "no</b>\"|trans", "none</b>\"|trans");
    browser.wait_for(&format!("{panel}?.textContent.includes('<b>none</b>') == true"));
    site.edit("templates/other.html", "{{ \"<b>none</b>\"|trans }}", "Other");
    browser.wait_for("document.querySelector('kalgan-live') == null");
    let log = site.server.wait_for_log("all mistakes are repaired", 1);
    assert_eq!(log.matches("<b>no</b>").count() / 2, 1, "{log}");
}

#[test]
fn it_works_with_the_policy_of_the_site_and_loosens_nothing_else() {
    let Some(mut browser) = Browser::start() else { return };
    let site = Edited::start(&[]);
    for (number, (policy, runs_own)) in [
        ("default-src 'self'", false),
        ("script-src 'none'; connect-src 'none'", false),
        ("script-src 'nonce-abc'; style-src 'self'", false),
        ("default-src 'none'; style-src 'self'", false),
        ("script-src 'strict-dynamic' 'sha256-AAAA'; connect-src https:", false),
        ("script-src 'self' 'unsafe-inline'; require-trusted-types-for 'script'", true),
        ("script-src 'unsafe-inline'; object-src 'none'", true),
    ]
    .into_iter()
    .enumerate()
    {
        let address = policy.replace(' ', "%20").replace(';', "%3B").replace('\'', "%27");
        site.open(&mut browser, &format!("/?policy={address}"));
        assert_eq!(browser.value("window.own === true"), json!(runs_own), "{policy}");
        let (before, after) = (format!("h1>{number}"), format!("h1>{}", number + 1));
        let before = if number == 0 { "h1>First".to_string() } else { before };
        site.edit("templates/home.html", &before, &after);
        browser.wait_for(&format!("document.querySelector('h1')?.textContent == '{}'", number + 1));
        site.edit("templates/other.html", "Other", "{{ \"nowhere\"|trans }}");
        browser.wait_for("document.querySelector('kalgan-live') != null");
        site.edit("templates/other.html", "{{ \"nowhere\"|trans }}", "Other");
        browser.wait_for("document.querySelector('kalgan-live') == null");
    }
}

#[test]
fn a_page_that_came_from_a_form_is_not_sent_again() {
    let Some(mut browser) = Browser::start() else { return };
    let site = Edited::start(&[]);
    site.open(&mut browser, "/");
    let form = "'<form method=post action=/other>'";
    browser.value(&format!("document.body.insertAdjacentHTML('beforeend', {form}); document.forms[0].submit()"));
    browser.wait_for("document.querySelector('h1')?.textContent == 'Other' && document.readyState == 'complete'");
    browser.value("window.kept = true; null");
    site.edit("templates/other.html", "Other", "Another");
    browser.wait_for("document.querySelector('kalgan-live')?.shadowRoot.textContent.includes('from a form') == true");
    assert_eq!(browser.value("window.kept"), json!(true));
}

#[test]
fn a_page_that_was_left_has_the_edit_when_it_is_shown_again() {
    let Some(mut browser) = Browser::start() else { return };
    let site = Edited::start(&[]);
    site.open(&mut browser, "/");
    site.open(&mut browser, "/other");
    site.edit("templates/home.html", "First", "Second");
    browser.value("history.back(); null");
    browser.wait_for("document.querySelector('h1')?.textContent == 'Second'");
}

#[test]
fn a_process_that_was_started_again_loads_the_page_again() {
    let Some(mut browser) = Browser::start() else { return };
    let mut site = Edited::start(&[]);
    site.open(&mut browser, "/");
    let origin = site.server.origin.clone();
    site.server.stop_by_terminating();
    site.server = process(site.folder.path(), &[], origin.rsplit(':').next().unwrap());
    assert_eq!(site.server.origin, origin);
    browser.wait_for("window.kept === undefined && window.own === true");
}

#[test]
fn an_open_stream_does_not_hold_up_a_process_that_stops() {
    // If it did, this test would take a day.
    let site = Edited::start(&["server.shutdown_timeout=86400"]);
    let mut streams: Vec<TcpStream> = (0..20).map(|_| stream(&site.server)).collect();
    site.edit("templates/home.html", "First", "Second");
    for stream in &mut streams {
        until(stream, "\"reload\":true");
    }
    let (status, log) = site.server.stop();
    assert!(status.success() && !log.contains("cut"), "{log}");
    for mut stream in streams {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).unwrap();
        assert!(rest.ends_with("0\r\n\r\n"), "the stream has no end: {rest:?}");
    }
}

/// An event stream of a page that was served just now.
fn stream(server: &Server) -> TcpStream {
    let page = server.get("/").body;
    let (_, since) = page.split_once("data-since=\"").expect("a page has the tag");
    let since = since.split('"').next().unwrap();
    let mut stream = TcpStream::connect(server.origin.trim_start_matches("http://")).unwrap();
    write!(stream, "GET /_kalgan/events?since={since} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    until(&mut stream, "\"reload\":false");
    stream
}

fn until(stream: &mut TcpStream, end: &str) {
    let mut text = String::new();
    while !text.contains(end) {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "the stream ended without {end}: {text}");
        text.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
}

#[test]
fn nothing_is_added_where_it_is_switched_off_nor_in_production() {
    for settings in [&["environment.live_reload=false"], &["environment.is_prod=true"]] {
        let site = Edited::start(settings);
        let page = site.server.get("/");
        assert!(page.status == 200 && !page.body.contains("_kalgan"), "{settings:?}: {}", page.body);
        for address in ["/_kalgan/live.js", "/_kalgan/events"] {
            assert_eq!(site.server.get(address).status, 404, "{settings:?}: {address}");
        }
    }
}

#[test]
fn head_and_304_say_what_get_says() {
    let site = Edited::start(&[]);
    let page = site.server.get("/");
    assert!(page.body.contains("/_kalgan/live.js"));
    let head = site.server.head_with("/", &[]);
    assert_eq!(head.header("etag"), page.header("etag"));
    assert_eq!(head.header("content-length"), page.body.len().to_string());
    let tag = page.header("etag").to_string();
    assert_eq!(site.server.get_with("/", &[("if-none-match", &tag)]).status, 304);
    for (path, kind) in
        [("/static/site.css", "text/css; charset=utf-8"), ("/_kalgan/live.js", "text/javascript; charset=utf-8")]
    {
        assert_eq!(site.server.get(path).header("content-type"), kind);
    }
    assert!(site.server.get("/nowhere").body.contains("/_kalgan/live.js"), "an error page follows edits as well");
}

#[test]
fn a_route_to_a_function_that_is_not_in_the_binary_says_so() {
    let site = Edited::start(&[]);
    let routes = std::fs::read_to_string(site.path("routes/main.yaml")).unwrap();
    let added = format!("{routes}  - new:\n      path: /new\n      controller: page::new\n");
    std::fs::write(site.path("routes/main.yaml"), added).unwrap();
    let page = site.server.get("/new");
    assert_eq!(page.status, 500);
    for text in ["there is no controller `page::new` in this binary", "routes/main.yaml:8:5", "`kalgan dev`", "<mark>"]
    {
        assert!(page.body.contains(text), "{text} is not in {}", page.body);
    }
    assert_eq!(site.server.get("/").status, 200);
}

#[test]
fn middleware_of_all_routes_that_is_not_in_the_binary_lets_no_request_pass() {
    let site = Edited::start(&[]);
    std::fs::write(site.path("config/more.yaml"), "router:\n  middleware: [gate/new]\n").unwrap();
    let page = site.server.get("/");
    assert_eq!(page.status, 500);
    for text in ["there is no middleware `gate::new` in this binary", "config/more.yaml:2:", "<mark>"] {
        assert!(page.body.contains(text), "{text} is not in {}", page.body);
    }
    std::fs::remove_file(site.path("config/more.yaml")).unwrap();
    assert_eq!(site.server.get("/").status, 200);
}

#[test]
fn an_editor_that_cannot_be_opened_stops_the_start() {
    let folder = original();
    for (address, reason) in [
        ("edit://{file}", "has the placeholder `{file}`; there are `{path}`, `{line}` and `{column}`"),
        ("javascript:{path}", "runs in the page"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_kalgan"))
            .args(["serve", "--port", "0", "--site"])
            .arg(&folder)
            .args(["--set", "environment.is_prod=false", "--set", &format!("environment.editor={address}")])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && text.contains("environment.editor") && text.contains(reason), "{text}");
    }
}

/// B39, B40
#[test]
fn settings_that_count_at_the_start_only_are_named() {
    let site = Edited::start(&[]);
    site.edit("config/app.yaml", "is_prod: false", "is_prod: true\nserver:\n  max_connections: 4711");
    assert!(site.server.get("/").body.contains("_kalgan"), "the process must stay in development");
    site.edit("config/app.yaml", "4711", "4712 # as before");
    site.server.get("/");
    let changed = "`server.max_connections` was changed";
    let log = site.server.wait_for_log(changed, 2);
    assert_eq!(log.matches(changed).count(), 2, "{log}");
    assert_eq!(log.matches("`environment.is_prod` was set to true").count(), 1, "{log}");
}
