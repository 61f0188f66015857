//! Engines of single pages: which of them an edit leaves alone, and what is said of templates that cannot be compiled.

use std::cell::Cell;

use super::*;
use crate::snapshot::{Changed, Links, Text, Value};

/// A template that says of itself what a reader of templates would.
fn linked(name: &'static str, source: &'static str, links: [&'static [&'static str]; 3]) -> Template {
    let [templates, components, defines] =
        links.map(|names| names.iter().map(|name| Text::Borrowed(*name)).collect::<Vec<_>>().into());
    let links = Links { templates, components, defines, has_messages: source.contains("trans") };
    Template { links, ..template(name, source) }
}

fn snapshot_of(templates: &[Template]) -> Snapshot {
    Snapshot {
        settings: vec![setting("environment.is_prod", Value::Bool(false))].into(),
        languages: vec![language("en", ENGLISH)].into(),
        templates: templates.to_vec().into(),
        ..snapshot()
    }
}

fn developed(templates: &[Template]) -> Site {
    crate::site::tests::site(snapshot_of(templates))
}

/// The site after an edit, and the pages whose engines are kept.
fn edited(site: &Site, templates: &[Template], changed: &[&str]) -> (Site, String) {
    let templates_changed = changed.iter().map(|name| name.to_string()).collect();
    let changed = Changed { templates: templates_changed, ..Changed::default() };
    let site = site.revised(&snapshot_of(templates), &changed, site.settings.clone(), &|_| ()).unwrap();
    let kept = engines(&site).join(" ");
    (site, kept)
}

fn show(site: &Site, name: &str) -> String {
    let view = View { language: "en", values: Arc::new(|_: &str| None) };
    site.renderer.render(name, Context::new(), &view).unwrap_or_else(|error| error.to_string())
}

fn failed(templates: &[Template], name: &str) -> TemplateError {
    let view = View { language: "en", values: Arc::new(|_: &str| None) };
    match developed(templates).renderer.render(name, Context::new(), &view) {
        Err(Error::Template(error)) => *error,
        other => panic!("{other:?}"),
    }
}

const BASE: &str = "<b>{% block body %}{% endblock %}";
const HOME: &str = "{% extends 'base.html' %}{% block body %}{{ <Box /> }}{% endblock %}";

fn templates() -> Vec<Template> {
    vec![
        linked("about.html", "{% include 'part.html' %}", [&["part.html"], &[], &[]]),
        linked("base.html", BASE, [&[], &[], &[]]),
        linked("box.html", "{% component Box() %}box{% endcomponent Box %}", [&[], &[], &["Box"]]),
        linked("home.html", HOME, [&["base.html"], &["Box"], &[]]),
        linked("part.html", "{{ 'plain'|trans }}", [&[], &[], &[]]),
    ]
}

#[test]
fn nothing_is_compiled_before_it_is_asked_for_and_an_edit_leaves_other_pages_alone() {
    let mut templates = templates();
    let site = developed(&templates);
    assert!(engines(&site).is_empty());
    assert_eq!((show(&site, "about.html"), show(&site, "home.html")), ("Tom &amp; Ann".into(), "<b>box".into()));
    assert_eq!(engines(&site), ["about.html", "home.html"]);
    templates[1] = template("base.html", "<i>{% block body %}{% endblock %}");
    let (site, kept) = edited(&site, &templates, &["base.html"]);
    assert_eq!((kept.as_str(), show(&site, "home.html").as_str()), ("about.html", "<i>box"));
    templates[4] = template("part.html", "plain");
    let (site, kept) = edited(&site, &templates, &["part.html"]);
    assert_eq!((kept.as_str(), show(&site, "about.html").as_str()), ("home.html", "plain"));
    templates[2] = linked("box.html", "{% component Box() %}BOX{% endcomponent Box %}", [&[], &[], &["Box"]]);
    let (site, kept) = edited(&site, &templates, &["box.html"]);
    assert_eq!((kept.as_str(), show(&site, "home.html").as_str()), ("about.html", "<i>BOX"));
    let (site, kept) = edited(&site, &templates, &[]);
    assert_eq!((kept.as_str(), engines(&site).len()), ("about.html home.html", 2));
}

