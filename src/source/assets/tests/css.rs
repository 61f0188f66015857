//! Which addresses a stylesheet has, and what is left when they are replaced.

use crate::source::assets::css::references;
use crate::source::assets::reference::replace;
use crate::source::assets::script::source_map;

/// The text with `!` behind every address in it.
fn marked(text: &str) -> String {
    let found = references(text);
    replace(text, found.iter().map(|reference| (reference, format!("{}!", reference.value))))
}

#[test]
fn addresses_are_found_however_they_are_written_and_nothing_else_changes() {
    for (text, expected) in [
        ("a{b:url(x)}", "a{b:url(x!)}"),
        ("a{b:url( x )}", "a{b:url( x! )}"),
        ("a{b:URL(\n\t'x y' )}", "a{b:URL(\n\t'x y!' )}"),
        ("a{b:Url(\"x\"),url(y)c}", "a{b:Url(\"x!\"),url(y!)c}"),
        ("@import 'x';@import \"y\" screen;", "@import 'x!';@import \"y!\" screen;"),
        ("@IMPORT url(x) layer(a) supports(b:'c');", "@IMPORT url(x!) layer(a) supports(b:'c');"),
        ("@import/**/url('x');", "@import/**/url('x!');"),
        ("a{b:image-set('x' 1x,url(y) 2x type('z'))}", "a{b:image-set('x!' 1x,url(y!) 2x type('z'))}"),
        ("a{b:-webkit-image-set(url(x) 1x)}", "a{b:-webkit-image-set(url(x!) 1x)}"),
        ("@font-face{src:url(x) format('y')}", "@font-face{src:url(x!) format('y')}"),
        ("@media a{@supports (b:url(x)){c{d:url(y)}}}", "@media a{@supports (b:url(x!)){c{d:url(y!)}}}"),
        ("a{b:cross-fade(url(x),url(y))}", "a{b:cross-fade(url(x!),url(y!))}"),
        ("a{--b:url(x)}", "a{--b:url(x!)}"),
        ("a{b:url(ü.png)}/* ä */c{d:url(é)}", "a{b:url(ü.png!)}/* ä */c{d:url(é!)}"),
        ("\u{feff}a{b:url(x)}", "\u{feff}a{b:url(x!)}"),
        ("a{b:url(x", "a{b:url(x!"),
        ("a{b:url('x", "a{b:url('x!"),
        ("}a{b:url(x)}", "}a{b:url(x!)}"),
        ("a{}\r\n/*# sourceMappingURL=x.map */", "a{}\r\n/*# sourceMappingURL=x.map! */"),
    ] {
        assert_eq!(marked(text), expected, "{text}");
    }
}

#[test]
fn what_only_looks_like_an_address_stays() {
    for text in [
        "/* url(x) @import 'y' */",
        "a{content:'url(x)'}",
        "a[href='x']{}",
        "@namespace 'x';",
        "@namespace svg url(x);",
        "@namespace url('x');",
        "@charset 'utf-8';",
        "a{b:format('x')}",
        "a{b:url()}",
        "a{b:url('')}",
        "a{b:url(x y)}",
        "a{b:myurl(x)}",
        "/* sourceMappingURL=x */",
        "",
    ] {
        assert_eq!(marked(text), text);
    }
}

#[test]
fn an_escaped_address_is_written_as_a_string() {
    for (text, expected) in [
        (r"a{b:url(x\ y)}", r#"a{b:url("x y!")}"#),
        (r"a{b:url('x\'y') c}", r#"a{b:url("x'y!") c}"#),
        (r"a{b:url(\78 )}", r#"a{b:url("x!")}"#),
        (r#"@import "\78";"#, r#"@import "x!";"#),
    ] {
        assert_eq!(marked(text), expected, "{text}");
    }
    let found = references("a{b:url(x)}");
    assert_eq!(replace("a{b:url(x)}", [(&found[0], "y)z'".to_string())]), r#"a{b:url("y)z'")}"#);
}

#[test]
fn deep_nesting_ends_the_search_and_not_the_process() {
    let text = format!("a{{b:url(x)}}{}url(y){}c{{d:url(z)}}", "(".repeat(100_000), ")".repeat(100_000));
    let values: Vec<_> = references(&text).into_iter().map(|reference| reference.value).collect();
    assert_eq!(values, ["x", "z"]);
}

#[test]
fn a_script_names_its_source_map_in_its_last_line() {
    for (text, expected) in [
        ("f()\n//# sourceMappingURL=a.js.map", Some("f()\n//# sourceMappingURL=a.js.map!")),
        ("f()\r\n//@ sourceMappingURL=a.js.map \r\n\r\n", Some("f()\r\n//@ sourceMappingURL=a.js.map! \r\n\r\n")),
        ("f()\n\t/*# sourceMappingURL=a.map*/\n", Some("f()\n\t/*# sourceMappingURL=a.map!*/\n")),
        ("ü()\u{2028}//# sourceMappingURL=a.map", Some("ü()\u{2028}//# sourceMappingURL=a.map!")),
        ("//# sourceMappingURL=a.map\nf()", None),
        ("f() //# sourceMappingURL=a.map", None),
        ("//# sourceMappingURL=", None),
        ("// sourceMappingURL=a.map", None),
        ("", None),
    ] {
        let found = source_map(text);
        let marked = found.map(|reference| replace(text, [(&reference, format!("{}!", reference.value))]));
        assert_eq!(marked.as_deref(), expected, "{text}");
    }
}
