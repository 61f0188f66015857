//! A site in development: what is edited on disk becomes what is served, and is told to open pages and to the log.
//!
//! 1. A request comes, or a file changes while nobody asks: [`Developing::refresh`] reads what was touched, makes what serves the site
//!    as it is now, and puts it in its place, all under one lock.
//! 2. Open pages are told of it ([`Hub`]), and what counts only at a start is named ([`at_start`]).
//! 3. On another thread, all mistakes are looked for ([`checks`]) and told to the log and to open pages.

mod checks;
mod edition;
mod production;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::{App, at_start};
use crate::error::Error;
use crate::overlay::live::{Change, Hub};
use crate::overlay::{Noticing, Overlay};
use crate::problem::Problem;
use crate::server::Serving;
use crate::site::{Outside, Settings, Site};
use crate::snapshot::Changed;
use crate::source;
use crate::source::workspace::Refresh;
use checks::Checks;
use edition::Edition;

/// What makes sites of a folder that is being edited.
pub(crate) struct Developing {
    app: Arc<App>,
    /// The layers from outside as they were given.
    outside: Outside,
    folder: PathBuf,
    hub: Hub,
    editing: Mutex<Editing>,
    checks: OnceLock<Checks>,
}

/// What an edit goes through, one at a time.
struct Editing {
    overlay: Overlay,
    /// Counts the edits, so that a check knows whether it is of the latest state.
    edits: u64,
    /// What was changed by edits that could not be shown, because no site can be made with them.
    unshown: Changed,
    /// Why the latest edit could not be shown.
    refused: Vec<Problem>,
    /// Whether the files say by now that this is production.
    wants_production: bool,
}

/// How many file names a line of the log has.
const NAMES: usize = 3;

impl Developing {
    /// Reads the site's folder, and gives what serves it and follows its edits, and what tells open pages of them.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where a setting does not fit, [`Error::Site`] where a site cannot be made of the folder.
    pub(crate) fn start(app: &Arc<App>, folder: &Path, outside: Outside) -> Result<(Serving, Hub), Error> {
        let fallback = app.snapshot();
        let options = source::Options {
            name: fallback.name.to_string(),
            release: fallback.release.to_string(),
            is_prod: false,
            minify: None,
        };
        // How the folder is watched must be known before it is read; what its own files say of that counts afterwards.
        let noticing = noticing(&Settings::load(&fallback, outside.clone())?)?;
        let overlay = Overlay::open(folder, options, fallback, noticing).map_err(not_noticed)?;
        let hub = Hub::new(folder);
        let editing =
            Editing { overlay, edits: 0, unshown: Changed::default(), refused: Vec::new(), wants_production: false };
        let developing = Arc::new(Developing {
            app: app.clone(),
            outside,
            folder: folder.to_path_buf(),
            hub: hub.clone(),
            editing: Mutex::new(editing),
            checks: OnceLock::new(),
        });
        let serving = developing.first()?;
        developing.checks.get_or_init(|| Checks::start(Arc::downgrade(&developing))).wish();
        Ok((serving, hub))
    }

    fn first(self: &Arc<Self>) -> Result<Serving, Error> {
        let mut editing = self.editing();
        let settings = self.settings(&editing)?;
        notice(&mut editing.overlay, &settings)?;
        let mut site = Site::new(editing.overlay.snapshot().clone(), settings, &|tera| self.app.customise(tera))?;
        site.broken = editing.overlay.broken().to_vec();
        let edition = Edition::new(self.clone(), &site, self.hub.generation())?;
        Ok(Serving::new(Arc::new(site), self.app.dispatch())?.developed_by(Arc::new(edition)))
    }

    /// Where files have changed, puts what serves the site as it is now into `current`.
    fn refresh(self: &Arc<Self>, current: &ArcSwap<Serving>) {
        // Held until the new site is in its place, so that a request that finds no edit finds the site that has it.
        let mut editing = self.editing();
        let start = Instant::now();
        let Some(refresh) = editing.overlay.refresh() else { return };
        editing.edits += 1;
        let old = current.load();
        editing.unshown.add(&refresh.changed);
        if editing.unshown.is_nothing() && old.site().broken == editing.overlay.broken() {
            editing.refused.clear();
            tracing::debug!("read {} again: nothing is another", names(&refresh.files));
        } else {
            match self.revised(&mut editing, &old) {
                Ok(serving) => self.show(&mut editing, serving, current),
                Err(error) => editing.refuse(&error),
            }
            log(&refresh, start, &editing);
        }
        if let Some(checks) = self.checks.get() {
            checks.wish();
        }
    }

