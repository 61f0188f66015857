//! A site that is a crate of its own (`tests/sites/outside`), built by cargo as a stranger would build it.
//!
//! Cargo runs in this repository's target folder: it is not locked while tests run, and most packages are there already.
//! What changes files works on a copy. It names the library by its absolute path, and has a name of its own: cargo keeps packages
//! of one name in one place, wherever their sources lie.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::server::Server;

/// A secret that is in the environment of every build here, and must be in none of the binaries.
pub const SECRET: &str = "the-token-of-the-machine-that-builds";

pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn original() -> PathBuf {
    repository().join("tests/sites/outside")
}

/// The folder that this test's own binary was built into.
fn target() -> &'static Path {
    let binary = Path::new(env!("CARGO_BIN_EXE_kalgan"));
    binary.ancestors().nth(2).expect("it lies in a folder for its profile in the target folder")
}

/// Cargo in a site's folder.
pub fn cargo(site: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    // What cargo sets for this test is not meant for the cargo that the test starts.
    let inherited = std::env::vars_os().map(|(name, _)| name);
    inherited.filter(|name| name.to_string_lossy().starts_with("CARGO_PKG_")).for_each(|name| {
        command.env_remove(name);
    });
    command.env_remove("CARGO_MANIFEST_DIR").env("CARGO_TARGET_DIR", target()).env("OUTSIDE_TOKEN", SECRET);
    command.env("CARGO_TERM_COLOR", "never").current_dir(site).args(arguments);
    command.output().expect("cargo can be run")
}

fn build(site: &Path, options: &[&str]) -> Output {
    cargo(site, &[&["build", "--locked", "--message-format=json-render-diagnostics"], options].concat())
}

/// What cargo and the compiler told the person who builds.
fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Cargo's messages, one object a line.
fn messages(output: &Output) -> Vec<serde_json::Value> {
    let lines = std::str::from_utf8(&output.stdout).expect("cargo writes UTF-8").lines();
    lines.map(|line| serde_json::from_str(line).expect("each line is an object")).collect()
}

/// A build that must succeed: the binary, where build.rs wrote, and whether the compiler had nothing to do.
pub struct Built {
    pub binary: PathBuf,
    pub frozen: PathBuf,
    fresh: bool,
}

fn built(site: &Path) -> Built {
    built_with(site, &[])
}

/// A build with more options for cargo.
pub fn built_with(site: &Path, options: &[&str]) -> Built {
    let output = build(site, options);
    assert!(output.status.success(), "{}", told(&output));
    let messages = messages(&output);
    let artifact = messages.iter().rfind(|message| message["executable"].is_string()).expect("a binary is built");
    let is_script = |message: &&serde_json::Value| {
        message["out_dir"].is_string() && message["package_id"] == artifact["package_id"]
    };
    let script = messages.iter().find(is_script).expect("build.rs has run");
    Built {
        binary: PathBuf::from(artifact["executable"].as_str().expect("it is text")),
        frozen: Path::new(script["out_dir"].as_str().expect("it is text")).join("kalgan"),
        fresh: artifact["fresh"] == true,
    }
}

/// A build as it goes to a server: a release, of a site outside without what only development needs.
pub fn released(site: &Path) -> Built {
    let options: &[&str] = if site == repository() { &["--release"] } else { &["--release", "--no-default-features"] };
    built_with(site, options)
}

/// A copy of the site that may be changed, under this name.
pub fn copy(name: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    copy_folder(&original(), folder.path());
    let library = repository().to_str().expect("this repository's path is UTF-8");
    for file in ["Cargo.toml", "Cargo.lock"] {
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).expect("the copy has the file");
        let text = text.replace("name = \"outside\"", &format!("name = \"{name}\"")).replace("../../..", library);
        fs::write(path, text).expect("the file can be written");
    }
    folder
}

pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder can be read") {
        let entry = entry.expect("a folder can be read");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).expect("a file can be copied");
        }
    }
}

/// Every file below a folder with its bytes.
pub fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder can be read") {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it lies below").to_path_buf();
                files.insert(name, fs::read(&path).expect("a file can be read"));
            }
        }
    }
    files
}

fn change(site: &Path, file: &str, from: &str, to: &str) {
    let path = site.join("app").join(file);
    let text = fs::read_to_string(&path).expect("the file is there");
    assert!(text.contains(from), "{file} has changed: {text}");
    fs::write(path, text.replace(from, to)).expect("the file can be written");
}

