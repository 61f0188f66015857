//! The keys of one route (B67).

use super::requirements::Expressions;
use super::{Declared, limits, paths, requirements};
use crate::hint::nearest;
use crate::pattern;
use crate::problem::Problem;
use crate::snapshot::{List, Path, Route, Text};
use crate::source::names;
use crate::source::yaml::{Content, Document, Entry, Mark, Node};

/// All keys that a route may have.
pub const KEYS: [&str; 8] =
    ["path", "controller", "methods", "middleware", "requirements", "language", "max_body_size", "request_timeout"];

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
    pub fn route(&self, name: &str, mark: Mark, value: &Node, problems: &mut Vec<Problem>) -> Declared {
        let before = problems.len();
        let entries = self.entries(name, mark, value, problems);
        let (mut paths, nodes) = self
            .required(name, mark, entries, "path", problems)
            .map_or_else(Default::default, |entry| paths::read(self, entry, problems));
        let controller = self.required(name, mark, entries, "controller", problems);
        let controller = controller.and_then(|entry| self.functions(entry, false, problems).pop());
        let middleware = find(entries, "middleware").map(|entry| self.functions(entry, true, problems));
        let requirements = find(entries, "requirements");
        let requirements = requirements.map(|entry| requirements::read(self, &paths, entry, problems));
        let language = find(entries, "language").and_then(|entry| self.language(&paths, entry, problems));
        let methods = find(entries, "methods").and_then(|entry| self.methods(entry, problems));
        let limits = limits::read(self.document, entries, problems);
        let sound = problems.len() == before;
        if paths.is_empty() {
            paths.push(Path { language: None, pattern: Text::Borrowed("/") });
        }
        let route = Route {
            name: Text::Owned(name.to_string()),
            paths: paths.into(),
            controller: controller.unwrap_or_default(),
            middleware: middleware.unwrap_or_default().into(),
            methods,
            requirements: requirements.unwrap_or_default().into(),
            language,
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
            problems.push(match nearest(&entry.key, KEYS) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help(format!("a route has the keys {}", listed(KEYS))),
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
    fn functions(&self, entry: &Entry, several: bool, problems: &mut Vec<Problem>) -> Vec<Text> {
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
    fn language(&self, paths: &[Path], entry: &Entry, problems: &mut Vec<Problem>) -> Option<Text> {
        let Content::Text(language) = &entry.value.content else {
            let message = format!("`language` must be text, but this is {}", self.document.describe(&entry.value));
            let help = "write the code of a language or the name of a parameter; put a word such as `no` in quotes";
            problems.push(self.document.error(entry.mark, message).help(help));
            return None;
        };
        let is_parameter = |path: &Path| pattern::parameters(&path.pattern).any(|parameter| parameter == language);
        if !paths.is_empty() && !paths.iter().all(is_parameter) {
            if paths.iter().any(|path| path.language.is_some()) {
                let message = "each path of this route has its language, so it needs no `language`";
                problems.push(self.document.error(entry.mark, message).help("remove this line"));
            } else {
                problems.extend(self.unknown_language(language, entry.value.mark, paths));
            }
        }
        Some(Text::Owned(language.clone()))
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

/// Names in back-ticks with commas.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
