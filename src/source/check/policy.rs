//! What a page's Content-Security-Policy will block, where that is made of the templates.

use std::sync::Arc;

use super::written::written;
use crate::problem::Problem;
use crate::snapshot::{POLICY, Setting, is_auto};
use crate::source::templates::Usages;
use crate::source::templates::outline::Named;

/// A warning for each attribute that is a script in itself, and for each inline script or style that gets no nonce because of a value without
/// quotes. Whoever has a policy of their own, or none, knows about them.
pub(super) fn problems(usages: &[Arc<Usages>], settings: &[Setting]) -> Vec<Problem> {
    let policy = written(settings, POLICY);
    if policy.is_open || policy.texts.iter().any(|text| !is_auto(text)) {
        return Vec::new();
    }
    let all = usages.iter().flat_map(|usages| {
        let blocked = usages.inlined.blocked.iter().map(|named| blocked(usages, named));
        blocked.chain(usages.inlined.unquoted.iter().map(|named| unquoted(usages, named)))
    });
    all.collect()
}

fn unquoted(usages: &Usages, named: &Named) -> Problem {
    let message = format!(
        "what is printed here outside of quotes could add attributes to the `<{}>`, which therefore gets neither nonce nor hash",
        named.name
    );
    usages
        .warning(named, message)
        .help("quote the value, as in `data-name=\"{{ name }}\"`, or else browsers will not run the element")
        .help("write names of attributes out, with `{% if … %}` around those that are not always there")
}

fn blocked(usages: &Usages, named: &Named) -> Problem {
    let is_handler = named.name.starts_with("on");
    let what = if is_handler { "a script in it" } else { "the script in its address" };
    let message = format!("browsers will not run `{}`: the Content-Security-Policy does not admit {what}", named.name);
    let problem = usages.warning(named, message);
    let event = named.name.trim_start_matches("on");
    problem
        .help(match is_handler {
            true => {
                format!("in a script file or a `<script>` of the template: `element.addEventListener(\"{event}\", …)`")
            }
            false => "write a `<button>`, and in a script `element.addEventListener(\"click\", …)`".to_string(),
        })
        .help(format!("or give the site a policy of its own by the setting `{POLICY}`"))
}
