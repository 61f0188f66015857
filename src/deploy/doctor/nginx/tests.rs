//! The grammar of NGINX's files, and its measures.

use super::example;
use super::measures::{size, time, trusts};
use super::parse::{Directive, parse};

fn shown(directives: &[Directive]) -> String {
    let line = |it: &Directive| {
        let words = std::iter::once(&it.name).chain(&it.arguments).map(|word| format!("<{word}>")).collect::<String>();
        it.block.as_ref().map_or_else(|| words.clone(), |block| format!("{words}{{{}}}", shown(block)))
    };
    directives.iter().map(line).collect::<Vec<_>>().join(" ")
}

#[test]
fn words_quotes_comments_and_variables_are_read_as_nginx_reads_them() {
    for (text, expected) in [
        ("a b c;", "<a><b><c>"),
        ("a { b; c { } }", "<a>{<b> <c>{}}"),
        ("a 'b ; c' \"d } e\";", "<a><b ; c><d } e>"),
        (r#"a "b \" c" 'd\'e' \;f;"#, r#"<a><b " c><d'e><\;f>"#),
        ("# a;\nb x#y; # c;", "<b><x#y>"),
        ("a ${b}c $d;", "<a><${b}c><$d>"),
        ("location ~ \"^/[a-z]{2}$\" { }", "<location><~><^/[a-z]{2}$>{}"),
        (r"location ~ \.css$ { }", r"<location><~><\.css$>{}"),
        ("a\n  b\n  'c\nd';", "<a><b><c\nd>"),
        ("", ""),
    ] {
        assert_eq!(parse(text).map(|it| shown(&it)).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_file_of_nginx_is_refused_with_its_line() {
    for (text, words) in [
        ("a", "ends within a directive in line 1"),
        ("a {\n b;\n", "ends within a block"),
        ("a;\n}", "line 2 that was never opened"),
        ("a { b }", "lacks a `;`"),
        ("a;\n;", "no directive before the end of one in line 2"),
        ("\n'a", "no end of the text in line 2"),
        (&"a {".repeat(100_000), "goes too deep"),
    ] {
        let told = parse(text).unwrap_err();
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn sizes_and_times_have_units() {
    assert_eq!(
        ["10m", "1K", "2g", "17", "0", "", "m", "1x"].map(size),
        [Some(10 << 20), Some(1024), Some(2 << 30), Some(17), Some(0), None, None, None]
    );
    assert_eq!(
        ["65s", "60", "500ms", "1m30s", "1h 5m", "", "x"].map(time),
        [Some(65_000), Some(60_000), Some(500), Some(90_000), Some(3_900_000), Some(0), None]
    );
}

#[test]
fn networks_have_the_addresses_below_them() {
    let trusted = |entry: &str, peer: &str| trusts(&[entry.to_string()], peer.parse().unwrap());
    assert!(
        trusted("127.0.0.1", "127.0.0.1") && trusted("127.0.0.0/8", "127.0.0.1") && trusted("0.0.0.0/0", "127.0.0.1")
    );
    assert!(trusted("::1", "::1") && trusted("::/0", "::1") && !trusted("::1", "127.0.0.1"));
    assert!(
        !trusted("10.0.0.0/8", "127.0.0.1") && !trusted("unix", "127.0.0.1") && !trusted("127.0.0.1/x", "127.0.0.1")
    );
}

#[test]
fn a_path_is_made_that_meets_what_its_parameters_require() {
    let requirement = |text: &'static str| [("id".into(), text.into())];
    assert_eq!(example("/a/{id}/b", &[]).as_deref(), Some("/a/1/b"));
    assert_eq!(example("/{id}", &requirement("[a-z]{2}")).as_deref(), Some("/en"));
    assert_eq!(example("/{id}", &requirement("\\d{4}-\\d\\d-\\d\\d")).as_deref(), Some("/2026-01-01"));
    assert_eq!(example("/{id}", &requirement("ZZZ")), None);
    assert_eq!(example("/plain", &[]).as_deref(), Some("/plain"));
}
