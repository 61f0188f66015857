//! Groups: routes with a common prefix, host and middleware. A file is one as well, with what stands beside its `routes`.
//!
//! Everything that a group gives is put into its routes here, so that nothing later knows of groups.

use std::collections::BTreeSet;

use super::keys::{self, Reading, find, listed};
use super::{Declared, hosts, paths, requirements};
use crate::hint::nearest;
use crate::pattern;
use crate::problem::Problem;
use crate::snapshot::{Path, Text};
use crate::source::yaml::{Content, Document, Entry, Mark, Node};

/// All keys that a group may have.
pub const KEYS: [&str; 6] = ["routes", "prefix", "host", "middleware", "requirements", "language"];

/// More groups inside each other than anybody can follow; each level of them is a call inside another.
const DEEPEST: usize = 8;

/// What the groups around a route give to it.
#[derive(Debug, Clone)]
pub struct Group {
    /// What stands before each path: nothing, one text, or one per language.
    prefixes: Vec<Path>,
    host: Option<Text>,
    middleware: Vec<Text>,
    requirements: Vec<(Text, Text)>,
    language: Option<Text>,
    /// Whether nothing is wrong with what they give.
    pub sound: bool,
}

/// An item of a list of routes.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where the name stands.
    pub mark: Mark,
    /// What stands below it.
    pub value: &'a Node,
}

/// Reads the routes of a file, one group after the other.
pub struct Walk<'a> {
    /// The file.
    pub reading: Reading<'a>,
    /// Its routes in declared order.
    pub declared: Vec<Declared>,
    /// Whether every item of it is a route or a group, whatever is wrong with it.
    pub complete: bool,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl Walk<'_> {
    /// Reads the whole file.
    pub fn file(&mut self) {
        let document = self.reading.document;
        let before = self.problems.len();
        for entry in document.entries.iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
            let problem = document.error(entry.mark, format!("unknown key `{}`", entry.key));
            self.problems.push(match nearest(&entry.key, KEYS) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help(format!(
                    "a route file has the key `routes`, and beside it, for all of them, {}",
                    listed(KEYS.into_iter().skip(1))
                )),
            });
        }
        self.complete &= self.problems.len() == before;
        let group = self.reading.group(&document.entries, &Group::none(), &mut self.problems);
        if let Some(routes) = find(&document.entries, "routes") {
            self.list(routes, &group, 0);
        }
    }

    /// The items of a list `routes`.
    fn list(&mut self, routes: &Entry, group: &Group, depth: usize) {
        let document = self.reading.document;
        let items = match &routes.value.content {
            Content::List(items) => items,
            Content::Null => return,
            other => {
                let message = format!("`routes` must be a list, but this is {}", other.describe());
                let problem = document.error(routes.mark, message);
                self.problems.push(problem.help("put `- ` before the name of each route"));
                self.complete = false;
                return;
            }
        };
        for node in items {
            match item(document, node, &mut self.problems) {
                Some(item) => self.item(item, group, depth),
                None => self.complete = false,
            }
        }
    }

    fn item(&mut self, item: Item<'_>, group: &Group, depth: usize) {
        if let Content::Map(entries) = &item.value.content
            && let Some(routes) = find(entries, "routes")
        {
            return self.group(item, (entries, routes), group, depth);
        }
        let declared = self.reading.route(item, group, &mut self.problems);
        self.declared.push(declared);
    }

    fn group(&mut self, item: Item<'_>, (entries, routes): (&[Entry], &Entry), outer: &Group, depth: usize) {
        let document = self.reading.document;
        if depth == DEEPEST {
            let message = format!("the group `{}` lies inside {DEEPEST} others, which is too deep", item.name);
            let problem = document.error(item.mark, message);
            self.problems.push(problem.help("write its prefix as part of another one, or into a file of its own"));
            self.complete = false;
            return;
        }
        self.refuse_unknown(item.name, entries);
        let is_empty = match &routes.value.content {
            Content::List(items) => items.is_empty(),
            content => *content == Content::Null,
        };
        if is_empty {
            let problem = document.error(routes.mark, format!("the group `{}` has no routes", item.name));
            self.problems.push(problem.help("list its routes below `routes:`, or remove the group"));
        }
        let group = self.reading.group(entries, outer, &mut self.problems);
        self.list(routes, &group, depth + 1);
    }

    fn refuse_unknown(&mut self, name: &str, entries: &[Entry]) {
        for entry in entries.iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
            let message = format!("unknown key `{}` in the group `{name}`", entry.key);
            let problem = self.reading.document.error(entry.mark, message);
            self.problems.push(if keys::KEYS.contains(&entry.key.as_str()) {
                problem.help("write it below the name of a route; what has `routes` is a group")
            } else if let Some(near) = nearest(&entry.key, KEYS) {
                problem.help(format!("did you mean `{near}`?"))
            } else {
                problem.help(format!("a group has the keys {}", listed(KEYS)))
            });
        }
    }
}