    /// What serves the site as it is on disk now.
    fn revised(self: &Arc<Self>, editing: &mut Editing, current: &Serving) -> Result<Serving, Error> {
        let (old, changed) = (current.site(), &editing.unshown);
        let settings = match changed.settings || !changed.languages.is_empty() {
            true => self.settings(editing)?,
            false => old.settings.clone(),
        };
        if changed.settings {
            notice(&mut editing.overlay, &settings)?;
        }
        let snapshot = editing.overlay.snapshot();
        let mut site = old.revised(snapshot, changed, settings, &|tera| self.app.customise(tera))?;
        site.broken = editing.overlay.broken().to_vec();
        let edition = Edition::new(self.clone(), &site, self.hub.generation() + 1)?;
        let serving = current.revised(Arc::new(site), self.app.dispatch(), changed)?;
        Ok(serving.developed_by(Arc::new(edition)))
    }

    /// Puts a new state of the site in the place of the old one, and tells open pages.
    fn show(&self, editing: &mut Editing, serving: Serving, current: &ArcSwap<Serving>) {
        let changed = std::mem::take(&mut editing.unshown);
        editing.refused.clear();
        let old = current.load_full();
        if changed.settings {
            at_start::tell(&old.site().settings, &serving.site().settings);
            let wants_production = production::is_wanted(editing.overlay.snapshot(), &self.outside);
            if wants_production && !editing.wants_production {
                production::tell();
            }
            editing.wants_production = wants_production;
        }
        if changed.migrations {
            tracing::warn!(
                "the migrations were changed; they are run when the process starts again, or by the command `migrate`"
            );
        }
        let change = change(&changed, old.site(), serving.site());
        current.store(Arc::new(serving));
        self.hub.publish(change);
    }

    /// The settings that count. A process that has begun in development stays there, whatever the files say (B39).
    fn settings(&self, editing: &Editing) -> Result<Settings, Error> {
        let mut outside = self.outside.clone();
        outside.flags.push((production::IS_PROD.to_string(), "false".to_string()));
        Settings::load(editing.overlay.snapshot(), outside)
    }

    fn editing(&self) -> MutexGuard<'_, Editing> {
        self.editing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Editing {
    fn refuse(&mut self, error: &Error) {
        self.refused = match error {
            Error::Site(problems) => problems.clone(),
            other => vec![Problem::error("the site's files", other.to_string())],
        };
    }
}

/// How the settings want edits to be noticed.
fn noticing(settings: &Settings) -> Result<Noticing, Error> {
    const MODE: &str = "environment.watch";
    let mode = settings.get_string(MODE)?.parse();
    let mode = mode.map_err(|reason| Error::Setting(format!("{} {reason}", settings.name(MODE))))?;
    let pause = Duration::from_secs(settings.get("environment.refresh_config_timeout")?);
    Ok(Noticing { mode, pause })
}

/// Has edits noticed as the settings want it.
fn notice(overlay: &mut Overlay, settings: &Settings) -> Result<(), Error> {
    overlay.notice(noticing(settings)?).map_err(not_noticed)
}

fn not_noticed(reason: String) -> Error {
    Error::Setting(format!("the setting `environment.watch` asks for file events: {reason}"))
}

/// What open pages must know of what was changed.
fn change(changed: &Changed, old: &Site, new: &Site) -> Change {
    let version = |path: &String| new.assets.get(path).map(|file| new.assets.version(file).to_string());
    let assets = changed.assets.iter().map(|path| (path.clone(), version(path).unwrap_or_default()));
    let pages = changed.settings
        || changed.routes
        || !changed.languages.is_empty()
        || !changed.templates.is_empty()
        || old.broken != new.broken;
    Change { pages, assets: assets.collect() }
}

/// One line for an edit: what was read, and how long it took until it was shown.
fn log(refresh: &Refresh, start: Instant, editing: &Editing) {
    let (files, time) = (names(&refresh.files), start.elapsed().as_secs_f64() * 1000.0);
    let changed = &refresh.changed;
    match editing.refused.first() {
        Some(problem) => tracing::error!("the edit of {files} is not shown: {}", problem.message),
        None => tracing::info!("refreshed {files} in {time:.1} ms"),
    }
    tracing::debug!(
        settings = changed.settings,
        routes = changed.routes,
        languages = changed.languages.len(),
        templates = changed.templates.len(),
        assets = changed.assets.len(),
        migrations = changed.migrations,
        "changed"
    );
}

/// The first names and how many there are more.
fn names(files: &[String]) -> String {
    match files.len() {
        0 => "the site".to_string(),
        count if count <= NAMES => files.join(", "),
        count => format!("{} and {} more", files[..NAMES].join(", "), count - NAMES),
    }
}
