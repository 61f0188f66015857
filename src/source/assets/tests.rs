use std::fs;

use super::*;
use crate::source::tests::site;
use crate::source::{Reading, read};

fn reading(files: &[(&str, &str)], minify: Option<Minify>) -> Reading {
    let options = Options { name: String::new(), release: String::new(), is_prod: true, minify };
    read(site(files).path(), &options)
}

#[test]
fn minified_bytes_are_what_is_hashed_and_served() {
    fn minify(sources: &mut Vec<StaticSource>, problems: &mut Vec<Problem>) {
        for source in &mut *sources {
            source.body.retain(|byte| *byte != b' ');
            problems.push(Problem::warning(&source.file, "shorter"));
        }
        let map = StaticSource { address: "static/a.css.map".to_string(), ..sources[0].clone() };
        sources.push(map);
    }
    let files = [("static/a.css", "a { }"), ("config/a.yaml", "static: {minify: true}")];
    let plain = reading(&files, None).snapshot;
    let minified = reading(&files, Some(Minify::With(minify)));
    assert_eq!(minified.problems.len(), 1);
    let snapshot = minified.snapshot;
    let served: Vec<_> = snapshot.assets.iter().map(|asset| (asset.path.as_ref(), asset.body.as_ref())).collect();
    assert_eq!(served, [("static/a.css", b"a{}".as_ref()), ("static/a.css.map", b"a{}")]);
    assert_eq!(snapshot.assets[0].hash, hash(b"a{}"));
    assert_ne!(snapshot.version, plain.version);
}

#[test]
fn hidden_files_and_folders_are_not_read() {
    let folder = site(&[
        ("static/.env", ""),
        ("static/.git/config", ""),
        ("static/.well-known/security.txt", ""),
        ("static/a/.b/c.txt", ""),
        ("static/a/.htaccess", ""),
        ("static/a.b/c.d.txt", ""),
    ]);
    fs::create_dir_all(folder.path().join("static/empty")).unwrap();
    let options = Options { name: String::new(), release: String::new(), is_prod: true, minify: None };
    let reading = read(folder.path(), &options);
    let addresses: Vec<_> = reading.snapshot.assets.iter().map(|asset| asset.path.as_ref()).collect();
    assert_eq!(addresses, ["static/a.b/c.d.txt"]);
}

#[test]
fn a_release_build_without_its_minifier_says_what_to_write() {
    let files = [("static/a.css", "a { }"), ("config/a.yaml", "static:\n  minify: true\n")];
    let found = reading(&files, Some(Minify::Absent)).problems;
    assert_eq!(found.len(), 1);
    assert!(found[0].is_error() && (found[0].file.as_str(), found[0].line) == ("config/a.yaml", 2));
    assert!(found[0].help[0].contains("features = [\"build\", \"minify\"]"), "{}", found[0]);
    assert_eq!(reading(&files, None).problems, []);
    assert_eq!(reading(&[("static/a.css", "a { }")], Some(Minify::Absent)).problems, []);
}

#[test]
fn a_bundle_is_a_file_beside_its_parts_in_every_environment() {
    let config = "static: {folders: [assets, static], path: /static, bundles: {/all.css: [b.css, /a.css], assets/all.js: [/a.js]}}";
    let files = [
        ("static/a.css", "a{b:url(a.png)}"),
        ("assets/b.css", "b{c:url(b.png)}"),
        ("assets/a.js", "a"),
        ("config/a.yaml", config),
    ];
    let reading = reading(&files, None);
    assert_eq!(reading.problems, []);
    let body = |path: &str| {
        let asset = reading.snapshot.assets.iter().find(|asset| asset.path == path);
        asset.map(|asset| String::from_utf8_lossy(&asset.body).into_owned())
    };
    assert_eq!(body("static/all.css").as_deref(), Some("b{c:url(../assets/b.png)}\na{b:url(a.png)}\n"));
    assert_eq!(body("assets/all.js").as_deref(), Some("a\n;\n"));
    assert!(body("static/a.css").is_some() && body("assets/b.css").is_some());
}