impl Reading<'_> {
    /// What a group gives, inside others.
    fn group(&self, entries: &[Entry], outer: &Group, problems: &mut Vec<Problem>) -> Group {
        let before = problems.len();
        let mut group = outer.clone();
        if let Some(entry) = find(entries, "prefix") {
            let own = paths::read_prefix(self, entry, problems);
            group.prefixes = outer.joined(self, own, entry, problems).into_iter().map(|(path, _)| path).collect();
        }
        if let Some(entry) = find(entries, "host") {
            group.host = hosts::read(self, entry, &group.prefixes, problems);
        }
        if let Some(entry) = find(entries, "middleware") {
            group.middleware = outer.middleware_with(self.functions(entry, true, problems));
        }
        if let Some(entry) = find(entries, "requirements") {
            let parameters = group.parameters(&[]);
            let what = if group.prefixes.is_empty() && group.host.is_some() { "host" } else { "prefix" };
            let own = requirements::read(self, Some((&parameters, what)), entry, problems);
            group.requirements = outer.requirements_with(own, &parameters);
        }
        if let Some(entry) = find(entries, "language") {
            group.language = self.group_language(&group, entry, problems);
        }
        group.sound &= problems.len() == before;
        group
    }

    fn group_language(&self, group: &Group, entry: &Entry, problems: &mut Vec<Problem>) -> Option<Text> {
        let language = self.language_text(entry, problems)?;
        if group.prefixes.iter().any(|prefix| prefix.language.is_some()) {
            let message = "the prefix has a text per language, so these routes need no `language`";
            problems.push(self.document.error(entry.mark, message).help("remove this line"));
        } else if !group.parameters(&[]).contains(language) {
            problems.extend(self.unknown_language(language, entry.value.mark, &group.prefixes));
        }
        Some(Text::Owned(language.to_string()))
    }
}

impl Group {
    /// What is around the routes of a file.
    pub fn none() -> Group {
        Group {
            prefixes: Vec::new(),
            host: None,
            middleware: Vec::new(),
            requirements: Vec::new(),
            language: None,
            sound: true,
        }
    }

    /// The host, where the route has none of its own.
    pub fn host(&self) -> Option<Text> {
        self.host.clone()
    }

    /// The language, where the route has none of its own and its paths have none.
    pub fn language(&self, paths: &[Path]) -> Option<Text> {
        let language = self.language.clone()?;
        let is_parameter = |path: &Path| pattern::parameters(&path.pattern).any(|parameter| *parameter == *language);
        let is_said = paths.iter().any(|path| path.language.is_some() && !is_parameter(path));
        (!is_said).then_some(language)
    }

