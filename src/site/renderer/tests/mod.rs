mod pages;
mod random;

use std::sync::Mutex;

use tera::{Kwargs, State};

use super::*;
use crate::error::TemplateError;
use crate::site::Site;
use crate::site::tests::{asset, language, route, setting, snapshot, template, text};
use crate::snapshot::{Route, Snapshot};

const ENGLISH: &[(&str, &str)] = &[
    ("bold_html", "<b>{name}</b>"),
    ("hello", "Hello {name}"),
    ("items.one", "{count} item"),
    ("items.other", "{count} items"),
    ("plain", "Tom & Ann"),
];

const SPANISH: &[(&str, &str)] = &[("bold_html", "<i>{name}</i>"), ("hello", "Hola {name}"), ("plain", "Tom y Ann")];

fn site(templates: &[(&'static str, &'static str)]) -> Site {
    let snapshot = Snapshot {
        settings: vec![setting("static.path", text("/static"))].into(),
        routes: vec![
            route("show", "/show/{id}"),
            Route { language: Some("locale".into()), ..route("page", "/{locale}/page") },
        ]
        .into(),
        languages: vec![language("en", ENGLISH), language("es", SPANISH)].into(),
        templates: templates.iter().map(|(name, source)| template(name, source)).collect(),
        assets: vec![asset("static/a.css", "hash")].into(),
        ..snapshot()
    };
    crate::site::tests::site(snapshot)
}

fn render_as(language: &str, name: &'static str, source: &'static str) -> Result<String, Error> {
    let mut context = Context::new();
    context.insert("name", "<Ann> \"x\"");
    context.insert("list", &[1, 2]);
    site(&[(name, source)]).renderer.render(name, context, &View { language, values: Arc::new(|_: &str| None) })
}

/// The names of the pages that have an engine of their own, sorted.
fn engines(site: &Site) -> Vec<String> {
    match &site.renderer.engines {
        Engines::One(_) => Vec::new(),
        Engines::EachPage(pages) => pages.names(),
    }
}

fn render(source: &'static str) -> String {
    render_as("es", "page.html", source).unwrap()
}

fn failure(source: &'static str) -> TemplateError {
    match render_as("es", "page.html", source) {
        Err(Error::Template(error)) => *error,
        other => panic!("{other:?}"),
    }
}

/// B133
#[test]
fn trans_takes_the_renders_language_unless_it_is_told_another() {
    assert_eq!(render("{{ 'hello'|trans(name='x') }}"), "Hola x");
    assert_eq!(render("{{ 'hello'|trans(_lang='en', name='x') }}"), "Hello x");
    assert_eq!(render("{{ 'hello'|trans(_lang='', name='x') }}"), "Hola x");
    assert_eq!(render_as("", "page.html", "{{ 'hello'|trans(name='x') }}").unwrap(), "Hello x");
    assert_eq!(render("{{ 'no.such'|trans }}"), "no.such");
}

/// B131, B134
#[test]
fn arguments_are_the_text_that_the_engine_would_print() {
    // B131: in Kalgan 0.9 quotes came out as JSON.
    assert_eq!(render("{{ 'hello'|trans(name=name) }}"), "Hola &lt;Ann&gt; &quot;x&quot;");
    assert_eq!(render("{{ 'hello'|trans(name=5) }} {{ 'hello'|trans(name=true) }}"), "Hola 5 Hola true");
    assert_eq!(render("{{ 'hello'|trans(name=1.5) }} {{ 'hello'|trans(name=list) }}"), "Hola 1.5 Hola [1, 2]");
    assert_eq!(render("{{ 'items'|trans(count=1) }}, {{ 'items'|trans(count=2) }}"), "1 item, 2 items");
    assert_eq!(render("{{ 'show'|url(id=5) }} {{ 'show'|url(id=name) }}"), "/show/5 /show/%3CAnn%3E%20%22x%22");
}

