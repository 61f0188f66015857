//! Bundles as a whole are in `tests/mistakes/` and `tests/suite/`; here is what is found in texts, and how parts change.

use super::{Kind, StaticSource, join, prepare, script, style};
use crate::problem::Problem;

fn source(address: &str, text: &str) -> StaticSource {
    let body = text.as_bytes().to_vec().into();
    StaticSource {
        address: address.to_string(),
        file: address.to_string(),
        body,
        is_root: false,
        is_made: false,
        parts: Vec::new(),
    }
}

/// The bundle of these files with the address `static/site.…`, and the messages about it.
fn bundled(kind: Kind, files: &[(&str, &str)]) -> (String, Vec<String>) {
    let sources: Vec<StaticSource> = files.iter().map(|(address, text)| source(address, text)).collect();
    let mut problems = Vec::new();
    let parts = prepare::parts(kind, "static/site.css", &sources.iter().collect::<Vec<_>>(), &mut problems);
    let messages =
        problems.iter().map(|problem: &Problem| format!("{}:{} {}", problem.line, problem.column, problem.message));
    (join(kind, parts.iter().map(|part| part.text.as_str())), messages.collect())
}

/// One stylesheet from elsewhere in a bundle, without the line end behind it.
fn moved(address: &str, text: &str) -> String {
    let (text, messages) = bundled(Kind::Style, &[(address, text)]);
    assert_eq!(messages, [""; 0]);
    text.strip_suffix('\n').unwrap().to_string()
}

#[test]
fn addresses_in_stylesheets_lead_to_the_same_files_from_the_bundle() {
    let cases = [
        ("a{b:url(x.png)}", "a{b:url(vendor/css/x.png)}"),
        ("a{b:URL( '../img/x y.png' )}", "a{b:URL( 'vendor/img/x y.png' )}"),
        ("a{b:url(./../../x.png?v#i)}", "a{b:url(x.png?v#i)}"),
        ("a{b:url(../../../x.png)}", "a{b:url(../x.png)}"),
        ("@import \"x.css\" screen;", "@import \"vendor/css/x.css\" screen;"),
        ("@import url(x.css);", "@import url(vendor/css/x.css);"),
        ("a{b:image-set('x.png' 1x,url(y.png) 2x)}", "a{b:image-set('vendor/css/x.png' 1x,url(vendor/css/y.png) 2x)}"),
        ("a{b:image-set('x.png' type('image/png'))}", "a{b:image-set('vendor/css/x.png' type('image/png'))}"),
    ];
    for (text, expected) in cases {
        assert_eq!(moved("static/vendor/css/a.css", text), expected);
    }
}

#[test]
fn what_is_no_relative_address_stays() {
    let cases = [
        "a{b:url(/x.png) url(//cdn/x) url(https://a/b) url(#f) url() url(data:image/png;base64,AA/BB)}",
        "a{content:'x.png';b:var(--u) format('woff2')}/* url(x.png) */a[href='x.css']{}",
        "@media (x){a{b:c}}@supports (b:url(\"/x\")){}",
    ];
    for text in cases {
        assert_eq!(moved("static/vendor/css/a.css", text), text);
        assert_eq!(moved("static/a.css", text), text);
    }
    assert_eq!(moved("static/a.css", "a{b:url(x.png)}"), "a{b:url(x.png)}");
    assert_eq!(moved("static/my folder/a.css", "a{b:url(x.png)}"), "a{b:url(my%20folder/x.png)}");
    assert_eq!(moved("other/a.css", "a{b:url(x.png)}"), "a{b:url(../other/x.png)}");
}

#[test]
fn a_stylesheet_leaves_nothing_behind_that_is_for_itself_alone() {
    let text = "\u{feff}@charset \"utf-8\";\na{}/*# sourceMappingURL=a.css.map */\n/* sourceMappingURL=kept */";
    assert_eq!(moved("static/a.css", text), "\na{}\n/* sourceMappingURL=kept */");
}

#[test]
fn a_stylesheet_that_would_swallow_the_next_is_a_mistake() {
    let cases = [
        ("a{b:c}\n/* open", "2:1 this comment is never closed"),
        ("a{b:c}\nd{e:f;", "2:2 this bracket is never closed"),
        ("a{b:c}}", "1:7 this bracket closes nothing"),
        ("a{b:(c}", "1:5 this bracket is never closed"),
        ("a{b:'c\n}", "1:5 this quote is never closed"),
        ("a{b:c}\n.d", "2:1 this rule has no end"),
        ("a{b:url(x}", "1:8 this bracket is never closed"),
        ("@layer a", "1:1 this rule has no end"),
    ];
    for (text, expected) in cases {
        let (_, messages) = bundled(Kind::Style, &[("static/a.css", text)]);
        assert_eq!(
            messages,
            [format!("{expected}; in a bundle the next stylesheet would become a part of it")],
            "{text}"
        );
    }
}