pub fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn it_serves_alone_in_an_empty_folder_and_holds_no_secret() {
    let built = built(&original());
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let binary = folder.path().join("site");
    fs::copy(&built.binary, &binary).expect("the binary can be copied");
    let bytes = fs::read(&binary).expect("the binary can be read");
    assert!(contains(&bytes, "OUTSIDE_TOKEN") && !contains(&bytes, SECRET));

    let mut command = Command::new(&binary);
    command.current_dir(folder.path()).env_remove("CARGO_MANIFEST_DIR").env("OUTSIDE_TOKEN", "other");
    let server = Server::start_command(command, &[]);
    let page = server.get("/es");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.body.contains("<h1>UN SITIO APARTE!</h1>"), "{}", page.body);
    assert!(page.body.contains("<a href=\"/hello/ann\">3</a>"), "{}", page.body);
    assert_eq!(server.get("/hello/ann").body, "Hello ann");
    assert_eq!(server.get("/hello/ann?out=1").status, 403);
    let style = server.get("/static/site.css");
    let file = fs::read_to_string(original().join("app/static/site.css")).expect("the file is there");
    assert_eq!((style.status, style.body), (200, file));
    assert_eq!(server.get("/nothing").status, 404);
    assert_eq!(server.get("/static/nothing.css").status, 404);
}

#[test]
fn two_builds_in_two_folders_write_the_same_bytes() {
    let builds = [(), ()].map(|()| {
        let site = copy("outside-twice");
        let frozen = built(site.path()).frozen;
        let files = contents(&frozen);
        // Cargo gives both the same folder to write to; the second must not find what the first has left.
        fs::remove_dir_all(frozen).expect("the folder can be removed");
        files
    });
    assert!(builds[0].contains_key(Path::new("site.rs")) && builds[0].contains_key(Path::new("templates/base.html")));
    assert!(builds[0] == builds[1], "{:?} and {:?}", builds[0].keys(), builds[1].keys());
    let secret = builds[0].iter().find(|(_, bytes)| contains(bytes, SECRET));
    assert_eq!(secret.map(|(name, _)| name), None);
}

#[test]
fn changed_site_files_are_built_and_an_unchanged_tree_is_not() {
    let site = copy("outside-changed");
    built(site.path());
    assert!(built(site.path()).fresh);
    let changes = [
        ("templates/home.html", "<h1>", "<h1 id=\"top\">"),
        ("static/site.css", "sans-serif", "fantasy"),
        ("routes/main.yaml", "/hello/{name}", "/hi/{name}"),
        ("i18n/en/page.yaml", "A site outside", "Another title"),
    ];
    for (file, from, to) in changes {
        change(site.path(), file, from, to);
        let built = built(site.path());
        assert!(!built.fresh, "{file}");
        assert!(contains(&fs::read(&built.binary).expect("the binary can be read"), to), "{file}");
    }
    fs::write(site.path().join("app/templates/new.html"), "new").expect("a file can be written");
    assert!(contents(&built(site.path()).frozen).contains_key(Path::new("templates/new.html")));
    assert!(built(site.path()).fresh);
}

#[test]
fn a_controller_that_nobody_wrote_is_shown_with_the_route_that_names_it() {
    let site = copy("outside-misspelt");
    change(site.path(), "routes/main.yaml", "page_controller::greeting", "page_controller::greting");
    let output = build(site.path(), &[]);
    assert!(!output.status.success());
    let told = told(&output);
    assert!(told.contains("cannot find value `greting` in module `crate::controller::page_controller`"), "{told}");
    assert!(told.contains("// app/routes/main.yaml:8"), "{told}");
    assert!(told.contains("similarly named function `greeting` defined here"), "{told}");
}

#[test]
fn mistakes_in_site_files_fail_the_build_all_at_once() {
    let site = copy("outside-mistaken");
    change(site.path(), "config/site.yaml", "port: 0", "prot: 0");
    change(site.path(), "templates/home.html", "\"greeting\"|url", "\"greting\"|url");
    let output = build(site.path(), &[]);
    assert!(!output.status.success());
    let told = told(&output);
    for expected in ["app/config/site.yaml:2:3: error:", "app/templates/home.html:", "did you mean", "2 errors"] {
        assert!(told.contains(expected), "{expected} in {told}");
    }
    assert!(!told.contains("cargo::"), "{told}");
}

#[test]
fn a_profile_that_aborts_on_panic_is_refused() {
    let site = copy("outside-aborting");
    // As such a profile does for the binary; the packages that it is made of need not be compiled for this once more.
    let output = cargo(site.path(), &["rustc", "--locked", "--", "-C", "panic=abort"]);
    assert!(!output.status.success());
    assert!(told(&output).contains("remove `panic = \"abort\"` from the profile"), "{}", told(&output));
}

#[test]
fn a_lean_site_links_no_yaml_parser_and_nothing_of_development() {
    let output = cargo(&original(), &["tree", "--locked", "--no-default-features", "-e", "normal", "--prefix", "none"]);
    let tree = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && tree.contains("kalgan v"), "{}", told(&output));
    let is_needless = |line: &&str| ["yaml", "rustix", "inotify"].iter().any(|name| line.contains(name));
    let needless: Vec<&str> = tree.lines().filter(is_needless).collect();
    assert!(needless.is_empty(), "{needless:?}");
}
