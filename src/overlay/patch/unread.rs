//! Files of an overlay that nothing reads: most often they lie in the wrong folder, and whoever put them there waits for an effect.

use std::collections::BTreeSet;

use crate::hint::nearest;
use crate::problem::Problem;
use crate::source::files::{self, Files};
use crate::source::settings::Settings;

/// A warning for each file that was not read and of which nothing has been said yet; one for all that is Rust.
pub fn problems(files: &mut Files, settings: &Settings, read: &BTreeSet<String>, told: &[Problem]) -> Vec<Problem> {
    let all = files.walk("");
    let is_told = |path: &str| files.problems.iter().chain(told).any(|problem| problem.file == path);
    let all = all.iter().map(|found| found.path.clone());
    let unread: Vec<String> = all.filter(|path| !read.contains(path) && !is_told(path)).collect();
    let (code, others): (Vec<String>, Vec<String>) = unread.into_iter().partition(|path| path.ends_with(".rs"));
    let places = Places::new(settings);
    let mut problems: Vec<Problem> = others.iter().map(|path| places.problem(path)).collect();
    problems.extend(code.first().map(|path| {
        let message = "nothing reads Rust code in an overlay: it is compiled when the site is built";
        Problem::warning(path, message).help("leave code out of the overlay, or build the site again")
    }));
    problems
}

/// Where what belongs.
struct Places<'a> {
    routes: &'a str,
    messages: &'a str,
    templates: &'a str,
    files: Vec<String>,
}

impl<'a> Places<'a> {
    fn new(settings: &'a Settings) -> Self {
        let mut folders = settings.items("static.folders");
        folders.extend(Some(settings.text("static.root").to_string()).filter(|root| !root.is_empty()));
        Places {
            routes: settings.text("router.path"),
            messages: settings.text("i18n.path"),
            templates: settings.text("tera.path"),
            files: folders,
        }
    }

    fn problem(&self, path: &str) -> Problem {
        let problem = Problem::warning(path, "nothing reads this file");
        let (top, rest) = path.split_once('/').unwrap_or(("", path));
        let folders = ["config", self.routes, self.messages, self.templates].into_iter();
        let folders = folders.chain(self.files.iter().map(String::as_str));
        if let Some(near) = nearest(top, folders).filter(|near| *near != top) {
            return problem.help(format!("did you mean `{near}/{rest}`?"));
        }
        let Places { routes, messages, templates, files } = self;
        problem.help(match files::is_yaml(path) {
            true => {
                format!("settings belong into `config/`, routes into `{routes}/`, messages into `{messages}/LANGUAGE/`")
            }
            false => {
                let folders: Vec<String> = files.iter().map(|folder| format!("`{folder}/`")).collect();
                format!("templates belong into `{templates}/`, static files into {}", folders.join(" or "))
            }
        })
    }
}