/// B127, B132
#[test]
fn text_is_escaped_by_the_file_type_and_addresses_print_clean() {
    assert_eq!(render("{{ 'plain'|trans(_lang='en') }} {{ '/a.css'|asset }}"), "Tom &amp; Ann /static/a.css?tag");
    let text = render_as("en", "page.txt", "{{ 'plain'|trans }} {{ 'hello'|trans(name=name) }}").unwrap();
    assert_eq!(text, "Tom & Ann Hello <Ann> \"x\"");
}

#[test]
fn a_message_that_is_markup_is_safe_and_its_parameters_are_escaped() {
    assert_eq!(render("{{ 'bold_html'|trans(name=name) }}"), "<i>&lt;Ann&gt; &quot;x&quot;</i>");
    assert_eq!(render("{{ 'bold_html'|trans(name=name|safe) }}"), "<i><Ann> \"x\"</i>");
    assert_eq!(render("{{ '<x>_html'|trans }}"), "&lt;x&gt;_html");
    let text = render_as("en", "page.txt", "{{ 'bold_html'|trans(name=name) }}").unwrap();
    assert_eq!(text, "<b>&lt;Ann&gt; &quot;x&quot;</b>");
}

#[test]
fn the_language_is_known_in_components_includes_parents_loops_and_captures() {
    let site = site(&[
        ("base.html", "{{ 'plain'|trans }}|{% block body %}{% endblock %}"),
        ("part.html", "{{ 'plain'|trans }} {{ language }}"),
        ("c.html", "{% component Box(x) %}[{{ 'plain'|trans }} {{ 'page'|url }} {{ x }}]{% endcomponent Box %}"),
        (
            "page.html",
            "{% extends 'base.html' %}{% block body %}{% for i in [1] %}{{ <Box x={i} /> }}{% endfor %}|{% include 'part.html' %}|\
             {% set t %}{{ 'page'|url }}{% endset %}{{ t }}|{{ 'page'|url(_lang='en') }}{% endblock %}",
        ),
    ]);
    let view = View { language: "es", values: Arc::new(|_: &str| None) };
    let page = site.renderer.render("page.html", Context::new(), &view).unwrap();
    assert_eq!(page, "Tom y Ann|[Tom y Ann /es/page 1]|Tom y Ann es|/es/page|/en/page");
}

#[test]
fn a_render_inside_a_render_leaves_the_outer_language_alone() {
    let inner = Arc::new(site(&[("page.html", "{{ 'plain'|trans }}")]));
    let snapshot = Snapshot {
        languages: vec![language("en", ENGLISH), language("es", SPANISH)].into(),
        templates: vec![template("page.html", "{{ 'plain'|trans }}, {{ 1|inner }}, {{ 'plain'|trans }}")].into(),
        ..snapshot()
    };
    let settings = crate::site::tests::settings(&snapshot);
    let outer = Site::new(snapshot, settings, &move |engine| {
        let inner = Arc::clone(&inner);
        engine.register_filter("inner", move |_: i64, _: Kwargs, _: &State| {
            let view = View { language: "en", values: Arc::new(|_: &str| None) };
            inner.renderer.render("page.html", Context::new(), &view).unwrap()
        });
    });
    let view = View { language: "es", values: Arc::new(|_: &str| None) };
    let page = outer.unwrap().renderer.render("page.html", Context::new(), &view).unwrap();
    assert_eq!(page, "Tom y Ann, Tom &amp;amp; Ann, Tom y Ann");
    assert_eq!(current::with(str::to_string), "");
}

/// The variables that a render asks the view for.
fn asked(site: &Site, name: &str) -> String {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let values = Arc::new(move |variable: &str| {
        noted.lock().unwrap().push(variable.to_string());
        Some(Value::from(variable))
    });
    site.renderer.render(name, Context::new(), &View { language: "es", values }).unwrap();
    asked.lock().unwrap().join(" ")
}

