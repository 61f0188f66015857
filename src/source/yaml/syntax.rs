//! The parser's errors in words that say what to do.

use super::places::{Places, put};
use super::{Mark, reader};
use crate::problem::Problem;
use crate::source::files::TextFile;

/// What the parser says, what we say instead, and what to do about it.
const WORDS: &[(&str, &str, &str)] = &[
    (
        "mapping values are not allowed",
        "a colon cannot stand here",
        "put a text with a colon and a blank in it in quotes; if this is a key, indent it like its neighbours",
    ),
    (
        "did not find expected key",
        "this line does not continue what is above it",
        "indent it like its neighbours; put a text that begins with a quote, `*`, `&`, `[` or `{` in quotes as a whole",
    ),
    (
        "did not find expected '-' indicator",
        "an item of the list is expected here",
        "begin it with `- `, indented like the items above",
    ),
    ("could not find expected ':'", "this key has no colon", "write `key: value`, with a blank after the colon"),
    (
        "did not find expected ',' or",
        "a bracket above this is not closed",
        "close it, or put a text that begins with `{` or `[` in quotes",
    ),
    (
        "did not find expected node content",
        "a value is expected here",
        "put a text that begins with `{`, `[`, `*`, `&`, `!`, `%`, `@` or a backtick in quotes",
    ),
    (
        "found unknown escape character",
        "this backslash begins an escape that does not exist",
        "between double quotes write `\\\\` for a backslash, or use single quotes, where it stands for itself",
    ),
    ("found unexpected ':'", "a colon cannot stand here", "put a text with a colon in it in quotes"),
    ("found undefined tag handle", "this tag is not known", "put a text that begins with `!` in quotes"),
    (
        "unknown anchor",
        "this alias names an anchor that is not above it in this file",
        "write `&name` before the value that `*name` repeats; put a text that begins with `*` in quotes",
    ),
    (
        "while scanning an alias",
        "`*` begins an alias here, but no name follows",
        "put a text that begins with `*` in quotes, such as `\"*.example.com\"`",
    ),
    (
        "recursion limit",
        "this is nested more than 128 levels deep, or contains itself",
        "nest less; an alias must not stand inside of what it repeats",
    ),
    (
        reader::REPETITION,
        "the aliases of this file repeat too much",
        "write values out instead of repeating lists of aliases",
    ),
    (
        "while scanning a quoted scalar",
        "the quote that begins here is never closed",
        "close it; between single quotes write two for one",
    ),
];

/// A file that is not valid YAML.
pub fn problem(file: &TextFile, error: &serde_yaml::Error, places: &mut Places<'_>) -> Problem {
    let text = error.to_string();
    if text.contains("control characters") {
        return control_character(file);
    }
    let mark = place(&text, error, places);
    if text.contains("cannot start any token") || text.contains("tab character") {
        return wrong_character(file, mark);
    }
    let before = file.text[..mark.offset].lines().last().unwrap_or_default().trim_end();
    if text.contains("did not find expected key") && before.ends_with([']', '}', '"', '\'']) {
        let help = match before.ends_with('\'') && file.text[mark.offset..].starts_with(char::is_alphabetic) {
            true => "between single quotes an apostrophe is written twice; or put the value in double quotes",
            false => "put the whole value in quotes, because it begins with a bracket or a quote",
        };
        let message = "the value already ended before this";
        return put(Problem::error(&file.path, message).help(help), &file.text, mark);
    }
    let (message, help) = match WORDS.iter().find(|(said, ..)| text.contains(said)) {
        Some((_, message, help)) => (message.to_string(), *help),
        None => (format!("this is not valid YAML: {text}"), "see the line above it as well"),
    };
    put(Problem::error(&file.path, message).help(help), &file.text, mark)
}

/// Where the mistake is: of a quote or key that is not finished where it begins, not where the parser gave up.
fn place(text: &str, error: &serde_yaml::Error, places: &mut Places<'_>) -> Mark {
    let contexts = [
        "while scanning a quoted scalar at line ",
        "while scanning a simple key at line ",
        "while scanning an alias at line ",
    ];
    let begun = contexts.iter().find_map(|context| {
        let (line, column) = text.split_once(context)?.1.split_once(" column ")?;
        Some((line.parse().ok()?, column.parse().ok()?))
    });
    let told = || error.location().map(|location| (location.line(), location.column()));
    begun.or_else(told).map_or(Mark::START, |(line, column)| places.mark(line, column))
}

/// The parser tells the byte of a control character only in words.
fn control_character(file: &TextFile) -> Problem {
    let found = file.text.char_indices().find(|(_, c)| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}'));
    let (start, character) = found.unwrap_or((0, '\0'));
    Problem::error(&file.path, format!("the file has the control character U+{:04X}", u32::from(character)))
        .at_bytes(&file.text, start, start + character.len_utf8())
        .help("remove it; between double quotes `\\x1B` and the like stand for one")
}

fn wrong_character(file: &TextFile, mark: Mark) -> Problem {
    let found = file.text[mark.offset..].chars().next();
    let (message, help) = match found {
        Some('\t') => ("a tab cannot indent YAML".to_string(), "indent with blanks"),
        Some(character) => (format!("a value cannot begin with `{character}`"), "put it in quotes"),
        None => ("the file ends in the middle of a value".to_string(), "complete it"),
    };
    let mut problem = put(Problem::error(&file.path, message).help(help), &file.text, mark);
    problem.length = 1;
    problem
}
