//! Sites made up at random, the same ones in each run: development must show what production shows, also after edits.

use std::collections::BTreeSet;
use std::sync::Arc;

use tera::{Kwargs, State};

use super::{ENGLISH, SPANISH};
use crate::site::tests::{asset, language, route, setting, settings, snapshot, text};
use crate::site::{Context, Site, Tera, TeraSetup, View};
use crate::snapshot::{Changed, Inline, Links, Route, Snapshot, Template, Text, Value};

/// How many templates extend others.
const PAGES: usize = 24;

/// How many are included.
const PARTS: usize = 12;

/// How many define a component.
const COMPONENTS: usize = 12;

struct Generator(u64);

/// A template on its way.
#[derive(Default)]
struct Draft {
    source: String,
    templates: BTreeSet<String>,
    components: BTreeSet<String>,
    defines: Vec<Text>,
}

impl Generator {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn one<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    /// A template of its number's kind. What it names has a greater number, so that nothing goes round in a circle.
    fn template(&mut self, number: usize) -> Template {
        let mut draft = Draft::default();
        match number {
            0..PAGES if number + 1 < PAGES && self.below(4) > 0 => self.child(number, &mut draft),
            0..PAGES => {
                for block in ["a", "b"] {
                    self.body(number, 2, &mut draft);
                    draft.source += &format!("{{% block {block} %}}");
                    self.body(number, 2, &mut draft);
                    draft.source += &format!("{{% endblock {block} %}}");
                }
            }
            _ if number < PAGES + PARTS => self.body(number, 2, &mut draft),
            _ => {
                let parameters = self.one(&["x", "x, @request", "x, y = 1"]);
                draft.source += &format!("{{% component C{number}({parameters}) %}}{{{{ x }}}}");
                self.body(number, 1, &mut draft);
                draft.source += &format!("{{% endcomponent C{number} %}}");
                draft.defines.push(format!("C{number}").into());
            }
        }
        let texts = |names: BTreeSet<String>| names.into_iter().map(Text::Owned).collect();
        let links = Links {
            has_messages: draft.source.contains("trans"),
            templates: texts(draft.templates),
            components: texts(draft.components),
            defines: draft.defines.into(),
        };
        Template { name: format!("{number:02}.html").into(), source: draft.source.into(), links, inline: Inline::NONE }
    }

    fn child(&mut self, number: usize, draft: &mut Draft) {
        let parent = format!("{:02}.html", number + 1 + self.below(PAGES - number - 1));
        draft.source += &format!("{{% extends '{parent}' %}}");
        draft.templates.insert(parent);
        for block in ["a", "b"] {
            if self.below(3) == 0 {
                continue;
            }
            draft.source += &format!("{{% block {block} %}}");
            if self.below(2) == 0 {
                draft.source += "{{ super() }}";
            }
            self.body(number, 2, draft);
            draft.source += &format!("{{% endblock {block} %}}");
        }
    }

    fn body(&mut self, number: usize, depth: usize, draft: &mut Draft) {
        for _ in 0..1 + self.below(3) {
            self.node(number, depth, draft);
        }
    }

    fn node(&mut self, number: usize, depth: usize, draft: &mut Draft) {
        let first = number.max(PAGES - 1) + 1;
        match self.below(if depth == 0 { 3 } else { 6 }) {
            0 => draft.source += self.one(&["<p>", " & ", "{# a #}", "\n"]),
            1 | 2 => {
                draft.source += self.one(&[
                    "{{ 'plain'|trans }}",
                    "{{ 'hello'|trans(name='<x>') }}",
                    "{{ 'bold_html'|trans(name='<x>') }}",
                    "{{ 'page'|url }}",
                    "{{ 'show'|url(id=5) }}",
                    "{{ '/a.css'|asset }}",
                    "{{ 'a'|twice }}",
                    "{{ seven() }}",
                ]);
            }
            3 => {
                draft.source += "{% for i in [1, 2] %}";
                self.body(number, depth - 1, draft);
                draft.source += "{% endfor %}";
            }
            4 if first < PAGES + PARTS => {
                let part = format!("{:02}.html", first + self.below(PAGES + PARTS - first));
                draft.source += &format!("{{% include '{part}' %}}");
                draft.templates.insert(part);
            }
            _ => {
                let first = first.max(PAGES + PARTS);
                if first < PAGES + PARTS + COMPONENTS {
                    let name = format!("C{}", first + self.below(PAGES + PARTS + COMPONENTS - first));
                    draft.source += &format!("{{{{ <{name} x={{3}} /> }}}}");
                    draft.components.insert(name);
                }
            }
        }
    }
}

fn setup(engine: &mut Tera) {
    engine.register_filter("twice", |text: &str, _: Kwargs, _: &State| text.repeat(2));
    engine.register_function("seven", |_: Kwargs, _: &State| 7);
}

fn site_snapshot(templates: Vec<Template>, is_prod: bool) -> Snapshot {
    Snapshot {
        // The same versions in both environments.
        settings: vec![setting("static.version", text("file")), setting("environment.is_prod", Value::Bool(is_prod))]
            .into(),
        routes: vec![
            route("show", "/show/{id}"),
            Route { language: Some("locale".into()), ..route("page", "/{locale}/page") },
        ]
        .into(),
        languages: vec![language("en", ENGLISH), language("es", SPANISH)].into(),
        templates: templates.into(),
        assets: vec![asset("static/a.css", "hash")].into(),
        ..snapshot()
    }
}

fn site(templates: &[Template], is_prod: bool) -> Site {
    let snapshot = site_snapshot(templates.to_vec(), is_prod);
    let settings = settings(&snapshot);
    Site::new(snapshot, settings, &setup as &TeraSetup).unwrap()
}

/// What every template gives.
fn all(site: &Site, templates: &[Template]) -> Vec<String> {
    let view = View { language: "es", values: Arc::new(|name: &str| Some(name.into())) };
    let render = |template: &Template| site.renderer.render(&template.name, Context::new(), &view);
    templates.iter().map(|template| render(template).unwrap()).collect()
}

#[test]
fn development_shows_what_production_shows_also_after_edits() {
    let (mut shown, mut kept) = (0, 0);
    for seed in 1..=8 {
        let mut generator = Generator(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
        let mut templates: Vec<Template> = (0..PAGES + PARTS + COMPONENTS).map(|n| generator.template(n)).collect();
        let mut developed = site(&templates, false);
        assert_eq!(all(&developed, &templates), all(&site(&templates, true), &templates), "seed {seed}");
        for edit in 0..6 {
            let number = generator.below(templates.len());
            templates[number] = generator.template(number);
            let changed = Changed { templates: [templates[number].name.to_string()].into(), ..Changed::default() };
            let snapshot = site_snapshot(templates.clone(), false);
            developed = developed.revised(&snapshot, &changed, developed.settings.clone(), &setup).unwrap();
            kept += super::engines(&developed).len();
            let pages = all(&developed, &templates);
            shown += pages.iter().map(String::len).sum::<usize>();
            assert_eq!(pages, all(&site(&templates, true), &templates), "seed {seed} edit {edit}");
        }
    }
    assert!(shown > 100_000, "the templates say next to nothing: {shown}");
    assert!(kept > 48 * 24, "less than half of the engines are kept: {kept}");
}