#[test]
fn an_edit_of_what_the_filters_read_concerns_every_page() {
    let templates = templates();
    let site = developed(&templates);
    show(&site, "about.html");
    let snapshot = Snapshot { languages: vec![language("en", &[("plain", "Eve")])].into(), ..snapshot_of(&templates) };
    let changed = Changed { languages: ["en".to_string()].into(), ..Changed::default() };
    let setups = Cell::new(0);
    let site = site.revised(&snapshot, &changed, site.settings.clone(), &|_| setups.set(setups.get() + 1)).unwrap();
    assert!(engines(&site).is_empty());
    assert_eq!((show(&site, "about.html").as_str(), show(&site, "home.html").as_str()), ("Eve", "<b>box"));
    assert_eq!(setups.get(), 1);
}

#[test]
fn a_broken_template_breaks_the_pages_that_need_it_and_no_others() {
    let mut templates = templates();
    templates[4] = template("part.html", "one\n  {{ 1 + }}");
    let error = failed(&templates, "about.html");
    let problem = error.problem.unwrap();
    assert_eq!((error.template.as_str(), problem.file.as_str()), ("about.html", "templates/part.html"));
    assert_eq!((problem.line, problem.column, problem.text.as_str()), (2, 10, "  {{ 1 + }}"));
    let site = developed(&templates);
    assert_eq!(show(&site, "home.html"), "<b>box");
    assert!(site.renderer.contains("about.html"));
    templates[4] = template("part.html", "mended");
    let (site, _) = edited(&site, &templates, &["part.html"]);
    assert_eq!(show(&site, "about.html"), "mended");
}

#[test]
fn what_was_missing_may_be_there_after_an_edit() {
    let all = templates();
    for missing in [1, 2, 4] {
        let mut templates = all.clone();
        let template = templates.remove(missing);
        let site = developed(&templates);
        let broken = ["about.html", "home.html"].map(|name| show(&site, name)).join(" ");
        assert!(broken.contains("there is no") || broken.contains("Unknown"), "{broken}");
        let (site, _) = edited(&site, &all, &[&template.name]);
        assert_eq!((show(&site, "about.html"), show(&site, "home.html")), ("Tom &amp; Ann".into(), "<b>box".into()));
        let (site, _) = edited(&site, &templates, &[&template.name]);
        assert_eq!(["about.html", "home.html"].map(|name| show(&site, name)).join(" "), broken);
    }
}

/// Where an error points and what it says there.
fn told(error: &TemplateError) -> String {
    error.problem.as_ref().map(ToString::to_string).unwrap_or_else(|| error.message.clone())
}

#[test]
fn links_that_lead_nowhere_or_in_a_circle_are_errors_with_a_place() {
    let missing = linked("a.html", "\n{% extends \"no.html\" %}", [&["no.html"], &[], &[]]);
    let error = told(&failed(&[missing], "a.html"));
    let place = "templates/a.html:2:12: error: there is no template `no.html` to extend";
    assert!(error.starts_with(place), "{error}");
    let unknown = linked("a.html", "\n {% include 'no.html' %}", [&["no.html"], &[], &[]]);
    let error = told(&failed(&[unknown], "a.html"));
    assert!(error.starts_with("templates/a.html:2:13: error: Unknown template `no.html`"), "{error}");
    let component = linked("a.html", "{{ <Nav /> }}", [&[], &["Nav"], &[]]);
    let error = told(&failed(&[component], "a.html"));
    assert!(error.starts_with("templates/a.html:1:4: error: Unknown component `Nav`"), "{error}");
    for (verb, word) in [("extends", "extends"), ("include", "includes")] {
        let source = |name: &str| -> &'static str { format!("{{% {verb} '{name}' %}}").leak() };
        let circle = [
            linked("a.html", source("b.html"), [&["b.html"], &[], &[]]),
            linked("b.html", source("c.html"), [&["c.html"], &[], &[]]),
            linked("c.html", source("b.html"), [&["b.html"], &[], &[]]),
        ];
        let error = told(&failed(&circle, "a.html"));
        assert!(error.contains(&format!("error: `b.html` {word} itself")), "{error}");
        assert!(error.contains("the circle is `b.html` → `c.html` → `b.html`"), "{error}");
    }
}

