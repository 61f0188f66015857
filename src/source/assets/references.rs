//! Which static files name which others, and what a stylesheet names that is not there.
//!
//! How addresses stand in a text is the business of `css` and `script`; what is put in their place that of `versions`.

use std::collections::HashMap;

use super::address::{self, Parts};
use super::reference::Reference;
use super::walk::Folders;
use super::{StaticSource, css, mime, script};
use crate::hint::nearest;
use crate::problem::Problem;
use crate::source::check::written::{Dynamic, path_of, written};
use crate::source::settings::Settings;

/// A reference that leads to another static file.
#[derive(Debug)]
pub struct Link<'s> {
    /// The reference.
    pub reference: &'s Reference,
    /// The number of the file that it leads to.
    pub target: usize,
}

/// What is needed to tell which file an address means.
#[derive(Debug)]
pub struct References<'s> {
    /// The number of each file by its address.
    numbers: HashMap<&'s str, usize>,
    folders: &'s Folders,
    /// The values of `static.path`, as far as the build knows them.
    prefixes: Vec<String>,
}

impl<'s> References<'s> {
    /// References between these files.
    pub fn new(sources: &'s [StaticSource], folders: &'s Folders, settings: &Settings) -> Self {
        let numbers = sources.iter().enumerate().map(|(number, source)| (source.address.as_str(), number)).collect();
        References { numbers, folders, prefixes: written(&settings.list, "static.path").texts }
    }

    /// The references of a file that lead to files, in the order of its text.
    pub fn links<'a>(&self, source: &'a StaticSource) -> Vec<Link<'a>> {
        let link = |reference: &'a Reference| Some(Link { target: self.target(source, &reference.value)?, reference });
        found(source).iter().filter_map(link).collect()
    }

    /// Checks what a stylesheet names, as its author wrote it. A source map that is not there is no mistake: many files that
    /// others made are shipped without theirs.
    pub fn check(&self, source: &StaticSource, dynamic: &Dynamic, problems: &mut Vec<Problem>) {
        if source.is_made || !is_stylesheet(source) {
            return;
        }
        let Ok(text) = std::str::from_utf8(&source.body) else {
            let message = "the file is not UTF-8, so what it names is not checked and gets no version";
            problems.push(Problem::warning(&source.file, message).help("save it as UTF-8"));
            return;
        };
        for reference in found(source).iter().filter(|reference| !reference.is_source_map()) {
            let path = Parts::of(&reference.value).path;
            let Some(missing) = self.missing(source, path).filter(|missing| !self.is_dynamic(dynamic, path, missing))
            else {
                continue;
            };
            let message = format!("there is no static file `{path}`");
            let problem = at(Problem::warning(&source.file, message), text, reference);
            let problem = problem.help(self.advice(source, path, &missing));
            let help = format!("if it is made only at run time, add `/{missing}` to the setting `static.dynamic`");
            problems.push(problem.help(help));
        }
    }

    /// The file that an address means: the one that a browser would ask for or, where the address begins with `static.path`, the
    /// one that `asset` finds for the rest of it.
    fn target(&self, source: &StaticSource, written: &str) -> Option<usize> {
        let path = Parts::of(written).path;
        let direct = address::resolve(&source.address, path);
        let found = direct.and_then(|address| self.numbers.get(address.as_str()).copied());
        found.or_else(|| self.prefixes.iter().find_map(|prefix| self.below_prefix(prefix, path)))
    }

    fn below_prefix(&self, prefix: &str, path: &str) -> Option<usize> {
        let value = path.strip_prefix(prefix.trim_end_matches('/')).filter(|value| value.starts_with('/'))?;
        let value = address::resolve("", value)?;
        let folders = std::iter::once(path_of(prefix)).chain(self.folders.below.iter().map(String::as_str));
        let mut addresses = folders.map(|folder| format!("{}/{value}", folder.trim_matches('/')));
        addresses.find_map(|address| self.numbers.get(address.trim_start_matches('/')).copied())
    }

    /// The address of a file that has to be there and is not: it lies below a static folder, so nothing else answers for it.
    fn missing(&self, source: &StaticSource, path: &str) -> Option<String> {
        let address = address::resolve(&source.address, path)?;
        let is_ours = self.folders.below.iter().any(|folder| is_below(&address, folder));
        let is_missing = !self.numbers.contains_key(address.as_str()) && self.target(source, path).is_none();
        (is_ours && is_missing && !address.ends_with('/')).then_some(address)
    }

    /// Whether a file that is not there is declared: by the path in the stylesheet, its address, or what `asset` would be given.
    fn is_dynamic(&self, dynamic: &Dynamic, path: &str, address: &str) -> bool {
        let values = self.folders.below.iter().filter_map(|folder| address.strip_prefix(folder.as_str()));
        dynamic.covers(path)
            || dynamic.covers(&format!("/{address}"))
            || values.into_iter().any(|value| dynamic.covers(value))
    }

    fn advice(&self, source: &StaticSource, path: &str, missing: &str) -> String {
        match nearest(missing, self.numbers.keys().copied()) {
            Some(near) if path.starts_with('/') => format!("did you mean `/{near}`?"),
            Some(near) => format!("did you mean `{}`?", address::relative(&source.address, near)),
            None => format!("put it there as `{missing}`"),
        }
    }
}

/// Puts a problem at a reference. Columns are counted as editors do, without a byte order mark.
fn at(problem: Problem, text: &str, Reference { place, .. }: &Reference) -> Problem {
    let shown = text.strip_prefix('\u{feff}').unwrap_or(text);
    let skipped = text.len() - shown.len();
    problem.at_bytes(shown, place.start - skipped, place.end - skipped)
}

/// Whether an address lies below a folder.
pub fn is_below(address: &str, folder: &str) -> bool {
    address.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn is_stylesheet(source: &StaticSource) -> bool {
    mime::is(&source.address, "text/css")
}

/// All references in a file. Only stylesheets and scripts have any, and of scripts only the name of the source map is one.
fn found(source: &StaticSource) -> &[Reference] {
    source.body.references(|| {
        let Ok(text) = std::str::from_utf8(&source.body) else { return Vec::new() };
        if is_stylesheet(source) {
            css::references(text)
        } else if mime::is(&source.address, "text/javascript") {
            script::source_map(text).into_iter().collect()
        } else {
            Vec::new()
        }
    })
}
