mod css;
mod mistakes;
mod property;

use std::fs;

use super::*;
use crate::problem;
use crate::snapshot::Snapshot;
use crate::source::tests::site;
use crate::source::{Reading, read};

fn options(is_prod: bool) -> Options {
    Options { name: String::new(), release: String::new(), is_prod, minify: None }
}

fn reading(files: &[(&str, &str)]) -> Reading {
    read(site(files).path(), &options(true))
}

/// What the build of a release reads.
fn minified(files: &[(&str, &str)], minify: Minify) -> Reading {
    read(site(files).path(), &Options { minify: Some(minify), ..options(true) })
}

/// What is read in production from files without mistakes, with these settings.
fn snapshot(settings: &str, files: &[(&str, &str)]) -> Snapshot {
    environment(true, settings, files)
}

fn environment(is_prod: bool, settings: &str, files: &[(&str, &str)]) -> Snapshot {
    let folder = site(files);
    fs::create_dir_all(folder.path().join("config")).unwrap();
    fs::write(folder.path().join("config/app.yaml"), format!("static: {settings}")).unwrap();
    let reading = read(folder.path(), &options(is_prod));
    assert_eq!(problem::report(&reading.problems), "0 errors, 0 warnings");
    reading.snapshot
}

fn file<'s>(snapshot: &'s Snapshot, address: &str) -> &'s Asset {
    snapshot.assets.iter().find(|asset| asset.path == address).unwrap()
}

fn body<'s>(snapshot: &'s Snapshot, address: &str) -> &'s str {
    std::str::from_utf8(&file(snapshot, address).body).unwrap()
}

fn addresses(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.assets.iter().map(|asset| asset.path.as_ref()).collect()
}

#[test]
fn what_a_stylesheet_names_gets_the_version_that_the_setting_says() {
    let files = [("static/a.css", "a{b:url(a.png)}"), ("static/a.png", "image")];
    let auto = snapshot("{}", &files);
    let image = file(&auto, "static/a.png");
    assert_eq!(image.version, hash(b"image"));
    assert_eq!(body(&auto, "static/a.css"), format!("a{{b:url(a.png?{})}}", auto.version));
    assert_eq!(body(&snapshot("{version: v001}", &files), "static/a.css"), "a{b:url(a.png?v001)}");
    let own = format!("a{{b:url(a.png?{})}}", image.version);
    assert_eq!(body(&snapshot("{version: file}", &files), "static/a.css"), own);
    for settings in ["{}", "{version: v001}", "{version: file}"] {
        assert_eq!(body(&environment(false, settings, &files), "static/a.css"), own, "{settings}");
    }
}

#[test]
fn the_version_in_files_of_one_environment_counts_there() {
    let files =
        [("static/a.css", "a{b:url(a.png)}"), ("static/a.png", ""), ("config/x.prod.yaml", "static: {version: v2}")];
    assert_eq!(body(&snapshot("{version: v1}", &files), "static/a.css"), "a{b:url(a.png?v2)}");
    assert_eq!(body(&snapshot("{version: !env [V, v3]}", &files[..2]), "static/a.css"), "a{b:url(a.png?v3)}");
}

#[test]
fn only_what_is_there_gets_a_version_and_queries_and_fragments_stay() {
    let settings = "{version: v1, path: https://cdn.example.com/files, folders: [static, media], dynamic: /no.png}";
    for (written, expected) in [
        ("a.png", "a.png?v1"),
        ("./img/../a.png", "./img/../a.png?v1"),
        ("../static/a.png", "../static/a.png?v1"),
        ("../../../static/a.png", "../../../static/a.png?v1"),
        ("/static/a.png", "/static/a.png?v1"),
        ("/media/b%20c.png", "/media/b%20c.png?v1"),
        ("%61.png", "%61.png?v1"),
        ("a.png?", "a.png?v1"),
        ("a.png?x=1", "a.png?x=1&v1"),
        ("a.png?#iefix", "a.png?v1#iefix"),
        ("a.png#icon", "a.png?v1#icon"),
        ("a.png?x#icon", "a.png?x&v1#icon"),
        ("https://cdn.example.com/files/a.png", "https://cdn.example.com/files/a.png?v1"),
        ("https://cdn.example.com/files/b%20c.png", "https://cdn.example.com/files/b%20c.png?v1"),
        ("https://cdn.example.com/files/none.png", "https://cdn.example.com/files/none.png"),
        ("https://cdn.example.com/other/a.png", "https://cdn.example.com/other/a.png"),
        ("https://example.com/static/a.png", "https://example.com/static/a.png"),
        ("//example.com/static/a.png", "//example.com/static/a.png"),
        ("data:image/png;base64,a.png", "data:image/png;base64,a.png"),
        ("#icon", "#icon"),
        ("?x", "?x"),
        ("/a.png", "/a.png"),
        ("no.png", "no.png"),
        ("img%2Fa.png", "img%2Fa.png"),
    ] {
        let css = format!("a{{b:url({written})}}");
        let files =
            [("static/a.css", css.as_str()), ("static/a.png", ""), ("media/b c.png", ""), ("static/img/a.png", "")];
        assert_eq!(body(&snapshot(settings, &files), "static/a.css"), format!("a{{b:url({expected})}}"));
    }
}

