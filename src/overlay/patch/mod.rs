//! An operator's overlay: a folder that is laid out like the site's, whose files are put over the snapshot of the binary, so that a
//! text or a logo is mended without a build.
//!
//! Everything is read at once, when the process starts or is asked to reload, and becomes one more [`Snapshot`]: requests notice nothing
//! of it. The steps of [`read`] are those of [`source::read`](crate::source::read), each over what the binary has:
//!
//! 1. [`settings`]: file by file;
//! 2. [`messages`]: text by text;
//! 3. [`routes`]: file by file; and what they name must be in the binary;
//! 4. [`assets`](crate::source::assets::patch): address by address;
//! 5. templates: name by name;
//! 6. whether what all templates name is there now;
//! 7. [`unread`]: files that are none of these.
//!
//! What is not in the folder stays as in the binary; nothing can be deleted by an overlay. Warnings about what is in the binary were for
//! whoever built it and are not repeated. Making a site of the snapshot is left to `launch`.

mod bundles;
mod messages;
mod routes;
mod settings;
#[cfg(test)]
mod tests;
mod unread;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use crate::problem::{self, Problem};
use crate::snapshot::{Snapshot, Template, Text};
use crate::source::assets::patch::{self, Base};
use crate::source::check::{self, Complete};
use crate::source::files::{Entry, Files, TextFile};
use crate::source::settings::Settings;
use crate::source::templates::{self, Declared};

/// The functions that a binary has, by name: what routes may name.
#[derive(Debug, Clone)]
pub struct Functions<'a> {
    /// Those below `crate::controller`; `None` where a resolver of the site finds them.
    pub controllers: Option<Vec<&'a str>>,
    /// Those below `crate::middleware`.
    pub middleware: Vec<&'a str>,
}

/// A binary's site with an overlay over it.
#[derive(Debug)]
pub struct Patched {
    /// The site. With an error among the problems it must not be served.
    pub snapshot: Snapshot,
    /// What is wrong in the overlay, and what it breaks in the binary, sorted; the overlay's files are named with the folder in front.
    pub problems: Vec<Problem>,
    /// What was read.
    pub summary: Summary,
}

/// How many files of an overlay were read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Settings files.
    pub settings: usize,
    /// Route files.
    pub routes: usize,
    /// Message files.
    pub messages: usize,
    /// Templates.
    pub templates: usize,
    /// Static files.
    pub assets: usize,
}

/// Reads an overlay and puts it over the site in a binary. Never fails: what is wrong is among the problems.
pub fn read(folder: &Path, binary: Snapshot, functions: &Functions<'_>) -> Patched {
    let files = match Files::open(folder) {
        Ok(files) => files,
        Err(problem) => {
            return Patched { snapshot: binary, problems: vec![*problem], summary: Summary::default() };
        }
    };
    let mut reading = Reading { files, problems: Vec::new(), read: BTreeSet::new(), summary: Summary::default() };
    let mut snapshot = reading.site(binary, functions);
    let own = reading.own_files();
    let shown = folder.display().to_string();
    let shown = shown.trim_end_matches('/');
    for place in snapshot.settings.to_mut().iter_mut().map(|setting| &mut setting.place) {
        locate(place.file.to_mut(), shown, &own);
    }
    for place in snapshot.routes.to_mut().iter_mut().map(|route| &mut route.place) {
        locate(place.file.to_mut(), shown, &own);
    }
    let problems = reading.problems(shown, &own);
    Patched { snapshot, problems, summary: reading.summary }
}

/// Puts the overlay's folder in front of a file's name, where the file is the overlay's.
fn locate(file: &mut String, folder: &str, own: &BTreeSet<String>) {
    if own.contains(file) {
        *file = format!("{folder}/{file}");
    }
}

/// An overlay that is being read.
struct Reading {
    files: Files,
    problems: Vec<Problem>,
    /// The files that were read, relative to the overlay's folder.
    read: BTreeSet<String>,
    summary: Summary,
}