#[test]
fn a_component_that_two_templates_define_is_an_error_where_it_is_used() {
    let mut templates = templates();
    let second = "one\n{% component Box() %}{% endcomponent Box %}";
    templates.push(linked("second.html", second, [&[], &[], &["Box"]]));
    let error = told(&failed(&templates, "home.html"));
    assert!(error.starts_with("templates/second.html:2:14: error: the component `Box` is already defined"), "{error}");
    assert!(error.contains("the other one is in templates/box.html"), "{error}");
    assert_eq!(show(&developed(&templates), "about.html"), "Tom &amp; Ann");
}

#[test]
fn a_second_definition_concerns_the_pages_that_use_the_component() {
    let mut templates = templates();
    let site = developed(&templates);
    assert!(!show(&site, "about.html").is_empty() && !show(&site, "home.html").is_empty());
    templates.push(linked("second.html", "{% component Box() %}{% endcomponent Box %}", [&[], &[], &["Box"]]));
    let (site, kept) = edited(&site, &templates, &["second.html"]);
    assert_eq!(kept, "about.html");
    assert!(show(&site, "home.html").contains("already defined"));
}

#[test]
fn folders_that_stand_in_for_missing_templates_are_looked_at() {
    let snapshot = snapshot_of(&[
        linked("home.html", "{% include 'nav.html' %}", [&["nav.html"], &[], &[]]),
        linked("themes/cool/nav.html", "cool", [&[], &[], &[]]),
        linked("themes/cool/page.html", "page", [&[], &[], &[]]),
    ]);
    let settings = crate::site::tests::settings(&snapshot);
    let site = Site::new(snapshot, settings, &|tera| tera.set_fallback_prefixes(["themes/cool/"]).unwrap()).unwrap();
    assert_eq!((show(&site, "home.html").as_str(), show(&site, "page.html").as_str()), ("cool", "page"));
}

#[test]
fn names_that_are_no_templates_leave_nothing_behind() {
    let site = developed(&templates());
    for name in ["no.html", "", "x/y", "../home.html"] {
        assert!(show(&site, name).contains("not found"), "{name}");
    }
    assert!(engines(&site).is_empty());
}

#[test]
fn a_template_that_is_included_by_what_it_extends_and_calls_super_ends_no_process() {
    let a = linked("a.html", "{% block x %}{% include 'b.html' %}{% endblock %}", [&["b.html"], &[], &[]]);
    let child = "{% extends 'a.html' %}\n{% block x %}{{ super() }}{% endblock %}";
    let b = linked("b.html", child, [&["a.html"], &[], &[]]);
    let way = linked("c.html", "{% include \"a.html\" %}", [&["a.html"], &[], &[]]);
    let templates = [a.clone(), b, way];
    for page in ["a.html", "b.html", "c.html"] {
        let error = told(&failed(&templates, page));
        assert!(
            error.starts_with("templates/b.html:2:17: error: `b.html` includes itself by way of `super()`"),
            "{error}"
        );
        assert!(error.contains("the circle is `b.html` → `a.html` → `b.html`"), "{error}");
    }
    // Without `super()` the blocks of the child are shown once.
    let plain = linked("b.html", "{% extends 'a.html' %}{% block x %}once{% endblock %}", [&["a.html"], &[], &[]]);
    assert_eq!(show(&developed(&[a, plain]), "a.html"), "once");
}
