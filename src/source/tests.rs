use std::fs;

use tempfile::TempDir;

use super::*;
use crate::problem;
use crate::snapshot::{Environment, Value};

/// A site with these files.
pub(super) fn site(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn reading(files: &[(&str, &str)]) -> Reading {
    let options = Options { name: "shop".to_string(), release: "1.2.3".to_string(), is_prod: true, minify: None };
    read(site(files).path(), &options)
}

/// What is read from files without mistakes.
fn snapshot(files: &[(&str, &str)]) -> Snapshot {
    let reading = reading(files);
    assert_eq!(problem::report(&reading.problems), "0 errors, 0 warnings");
    reading.snapshot
}

/// The first lines of all problems.
fn problems(files: &[(&str, &str)]) -> Vec<String> {
    reading(files).problems.iter().map(|problem| problem.to_string().lines().next().unwrap().to_string()).collect()
}

#[test]
fn an_empty_folder_is_a_site() {
    let snapshot = snapshot(&[]);
    assert_eq!((snapshot.name.as_ref(), snapshot.release.as_ref(), snapshot.is_prod), ("shop", "1.2.3", true));
    assert!(snapshot.settings.is_empty() && snapshot.routes.is_empty() && snapshot.languages.is_empty());
}

/// B4: Kalgan 0.9 went on with nothing.
#[test]
fn a_folder_that_is_not_there_is_the_only_mistake() {
    let options = Options { name: String::new(), release: String::new(), is_prod: false, minify: None };
    let reading = read(&site(&[]).path().join("app"), &options);
    assert_eq!(reading.problems.len(), 1);
    assert_eq!(reading.problems[0].message, "there is no such file or folder");
}

/// B9, B10, B11, B14, B32: sorted by path, `.yml` too, whole numbers as keys, empty mappings as nothing.
#[test]
fn settings_are_leaves_of_all_files_and_those_of_an_environment_come_last() {
    let snapshot = snapshot(&[
        ("config/a.prod.yaml", "shop: {open: true}"),
        ("config/b/c.YML", "error: {404: pages/missing}\nshop:\n  rate: 1.5\n  empty: {}\n  none:\n"),
        (
            "config/b.yaml",
            "shop:\n  list: [1, {a: b}]\nbackend:\n  user: !env [DB_USER, 7]\n  password: !credential db\n",
        ),
        ("config/notes.txt", "not: [yaml"),
        ("config/.hidden.yaml", "not: [yaml"),
    ]);
    let found: Vec<_> = snapshot.settings.iter().map(|setting| (setting.key.as_ref(), &setting.value)).collect();
    let list = vec![Value::Integer(1), Value::Map(vec![("a".into(), Value::Text("b".into()))].into())];
    let expected = [
        ("shop.list", Value::List(list.into())),
        ("backend.user", Value::Env { name: "DB_USER".into(), default: Some("7".into()) }),
        ("backend.password", Value::Credential("db".into())),
        ("error.404", Value::Text("pages/missing".into())),
        ("shop.rate", Value::Float(1.5)),
        ("shop.none", Value::Null),
        ("shop.open", Value::Bool(true)),
    ];
    assert_eq!(found, expected.iter().map(|(key, value)| (*key, value)).collect::<Vec<_>>());
    let last = snapshot.settings.last().unwrap();
    assert_eq!(
        (last.only, last.place.to_string()),
        (Some(Environment::Production), "config/a.prod.yaml:1:8".to_string())
    );
}

/// B13, B121: in Kalgan 0.9 all that came after such a child ended up below it.
#[test]
fn a_child_may_have_its_parents_name() {
    let text = "a: {a: {x: 1}, y: 2}\nb: 3\n";
    let snapshot = snapshot(&[("config/app.yaml", text), ("i18n/en/a.yaml", text)]);
    let keys: Vec<_> = snapshot.settings.iter().map(|setting| setting.key.as_ref()).collect();
    assert_eq!(keys, ["a.a.x", "a.y", "b"]);
    let messages: Vec<_> = snapshot.languages[0].messages.iter().collect();
    assert_eq!(messages, [("a.a.x", "1"), ("a.y", "2"), ("b", "3")]);
}

/// B15, B17: as in Kalgan 0.9; what comes from outside is written `!env`.
#[test]
fn words_are_texts_and_nothing_is_put_into_them() {
    let snapshot = snapshot(&[("config/app.yaml", "shop: {a: yes, b: no, on: off, c: 'x ${HOME}', d: True, e: 010}")]);
    let values: Vec<_> = snapshot.settings.iter().map(|setting| &setting.value).collect();
    let text = |text: &'static str| Value::Text(text.into());
    let expected = [text("yes"), text("no"), text("off"), text("x ${HOME}"), Value::Bool(true), text("010")];
    assert_eq!(values, expected.iter().collect::<Vec<_>>());
}

/// B4, B9: a file is read whatever its name is, and must be there.
#[test]
fn an_operators_settings_are_read_from_one_file() {
    let folder = site(&[("mine.conf", "server: {port: 80}"), ("wrong.prod.yaml", "server: {port: x}")]);
    let settings = settings::read_file(&folder.path().join("mine.conf")).unwrap();
    assert_eq!((settings[0].key.as_ref(), &settings[0].value), ("server.port", &Value::Integer(80)));
    assert_eq!(settings::read_file(&folder.path().join("wrong.prod.yaml")).unwrap_err().len(), 1);
    assert_eq!(settings::read_file(&folder.path().join("missing.yaml")).unwrap_err().len(), 1);
}

/// B25, B66, B67, B67a, B67b, B67c, B67d, B67e, B67f, B69: also an empty list, and files in sorted order.
#[test]
fn routes_are_in_normal_form_and_declared_order() {
    let snapshot = snapshot(&[
        ("config/app.yaml", "router: {path: ./paths/}"),
        ("i18n/en/a.yaml", "a: A"),
        ("i18n/es/a.yaml", "a: A"),
        (
            "paths/b.yaml",
            "routes:\n  - 404:\n      path: /{locale}/b.{x}\n      controller: b\n      language: locale\n",
        ),
        (
            "paths/a/z.yml",
            "routes:\n- blog.show:\n    path: {es: '/es/{id}', en: '/{id}'}\n    controller: blog/post::show\n    \
             methods: \", get,Post , get\"\n    middleware: [auth/user, log]\n    requirements: {id: '[0-9]+'}\n",
        ),
        ("paths/empty.yaml", "routes:\n"),
    ]);
    let [first, second] = &snapshot.routes[..] else { panic!("two routes") };
    assert_eq!((first.name.as_ref(), first.controller.as_ref()), ("blog.show", "blog::post::show"));
    assert_eq!(first.methods.as_deref(), Some(&["GET".into(), "POST".into()][..]));
    assert_eq!(first.middleware[..], ["auth::user", "log"]);
    assert_eq!(first.requirements[..], [("id".into(), "[0-9]+".into())]);
    let paths: Vec<_> = first.paths.iter().map(|path| (path.language.as_deref(), path.pattern.as_ref())).collect();
    assert_eq!(paths, [(Some("es"), "/es/{id}"), (Some("en"), "/{id}")]);
    assert_eq!((second.name.as_ref(), second.language.as_deref(), &second.methods), ("404", Some("locale"), &None));
    assert_eq!(second.place.to_string(), "paths/b.yaml:2:5");
}

#[test]
fn what_groups_give_is_put_into_their_routes() {
    let text = "host: '{shop}.Example.com'\nmiddleware: [a, b]\nrequirements: {shop: '[a-z]+'}\nroutes:\n\
                - g:\n    prefix: '/{lang}'\n    language: lang\n    middleware: [c, b]\n    routes:\n    \
                - h:\n        prefix: {en: '', es: /es}\n        requirements: {lang: 'en|es'}\n        routes:\n        \
                - one: {path: /, controller: c, middleware: a/b}\n        \
                - two: {path: {es: /dos, en: /two}, controller: c, host: A.b, requirements: {lang: 'en'}}\n\
                - three: {path: /, controller: c, language: shop}\n";
    let snapshot = snapshot(&[("routes/a.yaml", text), ("i18n/en/a.yaml", "a: A"), ("i18n/es/a.yaml", "a: A")]);
    let [one, two, three] = &snapshot.routes[..] else { panic!("three routes") };
    let paths = |route: &crate::snapshot::Route| {
        let path =
            |path: &crate::snapshot::Path| format!("{}{}", path.language.as_deref().unwrap_or("-"), path.pattern);
        route.paths.iter().map(path).collect::<Vec<_>>()
    };
    let requirements = |route: &crate::snapshot::Route| {
        route.requirements.iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>()
    };
    assert_eq!(paths(one), ["en/{lang}", "es/{lang}/es"]);
    assert_eq!(paths(two), ["es/{lang}/es/dos", "en/{lang}/two"]);
    assert_eq!(paths(three), ["-/"]);
    assert_eq!((one.host.as_deref(), two.host.as_deref()), (Some("{shop}.example.com"), Some("a.b")));
    assert_eq!(one.middleware[..], ["a", "b", "c", "a::b"]);
    assert_eq!(three.middleware[..], ["a", "b"]);
    assert_eq!(requirements(one), ["lang=en|es", "shop=[a-z]+"]);
    assert_eq!((requirements(two), requirements(three)), (vec!["lang=en".into()], vec!["shop=[a-z]+".into()]));
    assert_eq!((one.language.as_deref(), three.language.as_deref()), (Some("lang"), Some("shop")));
    assert_eq!((one.place.to_string(), two.place.line), ("routes/a.yaml:14:11".to_string(), 15));
}

#[test]
fn routes_that_only_look_alike_all_match_something() {
    let route =
        |name: &str, rest: &str| format!("  - {name}:\n      path: /post/{{{name}}}\n      controller: c\n{rest}");
    let need = |name: &str, what: &str| format!("      requirements: {{{name}: '{what}'}}\n");
    let text = [
        route("a", &format!("{}      methods: get\n", need("a", "[0-9]+"))),
        route("b", "      methods: [get, post]\n"),
        route("c", &need("c", ".+")),
        route("d", "      methods: put\n"),
        route("e", ""),
    ];
    let text = format!("routes:\n{}", text.concat());
    // `c` answers whatever `d` and `e` could, but that takes a proof that one expression holds another: in doubt nothing is said.
    assert_eq!(problems(&[("routes/a.yaml", &text)]), [""; 0]);
}

/// B120, B121, B122: a number with a fraction was an empty text in Kalgan 0.9.
#[test]
fn messages_keep_what_was_written() {
    let snapshot = snapshot(&[
        ("i18n/es/shop/a.yaml", "price: 1.50\nhex: 0x1F\nyes: true\nn: {1: {other: '{count}'}}\nempty: ''\n"),
        ("i18n/es/B.Yml", "big: 123456789012345678901234567890\nflow: [a]\n".trim_end_matches("flow: [a]\n")),
        ("i18n/readme.txt", "x"),
    ]);
    let [language] = &snapshot.languages[..] else { panic!("one language") };
    let expected = [
        ("big", "123456789012345678901234567890"),
        ("empty", ""),
        ("hex", "0x1F"),
        ("n.1.other", "{count}"),
        ("price", "1.50"),
        ("yes", "true"),
    ];
    assert_eq!(language.code, "es");
    assert_eq!(language.messages.iter().collect::<Vec<_>>(), expected);
}

#[test]
fn plural_forms_differ_between_languages_without_a_word() {
    snapshot(&[
        ("i18n/en/a.yaml", "apples: {one: one apple, other: '{count} apples'}\nplain: P"),
        ("i18n/ja/a.yaml", "apples: {other: 'りんご{count}個'}\nplain: {other: P}"),
        ("i18n/pl/a.yaml", "apples: {one: jabłko, few: '{count} jabłka', many: '{count} jabłek', other: x}\nplain: P"),
    ]);
}

#[test]
fn static_files_have_type_hash_and_a_common_version() {
    let files = [
        ("config/app.yaml", "static: {folders: 'assets, /, assets/css,'}"),
        ("assets/css/site.css", "a {}"),
        ("assets/.htaccess", "x"),
        ("assets/logo.PNG", "x"),
    ];
    let reading = reading(&files);
    assert_eq!(reading.problems[0].message, "`/` is not below the site's folder");
    let found: Vec<_> =
        reading.snapshot.assets.iter().map(|asset| (asset.path.as_ref(), asset.mime.as_ref())).collect();
    assert_eq!(found, [("assets/css/site.css", "text/css; charset=utf-8"), ("assets/logo.PNG", "image/png")]);
    let css = &reading.snapshot.assets[0];
    assert_eq!((css.hash.len(), css.body.as_ref()), (16, &b"a {}"[..]));

    let version = |name: &str, text: &str| snapshot(&[(name, text)]).version;
    assert_eq!(version("static/a.txt", "a"), version("static/a.txt", "a"));
    assert_ne!(version("static/a.txt", "a"), version("static/a.txt", "b"));
    assert_ne!(version("static/a.txt", "a"), version("static/b.txt", "a"));
}

#[test]
fn what_was_read_is_watched_and_exists() {
    let folder = site(&[("config/app.yaml", "a: 1"), ("static/css/a.css", ""), ("controller/a.rs", "")]);
    let options = Options { name: String::new(), release: String::new(), is_prod: false, minify: None };
    let watched = read(folder.path(), &options).watched;
    let below: Vec<_> =
        watched.iter().map(|path| path.strip_prefix(folder.path()).unwrap().to_str().unwrap()).collect();
    assert_eq!(below, ["config", "config/app.yaml", "static", "static/css", "static/css/a.css"]);
}

#[test]
fn a_broken_file_makes_no_second_mistake_elsewhere() {
    let found = problems(&[
        ("config/app.yaml", "i18n:\n  language:\n    default: en\n"),
        ("i18n/en/a.yaml", "a: b: c\n"),
        ("i18n/en/b.yaml", "b: B {x}\n"),
        ("i18n/es/a.yaml", "a: '\n"),
        (
            "routes/a.yaml",
            "routes:\n  - a:\n      path: /{x}\n      controller: a\n      methods: gte\n  - b:\n      path: /{x}\n      controller: b\n",
        ),
    ]);
    let places: Vec<_> = found.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["i18n/en/a.yaml:1:5", "i18n/es/a.yaml:1:4", "routes/a.yaml:5:16"]);
    let wrong_list = ("routes/a.yaml", "routes:\n  home:\n    path: /\n    controller: home\n");
    let found = problems(&[wrong_list, ("templates/a.html", "{{ 'home' | url }}")]);
    assert_eq!(found, ["routes/a.yaml:1:1: error: `routes` must be a list, but this is a mapping"]);
    let wrong_route = ("routes/a.yaml", "routes:\n  - home:\n      controller: home\n");
    let found = problems(&[wrong_route, ("templates/a.html", "{{ 'home' | url }}{{ 'hme' | url }}")]);
    assert_eq!(found.len(), 2, "{found:?}");
}

