//! What is found in templates, and what is not.

use super::*;

fn found(source: &str) -> Inlined {
    read("page.html", source)
}

/// Sources for scripts, sources for styles, and how many nonces.
fn needs(source: &str) -> (Vec<String>, Vec<String>, usize) {
    let Inline { scripts, styles, nonces } = found(source).needs;
    let texts = |list: List<Text>| list.iter().map(ToString::to_string).collect();
    (texts(scripts), texts(styles), nonces.len())
}

fn none() -> (Vec<String>, Vec<String>, usize) {
    (Vec::new(), Vec::new(), 0)
}

/// The example of Content Security Policy Level 2 section 7.17.1, and ends of lines as browsers read them.
#[test]
fn hashes_are_those_of_browsers() {
    let hello = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='";
    assert_eq!(needs("<script>alert('Hello, world.');</script>").0, [hello]);
    let lines = "'sha256-fhj3NzEbLcOy8mndeDlrA1HxT7Zu+oefdoyyMYGIPHg='";
    for source in ["<style>a\nb</style>", "<style>a\r\nb</style>", "<style>a\rb</style>"] {
        assert_eq!(needs(source).1, [lines]);
    }
    assert_eq!(needs("<style></style><script></script>"), (vec![], vec![hash("")], 0), "an empty script is never run");
}

#[test]
fn constant_elements_get_a_hash() {
    for source in [
        "<script>a</script>",
        "<SCRIPT type = module\n>a</Script >",
        "<script type='text/javascript' data-x='{{ x }}'>a</script>",
        "{% if x %}<script {% if y %}defer{% endif %}>a</script>{% endif %}",
        "<script>{% raw %}a{% endraw %}</script>",
        "<script>{# note #}a</script>",
        "<!-- > --><p title=\"<script>\" class='<script>'><script>a</script>",
        "<!--><script>a</script>",
        "<textarea></script><script>b</textarea><script>a</script>",
        "<title>{{ x }}<script>b</title><script>a</script>",
        "<a href={{ x }}>{{ \"<script>b</script>\" }}</a><script>a</script>",
        "{% block x -%}  <script>a</script>  {%- endblock %}",
        "<svg><path d=''/></svg><script>a</script>",
        "<svg/><script>a</script>",
        "1 < 2 <3 <script>a</script>",
        "<{{ tag }} title='>'></{{ tag }}><script>a</script>",
        "<p{% if x %} class=\"a\"{% endif %}><script>a</script>",
        "<?xml ?><!doctype html><script type=''>a</script>",
    ] {
        assert_eq!(needs(source), (vec![hash("a")], vec![], 0), "{source}");
    }
    assert_eq!(needs("<style media=print>a</style>"), (vec![], vec![hash("a")], 0));
    assert_eq!(needs("<style>a < b</style><style>a < b</style>").1, [hash("a < b")], "once");
}

#[test]
fn others_get_a_nonce() {
    for source in [
        "<script>{{ a }}</script>",
        "<script>a{% if x %}b{% endif %}</script>",
        "<script type=\"{{ kind }}\">{{ a }}</script>",
        "<script type=importmap>{\"imports\": {\"a\": \"{{ a }}\"}}</script>",
        "<script>{% block js %}{% endblock %}</script>",
        "<script>{%- raw %}a{% endraw %}</script>",
        "<script>a {#- note #}</script>",
        "<script><!-- <script></script>",
        "{% filter upper %}<script>a</script>{% endfilter %}",
        "<svg><script>a &amp; b</script></svg>",
        "<style>{{ a }}</style>",
        "<script data-x=\"{{ x }}\" class='a {% if x %}{{ x }}{% endif %}'>{{ a }}</script>",
        "<script {% for x in y %}data-x{% else %}data-y='{{ x }}'{% endfor %}>{{ a }}</script>",
    ] {
        let inlined = found(source).needs;
        assert_eq!((inlined.scripts.len(), inlined.styles.len(), inlined.nonces.len()), (0, 0, 1), "{source}");
        let name = if source.contains("<style") { "<style" } else { "<script" };
        assert!(source[..inlined.nonces[0]].ends_with(name), "{source}");
    }
}

/// What is printed there could be `x src=//a.example/a.js`.
#[test]
fn a_value_outside_of_quotes_costs_its_element_nonce_and_hash() {
    for (source, printed) in [
        ("<script {{ attributes }}>{{ a }}</script>", "{{ attributes }}"),
        ("<script{{ attributes }}>a</script>", "{{ attributes }}"),
        ("<script data-x={{ x }}>a</script>", "{{ x }}"),
        ("<script data-x=a{{ x }} data-y={{ y }}>{{ a }}</script>", "{{ x }}"),
        ("<script data-x= {{ x }}>a</script>", "{{ x }}"),
        ("<script data-{{ x }}='a'>a</script>", "{{ x }}"),
        ("<script defer {{ x }}>a</script>", "{{ x }}"),
        ("<script data-x {{ x }}>a</script>", "{{ x }}"),
        ("<style media={% if x %}{{ x }}{% endif %}>a</style>", "{{ x }}"),
        ("<script {% block attributes %}{% endblock %}>a</script>", "{% block attributes %}"),
        ("<script {% include 'attributes.html' %}>{{ a }}</script>", "{% include 'attributes.html' %}"),
        ("<script nonce='{{ csp_nonce() }}' data-x={{ x }}>{{ a }}</script>", "{{ x }}"),
    ] {
        assert_eq!(needs(source), none(), "{source}");
        let unquoted: Vec<_> = found(source).unquoted.iter().map(|named| &source[named.span.clone()]).collect();
        assert_eq!(unquoted, [printed], "{source}");
    }
    for source in [
        "<script src={{ '/a.js' | asset }}></script>",
        "<script type=application/json data-x={{ x }}>a</script>",
        "<p title={{ x }}><script data-x='{{ x }}'>a</script>",
    ] {
        assert!(found(source).unquoted.is_empty(), "{source}");
    }
}

