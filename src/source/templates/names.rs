//! The names that Tera has without anybody's doing, and those that Tera 1 had: for suggestions only. Whether a name is known,
//! Tera is asked.

use super::outline::CallKind;

/// Tera's own filters, functions or tests.
pub fn built_in(kind: CallKind) -> &'static [&'static str] {
    match kind {
        CallKind::Filter => &FILTERS,
        CallKind::Function => &["range", "super", "throw"],
        CallKind::Test => &TESTS,
        CallKind::Component => &[],
    }
}

const FILTERS: [&str; 37] = [
    "abs",
    "capitalize",
    "default",
    "escape",
    "escape_html",
    "escape_xml",
    "first",
    "float",
    "get",
    "group_by",
    "indent",
    "int",
    "join",
    "keys",
    "last",
    "length",
    "lower",
    "newlines_to_br",
    "nth",
    "pairs",
    "pluralize",
    "replace",
    "reverse",
    "round",
    "safe",
    "sort",
    "split",
    "str",
    "title",
    "trim",
    "trim_end",
    "trim_start",
    "truncate",
    "unique",
    "upper",
    "values",
    "wordcount",
];

const TESTS: [&str; 17] = [
    "array",
    "bool",
    "containing",
    "defined",
    "divisible_by",
    "ending_with",
    "even",
    "float",
    "integer",
    "iterable",
    "map",
    "none",
    "number",
    "odd",
    "starting_with",
    "string",
    "undefined",
];

/// What takes the place of a name of Tera 1, which sites written for Kalgan 0.9 use.
pub fn in_place_of(kind: CallKind, name: &str) -> Option<&'static str> {
    Some(match (kind, name) {
        (CallKind::Filter, "as_str") => "Tera 2 calls it `str`",
        (CallKind::Filter, "linebreaksbr") => "Tera 2 calls it `newlines_to_br`",
        (CallKind::Filter, "trim_start_matches") => "Tera 2 writes `trim_start(pat = …)`",
        (CallKind::Filter, "trim_end_matches") => "Tera 2 writes `trim_end(pat = …)`",
        (CallKind::Filter, "slice") => "Tera 2 writes `list[1:3]`",
        (CallKind::Filter, "concat") => "Tera 2 writes `[...list, item]`",
        (CallKind::Filter, "filter") => "Tera 2 writes `[item for item in list if item.key == value]`",
        (CallKind::Filter, "map") => "Tera 2 writes `[item.key for item in list]`",
        (CallKind::Test, "divisibleby") => "Tera 2 calls it `divisible_by`",
        (CallKind::Test, "object") => "Tera 2 calls it `map`",
        (
            CallKind::Filter,
            "addslashes" | "date" | "filesizeformat" | "json_encode" | "slugify" | "spaceless" | "striptags"
            | "urlencode" | "urlencode_strict",
        )
        | (CallKind::Function, "get_env" | "get_random" | "now")
        | (CallKind::Test, "matching") => "Tera 2 no longer has it",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::templates::Declared;
    use crate::source::templates::engine::Engine;

    #[test]
    fn tera_has_every_name_that_is_suggested() {
        let mut engine = Engine::new(&Declared::default());
        for kind in [CallKind::Filter, CallKind::Test, CallKind::Function] {
            for name in built_in(kind) {
                assert!(engine.knows(kind, name), "{name}");
            }
        }
    }

    #[test]
    fn what_is_said_to_be_gone_is_gone_and_what_is_advised_is_there() {
        let mut engine = Engine::new(&Declared::default());
        for (kind, old, new) in [
            (CallKind::Filter, "as_str", "str"),
            (CallKind::Filter, "linebreaksbr", "newlines_to_br"),
            (CallKind::Filter, "trim_end_matches", "trim_end"),
            (CallKind::Filter, "slice", "first"),
            (CallKind::Function, "now", "range"),
            (CallKind::Test, "divisibleby", "divisible_by"),
            (CallKind::Test, "object", "map"),
        ] {
            assert!(in_place_of(kind, old).is_some() && !engine.knows(kind, old), "{old}");
            assert!(in_place_of(kind, new).is_none() && engine.knows(kind, new), "{new}");
        }
    }

    #[test]
    fn what_is_advised_is_accepted_by_tera() {
        let advice = [
            "{{ a | trim_start(pat = 'x') }}{{ a | trim_end(pat = 'x') }}",
            "{{ list[1:3] }}{{ [...list, item] }}",
            "{{ [item for item in list if item.key == value] }}{{ [item.key for item in list] }}",
        ];
        for source in advice {
            assert!(tera::Tera::default().add_raw_template("t", source).is_ok(), "{source}");
        }
    }
}
