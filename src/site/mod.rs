//! What a running process serves from: everything made from one [`Snapshot`], immutable.
//!
//! A raw snapshot goes in, ready parts come out, and nothing later looks at raw data. In development the whole [`Site`] is made
//! anew and swapped; a request that began with the old one ends with it. How requests are taken and answered is the business of
//! `http`, `controller` and `server`.

mod assets;
mod languages;
mod renderer;
mod requirement;
mod router;
mod settings;
mod translator;
mod urls;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use assets::Assets;
pub use languages::Languages;
pub(crate) use renderer::noting;
pub use renderer::{
    Context, Filters, Kwargs, Renderer, State, Tera, TeraResult, TeraSetup, Value, View, mark_for_once,
};
pub use router::{Found, Outcome, ReadyRoute, RouteMatch, Router, Step};
pub use settings::{Layer, Outside, Settings, Shown};
pub use translator::Translator;
pub use urls::{PublicUrl, Urls};

use crate::error::Error;
use crate::problem::Problem;
use crate::snapshot::{Changed, Snapshot};

/// One site, ready to be served.
#[derive(Debug)]
pub struct Site {
    /// All settings that count.
    pub settings: Settings,
    /// Finds the route for a request.
    pub router: Router,
    /// Messages by language.
    pub translator: Arc<Translator>,
    /// Addresses of routes.
    pub urls: Arc<Urls>,
    /// Static files.
    pub assets: Arc<Assets>,
    /// Templates.
    pub renderer: Renderer,
    /// Name of the crate that the site is.
    pub name: String,
    /// Version of the crate that the site is.
    pub release: String,
    /// The version tag of the static files.
    pub version: String,
    /// When the static files were made, in seconds since 1970, where the build was told.
    pub date: Option<u64>,
    /// The site's languages.
    pub languages: Languages,
    /// The mistakes in files that are used as they last were without any. Only an edit in development can bring them.
    pub broken: Vec<Problem>,
}

impl Site {
    /// Makes a site from a snapshot and the settings that were loaded for it. `customise` registers the site's own filters,
    /// functions and tests.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where a setting does not fit the site, [`Error::Site`] for wrong routes, [`Error::Template`] for a template
    /// that does not compile. The build has checked all of it, so this is for what was changed since.
    pub fn new(snapshot: Snapshot, settings: Settings, customise: &TeraSetup) -> Result<Site, Error> {
        let default = default_language(&snapshot, &settings)?;
        let translator = Arc::new(Translator::new(&snapshot.languages, &default));
        let languages = translator.languages().clone();
        let codes: Vec<&str> = languages.iter().collect();
        let router = Router::new(&snapshot.routes, &codes)?;
        let urls = Arc::new(Urls::new(&snapshot.routes, languages.clone(), public_url(&settings)?)?);
        let assets = Arc::new(Assets::new(snapshot.assets, &snapshot.version, &settings)?);
        let filters =
            Filters { translator: Arc::clone(&translator), urls: Arc::clone(&urls), assets: Arc::clone(&assets) };
        let folder = settings.get_string("tera.path")?;
        let renderer = Renderer::new(snapshot.templates, &folder, filters, customise)?;
        Ok(Site {
            settings,
            router,
            translator,
            urls,
            assets,
            renderer,
            name: snapshot.name.into_owned(),
            release: snapshot.release.into_owned(),
            version: snapshot.version.into_owned(),
            date: snapshot.date,
            languages,
            broken: Vec::new(),
        })
    }

    /// The site of a snapshot of which only some parts are others than in the one that this site was made from. What was made from
    /// the rest is shared.
    ///
    /// # Errors
    ///
    /// As [`Site::new`].
    pub fn revised(
        &self,
        snapshot: &Snapshot,
        _changed: &Changed,
        settings: Settings,
        customise: &TeraSetup,
    ) -> Result<Site, Error> {
        Site::new(snapshot.clone(), settings, customise)
    }
}

/// The setting `server.public_url`.
fn public_url(settings: &Settings) -> Result<PublicUrl, Error> {
    const KEY: &str = "server.public_url";
    let address = settings.get::<Option<String>>(KEY)?.unwrap_or_default();
    PublicUrl::parse(&address).map_err(|reason| Error::Setting(format!("{} {reason}", settings.name(KEY))))
}

/// The setting `i18n.language.default`, which must be one of the site's languages where it has any.
fn default_language(snapshot: &Snapshot, settings: &Settings) -> Result<String, Error> {
    const KEY: &str = "i18n.language.default";
    if snapshot.languages.is_empty() {
        return Ok(String::new());
    }
    let default = settings.get_string(KEY)?;
    if snapshot.languages.iter().any(|language| *language.code == *default) {
        return Ok(default);
    }
    let codes: Vec<&str> = snapshot.languages.iter().map(|language| &*language.code).collect();
    Err(Error::Setting(format!(
        "{} is `{default}`, which is none of the site's languages: {}",
        settings.name(KEY),
        codes.join(", ")
    )))
}