#[test]
fn what_needs_nothing_gets_nothing() {
    for source in [
        "",
        "plain { text }",
        "<script type=application/json>{{ a }}</script>",
        "<script type='text/x-template'>a</script>",
        "<script src='/a.js'>a</script>",
        "<script src=\"{{ \"/a.js\" | asset }}\"></script>",
        "<script src></script>",
        "<script nonce='{{ mine }}'>{{ a }}</script>",
        "<style nonce='x'>a</style>",
        "<!-- <script>a</script> -->",
        "<!-- {{ x }} <script>a</script> -->",
        "<p title='<script>a</script>'>",
        "<p title={{ x }}>{# <script>a</script> #}",
        "{{ '<script>a</script>' | safe }}{% set x = '<script>a</script>' %}",
        "<iframe><script>a</script></iframe>",
        "<scripts>a</scripts>",
        "</script>",
        "<script>never closed",
        "<link rel=stylesheet href=/a.css><link rel=icon href=https://a.example/i.png>",
    ] {
        assert_eq!(needs(source), none(), "{source}");
    }
    for name in ["mail.txt", "page.md", "a.js"] {
        assert_eq!(read(name, "<script>a</script>").needs, Inline::NONE);
    }
}

#[test]
fn other_origins_are_named() {
    for (source, expected) in [
        ("<script src='https://CDN.example/a/b.js?v=1#x'></script>", "https://cdn.example/a/b.js"),
        ("<script src=//cdn.example/a.js></script>", "cdn.example/a.js"),
        ("<script src='http://cdn.example:8080'></script>", "http://cdn.example:8080"),
        ("<script src='https://cdn.example/{{ version }}/a.js'></script>", "https://cdn.example/"),
        ("<script src='https://cdn.example/a/b{{ x }}'></script>", "https://cdn.example/a/"),
        ("<script src=' https://cdn.example/a;b,c.js '></script>", "https://cdn.example/a%3Bb%2Cc.js"),
        ("<link rel=modulepreload href='https://cdn.example/m.js'>", "https://cdn.example/m.js"),
        ("<link rel=preload as=script href='https://cdn.example/m.js'>", "https://cdn.example/m.js"),
    ] {
        assert_eq!(needs(source), (vec![expected.to_string()], vec![], 0), "{source}");
    }
    let sheet = "<link href='https://fonts.example/css2?family=A&amp;b' rel='Stylesheet preconnect'>";
    assert_eq!(needs(sheet), (vec![], vec!["https://fonts.example/css2".to_string()], 0));
    for source in [
        "<script src='{{ cdn }}/a.js'></script>",
        "<script src='https://{{ host }}/a.js'></script>",
        "<script src='https://a.example{{ path }}'></script>",
        "<script src='https://ann@cdn.example/a.js'></script>",
        "<script src='data:text/javascript,a'></script>",
        "<script src='https:///a.js'></script>",
    ] {
        assert_eq!(needs(source), none(), "{source}");
    }
}

#[test]
fn attributes_that_are_scripts_are_found() {
    let blocked = |source: &str| {
        found(source).blocked.iter().map(|named| source[named.span.clone()].to_string()).collect::<Vec<_>>()
    };
    let source = "<a onClick='{{ x }}' href=' JavaScript:a()' data-onclick=a onfoo=b><b onload></b onclick=a>";
    assert_eq!(blocked(source), ["onClick", "href=' JavaScript:a()", "onload"]);
    assert!(
        blocked("<a title='onclick=a' href=\"{{ 'javascript:' }}\">onclick=a</a><!-- <a onclick=a> -->").is_empty()
    );
    assert!(blocked("<script>a.onclick = b; '<a onclick=b>'</script>").is_empty());
}

/// Whatever the text is, a nonce is put only behind the name of a start tag.
#[test]
fn no_text_makes_it_stumble() {
    const PARTS: [&str; 20] = [
        "<script",
        "<style",
        ">",
        "</script",
        "</",
        "<!--",
        "-->",
        "{{ a }}",
        "{% if a %}",
        "{% raw %}",
        "{% endraw %}",
        "é",
        "'",
        "\"",
        "=",
        " ",
        "/",
        "{",
        "svg",
        "<",
    ];
    let (mut seed, mut nonces) = (1_u64, 0);
    for _ in 0..20_000 {
        let mut source = String::new();
        for _ in 0..12 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            source.push_str(PARTS[(seed >> 33) as usize % PARTS.len()]);
        }
        for place in found(&source).needs.nonces.iter() {
            let before = &source[..*place];
            assert!(before.ends_with("<script") || before.ends_with("<style"), "{source}");
            nonces += 1;
        }
    }
    assert!(nonces > 3, "{nonces}");
}
