//! What `asset` may be given: the check of templates and the running site must find the same files, whatever the settings are.

use std::fs;
use std::path::Path;

use kalgan::site::{Outside, Settings, Site};
use kalgan::source::{self, Options};

const FILES: &[&str] = &[
    "static/css/a.css",
    "static/logo.png",
    "static/media/c.png",
    "media/logo.png",
    "media/img/b.png",
    "top/favicon.ico",
    "top/img/b.png",
    "top/v/d.png",
];

/// All kinds of values: below the prefix, beneath a folder, at the top, whole addresses, and nothing of all that.
const VALUES: &[&str] = &[
    "/css/a.css",
    "css/a.css",
    "/static/css/a.css",
    "static/css/a.css",
    "/logo.png",
    "/media/logo.png",
    "/img/b.png",
    "img/b.png",
    "/b.png",
    "/media/c.png",
    "/favicon.ico",
    "favicon.ico",
    "/static/favicon.ico",
    "/top/favicon.ico",
    "/v/d.png",
    "/d.png",
    "d.png",
    "/css/a.css?x=1#y",
    "/css/a.css#y",
    "//css/a.css",
    "/css/../css/a.css",
    "/css",
    "/css/",
    "/",
    "https://cdn.example.com/v/css/a.css",
    "/none.css",
];

/// Both answers for each value: whether the check finds the file, and what the running site writes.
fn answers(site: &Path, settings: &str) -> Vec<(bool, String)> {
    fs::write(site.join("config/app.yaml"), format!("static:\n  version: file\n{settings}"))
        .expect("it can be written");
    let options = Options { name: "site".into(), release: "1.0.0".into(), is_prod: true, minify: None };
    let reading = source::read(site, &options);
    let missing: Vec<usize> = reading.problems.iter().map(|problem| problem.line).collect();
    assert!(reading.problems.iter().all(|problem| problem.file == "templates/page.html"), "{:?}", reading.problems);
    let loaded = Settings::load(&reading.snapshot, Outside::default()).expect("the settings are right");
    let snapshot = kalgan::snapshot::Snapshot { templates: Vec::new().into(), ..reading.snapshot };
    let site = Site::new(snapshot, loaded, &|_| ()).expect("the site is right");
    let answer = |(line, value): (usize, &&str)| (!missing.contains(&(line + 1)), site.assets.url(value).into_owned());
    VALUES.iter().enumerate().map(answer).collect()
}

/// Only a file's own version is a hash of sixteen digits.
fn has_version(address: &str) -> bool {
    let query = address.split('#').next().and_then(|rest| rest.split_once('?')).map_or("", |(_, query)| query);
    let version = query.rsplit('&').next().unwrap_or_default();
    version.len() == 16 && version.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[test]
fn the_check_and_the_running_site_find_the_same_files() {
    let folder = tempfile::tempdir().expect("there is room for a site");
    for file in FILES.iter().copied().chain(["config/app.yaml"]) {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().expect("it is below the site")).expect("it can be made");
        fs::write(path, file).expect("it can be written");
    }
    let page: String = VALUES.iter().map(|value| format!("{{{{ \"{value}\" | asset }}}}\n")).collect();
    fs::create_dir_all(folder.path().join("templates")).expect("it can be made");
    fs::write(folder.path().join("templates/page.html"), page).expect("it can be written");
    let (mut found, mut all) = (0, 0);
    for path in ["", "/static", "static/", "/", "/v", "https://cdn.example.com", "https://cdn.example.com/v/"] {
        for folders in ["static", "media, static", "media/img, static"] {
            for root in ["", "top"] {
                let settings = format!("  path: '{path}'\n  folders: {folders}\n  root: '{root}'\n");
                for (value, (is_found, address)) in VALUES.iter().zip(answers(folder.path(), &settings)) {
                    assert_eq!(is_found, has_version(&address), "{value} is {address} with\n{settings}");
                    found += usize::from(is_found);
                    all += 1;
                }
            }
        }
    }
    assert!(found > all / 4 && found < all * 3 / 4, "{found} of {all} values name a file, so the table tells little");
}
