//! The arguments that templates pass to components, which Tera looks at only when the page is rendered.

use std::sync::Arc;

use tera::ComponentInfo;

use super::Usages;
use super::engine::Engine;
use super::outline::{Call, CallKind};
use crate::hint::nearest;
use crate::problem::Problem;

/// Arguments that a component lacks or does not take, in templates that Tera has accepted.
pub fn problems(usages: &[Arc<Usages>], engine: &Engine) -> Vec<Problem> {
    let mut problems = Vec::new();
    for usages in usages {
        for call in usages.outline.calls.iter().filter(|call| call.kind == CallKind::Component) {
            let Some(component) = engine.component(&call.name.name) else { continue };
            missing(usages, call, &component, &mut problems);
            unknown(usages, call, &component, &mut problems);
        }
    }
    problems
}

fn missing(usages: &Usages, call: &Call, component: &ComponentInfo, problems: &mut Vec<Problem>) {
    if call.is_open {
        return;
    }
    let name = &call.name.name;
    for argument in component.args().iter().filter(|argument| argument.is_required()) {
        let argument = argument.name();
        if call.arguments.iter().all(|passed| passed.name.name != argument) {
            let problem = usages.error(&call.name, format!("the component `{name}` needs the argument `{argument}`"));
            problems.push(
                problem.help(format!("pass it: `<{name} {argument}=…`, or give it a default where it is defined")),
            );
        }
    }
}

fn unknown(usages: &Usages, call: &Call, component: &ComponentInfo, problems: &mut Vec<Problem>) {
    if component.rest_param().is_some() {
        return;
    }
    let names = || component.args().iter().map(|argument| argument.name());
    for passed in &call.arguments {
        let argument = passed.name.name.as_ref();
        if names().any(|name| name == argument) {
            continue;
        }
        let message = format!("the component `{}` takes no argument `{argument}`", call.name.name);
        let problem = usages.error(&passed.name, message);
        problems.push(match nearest(argument, names()) {
            Some(similar) => problem.help(format!("did you mean `{similar}`?")),
            None => problem,
        });
    }
}
