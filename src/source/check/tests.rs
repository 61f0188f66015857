//! What is said of texts that name nothing.

use super::{Complete, check};
use crate::problem::Problem;
use crate::snapshot::{Asset, Language, Path, Place, Route, Setting, Snapshot, Table, Value};
use crate::source::files::TextFile;
use crate::source::templates::{Declared, read};

fn settings(pairs: &[(&'static str, &'static str)]) -> Vec<Setting> {
    let value = |text: &'static str| match text.strip_prefix("!env ") {
        Some(name) => Value::Env { name: name.into(), default: None },
        None => Value::Text(text.into()),
    };
    let setting = |(key, text): &(&'static str, &'static str)| Setting {
        key: (*key).into(),
        value: value(text),
        only: None,
        place: Place::default(),
    };
    pairs.iter().map(setting).collect()
}

fn route(name: &'static str, paths: &[(Option<&'static str>, &'static str)], language: Option<&'static str>) -> Route {
    let path = |(language, pattern): &(Option<&'static str>, &'static str)| Path {
        language: language.map(Into::into),
        pattern: (*pattern).into(),
    };
    Route {
        name: name.into(),
        paths: paths.iter().map(path).collect::<Vec<_>>().into(),
        controller: "c".into(),
        middleware: vec![].into(),
        methods: None,
        requirements: vec![].into(),
        language: language.map(Into::into),
        place: Place { file: "routes/main.yaml".into(), line: 2, column: 5 },
    }
}

fn site(pairs: &[(&'static str, &'static str)]) -> Snapshot {
    let language = |code: &'static str, messages: &'static [(&'static str, &'static str)]| Language {
        code: code.into(),
        messages: Table::Static(messages),
    };
    let asset = |path: &'static str| Asset {
        is_root: false,
        is_patched: false,
        path: path.into(),
        mime: "".into(),
        hash: "".into(),
        version: "".into(),
        body: vec![].into(),
        variants: vec![].into(),
    };
    Snapshot {
        name: "site".into(),
        release: "1".into(),
        is_prod: false,
        version: "".into(),
        date: None,
        settings: settings(pairs).into(),
        routes: vec![
            route("home", &[(None, "/")], None),
            route("user", &[(None, "/user/{id}")], None),
            route("post", &[(Some("en"), "/post/{id}"), (Some("es"), "/entrada/{id}/{slug}")], None),
            route("about", &[(None, "/{locale}/about")], Some("locale")),
        ]
        .into(),
        languages: vec![
            language(
                "en",
                &[
                    ("cart.one", "one thing"),
                    ("cart.other", "{count} things of {name}"),
                    ("menu.one", "first"),
                    ("menu.title", "Menu"),
                    ("user.hello", "Hello {name}"),
                ],
            ),
            language("es", &[("user.hello", "Hola {nombre}"), ("user.only", "x")]),
        ]
        .into(),
        templates: vec![].into(),
        assets: vec![asset("public/img/a b.png"), asset("static/css/site.css")].into(),
        migrations: Vec::new().into(),
    }
}

fn problems(source: &str, pairs: &[(&'static str, &'static str)]) -> Vec<Problem> {
    let file = TextFile { path: "templates/a.html".into(), name: "a.html".into(), text: source.into() };
    let files = [file];
    let reading = read(&files, &Declared::default());
    assert_eq!(reading.problems, [], "{source}");
    check(&reading.usages, &site(pairs), Complete { messages: true, routes: true, assets: true })
}

