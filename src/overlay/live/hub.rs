//! What there is to tell to open pages: which state of the site is served, what changed on the way there, mistakes, and the build.
//!
//! It holds a state and no queue: a page that is slow, or was away, is told what has changed since the state that it shows. So
//! neither many edits nor many pages make it grow.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::watch;

use super::{Build, Editor};
use crate::problem::Problem;

/// How many changes are kept. A page that has missed more than these is loaded again.
const CHANGES: usize = 128;

/// What an edit changed, as far as a page in a browser is concerned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Whether pages may be others than before, so that they have to be loaded again.
    pub pages: bool,
    /// The static files that are others: their addresses without the leading slash, and their versions; an empty one where the file is
    /// gone.
    pub assets: BTreeMap<String, String>,
}

impl Change {
    /// Adds what a later edit changed.
    fn add(&mut self, later: &Change) {
        self.pages |= later.pages;
        self.assets.extend(later.assets.iter().map(|(path, version)| (path.clone(), version.clone())));
    }
}

/// What open pages are told. Clones tell the same pages.
#[derive(Debug, Clone)]
pub struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Tells this process from the one before and the one after.
    process: String,
    /// The site's folder, absolute.
    folder: PathBuf,
    state: watch::Sender<State>,
}

/// What pages are told at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// How often the site has been made since the process began, the first time not counted.
    pub(super) generation: u64,
    /// The changes that led to the latest generations, the earliest first.
    changes: VecDeque<Change>,
    /// Counts whatever else is told.
    pub(super) report: u64,
    /// All mistakes; none where those of this generation are not known yet.
    pub(super) problems: Option<Arc<Vec<Problem>>>,
    pub(super) build: Build,
    pub(super) editor: Option<Editor>,
}

impl Hub {
    /// A hub for the site in a folder.
    pub fn new(folder: &Path) -> Hub {
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
        Hub(Arc::new(Inner { process: random(), folder, state: watch::Sender::default() }))
    }

    /// A text that no other process has.
    pub fn process(&self) -> &str {
        &self.0.process
    }

    /// The generation that is served.
    pub fn generation(&self) -> u64 {
        self.0.state.borrow().generation
    }

    /// Tells that the next generation of the site is served.
    pub fn publish(&self, change: Change) {
        self.0.state.send_modify(|state| {
            state.generation += 1;
            state.changes.push_back(change);
            if state.changes.len() > CHANGES {
                state.changes.pop_front();
            }
            state.problems = None;
        });
    }

    /// Tells all mistakes in the site's files as they are now.
    pub fn set_problems(&self, problems: Vec<Problem>) {
        self.0.state.send_modify(|state| {
            state.report += 1;
            state.problems = Some(Arc::new(problems));
        });
    }

    /// Tells how the build of the site's binary goes.
    pub fn set_build(&self, build: Build) {
        self.0.state.send_if_modified(|state| {
            let is_other = state.build != build;
            state.report += u64::from(is_other);
            state.build = build;
            is_other
        });
    }

    /// Sets what links to a place in a file are made with.
    pub fn set_editor(&self, editor: Option<Editor>) {
        self.0.state.send_modify(|state| state.editor = editor);
    }

    /// The address that opens a place in a file of the site in an editor; `None` where no editor is set. The file is relative to the
    /// site's folder.
    pub fn link(&self, file: &str, line: usize, column: usize) -> Option<String> {
        let editor = self.0.state.borrow().editor.clone();
        editor.map(|editor| editor.link(&self.0.folder.join(file), line, column))
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0.folder
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<State> {
        self.0.state.subscribe()
    }
}

impl State {
    #[cfg(test)]
    pub(super) fn changes(&self) -> usize {
        self.changes.len()
    }

    /// What has changed since a generation; `None` where that is so long ago that it is not known any more.
    pub(super) fn since(&self, generation: u64) -> Option<Change> {
        // A page may be served in the moment before its generation is told here.
        let missed = usize::try_from(self.generation.saturating_sub(generation)).ok()?;
        let first = self.changes.len().checked_sub(missed)?;
        let mut all = Change::default();
        self.changes.range(first..).for_each(|change| all.add(change));
        Some(all)
    }
}

/// 128 bits that nobody can guess, from the keys that the system gives for hash tables.
pub(super) fn random() -> String {
    format!("{:016x}{:016x}", RandomState::new().hash_one(0), RandomState::new().hash_one(1))
}
