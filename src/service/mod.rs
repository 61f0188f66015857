//! What controllers call beside the framework itself: each service is a module and a cargo feature of its own.
//!
//! A service keeps what it needs as a value of its own type in the [`Process`], made here when the process starts ([`start`]). What it
//! offers takes a request or the process ([`AsProcess`](crate::AsProcess)), never a global. A service that has something to do
//! with every answer gives a [`Finish`](crate::http::Finish), one that templates ask for something gives
//! [`Variables`].

#[cfg(feature = "cache")]
pub mod cache;
#[cfg(feature = "csrf")]
pub mod csrf;
#[cfg(feature = "db")]
pub mod db;
mod field;
pub mod health;
#[cfg(feature = "mail")]
pub mod mail;
#[cfg(feature = "password")]
pub mod password;
#[cfg(any(feature = "mail", feature = "password", feature = "secrets", feature = "session"))]
mod random;
#[cfg(all(feature = "redis", any(feature = "cache", feature = "session")))]
mod redis;
#[cfg(feature = "secrets")]
pub(crate) mod secrets;
#[cfg(feature = "session")]
pub mod session;
#[cfg(feature = "password")]
pub mod token;
#[cfg(feature = "upload")]
pub mod upload;

use std::sync::Arc;

use crate::error::Error;
use crate::http::Variables;
use crate::metrics::{Gathered, Metrics};
use crate::process::{DataFolder, Process, States, Unbroken};
use crate::site::{Settings, Site};

/// What a service is started with, and where it puts what it keeps.
#[allow(dead_code, reason = "without services nothing is read")]
pub(crate) struct Start<'s> {
    /// The site as the process starts with it.
    pub(crate) site: &'s Arc<Site>,
    /// The folder for what is written.
    pub(crate) data: &'s DataFolder,
    /// What the process counts.
    pub(crate) metrics: Arc<Metrics>,
    /// What services keep, found by type.
    pub(crate) states: States,
    /// What services give to templates.
    pub(crate) variables: Variables,
}

#[allow(dead_code, reason = "without services nothing is read")]
impl Start<'_> {
    /// The settings that the process starts with.
    pub(crate) fn settings(&self) -> &Settings {
        &self.site.settings
    }
}

/// What services are made for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose<'p> {
    /// Requests will be answered. Who waits for it may break it off, but not while this says otherwise.
    Serve(#[allow(dead_code, reason = "without a database nothing must be done whole")] &'p Unbroken),
    /// To find out whether they can be made; another process may serve meanwhile.
    Trial,
}

/// What a start would do about the database, as far as a trial can tell.
#[derive(Debug, Default)]
pub(crate) struct Outlook {
    /// Sentences for people.
    pub(crate) notes: Vec<String>,
    /// Whether a start would apply migrations first, so that what fails without them may succeed.
    pub(crate) applies_migrations: bool,
}

/// The groups of settings that a feature reads, and whether the binary has one of those features.
const READERS: [(&str, &str, bool); 7] = [
    ("cache", "cache", cfg!(any(feature = "cache", feature = "session"))),
    ("csrf", "csrf", cfg!(feature = "csrf")),
    ("db", "sqlite`, `postgres` or `mysql", cfg!(feature = "db")),
    ("mailer", "mail", cfg!(feature = "mail")),
    ("password", "password", cfg!(feature = "password")),
    ("session", "session", cfg!(feature = "session")),
    ("upload", "upload", cfg!(feature = "upload")),
];

/// Writes a line for each group of settings that nobody in this binary reads.
fn tell_unread(settings: &Settings) {
    for (group, features, _) in READERS.iter().filter(|(_, _, is_read)| !is_read) {
        if let Some(key) = settings.below(group).next() {
            tracing::warn!(
                "`{group}.{key}` is set, but nothing reads it: this binary was built without Kalgan's feature `{features}`"
            );
        }
    }
}

/// Writes a line where migrations are there for nothing.
fn tell_unused_migrations(site: &Site) {
    if !site.migrations.is_empty() {
        tracing::warn!("the site has migrations, but this process has no database");
    }
}

