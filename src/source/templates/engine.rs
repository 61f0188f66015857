//! What Tera itself says of templates: whether it takes all of them, and where it stops reading one.
//!
//! Filters, functions and tests are stand-ins here: Tera only wants their names. How a page is rendered is left to `site`.

use std::borrow::Cow;

use tera::{ComponentInfo, ErrorKind, Kwargs, State, Tera, Value};

use super::Declared;
use super::outline::{CallKind, Outline};
use super::syntax;
use crate::problem::Problem;
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
        Some((syntax::explain(report, template, outline), report.span().range.start))
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
        assert!(!engine.knows(CallKind::Filter, "prime") && !engine.knows(CallKind::Function, "upper"));
    }
}
