//! What is said of broken templates.

use crate::problem::sort;
use crate::source::files::TextFile;
use crate::source::templates::{Declared, read};

/// The reports on templates written as `== name` and their text: file, place, what is marked, message and help.
fn said(site: &str) -> String {
    let files: Vec<TextFile> = site
        .split("== ")
        .skip(1)
        .map(|file| {
            let (name, text) = file.split_once('\n').unwrap();
            TextFile { path: format!("templates/{name}"), name: name.to_string(), text: text.to_string() }
        })
        .collect();
    let declared = Declared {
        filters: vec!["money".into()],
        functions: vec!["now".into()],
        tests: vec!["prime".into()],
        ..Declared::default()
    };
    let mut problems = read(&files, &declared).problems;
    sort(&mut problems);
    let line = |problem: &crate::problem::Problem| {
        let marked: String = problem.text.chars().skip(problem.column.max(1) - 1).take(problem.length).collect();
        let help: String = problem.help.iter().map(|help| format!("\n  {help}")).collect();
        format!("{}:{}:{} `{marked}` {}{help}\n", problem.file, problem.line, problem.column, problem.message)
    };
    problems.iter().map(line).collect()
}

/// The message and the help at one place of one template.
fn said_of(source: &str) -> String {
    said(&format!("== a\n{source}")).replace("templates/a:", "")
}

#[test]
fn right_templates_get_no_report() {
    let site = "== base.html\n{% block a %}{{ 1 | money }}{% block b %}{% endblock %}{% endblock %}\n\
        == child.html\n{% extends \"base.html\" %}{% block b %}{{ super() }}{{ <box label=\"a\"/> }}{% endblock %}\n\
        == parts/box.html\n{% component box(label, size = 1, ...rest) %}{% if label is prime %}{{ now() }}{% endif %}{% endcomponent %}\n\
        == list.html\n{% include \"parts/box.html\" %}{{ <box {...x} other=\"a\"/> }}\n";
    assert_eq!(said(site), "");
}

#[test]
fn each_broken_template_is_reported() {
    let site = "== a\n{{ x | }}\n== b\n{{ \"x }}\n== c\n{{ x | uper }}\n== d\n{% extends \"e\" %}\n";
    assert_eq!(
        said(site),
        "templates/a:1:8 `}}` found `}}` but expected a name\n\
         templates/b:1:4 `\"` string opened with `\"` is missing its closing `\"`\n\
         templates/c:1:8 `uper` there is no filter `uper`\n  did you mean `upper`?\n  \
         if it is your own, write `crate::template::uper` and add it to the setting `tera.filters`\n\
         templates/d:1:12 `\"e\"` there is no template `e` to extend\n  did you mean `a`?\n"
    );
}

#[test]
fn what_is_never_closed_is_marked() {
    let cases = [
        (
            "{% if a %}{% for b in c %}{% endfor %}\n",
            "1:4 `if` `{% if … %}` is never closed\n  end it with `{% endif %}`\n",
        ),
        ("a{{ b", "1:2 `{{` `{{` is never closed\n  end it with `}}`\n"),
        (
            "{{ a\n<p>{{ b }}",
            "2:5 `{` found `{` but expected `...`, a string, an integer or a bool\n  the tag begins in line 1: is its end missing?\n",
        ),
        (
            "{{ \"a }}>\"",
            "1:1 `{{` `{{` is never closed\n  the `}}` behind it stands in a text between quotes: is a quote missing?\n",
        ),
        ("{% block a", "1:1 `{%` `{%` is never closed\n  end it with `%}`\n"),
        ("{% <a.b> %}x", "1:5 `a.b` `{% <a.b> %}` is never closed\n  end it with `{% </a.b> %}`\n"),
        ("{# a", "1:1 `{#` `{#` is never closed\n  end it with `#}`\n"),
        ("{% raw %}a", "1:1 `{%` `{% raw %}` is never closed\n  end it with `{% endraw %}`\n"),
    ];
    for (source, expected) in cases {
        assert_eq!(said_of(source), expected, "{source}");
    }
}

#[test]
fn wrong_tags_say_what_is_right() {
    let cases = [
        (
            "{% endif %}",
            "`endif` belongs to nothing here\n  there is no `{% if … %}` before it, or it is closed already",
        ),
        (
            "{% else %}",
            "`else` belongs to nothing here\n  there is no `{% if … %}` before it, or it is closed or has its `else` already",
        ),
        (
            "{% if a %}\n{% endfor %}",
            "`endfor` does not belong to `{% if … %}`\n  `{% if … %}` of line 1 is still open here: end it first with `{% endif %}`",
        ),
        ("{% inclde 'a' %}", "`inclde` is no tag of Tera\n  did you mean `include`?"),
        (
            "{% macro a() %}",
            "`macro` is no tag of Tera\n  Tera 2 has components in place of macros: `{% component name(argument) %}`",
        ),
        (
            "{{ é }}",
            "unexpected character `é` inside a tag\n  a name consists of the letters a to z, digits and `_`; text stands between quotes",
        ),
    ];
    for (source, expected) in cases {
        assert!(said_of(source).contains(expected), "{source}: {}", said_of(source));
    }
}

