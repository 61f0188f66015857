use super::list;
use crate::deploy::types;
use crate::snapshot::{Asset, Encoding, Variant};

/// A static file with compressed forms of these lengths.
fn asset(path: &str, mime: &str, length: usize, variants: &[(Encoding, usize)]) -> Asset {
    let variants = variants.iter().map(|&(encoding, length)| Variant { encoding, body: vec![1; length].into() });
    Asset {
        is_root: false,
        is_patched: false,
        path: path.to_string().into(),
        mime: mime.to_string().into(),
        hash: "0123456789abcdef".into(),
        version: "fedcba9876543210".into(),
        body: vec![0; length].into(),
        variants: variants.collect(),
    }
}

fn typed(path: &str, mime: &str) -> Asset {
    asset(path, mime, 1, &[])
}

#[test]
fn the_list_has_a_line_a_file_and_the_sums() {
    let style =
        asset("static/a.css", "text/css; charset=utf-8", 1200, &[(Encoding::Gzip, 300), (Encoding::Brotli, 250)]);
    let text = list::table(&[style, asset("static/long name.png", "image/png", 7, &[])]);
    assert_eq!(
        text,
        "\
PATH                  SIZE   BR  ZSTD  GZIP  HASH              VERSION           TYPE
static/a.css          1200  250     –   300  0123456789abcdef  fedcba9876543210  text/css; charset=utf-8
static/long name.png     7    –     –     –  0123456789abcdef  fedcba9876543210  image/png
2 files               1207  250     –   300
"
    );
}

#[test]
fn a_name_cannot_move_the_cursor_of_a_terminal() {
    let text = list::table(&[typed("static/\u{1b}[2J\n.css", "text/css")]);
    assert!(text.contains(r"static/\u{1b}[2J\n.css") && text.lines().count() == 3, "{text}");
}

#[test]
fn a_site_without_static_files_has_an_empty_list_and_no_types() {
    assert!(list::table(&[]).ends_with("\n0 files     0   –     –     –\n"), "{}", list::table(&[]));
    assert!(types::directives(&[]).starts_with("types {\n}\ndefault_type application/octet-stream;\n"));
}

#[test]
fn types_go_by_the_ending_and_the_odd_ones_have_a_place_of_their_own() {
    const UTF8: &str = "text/plain; charset=utf-8";
    let text = types::directives(&[
        typed("README", UTF8),
        typed("static/LICENCE", "application/octet-stream"),
        typed("static/a.JS", "text/javascript; charset=utf-8"),
        typed("static/b.mjs", "text/javascript; charset=utf-8"),
        typed("static/b.txt", UTF8),
        typed("static/c.txt", UTF8),
        typed("static/latin \"1\".txt", "text/plain"),
        typed("static/x.data", "application/octet-stream"),
        typed("static/x.p\u{f6}", "image/x\\y"),
        typed("v1.2/plain", "application/octet-stream"),
    ]);
    assert_eq!(
        text,
        r#"types {
    "image/x\\y" "pö";
    "text/javascript; charset=utf-8" js mjs;
    "text/plain; charset=utf-8" txt;
}
default_type application/octet-stream;
# The types above name the character set where there is one.
charset off;
location = /README {
    types { }
    default_type "text/plain; charset=utf-8";
}
location = "/static/latin \"1\".txt" {
    types { }
    default_type text/plain;
}
"#
    );
}

#[test]
fn of_types_that_are_as_frequent_the_first_by_name_is_for_all() {
    let text = types::directives(&[typed("a.x", "b/b"), typed("b.x", "a/a")]);
    assert!(text.starts_with("types {\n    a/a x;\n}"), "{text}");
    assert!(text.contains("location = /a.x {\n    types { }\n    default_type b/b;\n}"), "{text}");
}

#[test]
fn an_ending_too_long_for_the_table_of_types_is_no_ending() {
    let name = format!("static/a.{}", "x".repeat(60));
    let text = types::directives(&[typed(&name, "text/plain")]);
    assert!(text.starts_with("types {\n}\n") && text.contains(&format!("location = /{name} {{")), "{text}");
}
