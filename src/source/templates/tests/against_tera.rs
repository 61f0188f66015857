//! Whatever Tera accepts is read as Tera reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tera::{Context, ErrorKind, Kwargs, State, Tera, Value};

use super::applications;
use super::generator::Generator;
use crate::problem::position;
use crate::source::templates::lexer::{Kind, Lexer};
use crate::source::templates::outline::{CallKind, Outline};
use crate::source::templates::reader::outline;

/// A name with its kind, line and column.
type Spot = (String, String, usize, usize);

/// What Tera says of a template: the places of all names that it does not know, or `None` where it cannot read it.
fn unknown_to_tera(source: &str) -> Option<BTreeSet<Spot>> {
    let Err(error) = Tera::default().add_raw_template("t", source) else { return Some(BTreeSet::new()) };
    let ErrorKind::Msg(message) = error.kind() else { return None };
    let mut spots = BTreeSet::new();
    for report in message.split("\n\n").filter(|report| report.starts_with("error: Unknown ")) {
        let (head, rest) = report.split_once('\n').unwrap();
        let (kind, name) = head.strip_prefix("error: Unknown ").unwrap().split_once(" `").unwrap();
        let name = name.strip_suffix('`').unwrap();
        let place = rest.trim_start().lines().next().unwrap().strip_prefix("--> t:").unwrap();
        let (line, column) = place.split_once(':').unwrap();
        spots.insert((kind.to_string(), name.to_string(), line.parse().unwrap(), column.parse().unwrap()));
    }
    Some(spots)
}

/// The same as this crate reads it.
fn read_here(source: &str, outline: &Outline) -> BTreeSet<Spot> {
    let calls = outline.calls.iter().map(|call| match call.kind {
        CallKind::Filter => ("filter", &call.name, call.name.span.start),
        CallKind::Function => ("function", &call.name, call.name.span.start),
        CallKind::Test => ("test", &call.name, call.name.span.start),
        // Tera marks a component from its bracket.
        CallKind::Component => ("component", &call.name, source[..call.name.span.start].rfind('<').unwrap()),
    });
    let includes = outline.includes.iter().map(|included| ("template", included, included.span.start));
    calls
        .chain(includes)
        .map(|(kind, named, start)| {
            let (line, column) = position(source, start);
            (kind.to_string(), named.name.to_string(), line, column)
        })
        .collect()
}

/// Whether Tera accepts the template; if it does, it must be read in the same way.
fn agrees(source: &str) -> bool {
    let joined: String = Lexer::new(source).map(|token| token.text).collect();
    assert_eq!(joined, source, "tokens are lost");
    let outline = outline(source);
    let Some(spots) = unknown_to_tera(source) else { return false };
    assert!(Lexer::new(source).all(|token| token.kind != Kind::Unreadable), "not read:\n{source}");
    assert!(outline.skipped.is_empty(), "skipped:\n{source}");
    assert_eq!((&outline.unclosed, outline.cut), (&Vec::new(), None), "open:\n{source}");
    let read: BTreeSet<Spot> = read_here(source, &outline).into_iter().filter(|spot| spot.1 != "super").collect();
    let missed: Vec<_> = spots.difference(&read).collect();
    let invented: Vec<_> = read.difference(&spots).collect();
    assert!(missed.is_empty() && invented.is_empty(), "missed {missed:?}, invented {invented:?} in\n{source}");
    true
}

#[test]
fn templates_of_the_grammar_are_read_without_loss() {
    let accepted = (0..1_500).filter(|seed| agrees(&Generator::new(*seed, false).template())).count();
    assert!(accepted > 800, "only {accepted} of the templates were templates");
}

#[test]
fn damaged_templates_are_read_wherever_tera_reads_them() {
    let mut accepted = 0;
    for seed in 0..1_500 {
        let mut generator = Generator::new(seed, false);
        let mut source: Vec<char> = generator.template().chars().collect();
        for _ in 0..1 + generator.below(3) {
            let index = generator.below(source.len() + 1);
            if generator.below(2) == 0 && index < source.len() {
                source.remove(index);
            } else {
                let marks: Vec<char> = "{}%#-\"'`\\|()[]<>=.,: aé0".chars().collect();
                source.insert(index, marks[generator.below(marks.len())]);
            }
        }
        accepted += usize::from(agrees(&source.into_iter().collect::<String>()));
    }
    assert!(accepted > 200, "only {accepted} of the templates were templates");
}