    /// The middleware of the groups, then these. Each runs once, where it stands first.
    pub fn middleware_with(&self, own: Vec<Text>) -> Vec<Text> {
        let mut all = self.middleware.clone();
        for name in own {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all
    }

    /// These requirements, then those of the groups for other parameters that there are.
    pub fn requirements_with(&self, mut own: Vec<(Text, Text)>, parameters: &BTreeSet<&str>) -> Vec<(Text, Text)> {
        for (name, requirement) in &self.requirements {
            if parameters.contains(&**name) && !own.iter().any(|(known, _)| known == name) {
                own.push((name.clone(), requirement.clone()));
            }
        }
        own
    }

    /// The parameters of the prefixes, the host, and these paths.
    pub fn parameters<'t>(&'t self, paths: &'t [Path]) -> BTreeSet<&'t str> {
        let all = self.prefixes.iter().chain(paths).flat_map(|path| pattern::parameters(&path.pattern));
        all.chain(self.host.iter().flat_map(|host| pattern::host_parameters(host))).collect()
    }

    /// Paths or prefixes, which the key `entry` says, with those of the groups in front.
    pub fn joined(
        &self,
        reading: &Reading<'_>,
        own: Vec<(Path, Node)>,
        entry: &Entry,
        problems: &mut Vec<Problem>,
    ) -> Vec<(Path, Node)> {
        let known = self.parameters(&[]);
        for (path, node) in &own {
            for name in pattern::parameters(&path.pattern).filter(|name| known.contains(name)) {
                let message = format!("the parameter `{name}` stands in the prefix or host of the group already");
                let problem = reading.document.error_within(node, &format!("{{{name}}}"), message);
                problems.push(problem.help("give each parameter a name of its own"));
            }
        }
        if self.prefixes.is_empty() || own.is_empty() {
            return own;
        }
        if self.prefixes.iter().all(|prefix| prefix.language.is_some())
            && own.iter().all(|(path, _)| path.language.is_some())
        {
            problems.extend(self.missing(reading, &own, entry));
        }
        let fits = |prefix: &Path, path: &Path| {
            prefix.language.is_none() || path.language.is_none() || prefix.language == path.language
        };
        let with_prefixes = |(path, node): &(Path, Node)| -> Vec<(Path, Node)> {
            let fitting = self.prefixes.iter().filter(|prefix| fits(prefix, path));
            fitting.map(|prefix| (join(prefix, path), node.clone())).collect()
        };
        own.iter().flat_map(with_prefixes).collect()
    }

    /// Languages that only one of the two sides has.
    fn missing(&self, reading: &Reading<'_>, own: &[(Path, Node)], entry: &Entry) -> Vec<Problem> {
        let mut problems = Vec::new();
        let has = |language: &Option<Text>| self.prefixes.iter().any(|prefix| prefix.language == *language);
        for (path, node) in own.iter().filter(|(path, _)| !has(&path.language)) {
            let language = path.language.as_deref().unwrap_or_default();
            let message = format!("the prefix of the group has no language `{language}`");
            let problem = reading.document.error(node.mark, message);
            problems.push(problem.help(format!("add `{language}:` to the prefix, or remove this line")));
        }
        let has = |language: &Option<Text>| own.iter().any(|(path, _)| path.language == *language);
        for prefix in self.prefixes.iter().filter(|prefix| !has(&prefix.language)) {
            let (language, key) = (prefix.language.as_deref().unwrap_or_default(), &entry.key);
            let message = format!("the prefix of the group has the language `{language}`, but `{key}` has not");
            let problem = reading.document.error(entry.mark, message);
            problems.push(problem.help(format!("add `{language}:` below it")));
        }
        problems
    }
}

/// A path behind a prefix. The path `/` is the prefix itself: an address with a slash at its end is another one (B70).
fn join(prefix: &Path, path: &Path) -> Path {
    let language = path.language.clone().or_else(|| prefix.language.clone());
    let pattern = match (&*prefix.pattern, &*path.pattern) {
        ("", path) => path.to_string(),
        (prefix, "/") => prefix.to_string(),
        (prefix, path) => format!("{prefix}{path}"),
    };
    Path { language, pattern: pattern.into() }
}

/// The name of an item and what stands below it: an item is a mapping with one key (B66).
fn item<'a>(document: &Document, item: &'a Node, problems: &mut Vec<Problem>) -> Option<Item<'a>> {
    let entries = match &item.content {
        Content::Map(entries) if !entries.is_empty() => entries,
        other => {
            let message = format!("a route must be a mapping, but this is {}", other.describe());
            let help = "write `- name:` and below it, indented, `path:` and `controller:`";
            problems.push(document.error(item.mark, message).help(help));
            return None;
        }
    };
    let first = &entries[0];
    let Some(second) = entries.get(1) else {
        return Some(Item { name: &first.key, mark: first.mark, value: &first.value });
    };
    let is_key = |name: &str| keys::KEYS.contains(&name) || KEYS.contains(&name);
    let problem = if first.value.content == Content::Null && is_key(&second.key) {
        let message = format!("`{}` stands beside the route's name, not below it", second.key);
        document.error(second.mark, message).help(format!("indent the keys of `{}` by two more blanks", first.key))
    } else if is_key(&first.key) {
        let message = format!("`{}` stands where the route's name is expected", first.key);
        document.error(first.mark, message).help("write `- name:` and below it, indented, the keys of the route")
    } else {
        let message = format!("a second name, `{}`, in one item of the list", second.key);
        document.error(second.mark, message).help("put `- ` before the name of each route")
    };
    problems.push(problem);
    None
}
