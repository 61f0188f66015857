use super::*;
use crate::source::assets::bundles;

fn file(address: &str, text: &str) -> StaticSource {
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

/// The bundle of these files, as `source` hands it over.
fn bundle_of(address: &str, files: &[(&str, &str)]) -> StaticSource {
    let part = |(address, text): &(&str, &str)| {
        let (address, text) = (address.to_string(), text.to_string());
        Part { file: format!("app/{address}"), address, text }
    };
    let body = join(Kind::of(address).unwrap(), files.iter().map(|(_, text)| *text));
    StaticSource { parts: files.iter().map(part).collect(), is_made: true, ..file(address, &body) }
}

/// The text of one file after a release build.
fn short(address: &str, text: &str) -> String {
    let mut sources = vec![file(address, text)];
    let mut problems = Vec::new();
    shorten(&mut sources, &mut problems);
    assert_eq!((problems, sources.len()), (Vec::new(), 1));
    text_of(sources.remove(0))
}

fn text_of(source: StaticSource) -> String {
    String::from_utf8(source.body.to_vec()).unwrap()
}

/// Where a text of a bundle's file stands in the bundle, and where its source map says that it stands: file, line and column from 0.
fn traced(bundle: &str, map: &str, text: &str) -> (String, u32, u32) {
    let map = SourceMap::from_json_string(map).unwrap();
    let before = &bundle[..bundle.find(text).unwrap()];
    let column = before.rsplit('\n').next().unwrap_or_default().encode_utf16().count();
    let table = map.generate_lookup_table();
    let token = map.lookup_token(&table, line_ends(before), u32::try_from(column).unwrap()).unwrap();
    let source = map.get_source(token.get_source_id().unwrap()).unwrap();
    (source.to_string(), token.get_src_line(), token.get_src_col())
}

#[test]
fn stylesheets_keep_what_browsers_fall_back_to() {
    let kept = [
        "a{color:red;color:oklch(60% .2 30)}",
        "a{display:-webkit-box;display:-ms-flexbox;display:flex}",
        "a{background:-webkit-linear-gradient(red,red);background:linear-gradient(red,red)}",
        "a{width:100px;width:min(100px,50%)}",
        "@media (min-width:640px) and (max-width:800px){a{color:rgba(1,2,3,.5)}}",
        "@media (-webkit-min-device-pixel-ratio:2),(min-resolution:2dppx){a{color:red}}",
        "a{color:red}a{color:red}.empty{}",
        "a{-webkit-user-select:none;user-select:none;--x:1px;filter:progid:DXImageTransform.Microsoft.Alpha(Opacity=50)}",
    ];
    for text in kept {
        assert_eq!(short("a.css", &format!("\n  {text}  \n")), text);
    }
}

#[test]
fn licences_are_kept_wherever_they_stand() {
    let css = short("a.css", "/*! one */a{ }/* gone */b{ }/* @license two */@media x{ /*! three */c{} }");
    assert_eq!(css, "/*! one */\na{}b{}@media x{c{}}\n/* @license two */\n/*! three */");
    let js = short("a.js", "/*! one */\na( ); // gone\nb(/* @preserve two */ 1, c( ) );\n//! three\n");
    for (comment, count) in [("/*! one */", 1), ("/* @preserve two */", 1), ("//! three", 1), ("gone", 0)] {
        assert_eq!(js.matches(comment).count(), count, "{comment}: {js}");
    }
}

#[test]
fn classic_scripts_share_their_names_and_keep_what_others_may_change() {
    let text = "var debug = false;\nfunction noop() {}\nfunction once(parameter) { return parameter + 1; }\nconst LIMIT = 5;\n\
                noop();\nif (debug) log(once(2), LIMIT);\nelement.offsetHeight;\nclass Panel {}\n";
    let js = short("a.js", text);
    for kept in [
        "var debug=",
        "function noop(){}",
        "function once(",
        "noop()",
        "debug&&",
        "LIMIT=5",
        "element.offsetHeight",
        "class Panel{}",
    ] {
        assert!(js.contains(kept), "`{kept}` is not in {js}");
    }
    assert!(!js.contains("parameter"), "{js}");
    assert!(short("a.mjs", &format!("{text}export {{}};")).len() < js.len(), "a module's names are its own");
    assert!(!short("a.js", "import b from 'b';\nlet longName = b();\nlongName(longName);\n").contains("longName"));
}

#[test]
fn scripts_get_no_newer_syntax_and_keep_their_mode() {
    let js = short(
        "a.js",
        "'use strict';\nf(a !== null && a !== undefined ? a : b, a && a.b, Math.pow(a, b));\ntry { f( ) } catch (e) { }\n",
    );
    assert!(js.starts_with("\"use strict\";") && js.contains("catch(e)"), "{js}");
    assert!(!js.contains("??") && !js.contains("?.") && !js.contains("**"), "{js}");
    let sloppy = short("a.js", "with (a) { b( 1 ); }\nfunction c( argument ) { eval('argument'); }\n");
    assert!(sloppy.contains("with(a)") && sloppy.contains("c(argument)"), "{sloppy}");
}

#[test]
fn what_is_short_already_stays() {
    for (address, text) in [
        ("a.min.js", "f( 1 ) ;"),
        ("b.min.css", "a { }"),
        ("c.txt", "a  b"),
        ("d.js", "f()"),
        ("e.css", "a{}"),
        ("f.js", ""),
    ] {
        assert_eq!(short(address, text), text);
    }
}

#[test]
fn a_file_that_cannot_be_made_shorter_stays_with_a_warning() {
    let cases = [
        ("a.css", "a { color: red }\nb { *zoom: 1; color: blue }", (2, 13)),
        ("a.js", "f( );\nlet a = 1; let a = 2;\n", (2, 5)),
        ("b.js", "f( ;\n", (1, 4)),
        ("c.mjs", "export default f( ;\n", (1, 19)),
    ];
    for (address, text, place) in cases {
        let mut sources = vec![file(address, text)];
        let mut problems = Vec::new();
        shorten(&mut sources, &mut problems);
        assert_eq!(sources, [file(address, text)]);
        assert_eq!((problems.len(), problems[0].is_error()), (1, false));
        assert_eq!(
            (problems[0].file.as_str(), problems[0].line, problems[0].column),
            (address, place.0, place.1),
            "{}",
            problems[0]
        );
        assert!(
            problems[0].message.starts_with("this file is served as it is, because it could not be made shorter: ")
        );
    }
}

#[test]
fn a_library_that_panics_is_a_reason_like_any_other() {
    let refusal = guarded(|| -> Result<(), Refusal> { panic!("out of {}", "luck") }).unwrap_err();
    assert_eq!(refusal.reason, "the library for it panicked: out of luck");
    let deep = format!("f({}1{})", "[".repeat(2_000), "]".repeat(2_000));
    assert!(guarded(|| js::shorten("a.js", &deep, Grammar::Script)).is_ok());
}

#[test]
fn a_bundle_has_all_its_parts_and_a_map_to_them() {
    let files = [
        ("static/a.js", "var alpha = function (first, second) {\n  return first + second;\n};\n"),
        ("static/broken.js", "f( ;\nvar broken = 1;\n"),
        ("static/b.min.js", "\nvar  beta=alpha(1,2)"),
        ("static/ü.js", "f('üü𝕏', gamma( 1 )) // no end"),
    ];
    let mut sources = vec![bundle_of("static/all.js", &files)];
    let mut problems = Vec::new();
    shorten(&mut sources, &mut problems);
    assert_eq!(
        problems.iter().map(|problem| (problem.file.as_str(), problem.line)).collect::<Vec<_>>(),
        [("app/static/broken.js", 1)]
    );
    let map = text_of(sources.pop().unwrap());
    let bundle = text_of(sources.pop().unwrap());
    assert!(bundle.contains(files[1].1) && bundle.contains(files[2].1) && !bundle.contains("first"), "{bundle}");
    assert!(bundle.ends_with("\n;\n//# sourceMappingURL=all.js.map\n"), "{bundle}");
    assert_eq!(traced(&bundle, &map, "alpha="), ("/static/a.js".to_string(), 0, 4));
    assert_eq!(traced(&bundle, &map, "var broken"), ("/static/broken.js".to_string(), 1, 0));
    assert_eq!(traced(&bundle, &map, "var  beta"), ("/static/b.min.js".to_string(), 1, 0));
    assert_eq!(traced(&bundle, &map, "gamma("), ("/static/ü.js".to_string(), 0, 10));
    let map = SourceMap::from_json_string(&map).unwrap();
    assert_eq!(map.get_source_contents().flatten().collect::<Vec<_>>(), files.map(|(_, text)| text));
    assert_eq!(map.get_file(), Some("all.js"));
}

#[test]
fn a_bundle_of_stylesheets_is_traced_rule_by_rule() {
    let files = [
        (
            "static/a.css",
            "/*! a */\n.a { color: red; }\n\n@media (min-width: 1px) {\n  .b { margin: 0 }\n  .c { margin: 0 }\n}\n.d { color: red }\n",
        ),
        ("static/hack.css", ".hack { *zoom: 1; }\n"),
        ("static/e.css", "\n\n  .e { color: red; }\n"),
    ];
    let mut sources = vec![bundle_of("static/all.css", &files)];
    let mut problems = Vec::new();
    shorten(&mut sources, &mut problems);
    assert_eq!(problems.len(), 1);
    let map = text_of(sources.pop().unwrap());
    let bundle = text_of(sources.pop().unwrap());
    let expected = "/*! a */\n.a{color:red}@media (min-width:1px){.b{margin:0}.c{margin:0}}.d{color:red}\n.hack { *zoom: 1; }\n\n\
                    .e{color:red}\n/*# sourceMappingURL=all.css.map */\n";
    assert_eq!(bundle, expected);
    let places = [
        (".a{", "a", 1, 0),
        ("@media", "a", 3, 0),
        (".b{", "a", 4, 2),
        (".c{", "a", 5, 2),
        (".d{", "a", 7, 0),
        (".hack", "hack", 0, 0),
        (".e{", "e", 2, 2),
    ];
    for (text, name, line, column) in places {
        assert_eq!(traced(&bundle, &map, text), (format!("/static/{name}.css"), line, column), "{text}");
    }
}

/// Addresses in stylesheets get versions after this; what stands behind them in other lines keeps its place.
#[test]
fn rules_behind_addresses_are_in_lines_of_their_own() {
    let text = "a { b: url(x.png) }\n@media x { c { d: url(y.png) } e { f: g } }\nh { i: j }\nk { l: m }\n";
    let mut sources = vec![bundle_of("all.css", &[("a.css", text)])];
    shorten(&mut sources, &mut Vec::new());
    let map = text_of(sources.pop().unwrap());
    let bundle = text_of(sources.pop().unwrap());
    let expected =
        "a{b:url(x.png)}\n@media x{c{d:url(y.png)}e{f:g}}\nh{i:j}k{l:m}\n/*# sourceMappingURL=all.css.map */\n";
    assert_eq!(bundle, expected);
    for (text, line, column) in [("a{", 0, 0), ("@media", 1, 0), ("e{", 1, 31), ("h{", 2, 0), ("k{", 3, 0)] {
        assert_eq!(traced(&bundle, &map, text), ("/a.css".to_string(), line, column), "{text}");
    }
}

/// What `source` puts together and what this module puts together differ in the parts alone.
#[test]
fn joining_is_the_same_with_and_without_shortening() {
    let files = [("a.min.js", "a()"), ("b.min.js", "b()")];
    let mut sources = vec![bundle_of("all.js", &files)];
    let plain = bundles::join(Kind::Script, files.map(|(_, text)| text));
    shorten(&mut sources, &mut Vec::new());
    assert_eq!(text_of(sources.remove(0)), format!("{plain}//# sourceMappingURL=all.js.map\n"));
}
