//! Templates: their sources, their mistakes, and what they name.
//!
//! Tera decides what a template is: `engine` asks it. What it does not tell, such as which texts the filters `trans`, `url` and
//! `asset` are applied to, is read by `lexer`, `expression` and `reader` into an [`Outline`], from which `links` explains what
//! Tera refuses. Whether messages, routes and files of those names exist is left to [`check`](crate::source::check).

mod arguments;
mod circle;
mod engine;
mod expression;
mod included;
mod inline;
mod lexer;
mod links;
mod names;
pub mod outline;
mod reader;
mod syntax;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, OnceLock};

use crate::problem::Problem;
use crate::snapshot::{Links as TemplateLinks, Template, Text};
use crate::source::errors;
use crate::source::files::{Files, TextFile};
use crate::source::memo::Memo;
use crate::source::settings::Settings;

pub use engine::{Engine, OWN_FILTERS, OWN_FUNCTIONS};
use inline::Inlined;
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
    /// What the settings declare.
    pub fn new(settings: &Settings, complete: bool) -> Declared {
        Declared {
            filters: settings.items("tera.filters"),
            functions: settings.items("tera.functions"),
            tests: settings.items("tera.tests"),
            complete,
        }
    }

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

/// The templates of a site as they are.
#[derive(Debug, Default)]
pub struct Found {
    /// Sorted by name.
    pub files: Vec<Arc<Parsed>>,
    /// Whether the setting `tera.path` leads anywhere.
    pub is_usable: bool,
}

/// Reads the templates of a site, as far as they have not been read before. Every file below `tera.path` is one (B125).
pub fn find(
    files: &mut Files,
    memo: &mut Memo<TextFile, Parsed>,
    settings: &Settings,
    problems: &mut Vec<Problem>,
) -> Found {
    let before = errors(files, problems);
    let folder = settings.folder(files, "tera.path", problems);
    let is_usable = errors(files, problems) == before;
    let found = folder.map(|folder| files.walk(&folder)).unwrap_or_default();
    let texts = found.iter().filter_map(|found| files.text(found));
    Found { files: texts.map(|text| memo.get(&text, || Parsed::new(&text))).collect(), is_usable }
}

/// What was read from templates that come from anywhere.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TemplateReading {
    /// The templates as data, in the order in which they were given.
    pub templates: Vec<Template>,
    /// What each of them names.
    pub usages: Vec<Arc<Usages>>,
    /// The mistakes in them.
    pub problems: Vec<Problem>,
}

/// Reads and checks templates that come from anywhere.
pub fn read(files: &[TextFile], declared: &Declared) -> TemplateReading {
    let parsed: Vec<_> = files.iter().map(|file| Arc::new(Parsed::new(&Arc::new(file.clone())))).collect();
    let mut problems = Vec::new();
    let usages = check(&parsed, &mut Engine::new(declared), declared.complete, &mut problems);
    TemplateReading { templates: parsed.iter().map(|template| template.template()).collect(), usages, problems }
}

/// A template and what is found in it alone.
#[derive(Debug)]
pub struct Parsed {
    /// What it names, as if nothing were wrong with it.
    pub usages: Arc<Usages>,
    /// Where Tera stops in it, once somebody has asked; `None` where it does not.
    mistake: OnceLock<Option<Mistake>>,
}

/// Where Tera stops in a template.
#[derive(Debug)]
struct Mistake {
    problem: Problem,
    /// What it names up to there.
    usages: Arc<Usages>,
}

/// A template and what it names, up to its first mistake of syntax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usages {
    /// The template.
    pub file: Arc<TextFile>,
    /// What it names.
    pub outline: Outline,
    /// Its scripts and styles.
    pub inlined: Inlined,
    /// Whether Tera stops somewhere in it.
    pub is_broken: bool,
}

impl Parsed {
    /// Reads what a template names.
    pub fn new(file: &Arc<TextFile>) -> Parsed {
        let outline = reader::outline(&file.text);
        let inlined = inline::read(&file.name, &file.text);
        let usages = Usages { file: file.clone(), outline, inlined, is_broken: false };
        Parsed { usages: Arc::new(usages), mistake: OnceLock::new() }
    }

