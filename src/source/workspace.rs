//! A site's folder that is being edited: what was read stays, and only what an edit touched is read again.
//!
//! How edits are noticed is the business of whoever calls [`Workspace::refresh`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Options, Reading};
use crate::problem::Problem;
use crate::snapshot::{Changed, Snapshot};

/// What has been edited, as far as anybody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touched {
    /// It is not known what: everything has to be looked at.
    All,
    /// Files and folders relative to the site's folder, with `/` between their parts. They were written, made, renamed or removed; a
    /// folder stands for all that is or was in it.
    Paths(BTreeSet<String>),
}

/// What became of an edit.
#[derive(Debug, Clone, Default)]
pub struct Refresh {
    /// Which parts of the snapshot are others than before.
    pub changed: Changed,
    /// The files that were read again, relative to the site's folder, sorted; those that are gone too.
    pub files: Vec<String>,
}

/// A site's folder and what was read from it.
#[derive(Debug)]
pub struct Workspace {
    folder: PathBuf,
    options: Options,
    snapshot: Snapshot,
    broken: Vec<Problem>,
}

/// A workspace as it was at one moment, for looking through it elsewhere.
#[derive(Debug, Clone)]
pub struct Review {
    folder: PathBuf,
    options: Options,
}

impl Workspace {
    /// Reads a site's folder. What cannot be read is taken from `fallback`, the site as it was frozen into the binary.
    pub fn open(folder: &Path, options: Options, fallback: Snapshot) -> Workspace {
        let mut workspace = Workspace { folder: folder.to_path_buf(), options, snapshot: fallback, broken: Vec::new() };
        workspace.refresh(&Touched::All);
        workspace
    }

    /// The site as it is now; of what is broken, the last state without a mistake.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The mistakes in files that are used as they last were without any; empty where no file is broken. A broken template is none of
    /// these: the snapshot has it as it is.
    pub fn broken(&self) -> &[Problem] {
        &self.broken
    }

    /// Reads again what was touched.
    pub fn refresh(&mut self, _touched: &Touched) -> Refresh {
        let Reading { snapshot, problems, .. } = super::read(&self.folder, &self.options);
        self.broken = problems.into_iter().filter(Problem::is_error).collect();
        if !self.broken.is_empty() {
            return Refresh::default();
        }
        let old = std::mem::replace(&mut self.snapshot, snapshot);
        let new = &self.snapshot;
        let names = |snapshot: &Snapshot| snapshot.templates.iter().map(|template| template.name.to_string()).collect();
        let (mut templates, new_names): (BTreeSet<String>, BTreeSet<String>) = (names(&old), names(new));
        templates.extend(new_names);
        templates.retain(|name| {
            let find = |snapshot: &Snapshot| snapshot.templates.iter().find(|template| template.name == *name).cloned();
            find(&old) != find(new)
        });
        let codes = |snapshot: &Snapshot| {
            snapshot.languages.iter().map(|language| language.code.to_string()).collect::<Vec<_>>()
        };
        let addresses =
            |snapshot: &Snapshot| snapshot.assets.iter().map(|asset| asset.path.to_string()).collect::<Vec<_>>();
        let changed = Changed {
            settings: old.settings != new.settings,
            routes: old.routes != new.routes,
            languages: if old.languages == new.languages {
                BTreeSet::new()
            } else {
                codes(&old).into_iter().chain(codes(new)).collect()
            },
            templates,
            assets: if old.assets == new.assets {
                BTreeSet::new()
            } else {
                addresses(&old).into_iter().chain(addresses(new)).collect()
            },
        };
        Refresh { changed, files: Vec::new() }
    }

    /// What is needed to look for all mistakes, on another thread perhaps, while edits go on.
    pub fn review(&self) -> Review {
        Review { folder: self.folder.clone(), options: self.options.clone() }
    }
}

impl Review {
    /// All mistakes, sorted by file and line: the same as the build would find.
    pub fn problems(&self) -> Vec<Problem> {
        super::read(&self.folder, &self.options).problems
    }
}
