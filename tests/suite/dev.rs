//! The command `dev`, with cargo and the compiler, on a copy of the site outside: what a person sees who edits, and what a browser
//! that never stops asking.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::outside;

/// How long to wait for what must happen. Other tests may hold cargo's lock meanwhile.
const LIMIT: Duration = Duration::from_secs(240);

const CONTROLLER: &str = "app/controller/page_controller.rs";

/// A `dev` that runs; killed when it is dropped, which ends the site's process too.
struct Dev {
    process: Child,
    log: tempfile::NamedTempFile,
    /// The folder for its temporary files.
    temporary: TempDir,
    origin: String,
}

impl Dev {
    /// Starts `dev` of a binary, in the folder of the package that it was built from.
    fn start(package: &Path, binary: &Path) -> Dev {
        let log = tempfile::NamedTempFile::new().unwrap();
        let temporary = tempfile::tempdir().unwrap();
        let mut command = Command::new(binary);
        let inherited = std::env::vars_os().map(|(name, _)| name);
        inherited.filter(|name| name.to_string_lossy().starts_with("CARGO_PKG_")).for_each(|name| {
            command.env_remove(name);
        });
        command.args(["dev", "--port", "0", "--", "--locked"]).current_dir(package).env_remove("CARGO_MANIFEST_DIR");
        command.env("CARGO", env!("CARGO")).env("OUTSIDE_TOKEN", outside::SECRET).env("TMPDIR", temporary.path());
        let mut process = command.stdout(Stdio::piped()).stderr(log.reopen().unwrap()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let origin = line.split_whitespace().last().unwrap_or_default().to_string();
        let dev = Dev { process, log, temporary, origin };
        assert!(dev.origin.starts_with("http://"), "{line:?}\n{}", dev.log());
        dev
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap()
    }

    /// The body of an answer that came over a connection of its own.
    fn get(&self, path: &str) -> Result<String, ureq::Error> {
        get(&format!("{}{path}", self.origin))
    }

    /// What a page is told that has just been opened.
    fn told(&self) -> serde_json::Value {
        let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(LIMIT)).build().into();
        let mut answer = agent.get(format!("{}/_kalgan/events", self.origin)).call().unwrap();
        let lines = BufReader::new(answer.body_mut().as_reader()).lines().map_while(Result::ok);
        let event = lines.filter_map(|line| line.strip_prefix("data: ").map(str::to_owned)).next();
        serde_json::from_str(&event.expect("the stream begins with what is new")).unwrap()
    }

    /// The process of the site.
    fn site(&self) -> u32 {
        let parent = self.process.id();
        let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
        children.split_whitespace().next().expect("a process serves the site").parse().unwrap()
    }

    fn wait_for(&self, what: &str, is_so: impl Fn() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < LIMIT, "{what} never came:\n{}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn wait_for_body(&self, path: &str, text: &str) {
        self.wait_for(text, || self.get(path).is_ok_and(|body| body.contains(text)));
    }

    /// Waits for a line of the terminal, and gives all that stands there.
    fn wait_for_line(&self, text: &str) -> String {
        self.wait_for(text, || self.log().contains(text));
        self.log()
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn get(address: &str) -> Result<String, ureq::Error> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(LIMIT)).build().into();
    agent.get(address).call()?.body_mut().read_to_string()
}

fn kill(signal: &str, process: u32) {
    assert!(Command::new("kill").args([signal, &process.to_string()]).status().unwrap().success());
}