    /// The template as data.
    pub fn template(&self) -> Template {
        let Usages { file, outline, inlined, .. } = &*self.usages;
        let texts = |names: Vec<&Named>| -> Vec<Text> {
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
        let inline = inlined.needs.clone();
        Template { name: file.name.clone().into(), source: file.text.clone().into(), links, inline }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.usages.file.name
    }

    /// Which of these templates it extends or includes.
    fn names_one_of<'n>(&self, names: &'n HashSet<String>) -> Option<&'n str> {
        let outline = &self.usages.outline;
        let named = outline.parent.iter().chain(&outline.includes);
        named.filter_map(|named| names.get(named.name.as_ref())).map(String::as_str).next()
    }

    /// Where Tera stops in it.
    fn mistake(&self, engine: &mut Engine) -> Option<&Mistake> {
        let find = || {
            let (problem, offset) = engine.syntax_problem(&self.usages.file, &self.usages.outline)?;
            Some(Mistake { problem, usages: Arc::new(self.usages.up_to(offset)) })
        };
        self.mistake.get_or_init(find).as_ref()
    }

    /// Whether it is known that Tera stops somewhere in it.
    fn is_broken(&self) -> bool {
        matches!(self.mistake.get(), Some(Some(_)))
    }

    /// Tera has taken it whole.
    fn is_sound(&self) {
        self.mistake.get_or_init(|| None);
    }
}

impl Usages {
    /// An error at a name in this template.
    pub fn error(&self, named: &Named, message: impl Into<String>) -> Problem {
        Problem::error(&self.file.path, message).at_bytes(&self.file.text, named.span.start, named.span.end)
    }

    /// A warning at a name in this template.
    pub fn warning(&self, named: &Named, message: impl Into<String>) -> Problem {
        Problem::warning(&self.file.path, message).at_bytes(&self.file.text, named.span.start, named.span.end)
    }

    /// Without what is used behind a byte: what follows a mistake is not read as it was meant. Definitions are kept, so that one
    /// broken template does not make others look wrong.
    fn up_to(&self, offset: usize) -> Usages {
        let mut usages = Usages { is_broken: true, ..self.clone() };
        usages.outline.calls.retain(|call| call.name.span.end <= offset);
        usages.outline.includes.retain(|included| included.span.end <= offset);
        usages
    }
}

/// Checks templates. All mistakes are reported, also those of several templates that Tera would stop at. Gives what each template
/// names, up to its first mistake.
pub fn check(
    templates: &[Arc<Parsed>],
    engine: &mut Engine,
    complete: bool,
    problems: &mut Vec<Problem>,
) -> Vec<Arc<Usages>> {
    problems.extend(repeated_names(templates));
    let Some(refusal) = engine.refusal(templates) else {
        let usages: Vec<_> = templates.iter().map(|template| template.usages.clone()).collect();
        problems.extend(arguments::problems(&usages, engine));
        problems.extend(included::problems(&usages));
        problems.extend(circle::problems(&usages));
        return usages;
    };
    explain(&refusal, templates, engine, complete, problems)
}

/// Two templates of one name: the later would silently replace the earlier.
fn repeated_names(templates: &[Arc<Parsed>]) -> Vec<Problem> {
    let mut seen: BTreeMap<&str, &TextFile> = BTreeMap::new();
    let files = templates.iter().map(|template| &*template.usages.file);
    let repeated = files.filter_map(|file| Some((file, seen.insert(&file.name, file)?)));
    repeated
        .map(|(file, first)| {
            Problem::error(&file.path, format!("there are two templates `{}`", file.name))
                .help(format!("the other one is {}; rename one of them", first.path))
        })
        .collect()
}

/// Why Tera refuses the templates: each is parsed alone, and then what they name is looked up.
fn explain(
    refusal: &str,
    templates: &[Arc<Parsed>],
    engine: &mut Engine,
    complete: bool,
    problems: &mut Vec<Problem>,
) -> Vec<Arc<Usages>> {
    let before = problems.len();
    let mut usages = Vec::new();
    for template in templates {
        match template.mistake(engine) {
            Some(mistake) => {
                problems.push(mistake.problem.clone());
                usages.push(mistake.usages.clone());
            }
            None => usages.push(template.usages.clone()),
        }
    }
    if complete {
        problems.extend(Links::new(&usages).problems(engine));
        if problems.len() == before {
            // Nothing that is known of Tera leads here; its own words are better than a build that passes and a site that fails.
            problems.push(Problem::error("templates", refusal.trim_start_matches("error: ")));
        }
    }
    usages
}
