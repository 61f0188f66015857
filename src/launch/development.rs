//! A site in development: what is edited on disk becomes what is served.

use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::App;
use crate::error::Error;
use crate::http::{Request, Response};
use crate::overlay::{Noticing, Overlay};
use crate::problem::Problem;
use crate::server::{Development, Serving};
use crate::site::{Outside, Settings, Site};
use crate::source;

/// What makes sites of a folder that is being edited.
pub(crate) struct Developing {
    app: Arc<App>,
    outside: Outside,
    overlay: Mutex<Overlay>,
}

impl Developing {
    /// Reads the site's folder, and gives what serves it and follows its edits.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where a setting does not fit, [`Error::Site`] where a site cannot be made of the folder.
    pub(crate) fn start(app: &Arc<App>, folder: &Path, outside: Outside) -> Result<Serving, Error> {
        let fallback = app.snapshot();
        let options = source::Options {
            name: fallback.name.to_string(),
            release: fallback.release.to_string(),
            is_prod: false,
            minify: None,
        };
        // How the folder is watched must be known before it is read; what its own files say of that counts afterwards.
        let noticing = noticing(&Settings::load(&fallback, outside.clone())?)?;
        let mut overlay = Overlay::open(folder, options, fallback, noticing).map_err(not_noticed)?;
        let settings = Settings::load(overlay.snapshot(), outside.clone())?;
        notice(&mut overlay, &settings)?;
        let mut site = Site::new(overlay.snapshot().clone(), settings, &|tera| app.customise(tera))?;
        site.broken = overlay.broken().to_vec();
        let developing = Developing { app: app.clone(), outside, overlay: Mutex::new(overlay) };
        let serving = Serving::new(Arc::new(site), app.dispatch())?;
        Ok(serving.developed_by(Arc::new(developing)))
    }

    /// What serves the site as it is on disk now, where it is another than before.
    fn revised(&self, overlay: &mut Overlay, current: &Serving) -> Result<Option<Serving>, Error> {
        let start = Instant::now();
        let Some(refresh) = overlay.refresh() else { return Ok(None) };
        let (old, snapshot, changed) = (current.site(), overlay.snapshot(), &refresh.changed);
        if changed.is_nothing() && old.broken == overlay.broken() {
            return Ok(None);
        }
        let settings = match changed.settings || !changed.languages.is_empty() {
            true => Settings::load(snapshot, self.outside.clone())?,
            false => old.settings.clone(),
        };
        let mut site = old.revised(snapshot, changed, settings, &|tera| self.app.customise(tera))?;
        notice(overlay, &site.settings)?;
        site.broken = overlay.broken().to_vec();
        let serving = current.revised(Arc::new(site), self.app.dispatch(), changed)?;
        tracing::info!("refreshed {} in {:.1} ms", refresh.files.join(", "), start.elapsed().as_secs_f64() * 1000.0);
        Ok(Some(serving))
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

impl Development for Developing {
    fn refresh(&self, current: &ArcSwap<Serving>) {
        // Held until the new site is in its place, so that a request that finds no edit finds the site that has it.
        let mut overlay = self.overlay.lock().unwrap_or_else(PoisonError::into_inner);
        match self.revised(&mut overlay, &current.load()) {
            Ok(Some(serving)) => current.store(Arc::new(serving)),
            Ok(None) => {}
            Err(error) => tracing::error!("the edit is not shown: {error}"),
        }
    }

    fn next_edit(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let signal = self.overlay.lock().unwrap_or_else(PoisonError::into_inner).signal();
        Box::pin(signal.wait())
    }

    fn answer(&self, _request: &Request) -> Option<Response> {
        None
    }

    fn problems(&self) -> Vec<Problem> {
        self.overlay.lock().unwrap_or_else(PoisonError::into_inner).problems()
    }
}