#[test]
fn corners_of_the_language_are_read_as_tera_does() {
    let sources = [
        "{%raw%}{%endraw%}{%-- raw -%}{%endraw%}",
        "{# a #}{##}{#-#}{#--#}",
        "{{-1}}{{- -1 -}}{{1-}}",
        "{{ a.b . c ?. d [ 0 ] ?[ 'x' ] }}",
        "{{ a[:] }}{{ a[1:] }}{{ a[::2] }}{{ a[:1:2] }}{{ a[b[c[d[0]]]] }}",
        "{{ \"a\"[0] }}{{ [1][0] | f1 }}{{ {'a': 1}['a'] | f2 }}",
        "{{ a not in b | f3 }}{{ a is not t1 | f4 }}{{ not a in b }}",
        "{{ 1. }}{{ 1.5 }}",
        "{{ x if y else z if w else v | f5 }}",
        "{{ [a if b else c for d in e] }}",
        "{{ [a for k, d in e if f not in g] }}",
        "{% for a in [b for c in d] %}{{ loop.index | f6 }}{% else %}{{ 1 | f7 }}{% endfor %}",
        "{% set a %}{% endset %}{% set a | f8 | f9(b=1) %}{% endset %}",
        "{% filter f10 | f11(a='%}') %}{% endfilter %}",
        "{% <a.b c='d' e={1 > 2} {...f} g> %}{% </a . b> %}",
        "{{ <a . b/> }}{{ <c d=\"/>\" /> | f12 }}{{ a < <b/> }}",
        "{% component a.b(c: string = 'x', @d, ...e) {'a': [1, {'b': none}]} %}{% endcomponent a.b %}",
        "{% include `a` %}{% include 'a\\'' -%}",
        "{%- if a -%}{%- elif b -%}{%- else -%}{%- endif -%}",
        "{% block a %}{% block b %}{{ super() }}{% endblock %}{% endblock a %}",
        "{{ none | f13 }}{{ True | f14 }}{{ null is t21 }}",
        "{{ {'a': 1, ...b, 2: 3, true: 4,} }}{{ [1, ...b,] }}{{ [] }}{{ {} }}",
        "{{ 2 ** 3 ** 4 | f15 }}{{ -2 ** 3 | f16 }}{{ - a | f17 }}",
        "{{ `a` ~ 'b' ~ \"c\" | f18 }}",
        "{{ f19 ( a = 1 , ) | f20 ( ) }}",
        "a { b }} c %} d #} e {",
        "{% for a in b %}{% break %}{% continue %}{% endfor %}",
    ];
    for source in sources {
        if !agrees(source) {
            let error = Tera::default().add_raw_template("t", source).unwrap_err();
            panic!("Tera does not accept {source}: {error}");
        }
    }
}

/// What filters were applied to while a template was rendered, as `text|filter(arguments)`.
fn rendered(source: &str, outline: &Outline) -> Option<BTreeSet<String>> {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let mut tera = Tera::default();
    for call in &outline.calls {
        let (name, seen) = (call.name.name.to_string(), seen.clone());
        tera.register_filter(name.clone(), move |value: Value, arguments: Kwargs, _: &State| {
            let keys: BTreeMap<String, ()> = arguments.iter().map(|(key, _)| (key.to_string(), ())).collect();
            let keys: Vec<String> = keys.into_keys().collect();
            if let Some(text) = value.as_str() {
                seen.lock().unwrap().insert(format!("{text}|{name}({})", keys.join(",")));
            }
            Value::from(1)
        });
    }
    tera.add_raw_template("t", source).ok()?;
    let mut context = Context::new();
    context.insert("v", &0);
    tera.render("t", &context).ok()?;
    let seen = seen.lock().unwrap().clone();
    Some(seen)
}

#[test]
fn the_texts_that_filters_get_are_those_that_were_read() {
    let mut compared = 0;
    for seed in 0..1_500 {
        let source = Generator::new(seed, true).template();
        let outline = outline(&source);
        let Some(mut seen) = rendered(&source, &outline) else { continue };
        let read: BTreeSet<String> = applications(&outline).into_iter().map(sorted_arguments).collect();
        // The bodies of `filter` and `set` are texts as well, and what `~` makes is; neither is a literal.
        seen.retain(|application| read.contains(application) || is_one_literal(application));
        assert_eq!(read, seen, "{source}");
        compared += read.len();
    }
    assert!(compared > 500, "only {compared} texts were compared");
}

fn sorted_arguments(application: String) -> String {
    application.replace("(a,_b)", "(_b,a)")
}

/// Whether the text is one of those that the generator writes as a literal.
fn is_one_literal(application: &str) -> bool {
    let text = application.rsplit_once('|').unwrap().0;
    text.starts_with("text_") && text.matches(" }} %}").count() == 1 && text.ends_with(" }} %}")
}
