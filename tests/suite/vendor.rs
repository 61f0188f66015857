//! Bootstrap, jQuery and a web font as npm has them, in bundles, made shorter and looked at in a browser. It needs the npm
//! registry and builds for minutes, so only `.ci/run` runs it: `cargo test --test suite vendor -- --ignored`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::browser::Browser;
use crate::deploy::skip;
use crate::outside::{self, contains, repository};
use crate::server::Server;

/// Packages, and what is taken from them to where below `static/vendor`.
const PACKAGES: [(&str, &[(&str, &str)]); 3] = [
    (
        "bootstrap@5.3.8",
        &[
            ("dist/css/bootstrap.css", "bootstrap/css/bootstrap.css"),
            ("dist/js/bootstrap.bundle.js", "bootstrap/js/bootstrap.bundle.js"),
        ],
    ),
    ("jquery@3.7.1", &[("dist/jquery.js", "jquery.js")]),
    ("@fontsource/inter@5.2.8", &[("index.css", "inter/index.css"), ("files", "inter/files")]),
];

/// Fetches a package and unpacks it; `None`, with a line that says so, where npm cannot.
fn package(name: &str) -> Option<TempDir> {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let packed = Command::new("npm").args(["pack", "--silent", name]).current_dir(folder.path()).output();
    let packed = match packed {
        Ok(packed) if packed.status.success() => packed,
        Ok(packed) => {
            let told = String::from_utf8_lossy(&packed.stderr).into_owned();
            skip("npm pack", &std::io::Error::other(format!("{name}: {told}")));
            return None;
        }
        Err(error) => {
            skip("npm", &error);
            return None;
        }
    };
    let archive = String::from_utf8(packed.stdout).expect("a file's name is UTF-8");
    let unpacked = Command::new("tar").arg("xzf").arg(archive.trim()).current_dir(folder.path()).status();
    assert!(unpacked.is_ok_and(|status| status.success()), "{name} cannot be unpacked");
    Some(folder)
}