#[test]
fn the_views_values_are_computed_only_where_a_template_uses_them() {
    let site = site(&[
        ("none.html", "{{ language }}{% for request in [1] %}{{ request }}{% endfor %}"),
        ("direct.html", "{% if false %}{{ request.path }}{% endif %}"),
        ("base.html", "{{ route }}{% block a %}{% endblock %}"),
        ("child.html", "{% extends 'base.html' %}{% block a %}{% include 'direct.html' %}{% endblock %}"),
    ]);
    assert_eq!(asked(&site, "none.html"), "");
    assert_eq!(asked(&site, "direct.html"), "request");
    assert_eq!(asked(&site, "child.html"), "request route");
}

#[test]
fn a_template_that_prints_the_whole_context_sees_all_of_it() {
    let site = site(&[("all.html", "{{ __tera_context }}")]);
    assert_eq!(asked(&site, "all.html"), "flash request route session");
}

#[test]
fn components_that_take_the_request_from_their_caller_find_it() {
    let site = site(&[
        ("c.html", "{% component Nav(@request) %}{{ request }}{% endcomponent Nav %}"),
        ("page.html", "{{ <Nav /> }}"),
    ]);
    let view = View { language: "es", values: Arc::new(|variable: &str| Some(Value::from(variable))) };
    assert_eq!(site.renderer.render("page.html", Context::new(), &view).unwrap(), "request");
}

#[test]
fn variables_of_the_context_hide_those_of_the_view() {
    let site = site(&[("page.html", "{{ request }} {{ language }}")]);
    let mut context = Context::new();
    context.insert("request", "mine");
    context.insert("language", "mine too");
    let view = View { language: "es", values: Arc::new(|_: &str| panic!("must not be asked")) };
    assert_eq!(site.renderer.render("page.html", context, &view).unwrap(), "mine mine too");
}

#[test]
fn a_failure_says_what_where_and_why() {
    let error = failure("line one\n  {{ 'shw'|url(id=1) }}");
    assert_eq!(error.template, "page.html");
    assert_eq!(error.message, "there is no route `shw`; did you mean `show`?");
    let problem = error.problem.unwrap();
    assert_eq!((problem.file.as_str(), problem.line), ("templates/page.html", 2));
    assert_eq!(problem.text, "  {{ 'shw'|url(id=1) }}");
    assert_eq!(failure("{{ 'show'|url }}").message, "route `show` needs the parameter `id`");
    assert!(failure("{{ name / 2 }}").problem.is_some());
    assert!(failure("{{ 5|trans }}").message.contains("expected `&str`"));
}

#[test]
fn a_failure_in_a_component_says_who_called_it() {
    let site = site(&[
        ("c.html", "{% component Box(x) %}{{ x / 'a' }}{% endcomponent Box %}"),
        ("page.html", "\n{{ <Box x={1} /> }}"),
    ]);
    let view = View { language: "es", values: Arc::new(|_: &str| None) };
    let Err(Error::Template(error)) = site.renderer.render("page.html", Context::new(), &view) else {
        panic!("rendered")
    };
    let problem = error.problem.unwrap();
    assert_eq!(problem.file, "templates/c.html");
    assert_eq!(problem.help, ["called from page.html:2:4"]);
}

/// B126: Kalgan 0.9 met a broken one at the first page, and then at every other.
#[test]
fn templates_that_are_missing_or_broken_are_errors() {
    let empty = site(&[]);
    let view = View { language: "es", values: Arc::new(|_: &str| None) };
    let error = empty.renderer.render("no.html", Context::new(), &view).unwrap_err().to_string();
    assert_eq!(error, "template `no.html`: Template 'no.html' not found");
    assert!(!empty.renderer.contains("no.html"));
    for source in ["{{ ", "{{ 1|nothing }}", "{% extends 'no.html' %}"] {
        let snapshot = Snapshot { templates: vec![template("page.html", source)].into(), ..snapshot() };
        let settings = crate::site::tests::settings(&snapshot);
        let error = Site::new(snapshot, settings, &|_| ()).unwrap_err();
        assert!(matches!(error, Error::Template(_)), "{source}: {error}");
    }
}