/// Makes what all services of the binary keep; those that others need come first.
///
/// # Errors
///
/// [`Error::Setting`] where settings do not fit, [`Error::Service`] where a service cannot work with them, [`Error::File`] where its
/// files cannot be written. A server that does not answer yet is no error: it may be started after the site.
#[allow(clippy::unused_async, reason = "which services there are is a matter of features")]
pub(crate) async fn start(site: &Arc<Site>, data: &DataFolder, purpose: Purpose<'_>) -> Result<States, Error> {
    tell_unread(&site.settings);
    #[allow(unused_mut, reason = "without services nothing is added")]
    let mut start =
        Start { site, data, metrics: Arc::default(), states: States::default(), variables: Variables::default() };
    #[cfg(feature = "secrets")]
    secrets::start(&mut start)?;
    #[cfg(feature = "csrf")]
    csrf::start(&mut start)?;
    #[cfg(feature = "password")]
    password::start(&mut start)?;
    #[cfg(feature = "db")]
    match db::start(start.settings(), start.data)? {
        Some(database) => {
            if let Purpose::Serve(unbroken) = purpose {
                db::up_to_date(&database, site, unbroken).await?;
            }
            start.states.insert(database);
        }
        None => tell_unused_migrations(site),
    }
    #[cfg(not(feature = "db"))]
    tell_unused_migrations(site);
    start_redis(&mut start)?;
    #[cfg(feature = "cache")]
    cache::start(&mut start)?;
    #[cfg(feature = "session")]
    session::start(&mut start).await?;
    #[cfg(feature = "mail")]
    mail::start(&mut start)?;
    let _ = purpose;
    let Start { mut states, variables, metrics, .. } = start;
    states.insert(variables);
    states.insert(metrics);
    Ok(states)
}

/// What a start would do about the migrations.
///
/// # Errors
///
/// Those with which it would fail.
#[allow(clippy::unused_async, unused_variables, reason = "which services there are is a matter of features")]
pub(crate) async fn outlook(process: &Process, site: &Site) -> Result<Outlook, Error> {
    #[cfg(feature = "db")]
    if let Some(database) = process.service::<db::Database>() {
        return db::outlook(database, site).await;
    }
    Ok(Outlook::default())
}

/// Prepares the connection that caches and sessions share, where the settings name a server.
#[allow(clippy::unnecessary_wraps, reason = "which services there are is a matter of features")]
fn start_redis(start: &mut Start) -> Result<(), Error> {
    #[cfg(all(feature = "redis", any(feature = "cache", feature = "session")))]
    if let Some(redis) = self::redis::Redis::new(start.settings())? {
        start.states.insert(redis);
    }
    #[cfg(all(not(feature = "redis"), any(feature = "cache", feature = "session")))]
    if start.settings().get::<Option<String>>("cache.server")?.is_some() {
        let name = start.settings().name("cache.server");
        return Err(Error::Setting(format!(
            "{name} names a Redis server, but this binary was built without Kalgan's feature `redis`; add the feature, or unset it"
        )));
    }
    let _ = start;
    Ok(())
}

/// Starts what services do beside the requests, when the process is about to serve.
#[allow(unused_variables, reason = "which services there are is a matter of features")]
pub(crate) fn run(process: &Process) {
    #[cfg(feature = "db")]
    db::run(process);
    #[cfg(feature = "session")]
    session::run(process);
    #[cfg(feature = "mail")]
    mail::run(process);
}

/// What is looked at for the figures of a process, not counted. A database that does not answer costs a second.
#[allow(clippy::unused_async, reason = "which services there are is a matter of features")]
pub(crate) async fn gather(process: &Process) -> Gathered {
    let mut gathered = Gathered { kalgan_version: env!("CARGO_PKG_VERSION"), ..Gathered::default() };
    if let Ok(site) = process.site() {
        gathered.name.clone_from(&site.name);
        gathered.version.clone_from(&site.release);
        gathered.assets_version.clone_from(&site.version);
    }
    #[cfg(feature = "db")]
    {
        gathered.pool = db::figures(process);
    }
    #[cfg(feature = "mail")]
    {
        gathered.mails_waiting = mail::waiting(process).await;
    }
    gathered
}

/// Ends what services hold open, when all tasks have ended.
#[allow(clippy::unused_async, unused_variables, reason = "which services there are is a matter of features")]
pub(crate) async fn end(process: &Process) {
    #[cfg(feature = "mail")]
    mail::end(process).await;
    #[cfg(feature = "session")]
    session::end(process).await;
    // Last, as other services may keep something there.
    #[cfg(feature = "db")]
    db::end(process).await;
}