fn is_alive(process: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // One that has ended and was not waited for yet is a zombie.
    state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

fn change(package: &Path, file: &str, from: &str, to: &str) {
    let path = package.join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file} has changed: {text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

/// A built site that is left as it is, for tests that edit nothing.
fn built() -> (&'static Path, &'static Path) {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (site, binary) = BUILT.get_or_init(|| {
        let site = outside::copy("outside-dev");
        let binary = outside::built_with(site.path(), &[]).binary;
        (site, binary)
    });
    (site.path(), binary)
}

/// Asks without a pause on a new connection each time, until told to stop; gives how often, and the first failure.
fn ask(address: &str, is_over: &AtomicBool) -> (usize, Option<String>) {
    let (mut asked, mut failure) = (0, None);
    while !is_over.load(Ordering::Relaxed) {
        asked += 1;
        if let Err(error) = get(address) {
            failure.get_or_insert(format!("request {asked}: {error}"));
        }
    }
    (asked, failure)
}

#[test]
fn outside_dev_shows_what_is_saved_and_loses_no_request_meanwhile() {
    let site = outside::copy("outside-edited");
    let package = site.path();
    let binary = outside::built_with(package, &[]).binary;
    let dev = Dev::start(package, &binary);
    let address = format!("{}/hello/ann", dev.origin);
    let is_over = AtomicBool::new(false);
    let (asked, failure) = thread::scope(|scope| {
        let client = scope.spawn(|| ask(&address, &is_over));
        edit(package, &dev);
        is_over.store(true, Ordering::Relaxed);
        client.join().unwrap()
    });
    assert!(asked > 100 && failure.is_none(), "{asked} requests, {failure:?}\n{}", dev.log());
}

/// Edits the site as a person would, and looks at what comes of it.
fn edit(package: &Path, dev: &Dev) {
    // A new function: the page changes.
    change(package, CONTROLLER, "trans!(request, \"page.greeting\", name = ", "format!(\"Good day {}\", ");
    dev.wait_for_body("/hello/ann", "Good day ann");
    let log = dev.wait_for_line("ready again after");
    assert!(log.contains(&format!("dev: {CONTROLLER} changed, building")) && log.contains("dev: built in"), "{log}");

    // One that does not compile: the old one goes on.
    change(package, CONTROLLER, "Good day {}\", ", "Good evening {}\", 1 +");
    let log = dev.wait_for_line("the build failed: 1 error");
    assert!(log.contains("error[E0277]: cannot add `&str` to") && log.contains(CONTROLLER), "{log}");
    assert_eq!(log.matches("aborting due to").count(), 0, "{log}");
    assert_eq!(dev.get("/hello/ann").unwrap(), "Good day ann");
    dev.wait_for("the error on open pages", || dev.told()["build"]["state"] == "failed");
    let error = &dev.told()["build"]["list"][0];
    assert!(error["place"].as_str().is_some_and(|place| place.starts_with(&format!("{CONTROLLER}:8:"))), "{error}");
    assert!(error["excerpt"].as_str().is_some_and(|text| text.starts_with("error[E0277]: cannot add")), "{error}");

    // One that compiles and does not start: the old one goes on.
    change(package, CONTROLLER, "\", 1 +", "\", ");
    change(package, "app/main.rs", "kalgan::run(kalgan::site!())", "let _ = kalgan::site!();\n    3.into()");
    let log = dev.wait_for_line("the new binary did not start");
    assert!(log.contains("(exit status: 3), the old one goes on"), "{log}");
    assert_eq!(dev.get("/hello/ann").unwrap(), "Good day ann");
    let told = |dev: &Dev| dev.told()["build"]["list"][0]["message"].to_string();
    dev.wait_for("the reason on open pages", || told(dev).contains("the new binary did not start: exit status: 3"));

    // The repair: the page changes.
    change(package, "app/main.rs", "let _ = kalgan::site!();\n    3.into()", "kalgan::run(kalgan::site!())");
    dev.wait_for_body("/hello/ann", "Good evening ann");
    assert_eq!(dev.told()["build"]["state"], "done");

    // A mistake in the site's files hinders the build; its repair starts it again.
    change(package, "app/config/site.yaml", "port: 0", "prot: 0");
    change(package, CONTROLLER, "Good evening", "Good night");
    dev.wait_for("the mistake on open pages", || told(dev).contains("failed to run custom build command"));
    assert!(dev.log().contains("app/config/site.yaml:2:3: error: unknown setting `server.prot`"), "{}", dev.log());
    change(package, "app/config/site.yaml", "prot: 0", "port: 0");
    dev.wait_for_body("/hello/ann", "Good night ann");

    // A template needs no build.
    let builds = dev.log().matches("building…").count();
    change(package, "app/templates/home.html", "<h1>", "<h1 id=\"top\">");
    dev.wait_for_body("/", "<h1 id=\"top\">");
    thread::sleep(Duration::from_secs(1));
    assert_eq!(dev.log().matches("building…").count(), builds, "{}", dev.log());
}

#[test]
fn outside_dev_ends_with_its_process_when_it_is_asked_to() {
    for signal in ["-TERM", "-INT", "-HUP"] {
        let (package, binary) = built();
        let mut dev = Dev::start(package, binary);
        let site = dev.site();
        assert_eq!(fs::read_dir(dev.temporary.path()).unwrap().count(), 1);
        kill(signal, dev.process.id());
        assert_eq!(dev.process.wait().unwrap().code(), Some(0), "{signal}: {}", dev.log());
        assert!(!is_alive(site), "{signal}");
        assert_eq!(fs::read_dir(dev.temporary.path()).unwrap().count(), 0, "{signal}");
    }
}

#[test]
fn outside_dev_that_is_killed_leaves_no_process_behind() {
    let (package, binary) = built();
    let mut dev = Dev::start(package, binary);
    let site = dev.site();
    kill("-KILL", dev.process.id());
    dev.process.wait().unwrap();
    dev.wait_for("the end of the site's process", || !is_alive(site));
}

#[test]
fn outside_dev_starts_a_site_again_that_has_ended_and_lets_requests_wait() {
    let (package, binary) = built();
    let dev = Dev::start(package, binary);
    for _ in 0..2 {
        let site = dev.site();
        kill("-KILL", site);
        dev.wait_for("the end of the site's process", || !is_alive(site));
        // It comes before the next process is there, and waits for it.
        assert_eq!(dev.get("/hello/ann").unwrap(), "Hello ann");
    }
    let log = dev.log();
    let ended = "dev: the site has ended by itself (signal: 9 (SIGKILL))\ndev: it is started again in ";
    assert!(log.contains(&format!("{ended}100 ms\n")) && log.contains(&format!("{ended}200 ms\n")), "{log}");
}

#[test]
fn outside_dev_needs_a_package_and_a_site_and_no_production() {
    let (package, binary) = built();
    let empty = tempfile::tempdir().unwrap();
    let refused = |folder: &Path, arguments: &[&str]| {
        let mut command = Command::new(binary);
        command.arg("dev").args(arguments).current_dir(folder).env_remove("CARGO_MANIFEST_DIR");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let site = package.join("app").display().to_string();
    for (folder, arguments, expected) in [
        (empty.path(), &[][..], "error: the site's folder `app` is not there"),
        (empty.path(), &["--site", &site], "error: there is no `Cargo.toml` in"),
        (package, &["--set", "environment.is_prod=true"], "error: `dev` is for development"),
        (package, &["--address", "0.0.0.0"], "error: a development process listens on this machine only"),
    ] {
        let told = refused(folder, arguments);
        assert!(told.starts_with(expected) && told.lines().count() == 1, "{told}");
    }
}
