//! The keys of one route (B67).

use std::collections::BTreeSet;

use super::groups::{self, Group, Item};
use super::requirements::Expressions;
use super::{Declared, hosts, limits, paths, requirements};
use crate::hint::nearest;
use crate::pattern;
use crate::problem::Problem;
use crate::snapshot::{List, Path, Route, Text};
use crate::source::names;
use crate::source::yaml::{Content, Document, Entry, Mark, Node};

/// All keys that a route may have.
pub const KEYS: [&str; 9] = [
    "path",
    "controller",
    "methods",
    "host",
    "middleware",
    "requirements",
    "language",
    "max_body_size",
    "request_timeout",
];

/// The methods of RFC 9110 section 9 and RFC 5789.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// What reading a route needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The file.
    pub document: &'a Document,
    /// The codes of the site's languages; empty where the site has no messages, and then any language is right.
    pub languages: &'a [String],
    /// The regular expressions of all files.
    pub expressions: &'a Expressions,
}

impl Reading<'_> {
    /// One route. Where a part of it is wrong or missing the rest still counts, so that templates may name the route without a second mistake.
    pub fn route(&self, item: Item<'_>, group: &Group, problems: &mut Vec<Problem>) -> Declared {
        let before = problems.len();
        let Item { name, mark, value } = item;
        let entries = self.entries(name, mark, value, problems);
        let own = self.required(name, mark, entries, "path", problems).map_or_else(Vec::new, |entry| {
            let own = paths::read(self, entry, problems);
            group.joined(self, own, entry, problems)
        });
        let (mut paths, nodes): (Vec<Path>, Vec<Node>) = own.into_iter().unzip();
        let host = find(entries, "host").map(|entry| hosts::read(self, entry, &paths, problems));
        let host = host.unwrap_or_else(|| group.host());
        let controller = self.required(name, mark, entries, "controller", problems);
        let controller = controller.and_then(|entry| self.functions(entry, false, problems).pop());
        let middleware = find(entries, "middleware").map(|entry| self.functions(entry, true, problems));
        let parameters = parameters(&paths, host.as_deref());
        let known = (!paths.is_empty()).then_some((&parameters, "path"));
        let requirements = find(entries, "requirements");
        let requirements = requirements.map(|entry| requirements::read(self, known, entry, problems));
        let requirements = group.requirements_with(requirements.unwrap_or_default(), &parameters);
        let own_language = find(entries, "language");
        let language = own_language.map(|entry| self.language(&paths, host.as_deref(), entry, problems));
        let methods = find(entries, "methods").and_then(|entry| self.methods(entry, problems));
        let limits = limits::read(self.document, entries, problems);
        let sound = group.sound && problems.len() == before;
        if paths.is_empty() {
            paths.push(Path { language: None, pattern: Text::Borrowed("/") });
        }
        let route = Route {
            name: Text::Owned(name.to_string()),
            language: language.unwrap_or_else(|| group.language(&paths)),
            paths: paths.into(),
            host,
            controller: controller.unwrap_or_default(),
            middleware: group.middleware_with(middleware.unwrap_or_default()).into(),
            methods,
            requirements: requirements.into(),
            limits,
            place: self.document.place(mark),
        };
        Declared { route, sound, mark, paths: nodes }
    }

    fn entries<'n>(&self, name: &str, mark: Mark, value: &'n Node, problems: &mut Vec<Problem>) -> &'n [Entry] {
        match &value.content {
            Content::Map(entries) => {
                self.refuse_unknown(name, entries, problems);
                entries
            }
            // Nothing at all lacks a path and a controller, and that is what is said.
            Content::Null => &[],
            other => {
                let message = format!("the route `{name}` must be a mapping, but this is {}", other.describe());
                let help = "write `path:` and `controller:` below it, indented";
                problems.push(self.document.error(mark, message).help(help));
                &[]
            }
        }
    }

    fn refuse_unknown(&self, name: &str, entries: &[Entry], problems: &mut Vec<Problem>) {
        for entry in entries.iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
            let problem = self.document.error(entry.mark, format!("unknown key `{}` in the route `{name}`", entry.key));
            problems.push(if groups::KEYS.contains(&entry.key.as_str()) {
                problem.help("only a group has it: that is what has the key `routes`, and below it a list of routes")
            } else if let Some(near) = nearest(&entry.key, KEYS) {
                problem.help(format!("did you mean `{near}`?"))
            } else {
                problem.help(format!("a route has the keys {}", listed(KEYS)))
            });
        }
    }

    fn required<'e>(
        &self,
        name: &str,
        mark: Mark,
        entries: &'e [Entry],
        key: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<&'e Entry> {
        let found = find(entries, key);
        if found.is_none() {
            let example = if key == "path" { "path: /user/{id}" } else { "controller: user_controller::show" };
            let message = format!("the route `{name}` has no `{key}`");
            problems.push(self.document.error(mark, message).help(format!("add one, such as `{example}`")));
        }
        found
    }

    /// The texts of a value that is one text, or a list of texts. Of one text with commas each item is one.
    fn texts<'n>(&self, entry: &'n Entry, what: &str, problems: &mut Vec<Problem>) -> Option<Vec<(&'n str, &'n Node)>> {
        let mut texts = Vec::new();
        let nodes = match &entry.value.content {
            Content::List(items) => &items[..],
            _ => std::slice::from_ref(&entry.value),
        };
        for node in nodes {
            let Content::Text(text) = &node.content else {
                let message = format!("`{}` must be {what}, but this is {}", entry.key, self.document.describe(node));
                let mark = if node.content == Content::Null { entry.mark } else { node.mark };
                problems.push(self.document.error(mark, message).help("write the text, or remove the key"));
                return None;
            };
            texts.extend(text.split(',').map(|item| (item.trim(), node)).filter(|(item, _)| !item.is_empty()));
        }
        if texts.is_empty() {
            let message = format!("`{}` is empty", entry.key);
            problems.push(self.document.error(entry.mark, message).help("give it a value, or remove the key"));
            return None;
        }
        Some(texts)
    }

    /// Names of controllers or middleware in normal form.
    pub fn functions(&self, entry: &Entry, several: bool, problems: &mut Vec<Problem>) -> Vec<Text> {
        let what = if several { "a name or a list of names" } else { "the name of a function" };
        let Some(texts) = self.texts(entry, what, problems) else { return Vec::new() };
        if texts.len() > 1 && !several {
            let problem = self
                .document
                .error(entry.value.mark, format!("a route has one `{}`, here are {}", entry.key, texts.len()));
            problems.push(problem.help("keep one; what runs before it is `middleware`"));
        }
        let mut functions = Vec::new();
        for (text, node) in texts {
            match names::function(text) {
                Ok(function) => functions.push(Text::Owned(function)),
                Err(reason) => {
                    let message = format!("`{text}` cannot be a function: {reason}");
                    let help = format!("write its path below `crate::{}`, such as `user_controller::show`", entry.key);
                    problems.push(self.document.error_within(node, text, message).help(help));
                }
            }
        }
        functions
    }

    fn methods(&self, entry: &Entry, problems: &mut Vec<Problem>) -> Option<List<Text>> {
        let mut methods: Vec<Text> = Vec::new();
        for (written, node) in self.texts(entry, "a text with commas or a list", problems)? {
            let method = written.to_uppercase();
            if !METHODS.contains(&method.as_str()) {
                let problem = self.document.error_within(node, written, format!("unknown method `{written}`"));
                problems.push(match nearest(&method, METHODS) {
                    Some(near) => problem.help(format!("did you mean `{near}`?")),
                    None => {
                        problem.help(format!("known are {}; without `methods` a route answers to all", listed(METHODS)))
                    }
                });
            } else if !methods.iter().any(|known| *known == method) {
                methods.push(method.into());
            }
        }
        Some(methods.into())
    }

    /// A language of the site, or the parameter that holds one (B78).
    fn language(&self, paths: &[Path], host: Option<&str>, entry: &Entry, problems: &mut Vec<Problem>) -> Option<Text> {
        let language = self.language_text(entry, problems)?;
        let is_parameter = |path: &Path| pattern::parameters(&path.pattern).any(|parameter| parameter == language);
        let is_of_host = host.is_some_and(|host| pattern::host_parameters(host).any(|name| name == language));
        if !paths.is_empty() && !is_of_host && !paths.iter().all(is_parameter) {
            if paths.iter().any(|path| path.language.is_some()) {
                let message = "each path of this route has its language, so it needs no `language`";
                problems.push(self.document.error(entry.mark, message).help("remove this line"));
            } else {
                problems.extend(self.unknown_language(language, entry.value.mark, paths));
            }
        }
        Some(Text::Owned(language.to_string()))
    }

    /// The value of a key `language`.
    pub fn language_text<'e>(&self, entry: &'e Entry, problems: &mut Vec<Problem>) -> Option<&'e str> {
        if let Content::Text(language) = &entry.value.content {
            return Some(language);
        }
        let message = format!("`language` must be text, but this is {}", self.document.describe(&entry.value));
        let help = "write the code of a language or the name of a parameter; put a word such as `no` in quotes";
        problems.push(self.document.error(entry.mark, message).help(help));
        None
    }

    /// A language without a folder of messages: most likely misspelt, because nothing could be said in it.
    pub fn unknown_language(&self, language: &str, mark: Mark, paths: &[Path]) -> Option<Problem> {
        if self.languages.is_empty() || self.languages.iter().any(|known| known == language) {
            return None;
        }
        let problem = self.document.error(mark, format!("the site has no language `{language}`"));
        let parameters = paths.iter().flat_map(|path| pattern::parameters(&path.pattern));
        let known = self.languages.iter().map(String::as_str).chain(parameters);
        Some(match nearest(language, known) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help(format!("its languages are {}", listed(self.languages.iter().map(String::as_str)))),
        })
    }
}

/// The entry with a key.
pub fn find<'e>(entries: &'e [Entry], key: &str) -> Option<&'e Entry> {
    entries.iter().find(|entry| entry.key == key)
}

/// The parameters of a route's paths and host.
fn parameters<'t>(paths: &'t [Path], host: Option<&'t str>) -> BTreeSet<&'t str> {
    let of_paths = paths.iter().flat_map(|path| pattern::parameters(&path.pattern));
    of_paths.chain(host.into_iter().flat_map(pattern::host_parameters)).collect()
}

/// Names in back-ticks with commas.
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