/// The site as a crate of its own with this feature or none, and the files of the packages in it.
fn site(name: &str, packages: &[TempDir], features: &str) -> TempDir {
    let folder = outside::copy(name);
    fs::remove_dir_all(folder.path().join("app")).expect("the copy has a site");
    outside::copy_folder(&repository().join("tests/sites/vendor/app"), &folder.path().join("app"));
    for ((_, files), package) in PACKAGES.iter().zip(packages) {
        for (from, to) in *files {
            take(&package.path().join("package").join(from), &folder.path().join("app/static/vendor").join(to));
        }
    }
    let manifest = folder.path().join("Cargo.toml");
    let text = fs::read_to_string(&manifest).expect("the copy has the file");
    let text = text.replace("features = [\"build\"]", features);
    // The libraries that make files shorter take minutes more to compile with optimisation than they save here.
    fs::write(manifest, text.replace("opt-level = 3", "opt-level = 0")).expect("the file can be written");
    // The packages that the site needs in addition, in the versions that this repository has locked.
    fs::copy(repository().join("Cargo.lock"), folder.path().join("Cargo.lock")).expect("the file can be copied");
    let output = outside::cargo(folder.path(), &["metadata", "--offline", "--format-version=1"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// Copies a file, or of a folder the files that the font's stylesheet names.
fn take(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().expect("it lies in a folder")).expect("a folder can be made");
    if !from.is_dir() {
        fs::copy(from, to).expect("the package has the file");
        return;
    }
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder can be read") {
        let path = entry.expect("a folder can be read").path();
        if path.to_string_lossy().contains("-400-normal.") {
            take(&path, &to.join(path.file_name().expect("a file has a name")));
        }
    }
}

/// A started site and what a browser has found in its page.
struct Seen {
    server: Server,
    binary: PathBuf,
    found: Value,
}

fn seen(site: &TempDir, options: &[&str], browser: &mut Browser) -> Seen {
    let built = outside::built_with(site.path(), options);
    // What is compared is what the build put into the binary, so the process must find no folder to serve instead.
    let mut command = Command::new(&built.binary);
    command.env_remove("CARGO_MANIFEST_DIR").current_dir("/");
    let server = Server::start_command(command, &[]);
    browser.show_as(1000, 800, false);
    browser.open(&server.origin);
    browser.wait_for("!!document.querySelector('#greeting').textContent");
    let found = json!({
        "rules": browser.value(RULES),
        "styles": browser.value(STYLES),
        "greeting": browser.value("document.querySelector('#greeting').textContent"),
        "globals": browser.value("[typeof greet, siteName, jQuery.fn.jquery, bootstrap.Modal.VERSION]"),
        "font": browser.value("document.fonts.load('16px Inter').then(fonts => [fonts.length, document.fonts.check('16px Inter')])"),
    });
    browser.value("document.querySelector('#more-button').click()");
    browser.wait_for("document.querySelector('#more').classList.contains('show')");
    browser.value("jQuery('#dialog').modal('show') && null");
    browser.wait_for(
        "document.querySelector('#dialog').classList.contains('show') && !!document.querySelector('.modal-backdrop')",
    );
    browser.value("document.querySelector('.btn-close').click()");
    browser.wait_for("!document.querySelector('.modal-backdrop')");
    assert_eq!(browser.value("faults"), json!([]));
    Seen { server, binary: built.binary, found }
}

/// Every rule of the bundle as the browser has read it: what it is for, and how many properties it sets. Values are compared as
/// they are computed, because there are several ways to write one.
const RULES: &str = "[...document.styleSheets[0].cssRules].flatMap(function every(rule) { \
    const condition = rule.selectorText || rule.conditionText || rule.keyText || rule.name || ''; \
    return [condition + ' ' + (rule.style ? rule.style.length : 0), ...[...(rule.cssRules || [])].flatMap(every)]; })";

/// Every computed property of every element. Properties of the author's own are left out, because they are kept as they are written:
/// what they lead to is compared.
const STYLES: &str = "[...document.body.querySelectorAll('*')].map(element => { \
    const style = getComputedStyle(element); \
    return [element.outerHTML.slice(0, 40), ...[...style].filter(name => !name.startsWith('--')).map(name => name + ':' + style.getPropertyValue(name).replaceAll(location.origin, ''))]; })";

#[test]
#[ignore = "builds for minutes and asks the npm registry; .ci/run runs it"]
fn real_vendor_files_mean_the_same_when_they_are_bundled_and_made_shorter() {
    let packages: Option<Vec<TempDir>> = PACKAGES.iter().map(|(name, _)| package(name)).collect();
    let (Some(packages), Some(mut browser)) = (packages, Browser::start()) else { return };
    let plain = site("vendor-plain", &packages, "features = [\"build\"]");
    let plain = seen(&plain, &[], &mut browser);
    let short = site("vendor-short", &packages, "features = [\"build\", \"minify\"]");
    let short = seen(&short, &["--release"], &mut browser);

    assert_eq!(plain.found["greeting"], "Hello small of Vendors");
    assert_eq!(plain.found["font"], json!([1, true]));
    assert!(plain.found["rules"].as_array().is_some_and(|rules| rules.len() > 1000));
    same(&plain.found, &short.found, "found");
    smaller(&plain.server, &short.server);
    map_is_served(&short.server);
    let bytes = fs::read(short.binary).expect("the binary can be read");
    assert!(
        !contains(&bytes, "lightningcss") && !contains(&bytes, "oxc_"),
        "the server holds what only its build needs"
    );
}

/// Compares two values part by part, so that a difference is named and not buried.
fn same(plain: &Value, short: &Value, place: &str) {
    match (plain, short) {
        (Value::Object(plain), Value::Object(short)) => {
            plain.iter().for_each(|(name, plain)| same(plain, &short[name], name));
        }
        (Value::Array(plain), Value::Array(short)) => {
            assert_eq!(plain.len(), short.len(), "{place}");
            plain.iter().zip(short).for_each(|(plain, short)| same(plain, short, place));
        }
        _ => assert_eq!(plain, short, "{place}"),
    }
}

fn smaller(plain: &Server, short: &Server) {
    let mut sizes = Vec::new();
    for path in
        ["/static/all.css", "/static/all.js", "/static/vendor/jquery.js", "/static/vendor/bootstrap/css/bootstrap.css"]
    {
        let (before, after) = (plain.get(path).body.len(), short.get(path).body.len());
        assert!(after < before * 9 / 10, "{path}: {before} bytes, then {after}");
        sizes.push(format!("{path}: {before} -> {after}"));
    }
    println!("{}", sizes.join("\n"));
}

fn map_is_served(server: &Server) {
    let script = server.get("/static/all.js");
    assert!(script.body.contains("//# sourceMappingURL=all.js.map"));
    let map: Value = serde_json::from_str(&server.get("/static/all.js.map").body).expect("a source map is JSON");
    let sources = ["/static/vendor/jquery.js", "/static/vendor/bootstrap/js/bootstrap.bundle.js", "/static/js/site.js"];
    assert_eq!((&map["version"], &map["file"], &map["sources"]), (&json!(3), &json!("all.js"), &json!(sources)));
    let contents = map["sourcesContent"].as_array().expect("it has the sources");
    assert!(contents[2].as_str().is_some_and(|text| text.contains("function greet(personName)")));
}

/// The linker drops what nothing calls: the libraries of the feature `minify` are parts of build scripts only.
#[test]
#[cfg(feature = "minify")]
fn the_binary_holds_no_library_that_makes_files_shorter() {
    let symbols = match Command::new("nm").arg(env!("CARGO_BIN_EXE_kalgan")).output() {
        Ok(symbols) => String::from_utf8_lossy(&symbols.stdout).into_owned(),
        Err(error) => return skip("nm", &error),
    };
    assert!(symbols.contains("kalgan"), "the binary has symbols");
    let unwanted = symbols.lines().filter(|symbol| symbol.contains("oxc_") || symbol.contains("lightningcss"));
    assert_eq!(unwanted.collect::<Vec<_>>(), [""; 0]);
}
