//! Times what an edit costs in development, and the start in production, of a site with 1,000 templates, 10,000 messages in each of
//! 2 languages, 1,000 routes and 300 static files.
//!
//! `cargo bench --bench revise`

use std::borrow::Cow;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use kalgan::site::{Context, Outside, Settings, Site, View};
use kalgan::snapshot::{
    Asset, Changed, Inline, Language, Limits, Links, Path, Place, Route, Setting, Snapshot, Table, Template, Text,
    Value,
};

const TEMPLATES: usize = 1_000;
const MESSAGES: usize = 10_000;
const ROUTES: usize = 1_000;
const ASSETS: usize = 300;

/// A tenth of the templates are layouts, a fifth parts, a tenth components; the others are pages that use some of each.
fn template(number: usize) -> Template {
    let (layouts, parts, components) = (TEMPLATES / 10, TEMPLATES / 5, TEMPLATES / 10);
    let filler = "<p class=\"line\">Some text that every page has: {{ 'group.0.message-7'|trans }}</p>\n".repeat(8);
    let texts = |names: &[String]| names.iter().cloned().map(Text::Owned).collect::<Vec<_>>().into();
    let mut links = Links { has_messages: true, ..Links::NONE };
    let source = match number {
        _ if number < layouts => format!("<html>{filler}{{% block body %}}{{% endblock %}}</html>"),
        _ if number < layouts + parts => format!("<nav>{filler}{{{{ 'route-3'|url }}}}</nav>"),
        _ if number < layouts + parts + components => {
            links.defines = texts(&[format!("C{number}")]);
            format!("{{% component C{number}(x) %}}<i>{{{{ x }}}}</i>{filler}{{% endcomponent C{number} %}}")
        }
        _ => {
            let layout = name(number % layouts);
            let included = [name(layouts + number % parts), name(layouts + (number * 7) % parts)];
            let component = format!("C{}", layouts + parts + number % components);
            links.templates = texts(&[layout.clone(), included[0].clone(), included[1].clone()]);
            links.components = texts(std::slice::from_ref(&component));
            format!(
                "{{% extends '{layout}' %}}{{% block body %}}{{% include '{}' %}}{{% include '{}' %}}{{{{ <{component} x={{1}} /> }}}}{filler}{{{{ '/files/0.css'|asset }}}}{{% endblock %}}",
                included[0], included[1]
            )
        }
    };
    Template { name: name(number).into(), source: source.into(), links, inline: Inline::NONE }
}

fn name(number: usize) -> String {
    format!("pages/{number:04}.html")
}

fn language(code: &'static str, word: &str) -> Language {
    let message = |number: usize| {
        let (id, text) = (format!("group.{}.message-{number}", number / 100), format!("{word} {number} for {{name}}"));
        (id.into(), text.into())
    };
    let mut messages: Vec<_> = (0..MESSAGES).map(message).collect();
    messages.sort();
    Language { code: code.into(), messages: Table::Owned(Arc::new(messages)) }
}

/// A third literal, a third with a parameter, a third with a requirement.
fn route(number: usize, line: usize) -> Route {
    let (pattern, requirements) = match number % 3 {
        0 => (format!("/section-{number}/about"), Vec::new()),
        1 => (format!("/section-{number}/{{slug}}"), Vec::new()),
        _ => (format!("/section-{number}/{{id}}/edit"), vec![(Text::Borrowed("id"), Text::Borrowed("[0-9]+"))]),
    };
    Route {
        name: format!("route-{number}").into(),
        paths: vec![Path { language: None, pattern: pattern.into() }].into(),
        controller: "page_controller::show".into(),
        middleware: Cow::Borrowed(&[]),
        host: None,
        methods: Some(vec![Text::Borrowed("GET")].into()),
        requirements: requirements.into(),
        language: None,
        limits: Limits::default(),
        place: Place { file: "routes/main.yaml".into(), line: line.try_into().expect("few lines"), column: 3 },
    }
}

fn asset(number: usize, content: &str) -> Asset {
    Asset {
        is_root: false,
        is_patched: false,
        path: format!("static/files/{number}.css").into(),
        mime: "text/css; charset=utf-8".into(),
        hash: format!("{content}{number:060}").into(),
        version: format!("{content}{number:012}").into(),
        body: content.repeat(1_000).into_bytes().into(),
        variants: Cow::Borrowed(&[]),
    }
}