#[test]
fn source_maps_get_a_version_in_stylesheets_and_scripts() {
    let snapshot = snapshot(
        "{version: v1}",
        &[
            ("static/a.css", "a{}\n/*# sourceMappingURL=a.css.map */"),
            ("static/a.css.map", "{}"),
            ("static/a.js", "f()\n//# sourceMappingURL=a.js.map\n"),
            ("static/a.js.map", "{}"),
            ("static/b.MJS", "//# sourceMappingURL=a.js.map"),
            ("static/c.js", "//# sourceMappingURL=none.js.map"),
            ("static/d.txt", "//# sourceMappingURL=a.js.map"),
        ],
    );
    assert_eq!(body(&snapshot, "static/a.css"), "a{}\n/*# sourceMappingURL=a.css.map?v1 */");
    assert_eq!(body(&snapshot, "static/a.js"), "f()\n//# sourceMappingURL=a.js.map?v1\n");
    assert_eq!(body(&snapshot, "static/b.MJS"), "//# sourceMappingURL=a.js.map?v1");
    assert_eq!(body(&snapshot, "static/c.js"), "//# sourceMappingURL=none.js.map");
    assert_eq!(body(&snapshot, "static/d.txt"), "//# sourceMappingURL=a.js.map");
}

#[test]
fn a_stylesheet_that_is_not_text_stays_as_it_is() {
    let folder = site(&[("static/a.png", "")]);
    let bytes = b"a{b:url(a.png);c:'\xe9'}";
    fs::write(folder.path().join("static/a.css"), bytes).unwrap();
    let reading = read(folder.path(), &options(true));
    assert_eq!(file(&reading.snapshot, "static/a.css").body.as_ref(), bytes);
    assert_eq!(file(&reading.snapshot, "static/a.css").mime, "text/css");
    assert!(reading.problems[0].message.contains("not UTF-8"));
}

#[test]
fn minified_bytes_are_what_is_hashed_and_served() {
    fn minify(sources: &mut Vec<StaticSource>, problems: &mut Vec<Problem>) {
        for source in &mut *sources {
            source.body = source.body.iter().copied().filter(|byte| *byte != b' ').collect::<Vec<_>>().into();
            problems.push(Problem::warning(&source.file, "shorter"));
        }
        let map = StaticSource { address: "static/a.css.map".to_string(), ..sources[0].clone() };
        sources.push(map);
    }
    let files = [("static/a.css", "a { }"), ("config/a.yaml", "static: {minify: true}")];
    let plain = reading(&files).snapshot;
    let minified = minified(&files, Minify::With(minify));
    assert_eq!(minified.problems.len(), 1);
    let snapshot = minified.snapshot;
    let served: Vec<_> = snapshot.assets.iter().map(|asset| (asset.path.as_ref(), asset.body.as_ref())).collect();
    assert_eq!(served, [("static/a.css", b"a{}".as_ref()), ("static/a.css.map", b"a{}")]);
    assert_eq!(snapshot.assets[0].hash, hash(b"a{}"));
    assert_ne!(snapshot.version, plain.version);
}

#[test]
fn files_of_the_root_are_at_the_top() {
    let files = [("static/a.css", ""), ("top/favicon.ico", ""), ("top/img/a.png", ""), ("top/.git/config", "")];
    let snapshot = snapshot("{root: top}", &files);
    assert_eq!(addresses(&snapshot), ["favicon.ico", "img/a.png", "static/a.css"]);
    let is_root: Vec<_> = snapshot.assets.iter().map(|asset| asset.is_root).collect();
    assert_eq!(is_root, [true, true, false]);
    assert_eq!(addresses(&self::snapshot("{}", &files)), ["static/a.css"]);
}

#[test]
fn a_stylesheet_at_the_top_and_one_below_name_each_others_files() {
    let files = [
        ("static/css/a.css", "@import '/b.css'; a{b:url(../../favicon.ico)}"),
        ("top/b.css", "a{b:url(static/a.png)}"),
        ("top/favicon.ico", ""),
        ("static/a.png", ""),
    ];
    let snapshot = snapshot("{root: top, version: v1}", &files);
    assert_eq!(body(&snapshot, "static/css/a.css"), "@import '/b.css?v1'; a{b:url(../../favicon.ico?v1)}");
    assert_eq!(body(&snapshot, "b.css"), "a{b:url(static/a.png?v1)}");
}

