//! Templates that extend others and are included: Tera then prints their blocks and nothing of what they extend.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Usages;
use crate::problem::Problem;

/// A warning for each `include` of a template that extends another.
pub fn problems(usages: &[Arc<Usages>]) -> Vec<Problem> {
    let children =
        usages.iter().filter_map(|usages| Some((usages.file.name.as_str(), usages.outline.parent.as_ref()?)));
    let children: BTreeMap<&str, _> = children.collect();
    let mut problems = Vec::new();
    for usages in usages {
        for included in &usages.outline.includes {
            let Some(parent) = children.get(included.name.as_ref()) else { continue };
            let message = format!("`{}` extends `{}`, of which nothing is shown here", included.name, parent.name);
            problems.push(usages.warning(included, message).help(
                "an included template prints only its own blocks; include one that extends nothing, or use a component",
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use tera::{Context, Tera};

    #[test]
    fn tera_drops_what_an_included_template_extends() {
        let mut tera = Tera::default();
        let child = "{% extends 'base' %}{% block a %}own {% endblock %}";
        let templates =
            [("base", "around {% block a %}{% endblock %}"), ("child", child), ("page", "{% include 'child' %}")];
        tera.add_raw_templates(templates).unwrap();
        assert_eq!(tera.render("child", &Context::new()).unwrap(), "around own ");
        assert_eq!(tera.render("page", &Context::new()).unwrap(), "own ");
    }
}
