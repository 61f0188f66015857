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
    let files = [("static/a.css", "a { }"), ("config/a.yaml", "{}")];
    let plain = reading(&files, None).snapshot;
    let minified = reading(&files, Some(minify));
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