impl Reading {
    /// Steps 1 to 7.
    fn site(&mut self, binary: Snapshot, functions: &Functions<'_>) -> Snapshot {
        let (settings, read) = settings::read(&mut self.files, &binary, &mut self.problems);
        self.summary.settings = self.note(read);
        let settings_errors = self.errors();
        let (languages, read) = messages::read(&mut self.files, &settings, &binary, &mut self.problems);
        self.summary.messages = self.note(read);
        let message_errors = self.errors();
        let codes: Vec<String> = languages.iter().map(|language| language.code.to_string()).collect();
        let known = routes::Known { binary: &binary, languages: &codes, functions };
        let (routes, read) = routes::read(&mut self.files, &settings, &known, &mut self.problems);
        self.summary.routes = self.note(read);
        let route_errors = self.errors();
        let base = Base { snapshot: &binary, settings: &settings, routes: &routes };
        let patched = patch::read(&mut self.files, &base, &mut self.problems);
        self.problems.extend(bundles::copies(&binary, &patched.changed));
        self.summary.assets = self.note(patched.read);
        let asset_errors = self.errors();
        // Of what could not be read whole nothing is missing, as far as anybody knows.
        let complete = Complete {
            messages: settings_errors == 0 && message_errors == settings_errors,
            routes: settings_errors == 0 && route_errors == message_errors,
            assets: settings_errors == 0 && asset_errors == route_errors,
        };
        let sources = self.templates(&settings, &binary);
        let declared = Declared {
            filters: settings.items("tera.filters"),
            functions: settings.items("tera.functions"),
            tests: settings.items("tera.tests"),
            complete: settings_errors == 0 && self.errors() == asset_errors,
        };
        let snapshot = Snapshot {
            settings: settings.list.clone().into(),
            routes: routes.into(),
            languages: languages.into(),
            assets: patched.assets.into(),
            ..binary
        };
        let snapshot = self.checked(&sources, snapshot, &declared, complete);
        let unread = unread::problems(&mut self.files, &settings, &self.read, &self.problems);
        self.problems.extend(unread);
        snapshot
    }

    /// How many errors there are so far.
    fn errors(&self) -> usize {
        self.files.problems.iter().chain(&self.problems).filter(|problem| problem.is_error()).count()
    }

    /// Remembers files as read, and counts them.
    fn note(&mut self, read: Vec<String>) -> usize {
        let count = read.len();
        self.read.extend(read);
        count
    }

    /// Step 5: all templates, those of the overlay in the place of the binary's of the same name.
    fn templates(&mut self, settings: &Settings, binary: &Snapshot) -> Vec<TextFile> {
        let folder = settings.text("tera.path");
        let of_binary = |template: &Template| {
            let name = template.name.to_string();
            (name.clone(), TextFile { path: format!("{folder}/{name}"), name, text: template.source.to_string() })
        };
        let mut sources: BTreeMap<String, TextFile> = binary.templates.iter().map(of_binary).collect();
        let found = match self.files.entry(folder) {
            Entry::Folder => self.files.walk(folder),
            _ => [].into(),
        };
        self.summary.templates = self.note(found.iter().map(|found| found.path.clone()).collect());
        for found in found.iter() {
            // One that cannot be read leaves a mistake behind; the binary's would only hide it.
            sources.remove(&found.name);
            sources.extend(self.files.text(found).map(|file| (found.name.clone(), TextFile::clone(&file))));
        }
        sources.into_values().collect()
    }

    /// Step 6: the snapshot with its templates, all of them checked, because what one names may be in a file that has been replaced.
    fn checked(
        &mut self,
        sources: &[TextFile],
        snapshot: Snapshot,
        declared: &Declared,
        complete: Complete,
    ) -> Snapshot {
        let reading = templates::read(sources, declared);
        self.problems.extend(reading.problems);
        self.problems.extend(check::check(&reading.usages, &snapshot, complete));
        // Those of the binary borrow its constants.
        let mut templates: BTreeMap<Text, Template> =
            snapshot.templates.iter().map(|template| (template.name.clone(), template.clone())).collect();
        let is_own = |file: &TextFile| self.read.contains(&file.path);
        let own = sources.iter().zip(reading.templates).filter(|(file, _)| is_own(file));
        templates.extend(own.map(|(_, template)| (template.name.clone(), template)));
        Snapshot { templates: templates.into_values().collect(), ..snapshot }
    }

    /// The overlay's files, and what else was refused in its folder.
    fn own_files(&mut self) -> BTreeSet<String> {
        let found = self.files.walk("");
        let mut own: BTreeSet<String> = found.iter().map(|found| found.path.clone()).collect();
        own.extend(self.files.problems.iter().map(|problem| problem.file.clone()));
        own
    }

    /// All mistakes, with the overlay's files named so that they are found.
    fn problems(&mut self, folder: &str, own: &BTreeSet<String>) -> Vec<Problem> {
        let mut problems = std::mem::take(&mut self.problems);
        problems.append(&mut self.files.problems);
        problems.retain(|problem| problem.is_error() || own.contains(&problem.file));
        for problem in &mut problems {
            if !own.contains(&problem.file) {
                let help = format!("this is in the binary; a file `{folder}/{}` would take its place", problem.file);
                problem.help.push(help);
            }
            locate(&mut problem.file, folder, own);
        }
        problem::sort(&mut problems);
        problems
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (self.settings, "settings file"),
            (self.routes, "route file"),
            (self.messages, "message file"),
            (self.templates, "template"),
            (self.assets, "static file"),
        ];
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let kinds = kinds.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = kinds.map(|(count, kind)| format!("{count} {kind}{}", plural(count))).collect();
        if parts.is_empty() { f.write_str("no files") } else { f.write_str(&parts.join(", ")) }
    }
}
