//! The reading of templates, tested against Tera itself and by its reports.

mod against_tera;
mod generator;
mod reports;

use super::outline::{CallKind, Outline};
use super::reader::outline;

/// What filters are applied to, as `text|filter(arguments)`, in the order of the source.
fn applied(source: &str) -> Vec<String> {
    let outline = outline(source);
    assert!(outline.skipped.is_empty(), "{source}");
    applications(&outline)
}

fn applications(outline: &Outline) -> Vec<String> {
    let mut found = Vec::new();
    for call in outline.calls.iter().filter(|call| call.kind == CallKind::Filter) {
        let arguments: Vec<_> = call.arguments.iter().map(|argument| argument.name.name.as_ref()).collect();
        for value in &call.values {
            found.push(format!("{}|{}({})", value.name, call.name.name, arguments.join(",")));
        }
    }
    found
}

#[test]
fn only_what_is_certainly_that_text_counts() {
    let cases = [
        (r#"{{ "a" | trans }}"#, "a|trans()"),
        (r#"{{ "a" | trans(b = 1, c = "d") | upper }}"#, "a|trans(b,c)"),
        (r#"{{ ("a") | trans }}"#, "a|trans()"),
        (r#"{{ x ~ "a" | trans }}"#, "a|trans()"),
        (r#"{{ (x ~ "a") | trans }}"#, ""),
        (r#"{{ "a" ~ "b" | trans ~ "c" }}"#, "b|trans()"),
        (r#"{{ 1 + "a" | trans ** 2 }}"#, "a|trans()"),
        (r#"{{ not "a" | trans }}"#, "a|trans()"),
        (r#"{{ -"a" | trans }}"#, ""),
        (r#"{{ "a"[0] | trans }}"#, ""),
        (r#"{{ "a" | upper | trans }}"#, "a|upper()"),
        (r#"{{ "a" if x else "b" | trans }}"#, "b|trans()"),
        (r#"{{ ("a" if x else "b") | trans }}"#, "a|trans() b|trans()"),
        (r#"{{ ("a" if x else b) | trans }}"#, "a|trans()"),
        (r#"{{ "a" is containing(pat = "b" | trans) | trans }}"#, "b|trans()"),
        (r#"{{ x | default(value = "a" | trans) }}"#, "a|trans()"),
        (r#"{{ ["a" | trans, ...["b"] | trans] }}"#, "a|trans()"),
        (r#"{{ [y | trans for y in ["a"] if "b" | trans] }}"#, "b|trans()"),
        (r#"{{ {"a": "b" | trans} }}"#, "b|trans()"),
        (r#"{{ <c a="x" b={"a" | trans} {...d} e /> }}"#, "a|trans()"),
        (r#"{% <c b={"a" | trans}> %}{{ "b" | url }}{% </c> %}"#, "a|trans() b|url()"),
        (r#"{% set x = "a" %}{{ x | trans }}"#, ""),
        (r#"{% set x | trans %}a{% endset %}{% filter trans | upper %}a{% endfilter %}"#, ""),
        (r#"{% if "a" | trans == x and "b" | url %}{% elif "c"|asset %}{% endif %}"#, "a|trans() b|url() c|asset()"),
        (r#"{% for k, v in "a" | trans | split(pat=",") %}{% endfor %}"#, "a|trans()"),
        (r#"{%- set_global x = f(a="a"|trans) -%}"#, "a|trans()"),
        (r#"{# {{ "a" | trans }} #}{% raw %}{{ "a" | trans }}{% endraw %}"#, ""),
        (r#"{{ "{{ 'a' | trans }}" | trans }}"#, "{{ 'a' | trans }}|trans()"),
        (r#"{{ 'a\'\n\\' | trans }}"#, "a'\n\\|trans()"),
        ("{{ `a\"` | trans }}", "a\"|trans()"),
    ];
    for (source, expected) in cases {
        assert_eq!(applied(source).join(" "), expected, "{source}");
    }
}

#[test]
fn what_cannot_be_read_costs_one_tag() {
    let outline = outline(r#"{{ "a" | }}{{ "b" | trans }}{{ }}{{ "c" | trans }}{% foo %}{{ "d" | trans }}"#);
    assert_eq!(applications(&outline), ["b|trans()", "c|trans()", "d|trans()"]);
    assert_eq!(outline.skipped.len(), 3);
}

#[test]
fn no_nesting_exhausts_the_stack() {
    for open in ["(", "[", "{\"a\":", "-", "not ", "f(a=", "x[", "a if b else "] {
        outline(&format!("{{{{ {} }}}}{{{{ 'a' | trans }}}}", open.repeat(50_000)));
    }
    let deep = format!("{}a{}", "{% if a %}".repeat(5_000), "{% endif %}".repeat(5_000));
    assert_eq!(outline(&deep).unclosed, []);
}

#[test]
fn open_tags_are_remembered_from_the_outermost() {
    let outline = outline("{% if a %}{% for b in c %}{% endfor %}{% <d> %}{% set e %}{{ f");
    let names: Vec<_> = outline.unclosed.iter().map(|tag| tag.name.as_ref()).collect();
    assert_eq!(names, ["if", "<", "set"]);
    assert_eq!(outline.cut, Some(58));
}
