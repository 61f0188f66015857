//! Tera's reports on syntax in Kalgan's voice, pointing at what is to be mended where that is not where Tera stopped.

use tera::ReportError;

use super::outline::Outline;
use super::reader::outline;
use crate::hint::nearest;
use crate::problem::{Problem, position};
use crate::source::files::TextFile;

/// The problem that a report of Tera's is, in a template with that outline.
pub fn explain(report: &ReportError, template: &TextFile, outline: &Outline) -> Problem {
    let (text, range) = (&template.text, &report.span().range);
    let error = |message: String| Problem::error(&template.path, message).at_bytes(text, range.start, range.end);
    let message = report.message();
    if message == "Unexpected end of input" || message.starts_with("Unclosed component") {
        return unclosed(template, outline);
    }
    match message {
        "Unknown tag" => unknown_tag(text, range.start, text.get(range.clone()).unwrap_or_default(), error),
        "Unexpected character" => {
            let character = text.get(range.start..).and_then(|rest| rest.chars().next()).unwrap_or_default();
            let rest = text.get(range.start..).unwrap_or_default();
            error(format!("unexpected character `{character}` inside a tag")).help(instead_of(rest))
        }
        "Closing comment tag `#}` not found" => error("`{#` is never closed".to_string()).help("end it with `#}`"),
        "unexpected end of raw block" => {
            error("`{% raw %}` is never closed".to_string()).help("end it with `{% endraw %}`")
        }
        message => {
            let problem = error(plain(message));
            match (open_since(text, range.start, outline), meant(message, text, range.start)) {
                (Some(line), _) => problem.help(format!("the tag begins in line {line}: is its end missing?")),
                (None, Some(help)) => problem.help(help),
                (None, None) => problem,
            }
        }
    }
}

/// What to write in place of characters that other languages have there.
fn instead_of(rest: &str) -> &'static str {
    match rest.as_bytes() {
        [b'&', b'&', ..] => "write `and`",
        [b'?', ..] => "write `a if condition else b`",
        _ if rest.starts_with(['“', '”', '„', '‘', '’', '«', '»']) => {
            "text stands between straight quotes, `\"` or `'`"
        }
        _ => "a name consists of the letters a to z, digits and `_`; text stands between quotes",
    }
}

/// What those mean who come from Kalgan 0.9 or from another template language.
fn meant(message: &str, text: &str, offset: usize) -> Option<&'static str> {
    let before = text.get(..offset)?.trim_end();
    let after = text.get(offset..)?;
    if message.starts_with("Function calls are only allowed") {
        return Some("values have no methods: leave the parentheses out, or use a filter");
    }
    if before.ends_with("else") && after.starts_with("if") {
        return Some("write `elif`");
    }
    if after.starts_with("||") || (before.ends_with('|') && after.starts_with('|')) {
        return Some("write `or`");
    }
    let is_call = before.ends_with(['(', ',']) && message.ends_with("expected identifier.");
    is_call.then_some("arguments have names, as in `trans(name = \"Ann\")`")
}

/// The line of the tag that could not be read, where it is an earlier one than that of the mistake.
fn open_since(text: &str, offset: usize, outline: &Outline) -> Option<usize> {
    let start = outline.skipped.iter().copied().rfind(|start| *start < offset)?;
    let (first, last) = (position(text, start).0, position(text, offset).0);
    (first < last).then_some(first)
}

/// The template ends too early: what is still open is of more use than the template's end.
fn unclosed(template: &TextFile, outline: &Outline) -> Problem {
    let text = &template.text;
    if let Some(start) = outline.cut {
        let (open, close) = if text[start..].starts_with("{{") { ("{{", "}}") } else { ("{%", "%}") };
        let problem =
            Problem::error(&template.path, format!("`{open}` is never closed")).at_bytes(text, start, start + 2);
        return match text[start..].contains(close) {
            true => {
                problem.help(format!("the `{close}` behind it stands in a text between quotes: is a quote missing?"))
            }
            false => problem.help(format!("end it with `{close}`")),
        };
    }
    let Some(tag) = outline.unclosed.last() else {
        return Problem::error(&template.path, "the template ends too early");
    };
    let (open, close) = both_ends(&tag.name, &text[tag.span.clone()]);
    Problem::error(&template.path, format!("`{open}` is never closed"))
        .at_bytes(text, tag.span.start, tag.span.end)
        .help(format!("end it with `{close}`"))
}

/// How a tag is opened and closed; `written` is what is marked of it.
fn both_ends(tag: &str, written: &str) -> (String, String) {
    match tag {
        "<" => (format!("{{% <{written}> %}}"), format!("{{% </{written}> %}}")),
        word => (format!("{{% {word} … %}}"), format!("{{% end{word} %}}")),
    }
}

/// The words that may follow `{%`.
const TAGS: &str = "block break component continue elif else endblock endcomponent endfilter endfor endif endraw endset \
                    extends filter for if include raw set set_global";

fn unknown_tag(text: &str, offset: usize, word: &str, error: impl Fn(String) -> Problem) -> Problem {
    let tags = || TAGS.split_ascii_whitespace();
    if tags().any(|tag| tag == word) {
        return misplaced_tag(text, offset, word, error);
    }
    let problem = error(format!("`{word}` is no tag of Tera"));
    match nearest(word, tags()) {
        _ if matches!(word, "macro" | "endmacro" | "import") => {
            problem.help("Tera 2 has components in place of macros: `{% component name(argument) %}`")
        }
        Some(tag) => problem.help(format!("did you mean `{tag}`?")),
        None => problem.help("a value is printed by `{{ … }}`"),
    }
}

/// A tag that belongs to another one, which is not open here or not the innermost.
fn misplaced_tag(text: &str, offset: usize, word: &str, error: impl Fn(String) -> Problem) -> Problem {
    let before = outline(&text[..offset]);
    let belongs_to = word.strip_prefix("end").unwrap_or("if");
    let Some(open) = before.unclosed.last().filter(|open| open.name != belongs_to) else {
        let closed =
            if word.starts_with("end") { "it is closed already" } else { "it is closed or has its `else` already" };
        let help = format!("there is no `{{% {belongs_to} … %}}` before it, or {closed}");
        return error(format!("`{word}` belongs to nothing here")).help(help);
    };
    let (opened, close) = both_ends(&open.name, &text[open.span.clone()]);
    let line = position(text, open.span.start).0;
    error(format!("`{word}` does not belong to `{opened}`"))
        .help(format!("`{opened}` of line {line} is still open here: end it first with `{close}`"))
}

/// A sentence of Tera's as it stands behind `error: `.
fn plain(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let message = message.replace("expected identifier", "expected a name");
    let message = message.replace("expected }}", "expected `}}`").replace("expected %}", "expected `%}`");
    let mut characters = message.chars();
    match characters.next() {
        Some(first) if characters.clone().next().is_some_and(|second| !second.is_uppercase()) => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => message,
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn sentences_of_tera_go_on_behind_a_colon() {
        assert_eq!(plain("Found `}}` but expected identifier."), "found `}}` but expected a name");
        assert_eq!(plain("Found `}` but expected }}."), "found `}` but expected `}}`");
        assert_eq!(plain("`x` is wrong"), "`x` is wrong");
    }
}
