use super::*;

const RULES: Rules = Rules { joined: true, is_whole: |key| key == "whole", tags: &["env", "credential"] };

fn file(text: &str) -> Arc<TextFile> {
    Arc::new(TextFile { path: "a.yaml".to_string(), name: "a.yaml".to_string(), text: text.to_string() })
}

/// The first line of each problem, and the marked part of the text.
fn mistakes(text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    read(&file(text), RULES, &mut problems);
    problems
        .iter()
        .map(|problem| {
            let marked: String = problem.text.chars().skip(problem.column.max(1) - 1).take(problem.length).collect();
            format!("{}:{} `{marked}` {}", problem.line, problem.column, problem.message)
        })
        .collect()
}

fn marks(node: &[Entry], marks: &mut Vec<(String, u32, u32)>) {
    for entry in node {
        marks.push((entry.key.clone(), entry.mark.line, entry.mark.column));
        if let Content::Map(entries) = &entry.value.content {
            self::marks(entries, marks);
        } else {
            marks.push((entry.value.content.describe(), entry.value.mark.line, entry.value.mark.column));
        }
    }
}

/// B11, B15: whole numbers as keys, anchors and aliases.
#[test]
fn every_key_and_scalar_knows_its_place() {
    let file = file("a:\n  é: \"x\"\n  1: [2, ~]\nb: { c: true,  d: &x 1.50 }\ne: *x\nf: !env NAME\n");
    let document = read(&file, RULES, &mut Vec::new()).unwrap();
    let mut found = Vec::new();
    marks(&document.entries, &mut found);
    let found: Vec<_> = found.iter().map(|(name, line, column)| (name.as_str(), *line, *column)).collect();
    assert_eq!(
        found,
        [
            ("a", 1, 1),
            ("é", 2, 3),
            ("the text `x`", 2, 6),
            ("1", 3, 3),
            ("a list", 3, 7),
            ("b", 4, 1),
            ("c", 4, 6),
            ("`true`", 4, 9),
            ("d", 4, 16),
            ("the number `1.5`", 4, 19),
            ("e", 5, 1),
            ("the number `1.5`", 4, 19),
            ("f", 6, 1),
            ("`!env`", 6, 4),
        ]
    );
    let Content::Map(entries) = &document.entries[1].value.content else { panic!("`b` is a mapping") };
    assert_eq!(document.text_of(&entries[1].value), Some("1.50"));
}

#[test]
fn lines_are_those_of_an_editor() {
    let file = file("a: \"x\u{2028}y\"\r\nb: 1\r\n");
    let document = read(&file, RULES, &mut Vec::new()).unwrap();
    assert_eq!((document.entries[1].mark.line, document.entries[1].mark.column), (2, 1));
}

/// B11, B12, B14, B15: in Kalgan 0.9 some were a panic, and a dot in one lost all that came after it.
#[test]
fn wrong_keys_do_not_take_their_siblings_with_them() {
    let file = file("a.b: 1\n? [x]\n: 2\ntrue: 3\n1.5: 4\n<<: {z: 1}\nc: 5\nc: 6\n");
    let mut problems = Vec::new();
    let document = read(&file, RULES, &mut problems).unwrap();
    assert_eq!(problems.len(), 6);
    let left: Vec<_> = document.entries.iter().map(|entry| (entry.key.as_str(), &entry.value.content)).collect();
    assert_eq!(left, [("a.b", &Content::Integer(1)), ("c", &Content::Integer(6))]);
}

/// B15, B16: in Kalgan 0.9 a file with one of these was left out.
#[test]
fn mistakes_are_marked_where_they_are() {
    let cases = [
        ("a: 1\nb: c: d\n", "2:5 `:` a colon cannot stand here"),
        ("a:\n\tb: 1\n", "2:1 `\t` a tab cannot indent YAML"),
        ("a: @x\n", "1:4 `@` a value cannot begin with `@`"),
        ("a: 1\nb: \"x\nc: 2\n", "2:4 `\"x` the quote that begins here is never closed"),
        ("a: 1\nword\n", "2:1 `word` this key has no colon"),
        ("a: \"\\d\"\n", "1:5 `\\d\"` this backslash begins an escape that does not exist"),
        ("a: *x\n", "1:4 `*x` this alias names an anchor that is not above it in this file"),
        ("a: &x [*x]\n", "1:4 `&x` this is nested more than 128 levels deep, or contains itself"),
        ("a: [1, 2\nb: 3\n", "2:2 `:` a bracket above this is not closed"),
        ("a: {{ name }}\n", "1:7 `name` a key must be text or a whole number, but this is a mapping"),
        ("a: 'x' y\n", "1:8 `y` the value already ended before this"),
        ("- a\n", "1:3 `a` a mapping is expected here, but this is a list"),
        ("word\n", "1:1 `word` a mapping is expected here, but this is the text `word`"),
        ("a: 1\n---\nb: 2\n", "3:1 `b` a second document begins here"),
        ("a: 1\n---\n", "3:1 `` a second document begins here"),
        ("a: \u{7}\n", "1:4 `\u{7}` the file has the control character U+0007"),
        ("a: !evn X\n", "1:4 `!evn X` unknown tag `!evn`"),
        ("a: 1\n'a': 2\n", "2:1 `'a'` the key `a` stands twice in one mapping"),
        (" \n", "0:0 `` the file is empty"),
    ];
    let found: Vec<_> = cases.iter().map(|(text, _)| (*text, mistakes(text).join(", "))).collect();
    let expected: Vec<_> = cases.iter().map(|(text, expected)| (*text, expected.to_string())).collect();
    assert_eq!(found, expected);
    assert_eq!(mistakes("# nothing yet\n"), [""; 0]);
}

#[test]
fn aliases_cannot_make_a_file_grow_without_end() {
    let mut text = String::from("a: &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (name, before) in ('b'..='k').zip('a'..) {
        let alias = format!("*{before}, ").repeat(10);
        text.push_str(&format!("{name}: &{name} [{alias}]\n"));
    }
    assert_eq!(mistakes(&text).len(), 1);
}

/// Whatever an author types, there is an answer: every shortening and every inserted character of a text with all kinds of YAML in it.
#[test]
fn no_text_brings_the_reader_down() {
    let whole =
        "a: &x {b: [1, 'é', \"\\u263A\"], ? c : d}\n? [e]\n: *x\nf: |\n  g\n  h\ni: !env [J, ~]\n- k\n--- !t l\n...\n";
    let cuts: Vec<usize> = whole.char_indices().map(|(index, _)| index).collect();
    for cut in cuts {
        mistakes(&whole[..cut]);
        mistakes(&whole[cut..]);
        for inserted in
            ["\t", "\"", "'", "[", "}", ":", " ", "-", "\n", "*x", "&y ", "!!int ", "\u{2028}", "\r", "é", "#", "%"]
        {
            mistakes(&format!("{}{inserted}{}", &whole[..cut], &whole[cut..]));
        }
    }
}
