//! What Tera itself says of templates: whether it takes all of them, and where it stops reading one.
//!
//! Filters, functions and tests are stand-ins here: Tera only wants their names. How a page is rendered is left to `site`.

use std::borrow::Cow;

use tera::{ComponentInfo, ErrorKind, Kwargs, ReportError, State, Tera, Value};

use super::Declared;
use super::outline::{CallKind, Outline};
use crate::hint::nearest;
use crate::problem::{Problem, position};
use crate::source::files::TextFile;

/// The filters that Kalgan adds to Tera's own (B133 to B135).
pub const OWN_FILTERS: [&str; 3] = ["asset", "trans", "url"];

/// The name under which one template at a time is tried.
const PROBE: &str = "probe";

/// Tera with all names that the site's templates may use.
pub struct Engine {
    tera: Tera,
}

impl Engine {
    /// Tera with Kalgan's filters and what the site declares.
    pub fn new(declared: &Declared) -> Self {
        let mut tera = Tera::default();
        for name in OWN_FILTERS.into_iter().map(Cow::Borrowed).chain(declared.filters.iter().cloned().map(Cow::Owned)) {
            tera.register_filter(name, |value: Value, _: Kwargs, _: &State| value);
        }
        for name in &declared.functions {
            tera.register_function(name.clone(), |_: Kwargs, _: &State| Value::none());
        }
        for name in &declared.tests {
            tera.register_test(name.clone(), |_: Value, _: Kwargs, _: &State| true);
        }
        Engine { tera }
    }

    /// Tries all templates together. Where Tera refuses them, gives its message, which names only the first mistakes.
    pub fn refusal(&mut self, templates: &[TextFile]) -> Option<String> {
        let pairs = templates.iter().map(|template| (template.name.as_str(), template.text.as_str()));
        self.tera.add_raw_templates(pairs).err().map(|error| error.to_string())
    }

    /// Whether Tera knows a filter, function or test of that name.
    pub fn knows(&mut self, kind: CallKind, name: &str) -> bool {
        let source = match kind {
            CallKind::Filter => format!("{{{{ 1 | {name} }}}}"),
            CallKind::Function => format!("{{{{ {name}() }}}}"),
            CallKind::Test => format!("{{{{ 1 is {name} }}}}"),
            CallKind::Component => return self.component(name).is_some(),
        };
        self.tera.add_raw_template(PROBE, &source).is_ok()
    }

    /// A component of the templates, once Tera has taken them.
    pub fn component(&self, name: &str) -> Option<ComponentInfo> {
        self.tera.get_component_definition(name)
    }

    /// The mistake in one template's own syntax that Tera stops at, with the byte at which it does.
    pub fn syntax_problem(&mut self, template: &TextFile, outline: &Outline<'_>) -> Option<(Problem, usize)> {
        let error = self.tera.add_raw_template(PROBE, &template.text).err()?;
        let ErrorKind::SyntaxError(report) = error.kind() else { return None };
        Some((explain(report, template, outline), report.span().range.start))
    }
}

/// Tera's report in Kalgan's voice, pointing at what is to be mended where that is not where Tera stopped.
fn explain(report: &ReportError, template: &TextFile, outline: &Outline<'_>) -> Problem {
    let (path, text, range) = (&template.path, &template.text, &report.span().range);
    let marked = text.get(range.clone()).unwrap_or_default();
    match report.message() {
        "Unexpected end of input" => unclosed(template, outline),
        message if message.starts_with("Unclosed component") => unclosed(template, outline),
        "Unknown tag" => unknown_tag(path, marked).at_bytes(text, range.start, range.end),
        "Unexpected character" => {
            let character = text[range.start..].chars().next().unwrap_or_default();
            Problem::error(path, format!("unexpected character `{character}` inside a tag"))
                .at_bytes(text, range.start, range.end)
                .help("a name consists of the letters a to z, digits and `_`; text stands between quotes")
        }
        message => {
            let problem = Problem::error(path, in_lower_case(message)).at_bytes(text, range.start, range.end);
            match open_since(text, range.start, outline) {
                Some(line) => problem.help(format!("the tag begins in line {line}: is its end missing?")),
                None => problem,
            }
        }
    }
}