/// Each problem as its severity's first letter, what is marked, the message and the first help.
fn said(source: &str, pairs: &[(&'static str, &'static str)]) -> String {
    let line = |problem: &Problem| {
        let marked: String = problem.text.chars().skip(problem.column - 1).take(problem.length).collect();
        let letter = if problem.is_error() { 'E' } else { 'W' };
        format!("{letter} {marked}: {}: {}", problem.message, problem.help.first().map_or("", String::as_str))
    };
    problems(source, pairs).iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn messages_are_looked_up_in_all_languages() {
    assert_eq!(said(r#"{{ "user.only" | trans }}{{ x | trans }}{{ "menu.one" | trans }}"#, &[]), "");
    let expected = r#"E "user.onyl": no language has a message `user.onyl`: did you mean `user.only`?"#;
    assert_eq!(said(r#"{{ "user.onyl" | trans }}"#, &[]), expected);
    let expected = "E 'menu': no language has a message `menu`: `menu` is not a text but a group: name one of its messages, such as `menu.one`";
    assert_eq!(said("{{ 'menu' | trans }}", &[]), expected);
    let expected = "E `news`: no language has a message `news`: write it in a file of `texts/en/`";
    assert_eq!(said("{{ `news` | trans }}", &[("i18n.path", "texts")]), expected);
    assert_eq!(said("{{ 'news' | trans }}{{ 'a.b' | trans }}", &[("i18n.dynamic", "news, a.*")]), "");
}

#[test]
fn parameters_of_messages_are_compared() {
    assert_eq!(said("{{ 'user.hello' | trans(name = 1, nombre = 2, _lang = 'es') }}", &[]), "");
    let expected = "W 'user.hello': the message `user.hello` needs `name`, `nombre`: pass it: `trans(name = …)`; without it the page shows `{name}`";
    assert_eq!(said("{{ 'user.hello' | trans }}", &[]), expected);
    let expected = "W 'user.hello': the message `user.hello` needs `name`: pass it: `trans(name = …)`; without it the page shows `{name}`\n\
        W nane: the message `user.hello` has no parameter `nane`: did you mean `name`?";
    assert_eq!(said("{{ 'user.hello' | trans(nombre = 1, nane = 2) }}", &[]), expected);
    let expected =
        "W a: the message `menu.title` has no parameter `a`: write `{a}` into its text, or leave the argument out";
    assert_eq!(said("{{ 'menu.title' | trans(a = 2) }}", &[]), expected);
}

#[test]
fn plural_forms_want_a_count() {
    assert_eq!(said("{{ 'cart' | trans(count = 1, name = 2) }}{{ 'cart.one' | trans }}", &[]), "");
    let expected = "W 'cart': the message `cart` has plural forms, but `count` is not passed: pass it: `trans(count = …)`; without it only the form `other` is ever shown";
    assert_eq!(said("{{ 'cart' | trans(name = 2) }}", &[]), expected);
}

#[test]
fn languages_are_looked_up() {
    assert_eq!(said("{{ 'user.only' | trans(_lang = 'es-MX') }}{{ 'home' | url(_lang = '') }}", &[]), "");
    let expected = "E 'ed': the site has no language `ed`: the languages are `en`, `es`; each is a folder of `i18n/`";
    assert_eq!(said("{{ 'user.only' | trans(_lang = 'ed') }}", &[]), expected);
    assert_eq!(said("{{ 'home' | url(_lang = 'en' if x else 'ed') }}", &[]), expected);
}

#[test]
fn routes_get_the_parameters_of_their_paths() {
    assert_eq!(said("{{ 'user' | url(id = 1) }}{{ 'about' | url }}{{ 'post' | url(_lang = 'en', id = 1) }}", &[]), "");
    assert_eq!(said("{{ 'home' | url }}{{ 'x.y' | url }}", &[("router.dynamic", "x.*")]), "");
    assert_eq!(said("{{ 'usr' | url }}", &[]), "E 'usr': there is no route `usr`: did you mean `user`?");
    let expected = "E 'user': the route `user` needs `id`: pass it: `url(id = …)`\n\
        W di: the route `user` has no parameter `di`: did you mean `id`?";
    assert_eq!(said("{{ 'user' | url(di = 1) }}", &[]), expected);
    assert_eq!(
        said("{{ 'post' | url(id = 1) }}", &[]),
        "E 'post': the route `post` needs `slug`: pass it: `url(slug = …)`"
    );
    let problem = problems("{{ 'post' | url }}", &[]).remove(0);
    assert_eq!(problem.help[1], "its path is `/entrada/{id}/{slug}`, `/post/{id}`, declared at routes/main.yaml:2:5");
}

#[test]
fn files_are_found_as_the_filter_finds_them() {
    let right = "{{ '/css/site.css' | asset }}{{ 'css/site.css' | asset }}{{ '/css/site.css?a#b' | asset }}";
    for path in ["", "/static", "https://cdn.example.com/static/", "https://cdn.example.com", "//cdn.example.com/x"] {
        assert_eq!(said(right, &[("static.path", path)]), "", "{path}");
    }
    assert_eq!(said("{{ '/static/css/site.css' | asset }}", &[]), "");
    assert_eq!(said("{{ '/a b.png' | asset }}", &[("static.path", "/public/img")]), "");
    assert_eq!(said("{{ '/a b.png' | asset }}", &[("static.path", "!env CDN")]), "");
    assert_eq!(said("{{ '/img/a b.png' | asset }}", &[("static.folders", "static, public")]), "");
    assert_eq!(said("{{ '/made/a.js' | asset }}", &[("static.dynamic", "/made/*")]), "");
    let expected = "E '/css/sit.css': there is no static file `/css/sit.css`: did you mean `/css/site.css`?";
    assert_eq!(said("{{ '/css/sit.css' | asset }}", &[]), expected);
    let expected = "E '/a.js': there is no static file `/a.js`: put it there as `static/a.js`";
    assert_eq!(said("{{ '/a.js' | asset }}", &[("static.path", "!env CDN")]), expected);
}

#[test]
fn an_address_as_the_browser_sees_it_is_shortened() {
    let expected = "E '/static/css/site.css': there is no static file `/static/css/site.css`: \
        write `/css/site.css`: the filter puts what stands before it in front";
    for path in ["/static", "static/", "https://cdn.example.com/x"] {
        assert_eq!(said("{{ '/static/css/site.css' | asset }}", &[("static.path", path)]), expected, "{path}");
    }
}

#[test]
fn what_may_be_in_a_file_that_could_not_be_read_is_not_missed() {
    let file = TextFile {
        path: "templates/a.html".into(),
        name: "a.html".into(),
        text: "{{ 'a' | trans }}{{ 'a' | url }}{{ 'a' | asset }}".into(),
    };
    let files = [file];
    let reading = read(&files, &Declared::default());
    let said =
        |messages, routes, assets| check(&reading.usages, &site(&[]), Complete { messages, routes, assets }).len();
    assert_eq!([said(true, false, false), said(false, true, false), said(false, false, true)], [1, 1, 1]);
    assert_eq!(said(false, false, false), 0);
}
