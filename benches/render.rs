//! Times a page with ten `trans`, five `url`, three `asset` and a table of 25 rows: through Kalgan's renderer, and through the
//! same engine with the shortest filters that one would write by hand, which neither fall back nor check nor encode anything.
//!
//! `cargo bench --bench render`

use std::borrow::Cow;
use std::collections::HashMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use kalgan::site::{Outside, Settings, Site, View};
use kalgan::snapshot::{
    Asset, Inline, Language, Limits, Links, Path, Place, Route, Setting, Snapshot, Table, Template, Text, Value,
};
use serde::Serialize;
use tera::{Context, Kwargs, State, Tera};

const MESSAGES: &[(&str, &str)] = &[
    ("footer.copy", "(c) {year} Northwind Home Ltd."),
    ("list.intro", "Welcome back, {name}. Prices include VAT & delivery."),
    ("list.title", "Products in this category"),
    ("nav.about", "About us"),
    ("nav.home", "Home"),
    ("nav.products", "All products"),
    ("site.title", "Northwind Home - things that last"),
    ("table.name", "Product name"),
    ("table.price", "Price"),
    ("table.sku", "Article number"),
];

const ROUTES: &[(&str, &str)] = &[
    ("home", "/"),
    ("products", "/products"),
    ("about", "/about-us"),
    ("product_new", "/products/new"),
    ("category", "/category/{slug}"),
];

const BASE: &str = r#"<html lang="en"><title>{{ "site.title" | trans }}</title>
<link rel="stylesheet" href="{{ "/site.css" | asset }}"><script src="{{ "/app.js" | asset }}" defer></script>
<img src="{{ "/logo.svg" | asset }}" alt="{{ "site.title" | trans }}">
<a href="{{ "home" | url }}">{{ "nav.home" | trans }}</a>
<a href="{{ "products" | url }}">{{ "nav.products" | trans }}</a>
<a href="{{ "about" | url }}">{{ "nav.about" | trans }}</a>
{% block content %}{% endblock content %}
<p>{{ "footer.copy" | trans(year=year) }}</p></html>"#;

const PAGE: &str = r#"{% extends "base.html" %}{% block content %}
<h1>{{ "list.title" | trans }}</h1><p>{{ "list.intro" | trans(name=user) }}</p>
<a href="{{ "product_new" | url }}">+</a> <a href="{{ "category" | url(slug=category) }}">{{ category }}</a>
<table><tr><th>{{ "table.name" | trans }}</th><th>{{ "table.sku" | trans }}</th><th>{{ "table.price" | trans }}</th></tr>
{% for p in products %}<tr class="{% if loop.index % 2 == 0 %}even{% else %}odd{% endif %}"><td>{{ loop.index }}</td>
<td><a href="/products/{{ p.id }}">{{ p.name }}</a></td><td>{{ p.sku }}</td><td>{{ p.price }} EUR</td></tr>
{% endfor %}</table>{% endblock content %}"#;

#[derive(Serialize)]
struct Product {
    id: u32,
    name: &'static str,
    sku: String,
    price: u32,
}

fn context() -> Context {
    let products = (0..25).map(|number| Product {
        id: 1000 + number * 7,
        name: ["Walnut desk organiser", "Salt & pepper mill", "Wool throw <large>"][number as usize % 3],
        sku: format!("SKU-{number:05}"),
        price: 9 + number * 3,
    });
    let mut context = Context::new();
    context.insert("user", "Ada Lovelace");
    context.insert("year", &2026);
    context.insert("category", "kitchen");
    context.insert("products", &products.collect::<Vec<_>>());
    context
}

fn site() -> Site {
    let route = |(name, pattern): &(&'static str, &'static str)| Route {
        name: Text::Borrowed(*name),
        paths: vec![Path { language: None, pattern: Text::Borrowed(*pattern) }].into(),
        controller: Text::Borrowed("page"),
        middleware: Cow::Borrowed(&[]),
        host: None,
        methods: None,
        requirements: Cow::Borrowed(&[]),
        language: None,
        limits: Limits::default(),
        place: Place::default(),
    };
    let asset = |path: &'static str| Asset {
        is_root: false,
        is_patched: false,
        path: Text::Borrowed(path),
        mime: Text::Borrowed("text/plain"),
        hash: Text::Borrowed("0123456789abcdef"),
        version: Text::Borrowed("0123456789abcdef"),
        body: b"".into(),
        variants: Cow::Borrowed(&[]),
    };
    let prefix = Value::Text(Text::Borrowed("/static"));
    let snapshot = Snapshot {
        name: Text::Borrowed("bench"),
        release: Text::Borrowed("1"),
        is_prod: true,
        version: Text::Borrowed("20260101"),
        date: None,
        settings: vec![Setting {
            key: Text::Borrowed("static.path"),
            value: prefix,
            only: None,
            place: Place::default(),
        }]
        .into(),
        routes: ROUTES.iter().map(route).collect(),
        languages: vec![Language { code: Text::Borrowed("en"), messages: Table::Static(MESSAGES) }].into(),
        templates: [("base.html", BASE), ("page.html", PAGE)]
            .map(|(name, source)| Template {
                name: Text::Borrowed(name),
                source: Text::Borrowed(source),
                links: Links::NONE,
                inline: Inline::NONE,
            })
            .to_vec()
            .into(),
        assets: ["static/app.js", "static/logo.svg", "static/site.css"].map(asset).to_vec().into(),
        migrations: Vec::new().into(),
    };
    let settings = Settings::load(&snapshot, Outside::default()).expect("the settings above are right");
    Site::new(snapshot, settings, &|_| ()).expect("the site above is right")
}

/// Each parameter put in by a replacement of its own.
fn filled(text: &str, arguments: &Kwargs) -> String {
    arguments.iter().fold(text.to_string(), |text, (name, value)| match name.as_str() {
        Some(name) => text.replace(&format!("{{{name}}}"), &value.to_string()),
        None => text,
    })
}

fn by_hand() -> Tera {
    let messages: HashMap<&str, &str> = MESSAGES.iter().copied().collect();
    let routes: HashMap<&str, &str> = ROUTES.iter().copied().collect();
    let mut engine = Tera::new();
    engine.register_filter("trans", move |id: &str, arguments: Kwargs, _: &State| {
        messages.get(id).map_or_else(|| id.to_string(), |text| filled(text, &arguments))
    });
    engine.register_filter("url", move |name: &str, arguments: Kwargs, _: &State| {
        routes.get(name).map_or_else(|| name.to_string(), |text| filled(text, &arguments))
    });
    engine.register_filter("asset", |path: &str, _: Kwargs, _: &State| format!("/static{path}?20260101"));
    engine.add_raw_templates([("base.html", BASE), ("page.html", PAGE)]).expect("the templates above are right");
    engine
}

fn pages(criterion: &mut Criterion) {
    let (site, engine, context) = (site(), by_hand(), context());
    let view = View { language: "en", values: std::sync::Arc::new(|_: &str| None) };
    let ours = || site.renderer.render("page.html", context.clone(), &view).expect("the page above is right");
    let theirs = || {
        let mut context = context.clone();
        context.insert("language", "en");
        engine.render("page.html", &context).expect("the page above is right")
    };
    assert_eq!(ours(), theirs(), "both must do the same work");
    let mut group = criterion.benchmark_group("render");
    group.bench_function("kalgan", |bencher| bencher.iter(|| black_box(ours())));
    group.bench_function("by hand", |bencher| bencher.iter(|| black_box(theirs())));
    group.finish();
}

criterion_group!(benches, pages);
criterion_main!(benches);