/// Values that no key expects, with braces, line breaks and letters of several bytes where a mistake is marked within a value.
const ODD: [&str; 14] = [
    "",
    "[]",
    "{}",
    "-1",
    "99999999999999999999",
    ".nan",
    "'{'",
    r#""/a\nb{x""#,
    "|\n            /ü{\n            x",
    "[[a], {b: c}, é]",
    "{en: {b: c}, es: ~}",
    "!t x",
    "'/é{ü}{ü}?#%41}'",
    "'é(ü'",
];

#[test]
fn odd_values_are_mistakes_and_never_more() {
    for odd in ODD {
        for key in ["path", "controller", "methods", "middleware", "requirements", "language"] {
            let others = "path: /{ü}\n      controller: c";
            let others = if key == "path" { "controller: c" } else { others.trim_end_matches("\n      controller: c") };
            let text =
                format!("routes:\n  - a:\n      {others}\n      {key}: {odd}\n      requirements: {{ü: {odd}}}\n");
            assert!(!problems(&[("routes/a.yaml", &text), ("i18n/en/a.yaml", "a: A")]).is_empty(), "{text}");
        }
        let files: Vec<_> = schema_names().map(|key| (format!("config/{key}.yaml"), nested(&key, odd))).collect();
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let found = reading(&files).problems;
        let most = |file: &str| found.iter().filter(|problem| problem.file == file).count();
        assert!(files.iter().all(|(path, _)| most(path) < 4), "{odd}: {}", problem::report(&found));
    }
}

/// A settings file with one value.
fn nested(key: &str, value: &str) -> String {
    let lines = key.split('.').enumerate().map(|(depth, part)| format!("\n{}{part}:", "  ".repeat(depth)));
    format!("{} {value}\n", lines.collect::<String>().trim_start())
}

/// One name for each setting of Kalgan.
fn schema_names() -> impl Iterator<Item = String> {
    crate::snapshot::schema::KEYS.iter().map(|key| key.name.replace('*', "404"))
}
