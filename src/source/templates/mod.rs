//! Templates: their sources, their mistakes, and what they name.
//!
//! Tera decides what a template is: `engine` asks it. What it does not tell, such as which texts the filters `trans`, `url` and
//! `asset` are applied to, is read by `lexer`, `expression` and `reader` into an [`Outline`], from which `links` explains what
//! Tera refuses. Whether messages, routes and files of those names exist is left to [`check`](crate::source::check).

mod arguments;
mod engine;
mod expression;
mod included;
mod lexer;
mod links;
mod names;
pub mod outline;
mod reader;
mod syntax;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::Problem;
use crate::snapshot::{Links as TemplateLinks, Template, Text};
use crate::source::files::TextFile;

use engine::Engine;
pub use engine::OWN_FILTERS;
use links::Links;
use outline::{CallKind, Named, Outline};

/// The names of the site's own filters, functions and tests, from the settings `tera.filters`, `tera.functions` and `tera.tests`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Names of filters.
    pub filters: Vec<String>,
    /// Names of functions.
    pub functions: Vec<String>,
    /// Names of tests.
    pub tests: Vec<String>,
    /// Whether all templates are among those that are given and all names among these, so that what is named and not there is
    /// a mistake. Otherwise only mistakes of syntax are reported.
    pub complete: bool,
}

impl Default for Declared {
    fn default() -> Self {
        Declared { filters: Vec::new(), functions: Vec::new(), tests: Vec::new(), complete: true }
    }
}

impl Declared {
    /// The word for a kind, and the names of that kind.
    fn of(&self, kind: CallKind) -> (&'static str, &[String]) {
        match kind {
            CallKind::Filter => ("filter", &self.filters),
            CallKind::Function => ("function", &self.functions),
            CallKind::Test => ("test", &self.tests),
            CallKind::Component => ("component", &[]),
        }
    }
}

/// What was read from a site's templates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TemplateReading<'a> {
    /// The templates as data, in the order in which they were given.
    pub templates: Vec<Template>,
    /// What each of them names.
    pub usages: Vec<Usages<'a>>,
    /// The mistakes in them.
    pub problems: Vec<Problem>,
}

/// A template and what it names, up to its first mistake of syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usages<'a> {
    /// The template.
    pub file: &'a TextFile,
    /// What it names.
    pub outline: Outline<'a>,
    /// Whether Tera stops somewhere in it.
    pub is_broken: bool,
}

impl<'a> Usages<'a> {
    fn new(file: &'a TextFile) -> Self {
        Usages { file, outline: reader::outline(&file.text), is_broken: false }
    }

    /// An error at a name in this template.
    pub fn error(&self, named: &Named<'_>, message: impl Into<String>) -> Problem {
        Problem::error(&self.file.path, message).at_bytes(&self.file.text, named.span.start, named.span.end)
    }

    /// A warning at a name in this template.
    pub fn warning(&self, named: &Named<'_>, message: impl Into<String>) -> Problem {
        Problem::warning(&self.file.path, message).at_bytes(&self.file.text, named.span.start, named.span.end)
    }

    /// Forgets what is used behind a byte: what follows a mistake is not read as it was meant. Definitions are kept, so
    /// that one broken template does not make others look wrong.
    fn break_at(&mut self, offset: usize) {
        self.is_broken = true;
        self.outline.calls.retain(|call| call.name.span.end <= offset);
        self.outline.includes.retain(|included| included.span.end <= offset);
    }
}

/// Reads and checks templates. All mistakes are reported, also those of several templates that Tera would stop at.
pub fn read<'a>(templates: &'a [TextFile], declared: &Declared) -> TemplateReading<'a> {
    let mut usages: Vec<Usages<'a>> = templates.iter().map(Usages::new).collect();
    let mut problems = repeated_names(templates);
    let mut engine = Engine::new(declared);
    match engine.refusal(templates) {
        None => {
            problems.extend(arguments::problems(&usages, &engine));
            problems.extend(included::problems(&usages));
        }
        Some(refusal) => problems.extend(explain(&refusal, &mut usages, &mut engine, declared)),
    }
    TemplateReading { templates: usages.iter().map(template).collect(), usages, problems }
}

fn template(usages: &Usages<'_>) -> Template {
    let (file, outline) = (usages.file, &usages.outline);
    let texts = |names: Vec<&Named<'_>>| -> Vec<Text> {
        let names: BTreeSet<&str> = names.into_iter().map(|named| named.name.as_ref()).collect();
        names.into_iter().map(|name| Text::Owned(name.to_string())).collect()
    };
    let calls = outline.calls.iter().filter(|call| call.kind == CallKind::Component);
    let links = TemplateLinks {
        templates: texts(outline.parent.iter().chain(&outline.includes).collect()).into(),
        components: texts(calls.map(|call| &call.name).collect()).into(),
        defines: texts(outline.components.iter().collect()).into(),
        has_messages: outline.calls.iter().any(|call| call.kind == CallKind::Filter && call.name.name == "trans"),
    };
    Template { name: file.name.clone().into(), source: file.text.clone().into(), links }
}

/// Two templates of one name: the later would silently replace the earlier.
fn repeated_names(templates: &[TextFile]) -> Vec<Problem> {
    let mut seen: BTreeMap<&str, &TextFile> = BTreeMap::new();
    let repeated = templates.iter().filter_map(|template| Some((template, seen.insert(&template.name, template)?)));
    repeated
        .map(|(template, first)| {
            Problem::error(&template.path, format!("there are two templates `{}`", template.name))
                .help(format!("the other one is {}; rename one of them", first.path))
        })
        .collect()
}

/// Why Tera refuses the templates: each is parsed alone, and then what they name is looked up.
fn explain<'a>(refusal: &str, usages: &mut [Usages<'a>], engine: &mut Engine, declared: &Declared) -> Vec<Problem> {
    let mut problems = Vec::new();
    for usages in usages.iter_mut() {
        if let Some((problem, offset)) = engine.syntax_problem(usages.file, &usages.outline) {
            problems.push(problem);
            usages.break_at(offset);
        }
    }
    if !declared.complete {
        return problems;
    }
    problems.extend(Links::new(usages).problems(engine, declared));
    if problems.is_empty() {
        // Nothing that is known of Tera leads here; its own words are better than a build that passes and a site that fails.
        problems.push(Problem::error("templates", refusal.trim_start_matches("error: ")));
    }
    problems
}
