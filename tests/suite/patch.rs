//! An operator's overlay: `--overlay DIR` over the built binary, at the start and on SIGHUP.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::server::{Answer, Server};

const PRODUCTION: &[&str] = &["environment.is_prod=true"];

/// A folder with these files.
fn overlay(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    put(&folder, files);
    folder
}

fn put(folder: &TempDir, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// The manual in production with an overlay.
fn start(folder: &Path) -> Server {
    start_with(folder, PRODUCTION)
}

fn start_with(folder: &Path, settings: &[&str]) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
    command.arg("--overlay").arg(folder);
    Server::start_command(command, settings)
}

/// What a command says of an overlay: exit code, output and errors.
fn run(arguments: &[&str], folder: &TempDir) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
    let Output { status, stdout, stderr } =
        command.args(arguments).arg("--overlay").arg(folder.path()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap().replace(folder.path().to_str().unwrap(), "DIR");
    (status.code(), text(stdout), text(stderr))
}

/// Asks the process to reload, and waits until its log says what came of it so often.
fn reload(server: &Server, said: &str, times: usize) {
    server.hang_up();
    server.wait_for_log(said, times);
}

/// The first address of a static file in a page whose path ends so, with its version.
fn address<'a>(page: &'a str, end: &str) -> &'a str {
    let end = page.find(&format!("{end}?")).unwrap_or_else(|| panic!("no {end} in {page}"));
    let start = page[..end].rfind(['"', '(']).unwrap() + 1;
    let rest = page[end..].find(['"', ')']).unwrap();
    &page[start..end + rest]
}

/// An answer without what differs between any two.
fn comparable(answer: Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| *name != "date" && *name != "x-request-id");
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_string()));
    (answer.status, headers.collect(), answer.body)
}

#[test]
fn the_sites_own_folder_over_the_binary_changes_no_byte() {
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("app");
    let (plain, patched) = (Server::start(PRODUCTION), start(&site));
    let page = plain.get("/en").body;
    let style = address(&page, ".css").to_string();
    let paths =
        ["/en", "/es", "/es/ajustes", "/en/settings", "/en/nothing", "/favicon.ico", "/static/img/gate.svg", &style];
    for path in paths {
        let headers = [("accept-encoding", "gzip, br")];
        assert_eq!(comparable(patched.get_with(path, &headers)), comparable(plain.get_with(path, &headers)), "{path}");
    }
    // Not even what an overlay may change is another: files that are the same keep version, date and compressed forms.
    let listed = |arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_kalgan")).args(["assets", "list"]).args(arguments).output().unwrap();
        assert!(output.status.success());
        output.stdout
    };
    assert_eq!(listed(&["--overlay", site.to_str().unwrap()]), listed(&[]));
}

#[test]
fn each_kind_of_file_is_replaced_and_added() {
    let folder = overlay(&[
        ("config/zz.yaml", "server:\n  hosts: [127.0.0.1]\n"),
        (
            "routes/zz.yaml",
            "routes:\n  - extra:\n      path: {en: /en/extra, es: /es/extra}\n      controller: page::show\n",
        ),
        ("i18n/en/mended.yaml", "page:\n  home:\n    title: A mended title\n  extra:\n    title: An extra page\n"),
        ("templates/error.html", "mended:"),
        ("static/img/new.txt", "a new file"),
        ("root/robots.txt", "User-agent: *"),
    ]);
    let server = start(folder.path());
    server.wait_for_log("1 settings file, 1 route file, 1 message file, 1 template, 2 static files", 1);
    assert_eq!(server.get("/static/img/new.txt").body, "a new file");
    assert_eq!(server.get("/robots.txt").body, "User-agent: *");
    assert!(server.get("/en/nothing").body.starts_with("mended"), "{}", server.get("/en/nothing").body);
    assert_eq!(server.get_with("/en", &[("host", "elsewhere.example")]).status, 421, "the setting counts");
    let (code, routes, _) = run(&["routes"], &folder);
    assert!(code == Some(0) && routes.contains("DIR/routes/zz.yaml:2:5"), "{routes}");
    let (code, settings, _) = run(&["settings"], &folder);
    let row = settings.lines().find(|line| line.starts_with("server.hosts")).unwrap();
    assert!(code == Some(0) && row.ends_with("DIR/config/zz.yaml:2:3"), "{settings}");
}

