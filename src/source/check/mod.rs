//! Whether the messages, routes and static files that templates name are there, and what in them browsers will not run ([`policy`]).
//!
//! Only texts that stand in a template are looked at: `{{ "id" | trans }}`, not `{{ id | trans }}`. What is known only at run time
//! can be declared in the settings `i18n.dynamic`, `router.dynamic` and `static.dynamic`. How templates are read is the business of
//! [`templates`](crate::source::templates).

mod files;
mod messages;
mod policy;
mod routes;
#[cfg(test)]
mod tests;
pub(super) mod written;

use std::sync::Arc;

use crate::problem::Problem;
use crate::snapshot::Snapshot;
use crate::source::templates::Usages;
use crate::source::templates::outline::{Call, CallKind, Named};
use files::Files;
use messages::Messages;
use routes::Routes;

/// Which kinds of names the snapshot has all of. Where a file could not be read, a name that is missing may well be in that
/// file, and only the mistake in the file is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Complete {
    /// All messages.
    pub messages: bool,
    /// All routes.
    pub routes: bool,
    /// All static files.
    pub assets: bool,
}

/// The argument of `trans` and `url` that chooses a language.
const LANGUAGE: &str = "_lang";

/// One filter, applied to a text that stands in a template.
struct Use<'u> {
    usages: &'u Usages,
    call: &'u Call,
    value: &'u Named,
}

impl<'u> Use<'u> {
    /// The text that the filter is applied to.
    fn text(&self) -> &'u str {
        &self.value.name
    }

    fn passes(&self, argument: &str) -> bool {
        self.call.arguments.iter().any(|passed| passed.name.name == argument)
    }

    fn error(&self, message: String) -> Problem {
        self.usages.error(self.value, message)
    }

    fn warning(&self, message: String) -> Problem {
        self.usages.warning(self.value, message)
    }

    /// The languages that `_lang` names in so many words.
    fn languages(&self) -> impl Iterator<Item = &'u Named> + use<'u> {
        let call: &'u Call = self.call;
        let arguments = call.arguments.iter().filter(|argument| argument.name.name == LANGUAGE);
        arguments.flat_map(|argument| &argument.values)
    }
}

/// Looks up every message, route and static file that a template names.
pub fn check(usages: &[Arc<Usages>], snapshot: &Snapshot, complete: Complete) -> Vec<Problem> {
    let messages = Messages::new(snapshot, complete.messages);
    let routes = Routes::new(snapshot, complete.routes);
    let files = Files::new(snapshot);
    let mut problems = policy::problems(usages, &snapshot.settings);
    for usages in usages {
        for call in usages.outline.calls.iter().filter(|call| call.kind == CallKind::Filter) {
            for value in &call.values {
                let used = Use { usages, call, value };
                match call.name.name.as_ref() {
                    "trans" => messages.check(&used, &mut problems),
                    "url" => {
                        routes.check(&used, &mut problems);
                        messages.check_languages(&used, &mut problems);
                    }
                    "asset" if complete.assets => problems.extend(files.check(&used)),
                    _ => {}
                }
            }
        }
    }
    problems
}

/// Names in back-ticks with commas between.
fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
