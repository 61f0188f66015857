//! What Tera itself says of templates: whether it takes all of them, and where it stops reading one.
//!
//! Filters, functions and tests are stand-ins here: Tera only wants their names. How a page is rendered is left to `site`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tera::{ComponentInfo, ErrorKind, Kwargs, State, Tera, Value};

use super::outline::{CallKind, Outline};
use super::syntax;
use super::{Declared, Parsed};
use crate::problem::Problem;
use crate::source::files::TextFile;

/// The filters that Kalgan adds to Tera's own (B133 to B135).
pub const OWN_FILTERS: [&str; 3] = ["asset", "trans", "url"];

/// The functions that Kalgan adds to Tera's own (B119), among them the one that is put into start tags of scripts. A binary without the feature that answers them knows the names all the same.
pub const OWN_FUNCTIONS: [&str; 3] = ["csp_nonce", "csrf_field", "csrf_token"];

/// The name under which one template at a time is tried.
const PROBE: &str = "probe";

/// Tera with all names that the site's templates may use. It keeps the templates that it has taken, so that after an edit it parses
/// only those that are others.
pub struct Engine {
    declared: Arc<Declared>,
    /// All templates of the site, as long as it takes them.
    site: Tera,
    /// What `site` has, by name.
    taken: HashMap<String, Arc<Parsed>>,
    /// Names that `site` has an empty template of, because it can forget none.
    gone: HashSet<String>,
    /// Tries one text at a time.
    probe: Tera,
    /// How many templates have been parsed.
    parsed: usize,
}

impl Engine {
    /// Tera with Kalgan's filters and what the site declares.
    pub fn new(declared: &Declared) -> Self {
        let tera = tera(declared);
        Engine {
            declared: Arc::new(declared.clone()),
            site: tera.clone(),
            taken: HashMap::new(),
            gone: HashSet::new(),
            probe: tera,
            parsed: 0,
        }
    }

    /// What the site declares.
    pub fn declared(&self) -> Arc<Declared> {
        self.declared.clone()
    }

    /// Whether it has these names and no others.
    pub fn has(&self, declared: &Declared) -> bool {
        let Declared { filters, functions, tests, .. } = &*self.declared;
        (filters, functions, tests) == (&declared.filters, &declared.functions, &declared.tests)
    }

    /// How many templates have been parsed.
    #[cfg(test)]
    pub fn parsed(&self) -> usize {
        self.parsed
    }

    /// Tries all templates together. Where Tera refuses them, gives its message, which names only the first mistakes.
    pub fn refusal(&mut self, templates: &[Arc<Parsed>]) -> Option<String> {
        if templates.iter().any(|template| template.is_broken()) {
            return Some("a template is broken".to_string());
        }
        let names: HashSet<&str> = templates.iter().map(|template| template.name()).collect();
        let known = self.taken.keys().chain(&self.gone);
        let gone: HashSet<String> = known.filter(|name| !names.contains(name.as_str())).cloned().collect();
        // An empty template stands for what is gone, and nobody may use that.
        if let Some(name) = templates.iter().find_map(|template| template.names_one_of(&gone)) {
            return Some(format!("there is no template `{name}`"));
        }
        let is_taken =
            |template: &Arc<Parsed>| self.taken.get(template.name()).is_some_and(|taken| Arc::ptr_eq(taken, template));
        let others: Vec<&Arc<Parsed>> = templates.iter().filter(|template| !is_taken(template)).collect();
        let emptied = gone.iter().filter(|name| !self.gone.contains(*name)).map(|name| (name.as_str(), ""));
        let added: Vec<(&str, &str)> =
            others.iter().map(|other| (other.name(), other.usages.file.text.as_str())).chain(emptied).collect();
        self.parsed += others.len();
        if !added.is_empty()
            && let Err(error) = self.site.add_raw_templates(added)
        {
            return Some(error.to_string());
        }
        templates.iter().for_each(|template| template.is_sound());
        self.taken = templates.iter().map(|template| (template.name().to_string(), template.clone())).collect();
        self.gone = gone;
        None
    }

    /// Whether Tera knows a filter, function or test of that name.
    pub fn knows(&mut self, kind: CallKind, name: &str) -> bool {
        let source = match kind {
            CallKind::Filter => format!("{{{{ 1 | {name} }}}}"),
            CallKind::Function => format!("{{{{ {name}() }}}}"),
            CallKind::Test => format!("{{{{ 1 is {name} }}}}"),
            CallKind::Component => return self.component(name).is_some(),
        };
        self.probe.add_raw_template(PROBE, &source).is_ok()
    }

    /// A component of the templates, once Tera has taken them.
    pub fn component(&self, name: &str) -> Option<ComponentInfo> {
        self.site.get_component_definition(name)
    }

    /// The mistake in one template's own syntax that Tera stops at, with the byte at which it does.
    pub fn syntax_problem(&mut self, template: &TextFile, outline: &Outline) -> Option<(Problem, usize)> {
        self.parsed += 1;
        let error = self.probe.add_raw_template(PROBE, &template.text).err()?;
        let ErrorKind::SyntaxError(report) = error.kind() else { return None };
        Some((syntax::explain(report, template, outline), report.span().range.start))
    }
}

fn tera(declared: &Declared) -> Tera {
    let mut tera = Tera::default();
    for name in OWN_FILTERS.into_iter().map(Cow::Borrowed).chain(declared.filters.iter().cloned().map(Cow::Owned)) {
        tera.register_filter(name, |value: Value, _: Kwargs, _: &State| value);
    }
    for name in OWN_FUNCTIONS.into_iter().map(Cow::Borrowed).chain(declared.functions.iter().cloned().map(Cow::Owned)) {
        tera.register_function(name, |_: Kwargs, _: &State| Value::none());
    }
    for name in &declared.tests {
        tera.register_test(name.clone(), |_: Value, _: Kwargs, _: &State| true);
    }
    tera
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("declared", &self.declared).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tera_is_asked_for_its_names() {
        let declared = Declared { tests: vec!["prime".to_string()], ..Declared::default() };
        let mut engine = Engine::new(&declared);
        assert!(engine.knows(CallKind::Filter, "upper") && engine.knows(CallKind::Filter, "trans"));
        assert!(engine.knows(CallKind::Test, "prime") && engine.knows(CallKind::Function, "range"));
        assert!(OWN_FUNCTIONS.iter().all(|name| engine.knows(CallKind::Function, name)), "nobody declares them");
        assert!(!engine.knows(CallKind::Filter, "prime") && !engine.knows(CallKind::Function, "upper"));
    }
}
