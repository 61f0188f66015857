//! One engine with compiled templates, and which of the view's variables they use.

use ahash::AHashSet;

use super::{EVERYTHING, LAZY, Sources, Template, Tera};

/// The variables of [`LAZY`] that some templates use.
pub(super) struct Variables<'e> {
    engine: &'e Tera,
    /// Those that components take from whoever calls them (`@request`). Which template calls which component the engine does not
    /// tell, so these count as used by all.
    implicit: AHashSet<String>,
    /// Whether a template prints the whole context.
    everything: bool,
}

impl<'e> Variables<'e> {
    /// Looks at an engine that was made of these templates.
    pub(super) fn new<'t>(engine: &'e Tera, templates: impl IntoIterator<Item = &'t Template>) -> Self {
        let components = engine.get_component_names().filter_map(|name| engine.get_component_definition(name));
        let implicit = components.flat_map(|component| {
            let implicit = component.args().iter().filter(|argument| argument.is_implicit());
            implicit.map(|argument| argument.name().to_string()).collect::<Vec<_>>()
        });
        // The engine does not count this name as a variable, so where it stands anywhere all templates count as using all.
        let everything = templates.into_iter().any(|template| template.source.contains(EVERYTHING));
        Variables { engine, implicit: implicit.collect(), everything }
    }

    /// The variables that one template uses, itself or through what it extends or includes.
    pub(super) fn of(&self, name: &str) -> Vec<&'static str> {
        let direct = self.engine.get_template_variables(name).unwrap_or_default();
        let is_used = |name: &&&str| self.everything || direct.contains(**name) || self.implicit.contains(**name);
        LAZY.iter().filter(is_used).copied().collect()
    }
}

/// Adds templates of these sources to an engine, all at once.
pub(super) fn compile<'t>(
    engine: &mut Tera,
    templates: impl IntoIterator<Item = &'t Template>,
    sources: &Sources,
) -> Result<(), tera::Error> {
    engine.add_raw_templates(templates.into_iter().map(|template| (&*template.name, sources.text(template))))
}

/// All templates of a site in one engine, as production has them.
pub(super) struct Whole {
    pub(super) engine: Tera,
    /// The variables of [`LAZY`] that a template uses, by the template's name.
    pub(super) used: ahash::AHashMap<String, Vec<&'static str>>,
}

impl Whole {
    pub(super) fn new(mut engine: Tera, sources: &Sources) -> Result<Self, tera::Error> {
        compile(&mut engine, sources.iter().map(|template| &**template), sources)?;
        let variables = Variables::new(&engine, sources.iter().map(|template| &**template));
        let used = sources.iter().map(|template| (template.name.to_string(), variables.of(&template.name))).collect();
        Ok(Whole { engine, used })
    }
}
