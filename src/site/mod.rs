//! What a running process serves from: everything made from one [`Snapshot`], immutable.
//!
//! A raw snapshot goes in, ready parts come out, and nothing later looks at raw data. After an edit in development a new [`Site`] takes
//! the old one's place, which shares with it what the edit left alone; a request that began with the old one ends with it. How requests are taken and answered is the business of
//! `http`, `controller` and `server`.

mod assets;
mod host;
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
pub(crate) use host::without_port;
pub use languages::Languages;
pub(crate) use renderer::noting;
pub use renderer::{
    Context, Equipment, Filters, Kwargs, Needs, Renderer, State, Tera, TeraResult, TeraSetup, Value, Values, View,
    mark_for_once,
};
pub use router::{Found, Outcome, ReadyRoute, RouteMatch, Router, Step};
pub(crate) use settings::frozen;
pub use settings::{Layer, Outside, Settings, Shown};
pub use translator::Translator;
pub use urls::{PublicUrl, Urls};

use crate::error::Error;
use crate::problem::Problem;
use crate::snapshot::{Changed, List, Migration, POLICY, Route, Snapshot, is_auto};

/// One site, ready to be served.
#[derive(Debug)]
pub struct Site {
    /// All settings that count.
    pub settings: Settings,
    /// Finds the route for a request.
    pub router: Arc<Router>,
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
    /// The steps that bring a database up to date, sorted by number.
    pub migrations: List<Migration>,
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
        let router = Arc::new(Router::new(&snapshot.routes, &codes)?);
        let urls = Arc::new(Urls::new(&snapshot.routes, languages.clone(), public_url(&settings)?)?);
        let assets = Arc::new(Assets::new(snapshot.assets, &snapshot.version, &settings)?);
        let filters =
            Filters { translator: Arc::clone(&translator), urls: Arc::clone(&urls), assets: Arc::clone(&assets) };
        let equipment = Equipment {
            folder: &settings.get_string("tera.path")?,
            filters,
            is_prod: settings.is_prod(),
            has_nonces: has_nonces(&settings)?,
            setup: customise,
        };
        let renderer = Renderer::new(snapshot.templates, equipment)?;
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
            migrations: snapshot.migrations,
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
        changed: &Changed,
        settings: Settings,
        customise: &TeraSetup,
    ) -> Result<Site, Error> {
        let default = default_language(snapshot, &settings)?;
        let translator = self.revised_translator(snapshot, &default, changed);
        let languages = translator.languages().clone();
        let (router, urls) = self.revised_routes(snapshot, &languages, public_url(&settings)?, changed.routes)?;
        let assets = self.assets.revised(&snapshot.assets, &changed.assets, &snapshot.version, &settings)?;
        let filters =
            Filters { translator: Arc::clone(&translator), urls: Arc::clone(&urls), assets: Arc::clone(&assets) };
        let folder = settings.get_string("tera.path")?;
        let equipment = Equipment {
            folder: &folder,
            filters,
            is_prod: settings.is_prod(),
            has_nonces: has_nonces(&settings)?,
            setup: customise,
        };
        let renderer = self.renderer.revised(&snapshot.templates, &changed.templates, equipment)?;
        Ok(Site {
            settings,
            router,
            translator,
            urls,
            assets,
            renderer,
            name: snapshot.name.to_string(),
            release: snapshot.release.to_string(),
            version: snapshot.version.to_string(),
            date: snapshot.date,
            languages,
            migrations: snapshot.migrations.clone(),
            broken: Vec::new(),
        })
    }

    fn revised_translator(&self, snapshot: &Snapshot, default: &str, changed: &Changed) -> Arc<Translator> {
        let codes = || snapshot.languages.iter().map(|language| &*language.code);
        if changed.languages.is_empty() && Languages::new(codes(), default) == self.languages {
            return Arc::clone(&self.translator);
        }
        Arc::new(self.translator.revised(&snapshot.languages, default, &changed.languages))
    }

    /// The router, which reads the routes and the languages' codes, and the addresses, which also read `server.public_url`.
    fn revised_routes(
        &self,
        snapshot: &Snapshot,
        languages: &Languages,
        public: PublicUrl,
        has_other_routes: bool,
    ) -> Result<(Arc<Router>, Arc<Urls>), Error> {
        let codes: Vec<&str> = languages.iter().collect();
        let keeps_router = !has_other_routes && self.languages.iter().eq(codes.iter().copied());
        let keeps_urls = !has_other_routes && self.urls.is_for(languages, &public);
        if keeps_router && keeps_urls {
            return Ok((Arc::clone(&self.router), Arc::clone(&self.urls)));
        }
        let known = self.router.known();
        let router = match keeps_router {
            true => Arc::clone(&self.router),
            false => Arc::new(self.router.revised(&snapshot.routes, &codes, &known)?),
        };
        let is_same = |route: &Route| known.has_paths_of(route);
        let urls = self.urls.revised(&snapshot.routes, languages.clone(), public, is_same)?;
        Ok((router, Arc::new(urls)))
    }
}

/// Whether the policy of pages is made of their templates, or a policy of the site's own asks for that.
fn has_nonces(settings: &Settings) -> Result<bool, Error> {
    let policy = settings.get_string(POLICY)?;
    Ok(is_auto(&policy) || policy.contains("{scripts}") || policy.contains("{styles}"))
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