fn setting(key: &'static str, value: Value) -> Setting {
    Setting { key: key.into(), value, only: None, place: Place::default() }
}

fn snapshot(is_prod: bool) -> Snapshot {
    Snapshot {
        name: "bench".into(),
        release: "1.0.0".into(),
        is_prod,
        version: "0123456789abcdef".into(),
        date: None,
        settings: vec![setting("environment.is_prod", Value::Bool(is_prod))].into(),
        routes: (0..ROUTES).map(|number| route(number, number)).collect(),
        languages: vec![language("en", "Message"), language("es", "Mensaje")].into(),
        templates: (0..TEMPLATES).map(template).collect(),
        assets: (0..ASSETS).map(|number| asset(number, "a")).collect(),
        migrations: Vec::new().into(),
    }
}

fn settings(snapshot: &Snapshot) -> Settings {
    Settings::load(snapshot, Outside::default()).expect("the settings above are right")
}

fn site(snapshot: Snapshot) -> Site {
    let settings = settings(&snapshot);
    Site::new(snapshot, settings, &|_| ()).expect("the site above is right")
}

fn render(site: &Site, name: &str) -> String {
    let view = View { language: "en", values: std::sync::Arc::new(|_: &str| None) };
    site.renderer.render(name, Context::new(), &view).expect("the page above is right")
}

/// The kinds of edits: what changes, and the snapshot afterwards.
fn edits() -> Vec<(&'static str, Changed, Snapshot)> {
    let before = || snapshot(false);
    let some = |name: &str| [name.to_string()].into();
    let (mut template, mut message, mut routes, mut setting, mut file) =
        (before(), before(), before(), before(), before());
    let source = &mut template.templates.to_mut()[500].source;
    *source = source.replace("{% endblock %}", "!{% endblock %}").into();
    message.languages.to_mut()[0] = language("en", "Text");
    // A route is added at the top, so all others move.
    routes.routes = [route(ROUTES, 0)].into_iter().chain((0..ROUTES).map(|n| route(n, n + 1))).collect();
    setting.settings.to_mut().push(self::setting("static.path", Value::Text("/static".into())));
    file.assets.to_mut()[100] = asset(100, "b");
    vec![
        ("template", Changed { templates: some(&name(500)), ..Changed::default() }, template),
        ("messages", Changed { languages: some("en"), ..Changed::default() }, message),
        ("routes", Changed { routes: true, ..Changed::default() }, routes),
        ("settings", Changed { settings: true, ..Changed::default() }, setting),
        ("static file", Changed { assets: some("static/files/100.css"), ..Changed::default() }, file),
    ]
}

fn revise(criterion: &mut Criterion) {
    let old = site(snapshot(false));
    (400..TEMPLATES).for_each(|number| drop(black_box(render(&old, &name(number)))));
    let mut group = criterion.benchmark_group("revise");
    for (kind, changed, snapshot) in edits() {
        let revised = || -> Site {
            let settings = if changed.settings { settings(&snapshot) } else { old.settings.clone() };
            old.revised(&snapshot, &changed, settings, &|_| ()).expect("the edit above is right")
        };
        group.bench_function(kind, |bencher| bencher.iter_with_large_drop(&revised));
        group.bench_function(format!("first page after {kind}"), |bencher| {
            bencher.iter_batched(&revised, |site| (render(&site, &name(500)), site), BatchSize::LargeInput);
        });
    }
    group.finish();
}

fn start(criterion: &mut Criterion) {
    let snapshot = snapshot(true);
    let mut group = criterion.benchmark_group("start in production");
    group.sample_size(10);
    group.bench_function("1,000 templates", |bencher| {
        bencher.iter_batched(|| snapshot.clone(), site, BatchSize::LargeInput);
    });
    group.finish();
}

fn pages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("page");
    for (kind, is_prod) in [("production", true), ("development", false)] {
        let site = site(snapshot(is_prod));
        render(&site, &name(500));
        group.bench_function(kind, |bencher| bencher.iter(|| black_box(render(&site, &name(500)))));
    }
    group.finish();
}

criterion_group!(benches, revise, pages, start);
criterion_main!(benches);