/// The line of the tag that could not be read, where it is an earlier one than that of the mistake.
fn open_since(text: &str, offset: usize, outline: &Outline<'_>) -> Option<usize> {
    let start = outline.skipped.iter().copied().rfind(|start| *start < offset)?;
    let (first, last) = (position(text, start).0, position(text, offset).0);
    (first < last).then_some(first)
}

/// The template ends too early: what is still open is of more use than the template's end.
fn unclosed(template: &TextFile, outline: &Outline<'_>) -> Problem {
    let text = &template.text;
    if let Some(start) = outline.cut {
        let (open, close) = if text[start..].starts_with("{{") { ("{{", "}}") } else { ("{%", "%}") };
        let problem = Problem::error(&template.path, format!("`{open}` is never closed"));
        return problem.at_bytes(text, start, start + 2).help(format!("end it with `{close}`"));
    }
    let Some(tag) = outline.unclosed.last() else {
        return Problem::error(&template.path, "the template ends too early");
    };
    let name = &text[tag.span.clone()];
    let (open, close) = match tag.name.as_ref() {
        "<" => (format!("<{name}>"), format!("</{name}>")),
        word => (word.to_string(), format!("end{word}")),
    };
    Problem::error(&template.path, format!("`{{% {open} %}}` is never closed"))
        .at_bytes(text, tag.span.start, tag.span.end)
        .help(format!("end it with `{{% {close} %}}`"))
}

/// The words that may follow `{%`.
const TAGS: [&str; 22] = [
    "block",
    "break",
    "component",
    "continue",
    "elif",
    "else",
    "endblock",
    "endcomponent",
    "endfilter",
    "endfor",
    "endif",
    "endraw",
    "endset",
    "extends",
    "filter",
    "for",
    "if",
    "include",
    "raw",
    "set",
    "set_global",
    "<",
];

fn unknown_tag(path: &str, word: &str) -> Problem {
    let help = match word {
        "elif" | "else" => "it belongs between `{% if … %}` and `{% endif %}`".to_string(),
        _ if TAGS.contains(&word) => {
            let opening = word.trim_start_matches("end");
            format!("an earlier tag ends what it was to end, or `{{% {opening} … %}}` is missing")
        }
        "macro" | "import" => "Tera 2 has components in place of macros: `{% component name(argument) %}`".to_string(),
        _ => match nearest(word, TAGS) {
            Some(tag) => format!("did you mean `{tag}`?"),
            None => "a value is printed by `{{ … }}`".to_string(),
        },
    };
    let message = if TAGS.contains(&word) { "closes nothing here" } else { "is no tag of Tera" };
    Problem::error(path, format!("`{word}` {message}")).help(help)
}

/// A sentence of Tera's as it stands behind `error: `.
fn in_lower_case(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let mut characters = message.chars();
    match characters.next() {
        Some(first) if characters.clone().next().is_some_and(|second| !second.is_uppercase()) => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => message.to_string(),
    }
}

/// Where a name stands, for a help line that points to another file.
pub fn place(template: &TextFile, offset: usize) -> String {
    let (line, column) = position(&template.text, offset);
    format!("{}:{line}:{column}", template.path)
}

/// The names that Tera has without anybody's doing, for suggestions only: whether a name is known, Tera is asked.
pub fn built_in(kind: CallKind) -> &'static [&'static str] {
    match kind {
        CallKind::Filter => &FILTERS,
        CallKind::Function => &["range", "super", "throw"],
        CallKind::Test => &TESTS,
        CallKind::Component => &[],
    }
}

const FILTERS: [&str; 36] = [
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tera_has_every_name_that_is_suggested() {
        let mut engine = Engine::new(&Declared::default());
        for kind in [CallKind::Filter, CallKind::Test] {
            for name in built_in(kind) {
                assert!(engine.knows(kind, name), "{name}");
            }
        }
        assert!(!engine.knows(CallKind::Filter, "nothing_of_that_name"));
        assert!(engine.knows(CallKind::Filter, "trans"));
    }

    #[test]
    fn the_words_of_tags_are_no_tags_of_their_own_accord() {
        assert_eq!(in_lower_case("Found `}}` but expected identifier."), "found `}}` but expected identifier");
        assert_eq!(in_lower_case("`x` is wrong"), "`x` is wrong");
    }
}
