//! Route files to routes in the order in which they are tried (B66 to B78).
//!
//! A file is walked group by group (`groups`), and what a group gives is put into its routes. A route is read in three steps: its keys
//! (`keys`), its patterns (`paths`, `hosts`), and then all routes together (`order`): a name that stands twice, a route that an earlier
//! one always answers for.

mod groups;
mod hosts;
mod keys;
mod limits;
pub mod order;
mod paths;
mod requirements;

use std::collections::HashMap;
use std::sync::Arc;

use crate::problem::Problem;
use crate::snapshot::Route;
use crate::source::errors;
use crate::source::files::{self, Entry, Files, TextFile};
use crate::source::leaf::Leaf;
use crate::source::memo::Memo;
use crate::source::settings::Settings;
use crate::source::yaml::{self, Document, Mark, Node, Rules};
use requirements::Expressions;

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

/// What one route file says.
#[derive(Debug)]
pub struct RouteFile {
    text: Arc<RouteText>,
    /// Its routes in declared order.
    pub declared: Vec<Declared>,
    /// Whether every item of it is a route, whatever is wrong with the route.
    complete: bool,
    problems: Vec<Problem>,
}

/// A route file as YAML.
#[derive(Debug)]
struct RouteText {
    file: Arc<TextFile>,
    document: Option<Document>,
    problems: Vec<Problem>,
}

impl Leaf for RouteFile {
    fn path(&self) -> &str {
        &self.text.file.path
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// The route files that have been read.
#[derive(Debug, Clone, Default)]
pub struct RouteMemo {
    texts: Memo<TextFile, RouteText>,
    files: Memo<RouteText, RouteFile>,
    /// The languages that `files` were checked against.
    languages: Vec<String>,
    expressions: Expressions,
}

/// The route files of a site as they are.
#[derive(Debug, Default)]
pub struct Found {
    /// Sorted by path: the order in which their routes are tried.
    pub files: Vec<Arc<RouteFile>>,
    /// Whether every file could be read, so that a name that is not in them really is no route.
    pub complete: bool,
    /// Whether the setting `router.path` leads anywhere.
    pub is_usable: bool,
}

/// Reads and checks the routes of a site, given the codes of its languages.
pub fn read(files: &mut Files, settings: &Settings, languages: &[String], problems: &mut Vec<Problem>) -> Vec<Route> {
    let found = find(files, &mut RouteMemo::default(), settings, languages, problems);
    check(&found.files, problems);
    list(&found.files)
}

/// Reads the route files of a site one by one, as far as they have not been read before, given the codes of its languages.
pub fn find(
    files: &mut Files,
    memo: &mut RouteMemo,
    settings: &Settings,
    languages: &[String],
    problems: &mut Vec<Problem>,
) -> Found {
    let before = errors(files, problems);
    let found = walk(files, settings, problems);
    let is_usable = found.is_some();
    let texts: Vec<_> = found.iter().flatten().filter_map(|found| files.text(found)).collect();
    let is_found = errors(files, problems) == before;
    memo.languages_are(languages);
    let files: Vec<Arc<RouteFile>> = texts.iter().map(|text| memo.file(text)).collect();
    files.iter().for_each(|file| problems.extend(file.problems.iter().cloned()));
    let complete = is_found && files.iter().all(|file| file.complete);
    Found { files, complete, is_usable }
}

/// Checks the routes of all files against each other.
pub fn check(files: &[Arc<RouteFile>], problems: &mut Vec<Problem>) {
    problems.extend(repeated_names(files));
    problems.extend(order::unreachable(files));
}

/// The routes of all files in declared order.
pub fn list(files: &[Arc<RouteFile>]) -> Vec<Route> {
    files.iter().flat_map(|file| &file.declared).map(|declared| declared.route.clone()).collect()
}

impl RouteMemo {
    /// Other languages find other mistakes.
    fn languages_are(&mut self, languages: &[String]) {
        if self.languages != languages {
            self.languages = languages.to_vec();
            self.files.clear();
        }
    }

    fn file(&mut self, file: &Arc<TextFile>) -> Arc<RouteFile> {
        let text = self.texts.get(file, || {
            let mut problems = Vec::new();
            let document = yaml::read(file, RULES, &mut problems);
            RouteText { file: file.clone(), document, problems }
        });
        let (languages, expressions) = (&self.languages, &self.expressions);
        self.files.get(&text, || RouteFile::new(&text, languages, expressions))
    }

    /// Forgets what nobody has asked for since the last call, and tells how many files were parsed since then.
    pub fn settle(&mut self) -> usize {
        self.files.settle();
        self.texts.settle()
    }
}

impl RouteFile {
    fn new(text: &Arc<RouteText>, languages: &[String], expressions: &Expressions) -> RouteFile {
        let mut file =
            RouteFile { text: text.clone(), declared: Vec::new(), complete: true, problems: text.problems.clone() };
        let Some(document) = &text.document else {
            file.complete = !file.is_broken();
            return file;
        };
        let reading = keys::Reading { document, languages, expressions };
        let mut walk = groups::Walk { reading, declared: Vec::new(), complete: true, problems: file.problems };
        walk.file();
        let groups::Walk { declared, complete, problems, .. } = walk;
        (file.declared, file.complete, file.problems) = (declared, complete, problems);
        file
    }

    /// A mistake at a place of this file.
    fn error(&self, mark: Mark, message: String) -> Problem {
        match &self.text.document {
            Some(document) => document.error(mark, message),
            None => Problem::error(self.path(), message),
        }
    }
}

/// Routes whose name an earlier one has: `url` could mean either.
pub fn repeated_names(files: &[Arc<RouteFile>]) -> Vec<Problem> {
    let mut names: HashMap<&str, &Declared> = HashMap::new();
    let mut problems = Vec::new();
    for file in files {
        for declared in &file.declared {
            let name = declared.route.name.as_ref();
            if let Some(first) = names.get(name) {
                let problem = file.error(declared.mark, format!("a second route has the name `{name}`"));
                problems.push(problem.help(format!("rename one of the two; the first is at {}", first.route.place)));
            }
            names.entry(name).or_insert(declared);
        }
    }
    problems
}

/// The route files, sorted by path: those below the folder that `router.path` names, or the one file that it names;
/// `None` where it names nothing.
fn walk(files: &mut Files, settings: &Settings, problems: &mut Vec<Problem>) -> Option<Vec<files::Found>> {
    const KEY: &str = "router.path";
    let help = "name a file or folder relative to the site's folder";
    let written = settings.text(KEY);
    let Some(path) = files::normal(written) else {
        problems.push(settings.error(KEY, format!("`{written}` is not below the site's folder")).help(help));
        return None;
    };
    match files.entry(&path) {
        Entry::File => Some(vec![files::Found { name: path.clone(), path }]),
        Entry::Folder => Some(files.walk_yaml(&path)),
        Entry::Missing if !settings.is_named(KEY) => Some(Vec::new()),
        Entry::Missing => {
            problems.push(settings.error(KEY, format!("there is no file or folder `{written}`")).help(help));
            None
        }
    }
}