#[test]
fn a_replaced_logo_is_seen_by_those_who_keep_the_old_one_for_good() {
    let folder = overlay(&[("static/css/manual.css", "h1 { background: url(../img/gate.svg) }")]);
    let server = start(folder.path());
    let read = |server: &Server| {
        let page = server.get("/en").body;
        let style = address(&page, ".css").to_string();
        let logo = address(&server.get(&style).body, ".svg").trim_start_matches("..").to_string();
        (style, format!("/static{logo}"))
    };
    let (old_style, old_logo) = read(&server);
    let before = server.get(&old_logo);
    assert_eq!(before.header("cache-control"), "public, max-age=31536000, immutable");
    put(&folder, &[("static/img/gate.svg", "<svg>new</svg>")]);
    reload(&server, "reloaded in", 1);
    let (style, logo) = read(&server);
    assert!(style != old_style && logo != old_logo, "{style} {logo}");
    for (address, bytes) in [(&logo, "<svg>new</svg>"), (&style, "h1 { background")] {
        let now = server.get(address);
        assert!(now.body.starts_with(bytes), "{address}: {}", now.body);
        assert_eq!(now.header("cache-control"), "public, max-age=31536000, immutable");
    }
    let old = server.get(&old_logo);
    assert_eq!((old.status, old.body.as_str(), old.header("cache-control")), (200, "<svg>new</svg>", "no-cache"));
    assert_ne!(old.header("etag"), before.header("etag"));
    assert_eq!((server.get(&old_style).header("cache-control"), old.header("last-modified")), ("no-cache", ""));
    fs::remove_dir_all(folder.path().join("static")).unwrap();
    reload(&server, "reloaded in", 2);
    assert_eq!(server.get("/static/img/gate.svg").body, Server::start(PRODUCTION).get("/static/img/gate.svg").body);
}

/// An overlay of each kind that is broken, and what is said of it.
const BROKEN: &[(&str, &str, &str)] = &[
    ("config/zz.yaml", "server:\n  prot: 1\n", "zz.yaml:2:3: error: unknown setting `server.prot`"),
    ("config/zz.yaml", "tera:\n  path: views\n", "zz.yaml:2:3: error: `tera.path` counts when the site is built"),
    ("config/zz.yaml", "error:\n  404: error::gone\n", "the controller `error::gone`, which is not in this binary"),
    (
        "routes/zz.yaml",
        "routes:\n  - a:\n      path: /a\n      controller: nobody::home\n",
        "names the controller `nobody::home`",
    ),
    ("i18n/en/zz.yaml", "a: b: c\n", "zz.yaml:1:"),
    ("templates/error.html", "{{ status", "error.html:1:"),
    ("templates/zz.html", "{{ \"no.such.text\" | trans }}", "zz.html:1:4: error: no language has a message"),
];

#[test]
fn a_broken_overlay_is_refused_on_sighup_and_no_request_notices() {
    let folder = overlay(&[("i18n/en/mended.yaml", "home:\n  title: Before\n"), ("templates/error.html", "before")]);
    let server = start(folder.path());
    let (done, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let (page, missing) = (server.get("/en"), server.get("/en/nothing"));
                    assert_eq!((page.status, missing.status), (200, 404));
                    assert!(
                        missing.body.starts_with("before") || missing.body.starts_with("after"),
                        "{}",
                        missing.body
                    );
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for (number, (path, text, said)) in BROKEN.iter().enumerate() {
                let kept = fs::read_to_string(folder.path().join(path)).ok();
                put(&folder, &[(path, text)]);
                reload(&server, "the reload is refused, and the site stays as it was", number + 1);
                server.wait_for_log(said, 1);
                assert_eq!(server.get("/en/nothing").body, "before");
                match kept {
                    Some(kept) => put(&folder, &[(path, &kept)]),
                    None => fs::remove_file(folder.path().join(path)).unwrap(),
                }
            }
            let asked_before = asked.load(Ordering::Relaxed);
            put(&folder, &[("templates/error.html", "after")]);
            reload(&server, "reloaded in", 1);
            assert_eq!(server.get("/en/nothing").body, "after");
            assert!(asked_before > 0, "nobody asked meanwhile");
        }));
        done.store(true, Ordering::Relaxed);
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