#[test]
fn hidden_files_and_folders_are_not_read() {
    let snapshot = snapshot(
        "{root: top}",
        &[
            ("static/.env", ""),
            ("static/.git/config", ""),
            ("static/.well-known/security.txt", ""),
            ("static/a/.b/c.txt", ""),
            ("static/a/.htaccess", ""),
            ("static/a.b/c.d.txt", ""),
            ("top/.well-known/security.txt", ""),
            ("top/.htpasswd", ""),
            ("top/robots.txt", ""),
        ],
    );
    assert_eq!(addresses(&snapshot), ["robots.txt", "static/a.b/c.d.txt"]);
}

/// B143
#[test]
fn media_types_are_the_registered_ones() {
    for (name, expected) in [
        ("a.webmanifest", "application/manifest+json"),
        ("a.wasm", "application/wasm"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.mjs", "text/javascript; charset=utf-8"),
        ("a.cjs", "text/javascript; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.html", "text/html; charset=utf-8"),
        ("a.htm", "text/html; charset=utf-8"),
        ("a.xhtml", "application/xhtml+xml"),
        ("a.svg", "image/svg+xml"),
        ("a.xml", "text/xml; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.jsonld", "application/ld+json"),
        ("a.map", "application/json"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("a.csv", "text/csv; charset=utf-8"),
        ("a.md", "text/markdown; charset=utf-8"),
        ("a.ics", "text/calendar; charset=utf-8"),
        ("a.vtt", "text/vtt; charset=utf-8"),
        ("a.vcf", "text/vcard; charset=utf-8"),
        ("a.rss", "application/rss+xml"),
        ("a.atom", "application/atom+xml"),
        ("a.yaml", "application/yaml"),
        ("a.avif", "image/avif"),
        ("a.webp", "image/webp"),
        ("a.jpg", "image/jpeg"),
        ("a.png", "image/png"),
        ("a.gif", "image/gif"),
        ("a.ico", "image/x-icon"),
        ("a.woff", "font/woff"),
        ("a.woff2", "font/woff2"),
        ("a.ttf", "font/ttf"),
        ("a.otf", "font/otf"),
        ("a.eot", "application/vnd.ms-fontobject"),
        ("a.mp4", "video/mp4"),
        ("a.m4v", "video/mp4"),
        ("a.webm", "video/webm"),
        ("a.ogg", "audio/ogg"),
        ("a.m4a", "audio/mp4"),
        ("a.mp3", "audio/mpeg"),
        ("a.pdf", "application/pdf"),
        ("a.zip", "application/zip"),
        ("a.gz", "application/gzip"),
        ("a.zst", "application/zstd"),
        ("a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("A.PNG", "image/png"),
        ("static/A.MJS", "text/javascript; charset=utf-8"),
        ("a.min.css", "text/css; charset=utf-8"),
        ("a.b/c", "application/octet-stream"),
        ("LICENSE", "application/octet-stream"),
        ("a.", "application/octet-stream"),
        ("a.unknown", "application/octet-stream"),
    ] {
        assert_eq!(mime(name, b"text"), expected, "{name}");
    }
    assert_eq!(mime("a.txt", b"\xe9"), "text/plain");
}

#[test]
fn a_release_build_without_its_minifier_says_what_to_write() {
    let files = [("static/a.css", "a { }"), ("config/a.yaml", "static:\n  minify: true\n")];
    let found = minified(&files, Minify::Absent).problems;
    assert_eq!(found.len(), 1);
    assert!(found[0].is_error() && (found[0].file.as_str(), found[0].line) == ("config/a.yaml", 2));
    assert!(found[0].help[0].contains("features = [\"build\", \"minify\"]"), "{}", found[0]);
    assert_eq!(reading(&files).problems, []);
    assert_eq!(minified(&[("static/a.css", "a { }")], Minify::Absent).problems, []);
}

#[test]
fn a_bundle_is_a_file_beside_its_parts_in_every_environment() {
    let config = "static: {folders: [assets, static], path: /static, dynamic: '*.png', bundles: {/all.css: [b.css, /a.css], assets/all.js: [/a.js]}}";
    let files = [
        ("static/a.css", "a{b:url(a.png)}"),
        ("assets/b.css", "b{c:url(b.png)}"),
        ("assets/a.js", "a"),
        ("config/a.yaml", config),
    ];
    let reading = reading(&files);
    assert_eq!(reading.problems, []);
    let body = |path: &str| {
        let asset = reading.snapshot.assets.iter().find(|asset| asset.path == path);
        asset.map(|asset| String::from_utf8_lossy(&asset.body).into_owned())
    };
    assert_eq!(body("static/all.css").as_deref(), Some("b{c:url(../assets/b.png)}\na{b:url(a.png)}\n"));
    assert_eq!(body("assets/all.js").as_deref(), Some("a\n;\n"));
    assert!(body("static/a.css").is_some() && body("assets/b.css").is_some());
}
