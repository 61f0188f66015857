//! Route files to routes in the order in which they are tried (B66 to B78).
//!
//! A route is read in three steps: its keys (`keys`), its patterns (`paths`), and then all routes together (`order`): a name that
//! stands twice, a route that an earlier one always answers for.

mod keys;
pub mod order;
mod paths;
mod requirements;

use crate::hint::nearest;
use crate::problem::Problem;
use crate::snapshot::Route;
use crate::source::errors;
use crate::source::files::{self, Entry, Files, Found, TextFile};
use crate::source::settings::Settings;
use crate::source::yaml::{self, Content, Document, Mark, Node, Rules};

const RULES: Rules = Rules { joined: false, is_whole: |_| false, tags: &[] };

/// A route with what later checks need for their messages.
#[derive(Debug)]
pub struct Declared {
    /// The route.
    pub route: Route,
    /// Whether nothing is wrong with it alone; else it is left out when routes are held against each other.
    sound: bool,
    /// Where its name stands.
    mark: Mark,
    /// Where each of its patterns stands, in the order of `route.paths`.
    paths: Vec<Node>,
}

/// The routes of a site.
#[derive(Debug)]
pub struct Routes {
    /// In declared order.
    pub list: Vec<Route>,
    /// Whether every file could be read, so that a name that is not in the list really is no route.
    pub complete: bool,
}

/// Reads the route files of a site, given the codes of its languages.
pub fn read(files: &mut Files, settings: &Settings, languages: &[String], problems: &mut Vec<Problem>) -> Routes {
    let before = errors(files, problems);
    let found = find(files, settings, problems);
    let texts: Vec<TextFile> = found.iter().filter_map(|found| files.text(found)).collect();
    let is_found = errors(files, problems) == before;
    let (documents, whole) = yaml::read_all(&texts, RULES, problems);
    let mut complete = is_found && whole;
    let expressions = requirements::Expressions::default();
    let mut declared = Vec::new();
    for document in &documents {
        let reading = keys::Reading { document, languages, expressions: &expressions };
        let before = problems.len();
        let named: Vec<_> =
            items(document, problems).iter().filter_map(|item| name(document, item, problems)).collect();
        complete &= problems.len() == before;
        let routes = named.into_iter().map(|(name, mark, value)| reading.route(name, mark, value, problems));
        declared.push((document, routes.collect()));
    }
    order::check(&declared, problems);
    let list = declared.into_iter().flat_map(|(_, routes)| routes).map(|declared| declared.route).collect();
    Routes { list, complete }
}

/// The route files, sorted by path: those below the folder that `router.path` names, or the one file that it names.
fn find(files: &mut Files, settings: &Settings, problems: &mut Vec<Problem>) -> Vec<Found> {
    const KEY: &str = "router.path";
    let help = "name a file or folder relative to the site's folder";
    let written = settings.text(KEY);
    let Some(path) = files::normal(written) else {
        problems.push(settings.error(KEY, format!("`{written}` is not below the site's folder")).help(help));
        return Vec::new();
    };
    match files.entry(&path) {
        Entry::File => vec![Found { name: path.clone(), path }],
        Entry::Folder => files.walk_yaml(&path),
        Entry::Missing if !settings.is_named(KEY) => Vec::new(),
        Entry::Missing => {
            problems.push(settings.error(KEY, format!("there is no file or folder `{written}`")).help(help));
            Vec::new()
        }
    }
}

/// The items of the list `routes`.
fn items<'a>(document: &'a Document<'_>, problems: &mut Vec<Problem>) -> &'a [Node] {
    let mut routes = None;
    for entry in &document.entries {
        if entry.key == "routes" {
            routes = Some(entry);
            continue;
        }
        let problem = document.error(entry.mark, format!("unknown key `{}`", entry.key));
        problems.push(match nearest(&entry.key, ["routes"]) {
            Some(_) => problem.help("did you mean `routes`?"),
            None => problem.help("a route file has one key, `routes`, and below it the list of the routes"),
        });
    }
    match routes.map(|entry| (&entry.value.content, entry.mark)) {
        Some((Content::List(items), _)) => items,
        Some((Content::Null, _)) => &[],
        Some((other, mark)) => {
            let message = format!("`routes` must be a list, but this is {}", other.describe());
            problems.push(document.error(mark, message).help("put `- ` before the name of each route"));
            &[]
        }
        None => &[],
    }
}

/// The name of a route and what stands below it: an item is a mapping with one key (B66).
fn name<'a>(document: &Document<'_>, item: &'a Node, problems: &mut Vec<Problem>) -> Option<(&'a str, Mark, &'a Node)> {
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
    let Some(second) = entries.get(1) else { return Some((&first.key, first.mark, &first.value)) };
    let is_key = |name: &str| keys::KEYS.contains(&name);
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
