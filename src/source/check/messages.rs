//! `{{ "id" | trans(name = …) }}`: the message, its parameters and the language.

use std::collections::{BTreeMap, BTreeSet};

use super::written::{Dynamic, written};
use super::{LANGUAGE, Use, listed};
use crate::hint::nearest;
use crate::pattern::parameters;
use crate::problem::Problem;
use crate::snapshot::Snapshot;

/// The plural categories of the CLDR: sub-keys of these names, `other` among them, are the forms of one message.
const FORMS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// The parameter that chooses a plural form.
const COUNT: &str = "count";

/// The messages of all languages.
pub struct Messages<'s> {
    messages: BTreeMap<&'s str, Message<'s>>,
    languages: Vec<&'s str>,
    folder: String,
    dynamic: Dynamic,
    complete: bool,
}

/// A message in all languages that have it.
#[derive(Default)]
struct Message<'s> {
    /// The parameters that any of its texts has.
    parameters: BTreeSet<&'s str>,
    /// Whether some language gives it plural forms.
    has_forms: bool,
}

impl<'s> Messages<'s> {
    /// Looks through the texts of all languages once. A message that is missing is reported only where all were read.
    pub fn new(snapshot: &'s Snapshot, complete: bool) -> Self {
        let mut messages: BTreeMap<&str, Message<'_>> = BTreeMap::new();
        for language in snapshot.languages.iter() {
            for (id, text) in language.messages.iter() {
                messages.entry(id).or_default().parameters.extend(parameters(text));
                let Some((parent, form)) = id.rsplit_once('.') else { continue };
                if FORMS.contains(&form) && language.messages.get(&format!("{parent}.other")).is_some() {
                    let message = messages.entry(parent).or_default();
                    message.parameters.extend(parameters(text));
                    message.has_forms = true;
                }
            }
        }
        Messages {
            messages,
            languages: snapshot.languages.iter().map(|language| language.code.as_ref()).collect(),
            folder: written(&snapshot.settings, "i18n.path").texts.pop().unwrap_or_else(|| "i18n".to_string()),
            dynamic: Dynamic::new(&snapshot.settings, "i18n.dynamic"),
            complete,
        }
    }

    /// Checks one use of `trans`.
    pub fn check(&self, used: &Use<'_>, problems: &mut Vec<Problem>) {
        self.check_languages(used, problems);
        let id = used.text();
        if self.dynamic.covers(id) {
            return;
        }
        let Some(message) = self.messages.get(id) else {
            problems.extend(self.complete.then(|| self.unknown(used, id)));
            return;
        };
        needed(used, id, message, problems);
        superfluous(used, id, message, problems);
    }

    /// Checks the argument `_lang`, where it is a text. A longer code than any language has stands for that language.
    pub fn check_languages(&self, used: &Use<'_>, problems: &mut Vec<Problem>) {
        if self.languages.is_empty() {
            return;
        }
        for named in used.languages() {
            let code = named.name.as_ref();
            let longer = |known: &&str| code.strip_prefix(*known).is_some_and(|rest| rest.starts_with('-'));
            // An empty one is the same as none (B133).
            if code.is_empty() || self.languages.contains(&code) || self.languages.iter().any(longer) {
                continue;
            }
            let help = format!(
                "the languages are {}; each is a folder of `{}/`",
                listed(self.languages.iter().copied()),
                self.folder
            );
            problems.push(used.usages.error(named, format!("the site has no language `{code}`")).help(help));
        }
    }

    fn unknown(&self, used: &Use<'_>, id: &str) -> Problem {
        let mut problem = used.error(format!("no language has a message `{id}`"));
        if let Some(similar) = nearest(id, self.messages.keys().copied()) {
            problem = problem.help(format!("did you mean `{similar}`?"));
        } else if let Some(below) = self.first_below(id) {
            problem =
                problem.help(format!("`{id}` is not a text but a group: name one of its messages, such as `{below}`"));
        } else {
            let folder = self.languages.first().map_or(String::from("LANGUAGE"), |code| code.to_string());
            problem = problem.help(format!("write it in a file of `{}/{folder}/`", self.folder));
        }
        problem.help(format!("if it is known only at run time, add `{id}` to the setting `i18n.dynamic`"))
    }

    /// The first message whose id begins with this one and a dot.
    fn first_below(&self, id: &str) -> Option<&'s str> {
        let start = format!("{id}.");
        self.messages.keys().find(|id| id.starts_with(&start)).copied()
    }
}

/// Parameters of the texts that are not passed: their names would stand on the page. That may be meant, as there is no other
/// way to write a name in braces (B124), so it is a warning.
fn needed(used: &Use<'_>, id: &str, message: &Message<'_>, problems: &mut Vec<Problem>) {
    if message.has_forms && !used.passes(COUNT) {
        let problem = used.warning(format!("the message `{id}` has plural forms, but `{COUNT}` is not passed"));
        problems.push(
            problem.help(format!("pass it: `trans({COUNT} = …)`; without it only the form `other` is ever shown")),
        );
    }
    let missing = message.parameters.iter().copied();
    let missing: Vec<&str> =
        missing.filter(|name| !used.passes(name) && (*name != COUNT || !message.has_forms)).collect();
    if let Some(first) = missing.first() {
        let problem = used.warning(format!("the message `{id}` needs {}", listed(missing.iter().copied())));
        problems.push(problem.help(format!("pass it: `trans({first} = …)`; without it the page shows `{{{first}}}`")));
    }
}

/// Arguments that no text of the message has a place for.
fn superfluous(used: &Use<'_>, id: &str, message: &Message<'_>, problems: &mut Vec<Problem>) {
    for argument in &used.call.arguments {
        let name = argument.name.name.as_ref();
        let is_count = message.has_forms && name == COUNT;
        if name == LANGUAGE || is_count || message.parameters.contains(name) {
            continue;
        }
        let problem = used.usages.warning(&argument.name, format!("the message `{id}` has no parameter `{name}`"));
        let unused = message.parameters.iter().copied().filter(|parameter| !used.passes(parameter));
        problems.push(match nearest(name, unused) {
            Some(similar) => problem.help(format!("did you mean `{similar}`?")),
            None => problem.help(format!("write `{{{name}}}` into its text, or leave the argument out")),
        });
    }
}
