//! What the settings `db.*` say, checked before anything is made of it.

use std::time::Duration;

use crate::error::Error;
use crate::site::Settings;

/// An engine that this binary has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    #[cfg(feature = "sqlite")]
    Sqlite,
    #[cfg(feature = "postgres")]
    Postgres,
    #[cfg(feature = "mysql")]
    MySql,
}

/// The database that is meant. It has the password, so it has no `Debug`.
#[derive(Clone)]
pub(super) struct Config {
    pub(super) engine: Engine,
    /// The address, which then says all but the numbers below.
    pub(super) url: Option<String>,
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(super) server: Server,
    /// The file of SQLite.
    #[cfg(feature = "sqlite")]
    pub(super) path: Option<String>,
    pub(super) max_connections: u32,
    pub(super) timeout: Duration,
}

/// Where a database server is, and who asks it.
#[cfg(any(feature = "postgres", feature = "mysql"))]
#[derive(Clone)]
pub(super) struct Server {
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) name: Option<String>,
}

/// The settings that say which database is meant, beside its engine and address.
const PLACE: [&str; 6] = ["db.server", "db.port", "db.user", "db.password", "db.name", "db.path"];

impl Config {
    /// `None` where nothing is set and the binary has no engine that needs nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where the settings do not fit together or name an engine that the binary does not have.
    pub(super) fn new(settings: &Settings) -> Result<Option<Config>, Error> {
        let Some(engine) = engine(settings)? else { return Ok(None) };
        Ok(Some(Config {
            engine,
            url: text(settings, "db.url")?,
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            server: Server {
                host: text(settings, "db.server")?,
                port: settings.get("db.port")?,
                user: text(settings, "db.user")?,
                password: text(settings, "db.password")?,
                name: text(settings, "db.name")?,
            },
            #[cfg(feature = "sqlite")]
            path: text(settings, "db.path")?,
            max_connections: settings.get("db.max_connections")?,
            timeout: Duration::from_secs(settings.get("db.connect_timeout")?),
        }))
    }
}

/// A text that is set to something; a number is taken as it is written (B155).
fn text(settings: &Settings, key: &str) -> Result<Option<String>, Error> {
    Ok(settings.get::<Option<String>>(key)?.filter(|text| !text.is_empty()))
}

/// The names of engines in settings, and the beginnings of their addresses.
const NAMES: [(&str, &[&str]); 3] =
    [("sqlite", &["sqlite"]), ("postgres", &["postgres", "postgresql"]), ("mysql", &["mysql", "mariadb"])];

/// The engines of this binary by their names.
fn compiled(name: &str) -> Option<Engine> {
    match name {
        #[cfg(feature = "sqlite")]
        "sqlite" => Some(Engine::Sqlite),
        #[cfg(feature = "postgres")]
        "postgres" => Some(Engine::Postgres),
        #[cfg(feature = "mysql")]
        "mysql" => Some(Engine::MySql),
        _ => None,
    }
}

/// Which engine is meant: what `db.engine` says, else `db.url`, else the one server engine of the binary where `db.server` is set, else
/// SQLite.
fn engine(settings: &Settings) -> Result<Option<Engine>, Error> {
    let by_url = text(settings, "db.url")?.map(|url| of_url(settings, &url)).transpose()?;
    let by_name = text(settings, "db.engine")?.map(|name| of_name(settings, &name)).transpose()?;
    let (name, key) = match (by_name, by_url) {
        (Some(name), Some(url)) if name != url => {
            let (engine, address) = (settings.name("db.engine"), settings.name("db.url"));
            return Err(Error::Setting(format!(
                "{engine} is `{name}`, but {address} is that of `{url}`; leave one of them out"
            )));
        }
        (Some(name), _) => (name, "db.engine"),
        (None, Some(name)) => (name, "db.url"),
        (None, None) if text(settings, "db.server")?.is_some() => return only_server(settings).map(Some),
        (None, None) => return without_name(settings),
    };
    compiled(name).map(Some).ok_or_else(|| {
        let setting = settings.name(key);
        Error::Setting(format!("{setting} names `{name}`, but this binary was built without Kalgan's feature `{name}`"))
    })
}

fn of_name(settings: &Settings, written: &str) -> Result<&'static str, Error> {
    let known = NAMES.iter().find(|(name, _)| *name == written);
    known.map(|(name, _)| *name).ok_or_else(|| {
        let setting = settings.name("db.engine");
        Error::Setting(format!("{setting} is `{written}` and must be `sqlite`, `postgres` or `mysql`"))
    })
}

/// The engine of an address. What else is in it may be a password, so it is not repeated.
fn of_url(settings: &Settings, url: &str) -> Result<&'static str, Error> {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    let known = NAMES.iter().find(|(_, schemes)| scheme.as_deref().is_some_and(|scheme| schemes.contains(&scheme)));
    known.map(|(name, _)| *name).ok_or_else(|| {
        let setting = settings.name("db.url");
        Error::Setting(format!("{setting} must begin with `sqlite://`, `postgres://` or `mysql://`"))
    })
}

/// The engine where only `db.server` tells that it is one with a server.
fn only_server(settings: &Settings) -> Result<Engine, Error> {
    let setting = settings.name("db.server");
    match (compiled("postgres"), compiled("mysql")) {
        (Some(engine), None) | (None, Some(engine)) => Ok(engine),
        (None, None) => Err(Error::Setting(format!(
            "{setting} names a server, but this binary was built without Kalgan's features `postgres` and `mysql`"
        ))),
        (Some(_), Some(_)) => Err(Error::Setting(format!(
            "{setting} does not say of which kind the server is; set `db.engine` to `postgres` or `mysql`"
        ))),
    }
}

/// SQLite needs no settings. A binary that has only engines with servers has a database where any setting names it.
fn without_name(settings: &Settings) -> Result<Option<Engine>, Error> {
    match compiled("sqlite") {
        Some(engine) => Ok(Some(engine)),
        None if PLACE.iter().any(|key| settings.exists(key)) => match (compiled("postgres"), compiled("mysql")) {
            (Some(_), Some(_)) => Err(Error::Setting(
                "the settings `db.*` do not say of which kind the database is; set `db.engine` to `postgres` or `mysql`".to_string(),
            )),
            (engine, None) | (None, engine) => Ok(engine),
        },
        None => Ok(None),
    }
}

/// The error for an address that the engine's driver does not understand.
pub(super) fn wrong_url(error: &sqlx::Error) -> Error {
    let reason = match error {
        sqlx::Error::Configuration(reason) => reason.to_string(),
        other => other.to_string(),
    };
    Error::Setting(format!("the setting `db.url` is not the address of a database: {reason}"))
}