#[test]
fn habits_from_other_languages_are_understood() {
    let cases = [
        ("{{ 'a' | trans('Ann') }}", "arguments have names, as in `trans(name = \"Ann\")`"),
        ("{{ a | default('x') }}", "arguments have names"),
        ("{{ request.path() }}", "leave the parentheses out"),
        ("{% if a %}{% else if b %}{% endif %}", "write `elif`"),
        ("{% if a && b %}{% endif %}", "write `and`"),
        ("{% if a || b %}{% endif %}", "write `or`"),
        ("{{ a ? b : c }}", "write `a if condition else b`"),
        ("{{ “a” | trans }}", "straight quotes"),
    ];
    for (source, expected) in cases {
        assert!(said_of(source).contains(expected), "{source}: {}", said_of(source));
    }
}

#[test]
fn circles_are_told_once() {
    let site = "== b\n{% extends \"a\" %}\n== a\n{% extends \"b\" %}\n== c\n{% extends \"a\" %}\n";
    assert_eq!(
        said(site),
        "templates/a:1:12 `\"b\"` `a` extends itself by way of others\n  the circle is `a` → `b` → `a`\n"
    );
    let site =
        "== a\n{% include \"a\" %}\n== b\n{% include \"c\" %}\n== c\n{% include \"d\" %}{% include \"b\" %}\n== d\n";
    assert_eq!(
        said(site),
        "templates/a:1:12 `\"a\"` `a` includes itself\n\
         templates/b:1:12 `\"c\"` `b` includes itself by way of others\n  the circle is `b` → `c` → `b`\n"
    );
}

#[test]
fn what_is_named_must_be_there() {
    let site = "== layout/base.html\n{% block main %}{% endblock %}\n\
        == a.html\n{% extends \"base.html\" %}\n\
        == b.html\n{% extends \"layout/base.html\" %}{% block mein %}{{ a is priem }}{% endblock %}\n\
        == c.html\n{% include \"nothing/of/the/kind.html\" %}{{ nov() }}{{ <button/> }}{{ <buttom/> }}\n\
        == d.html\n{% component buttom() %}{% endcomponent %}\n\
        == e.html\n{% component buttom() %}{% endcomponent %}\n";
    assert_eq!(
        said(site),
        "templates/a.html:1:12 `\"base.html\"` there is no template `base.html` to extend\n  did you mean `layout/base.html`?\n\
         templates/b.html:1:42 `mein` no template that this one extends has a block `mein`\n  did you mean `main`?\n\
         templates/b.html:1:57 `priem` there is no test `priem`\n  did you mean `prime`?\n  \
         if it is your own, write `crate::template::priem` and add it to the setting `tera.tests`\n\
         templates/c.html:1:12 `\"nothing/of/the/kind.html\"` there is no template `nothing/of/the/kind.html` to include\n  \
         write it as `templates/nothing/of/the/kind.html`; a template is named by its path below `templates/`\n\
         templates/c.html:1:44 `nov` there is no function `nov`\n  did you mean `now`?\n  \
         if it is your own, write `crate::template::nov` and add it to the setting `tera.functions`\n\
         templates/c.html:1:56 `button` there is no component `button`\n  did you mean `buttom`?\n  \
         a component is defined by `{% component button() %}` in any template\n\
         templates/e.html:1:14 `buttom` the component `buttom` is already defined\n  \
         the other one is at templates/d.html:1:14; rename one of them\n"
    );
}

#[test]
fn a_broken_template_does_not_make_others_look_wrong() {
    let site = "== base\n{{ | }}{% block a %}{% endblock %}{% component c() %}{% endcomponent %}{{ x | nothing }}\n\
        == child\n{% extends \"base\" %}{% block b %}{{ <c/> }}{% endblock %}\n";
    assert_eq!(said(site).lines().count(), 1);
}

#[test]
fn components_get_their_arguments() {
    let site =
        "== a\n{% component box(label, size = 1, @page) %}{% endcomponent %}{{ <box siez={2}/> }}{{ <box {...x}/> }}\n";
    assert_eq!(
        said(site),
        "templates/a:1:66 `box` the component `box` needs the argument `label`\n  \
         pass it: `<box label=…`, or give it a default where it is defined\n\
         templates/a:1:70 `siez` the component `box` takes no argument `siez`\n  did you mean `size`?\n"
    );
}

#[test]
fn names_are_given_once() {
    assert!(said("== a\n1\n== a\n2\n").starts_with("templates/a:0:0 `` there are two templates `a`"));
}

/// What is found in a template and cannot be explained is still refused.
#[test]
fn nothing_that_tera_refuses_is_passed() {
    for source in [
        "{{ 99999999999999999999 }}",
        "{{ '\\é' }}",
        "{{ [[[1]]] }}",
        "{% block a %}{% endblock %}{% block a %}{% endblock %}",
    ] {
        assert_eq!(said_of(source).lines().count(), 1, "{source}");
    }
}

#[test]
fn where_a_template_could_not_be_read_nothing_is_missed() {
    let named = "{% extends \"b\" %}{% block c %}{{ <d/> }}{% include \"e\" %}{% endblock %}";
    let file = TextFile { path: "templates/a".into(), name: "a".into(), text: named.into() };
    let files = [file];
    assert_eq!(read(&files, &Declared::default()).problems.len(), 3);
    assert_eq!(read(&files, &Declared { complete: false, ..Declared::default() }).problems, []);
}