#[test]
fn rules_that_count_only_at_the_beginning_are_mistakes_further_down() {
    let import = ("static/a.css", "/* first */@import 'x.css';a{}");
    assert_eq!(bundled(Kind::Style, &[import, ("static/b.css", "@media x{}")]).1, [""; 0]);
    let (_, messages) = bundled(Kind::Style, &[("static/b.css", "b{}"), import]);
    assert_eq!(messages, ["1:12 this `@import` would have no effect in a bundle, because other rules stand before it"]);
    let (_, messages) = bundled(Kind::Style, &[("static/b.css", "@namespace svg url(x);")]);
    assert_eq!(messages, ["1:1 this `@namespace` would count for the whole bundle, or not at all"]);
}

#[test]
fn scripts_end_where_they_end_alone() {
    let files = [
        ("a.js", "#!/usr/bin/env node\nvar a = b"),
        ("b.js", "(function () {})() // no end"),
        ("c.js", "c()\n//# sourceMappingURL=c.js.map"),
    ];
    let (text, messages) = bundled(Kind::Script, &files);
    assert_eq!(messages, [""; 0]);
    assert_eq!(text, "\nvar a = b\n;\n(function () {})() // no end\n;\nc()\n\n;\n");
}

#[test]
fn a_strict_script_makes_no_other_strict_and_does_not_lose_it() {
    let (strict, other) = (("a.js", "/* a */ 'use strict'\na()"), ("b.js", "b()"));
    let expected = "1:9 this script is strict as a whole and `b.js` is not; in one bundle both would be the same";
    assert_eq!(bundled(Kind::Script, &[strict, other]).1, [expected]);
    assert_eq!(bundled(Kind::Script, &[other, strict]).1, [expected]);
    let (text, messages) = bundled(Kind::Script, &[strict, strict]);
    assert!(messages.is_empty() && text.starts_with("/* a */ 'use strict'\n"), "{text}");
    for inside in ["(function(){'use strict';})()", "a('use strict')", "'use strict'.length", "a;'use strict'"] {
        assert_eq!(script::scan(inside).strict, None, "{inside}");
    }
    assert_eq!(script::scan("'x';\"use strict\";").strict, Some(4..16));
}

#[test]
fn modules_are_known_by_their_statements() {
    for module in [
        "import a from 'b'",
        "import 'b'",
        "import*as a from 'b'",
        "a()\nexport default 1",
        "x;export{a}",
        "export const a = 1",
    ] {
        assert!(script::scan(module).module.is_some(), "{module}");
    }
    let scripts = [
        "import('b')",
        "a.import = 1",
        "/* import a */",
        "`\nimport a`",
        "({ export: 1 })",
        "f(`${ `\nexport x` }`)",
        "/[/]\\/import a/",
        "{ import }",
    ];
    for script in scripts {
        assert_eq!(script::scan(script).module, None, "{script}");
    }
}

#[test]
fn what_is_open_at_the_end_of_a_script_is_told() {
    for whole in [
        "a = b / c; d = /[/`({]/.test(e) / 2",
        "if (a) /`/.test(b)",
        "x = `a${ { b: `}` }.b }`; y = '`'",
        "i++ / 2; j = a[0] / b / c",
        "return_ = () => /\\/`/",
        "a = '\\'`'; b = \"\\\\\"",
        "x = a\n/* ` */ / b",
        "f(...[/`/])",
        "'a\\\r\nb'",
        "var é = `\\é`",
    ] {
        assert_eq!(script::scan(whole).fault, None, "{whole}");
    }
    for (open, start) in
        [("a /* b", 2), ("f(`a", 2), ("f({a)", 2), ("f()}", 3), ("a = 'b\n'", 4), ("function a() {", 13), ("`${a", 1)]
    {
        assert_eq!(script::scan(open).fault.map(|(range, _)| range.start), Some(start), "{open}");
    }
}

/// No text makes a scan panic or go on for ever, and what it finds lies in the text.
#[test]
fn any_text_can_be_scanned() {
    let pieces = [
        "/", "*", "\\", "'", "\"", "`", "${", "}", "{", "(", ")", "é", "\n", "url(", "@import", ";", " ", "a", "-->",
        "#!", ".", "+", "x/",
    ];
    let mut seed = 1_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
        }
        let (style, script) = (style::scan(&text), script::scan(&text));
        let fault = style.fault.into_iter().chain(script.fault).map(|(range, _)| range);
        let ranges = style
            .addresses
            .into_iter()
            .chain(style.charsets)
            .chain(style.imports)
            .chain(script.map_comments)
            .chain(fault);
        for range in ranges {
            assert!(text.get(range.clone()).is_some(), "{text:?} {range:?}");
        }
        let _ = bundled(Kind::Style, &[("static/a/b.css", &text)]);
    }
}