#[test]
fn a_broken_overlay_stops_the_start_and_the_check() {
    for (path, text, said) in BROKEN {
        let folder = overlay(&[(path, text)]);
        let (code, output, errors) = run(&["serve", "--port", "0", "--set", PRODUCTION[0]], &folder);
        assert_eq!((code, output.as_str()), (Some(78), ""), "{errors}");
        assert!(errors.contains(said), "{errors}");
        let (code, output, errors) = run(&["check"], &folder);
        assert!(code == Some(1) && format!("{output}{errors}").contains(said), "{output}{errors}");
    }
    let (code, output, _) = run(&["check"], &overlay(&[("templates/error.html", "mended")]));
    assert_eq!(code, Some(0));
    assert!(
        output.starts_with("overlay `DIR`: 1 template\n") && output.ends_with("0 errors, 0 warnings\n"),
        "{output}"
    );
    let site = Path::new(env!("CARGO_MANIFEST_DIR")).join("app");
    let (code, _, errors) = run(&["check", "--site", site.to_str().unwrap()], &overlay(&[]));
    assert!(code == Some(1) && errors.contains("check one at a time"), "{errors}");
}

#[test]
fn an_overlay_is_checked_where_the_services_secrets_are_not() {
    let more = tempfile::NamedTempFile::new().unwrap();
    fs::write(more.path(), "shop:\n  key: !credential api_key\n").unwrap();
    let check = |text: &str| {
        let folder = overlay(&[("templates/error.html", text)]);
        run(&["check", "--settings", more.path().to_str().unwrap()], &folder)
    };
    let (code, output, errors) = check("mended");
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{output}");
    assert!(output.contains("checked without them: ") && output.contains("needs the credential `api_key`"), "{output}");
    assert_eq!(check("{{").0, Some(1));
}

#[test]
fn signals_that_come_together_are_all_answered() {
    let folder = overlay(&[("templates/error.html", "0")]);
    let server = start(folder.path());
    for number in 1..=20 {
        put(&folder, &[("templates/error.html", &number.to_string())]);
        server.hang_up();
    }
    let end = Instant::now() + Duration::from_secs(60);
    while server.get("/en/nothing").body != "20" {
        assert!(Instant::now() < end, "the last edit is not seen:\n{}", server.log());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn without_an_overlay_sighup_reads_the_settings_file_again() {
    let folder = overlay(&[("more.yaml", "static:\n  max_age: 60\n")]);
    let file = folder.path().join("more.yaml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
    command.arg("--settings").arg(&file);
    let server = Server::start_command(command, PRODUCTION);
    let kept = || server.get("/static/img/gate.svg").header("cache-control").to_string();
    assert_eq!(kept(), "public, max-age=60");
    put(&folder, &[("more.yaml", "static:\n  max_age: 90\nserver:\n  max_connections: 7\n")]);
    reload(&server, "reloaded in", 1);
    assert_eq!(kept(), "public, max-age=90");
    server.wait_for_log("`server.max_connections` was changed; it counts when the process is started again", 1);
    put(&folder, &[("more.yaml", "static:\n  max_age: soon\n")]);
    reload(&server, "more.yaml:2:12: error", 1);
    put(&folder, &[("more.yaml", "environment:\n  is_prod: false\n")]);
    let by_file = Server::start_command(
        {
            let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
            put(&folder, &[("other.yaml", "environment:\n  is_prod: true\n")]);
            command.arg("--settings").arg(folder.path().join("other.yaml"));
            command
        },
        &[],
    );
    put(&folder, &[("other.yaml", "environment:\n  is_prod: false\n")]);
    reload(&by_file, "cannot change while the process runs", 1);
    assert_eq!((kept().as_str(), by_file.get("/en").status), ("public, max-age=90", 200));
}

#[test]
fn in_development_there_is_one_folder() {
    let folder = overlay(&[("templates/error.html", "mended")]);
    let development = "environment.is_prod=false";
    let (code, _, errors) = run(&["serve", "--port", "0", "--set", development], &folder);
    let expected = "`--overlay` is put over the binary, but a process in development serves from the folder";
    assert!(code == Some(78) && errors.contains(expected), "{errors}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
    command.arg("--overlay").arg(folder.path()).args(["--site", "/nowhere"]);
    let server = Server::start_command(command, &[development, "error.custom_in_dev=true"]);
    assert_eq!(server.get("/en/nothing").body, "mended");
    let own = Server::start(&[development]);
    reload(&own, "SIGHUP reloads nothing here", 1);
    assert_eq!(own.get("/en").status, 200);
}
