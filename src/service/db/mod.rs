//! The site's database: one pool of connections for the whole process, of SQLite, PostgreSQL or MySQL.
//!
//! Which engine, where, and with how many connections is a matter of the settings `db.*`. The pool is `sqlx`'s own; Kalgan makes it when
//! the process starts and closes it when the process ends. No connection is opened before somebody asks for one, so a process
//! starts while its server is down, and works again when the server is back.
//!
//! ```no_run
//! # #[cfg(feature = "sqlite")] mod example {
//! use kalgan::db::{self, sqlx};
//! use kalgan::{BoxError, Request, Response};
//!
//! async fn count(request: Request) -> Result<Response, BoxError> {
//!     let (posts,): (i64,) = sqlx::query_as("SELECT count(*) FROM post").fetch_one(db::sqlite_pool(&request)?).await?;
//!     Ok(Response::text(format!("{posts} posts")))
//! }
//! # }
//! ```
//!
//! An error of `sqlx` that says that the database cannot be reached becomes 503, any other 500
//! ([`Failure::from_error`](crate::Failure::from_error)).

mod at_start;
mod config;
mod migrations;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(all(test, feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod tests;

use std::fmt;
use std::time::Duration;

/// The toolkit in the version that the pools are of, so that a site need not name it among its own packages.
pub use ::sqlx;

use self::at_start::Later;
pub(super) use self::at_start::{outlook, run, up_to_date};
use self::config::{Config, Engine};
pub(crate) use self::migrations::State;
use crate::error::Error;
use crate::metrics::PoolFigures;
use crate::process::{AsProcess, DataFolder, Process};
use crate::site::Settings;

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
compile_error!("the feature `db` has no database of its own: choose `sqlite`, `postgres` or `mysql`");

/// The pool of whichever engine the settings name.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqlitePool),
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlPool),
}

/// What the process keeps.
pub(crate) struct Database {
    pool: Pool,
    /// Where the file is made when it is wanted for the first time.
    #[cfg(feature = "sqlite")]
    file: Option<sqlite::File>,
    /// How long a connection is waited for.
    timeout: Duration,
    /// What is to be done about migrations beside the requests.
    later: at_start::Later,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("pool", &self.pool).finish_non_exhaustive()
    }
}

/// How long the end of a process waits for connections that are still in use.
const CLOSING: Duration = Duration::from_secs(5);

/// Makes the pool; `None` where the settings name no database and the binary has no engine that needs none.
///
/// # Errors
///
/// [`Error::Setting`] where the settings do not fit together or name an engine that the binary does not have.
pub(crate) fn start(settings: &Settings, data: &DataFolder) -> Result<Option<Database>, Error> {
    let Some(config) = Config::new(settings)? else { return Ok(None) };
    let timeout = config.timeout;
    Ok(Some(match config.engine {
        #[cfg(feature = "sqlite")]
        Engine::Sqlite => {
            let (pool, file) = sqlite::pool(&config, data)?;
            Database { pool: Pool::Sqlite(pool), file: Some(file), timeout, later: Later::default() }
        }
        #[cfg(feature = "postgres")]
        Engine::Postgres => Database::of_server(Pool::Postgres(postgres::pool(&config)?), timeout, data),
        #[cfg(feature = "mysql")]
        Engine::MySql => Database::of_server(Pool::MySql(mysql::pool(&config)?), timeout, data),
    }))
}

/// Closes the pool when nothing uses it any more.
pub(super) async fn end(process: &Process) {
    if let Some(database) = process.service::<Database>() {
        database.close().await;
    }
}

impl Database {
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    fn of_server(pool: Pool, timeout: Duration, _data: &DataFolder) -> Database {
        Database {
            pool,
            #[cfg(feature = "sqlite")]
            file: None,
            timeout,
            later: Later::default(),
        }
    }

    /// Closes the pool; a connection that is still in use is not waited for without end.
    pub(crate) async fn close(&self) {
        if tokio::time::timeout(CLOSING, self.pool.close()).await.is_err() {
            tracing::warn!("connections to the database were still in use {} s after the end", CLOSING.as_secs());
        }
    }

    /// The pool, when everything is there that its connections need.
    fn ready(&self) -> Result<&Pool, Error> {
        #[cfg(feature = "sqlite")]
        if let Some(file) = &self.file {
            file.make_folder()?;
        }
        Ok(&self.pool)
    }
}

impl Pool {
    /// The engine, as people call it.
    pub(crate) fn engine(&self) -> &'static str {
        match self {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(_) => "SQLite",
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => "PostgreSQL",
            #[cfg(feature = "mysql")]
            Pool::MySql(_) => "MySQL",
        }
    }

    /// Asks for something that only a database in order can answer.
    async fn ping(&self) -> Result<(), sqlx::Error> {
        match self {
            // The schema is the first thing in the file.
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => sqlx::query("SELECT count(*) FROM sqlite_master").execute(pool).await.map(|_| ()),
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => sqlx::query("SELECT 1").execute(pool).await.map(|_| ()),
            #[cfg(feature = "mysql")]
            Pool::MySql(pool) => sqlx::query("SELECT 1").execute(pool).await.map(|_| ()),
        }
    }

    /// How many connections there are at this moment; `limit` is the most.
    fn figures(&self) -> PoolFigures {
        let (size, idle, limit) = match self {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => (pool.size(), pool.num_idle(), pool.options().get_max_connections()),
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => (pool.size(), pool.num_idle(), pool.options().get_max_connections()),
            #[cfg(feature = "mysql")]
            Pool::MySql(pool) => (pool.size(), pool.num_idle(), pool.options().get_max_connections()),
        };
        // The two numbers are not taken at the same moment.
        let idle = (idle as u64).min(size.into());
        PoolFigures { idle, used: u64::from(size) - idle, limit: limit.into() }
    }

    /// Whether the engine takes back the statements of a migration that fails, also those that make tables.
    fn takes_back(&self) -> bool {
        match self {
            #[cfg(feature = "mysql")]
            Pool::MySql(_) => false,
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            _ => true,
        }
    }

    async fn close(&self) {
        match self {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => pool.close().await,
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => pool.close().await,
            #[cfg(feature = "mysql")]
            Pool::MySql(pool) => pool.close().await,
        }
    }
}

/// The connections of the pool at this moment; `None` where the process has no database.
pub(super) fn figures(process: &Process) -> Option<PoolFigures> {
    process.service().map(|database: &Database| database.pool.figures())
}

/// Asks the database for an answer, within `db.connect_timeout`; `None` where the process has no database.
///
/// # Errors
///
/// What the driver says, without any password: it never repeats what it was given to connect with.
pub(crate) async fn ping(process: &Process) -> Option<Result<(), String>> {
    let database: &Database = process.service()?;
    if let Err(error) = database.ready() {
        return Some(Err(error.to_string()));
    }
    let asked = tokio::time::timeout(database.timeout, database.pool.ping()).await;
    Some(match asked {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s (`db.connect_timeout`)", database.timeout.as_secs())),
    })
}

/// The pool of the process's database, of whichever engine; `None` where it has none.
///
/// A folder for SQLite that cannot be made shows when a connection is asked for.
#[allow(dead_code, reason = "only services that keep something in the database ask for it")]
pub(crate) fn pool(process: &Process) -> Option<&Pool> {
    let database: &Database = process.service()?;
    Some(database.ready().unwrap_or(&database.pool))
}

/// The database, or why there is none.
fn database(process: &Process) -> Result<&Database, Error> {
    process.service().ok_or_else(|| {
        Error::Service("this process has no database; set `db.url`, or `db.server` and `db.name`".to_string())
    })
}

/// The error of asking for the pool of another engine than the one in the settings.
#[cfg(any(
    all(feature = "sqlite", feature = "postgres"),
    all(feature = "sqlite", feature = "mysql"),
    all(feature = "postgres", feature = "mysql")
))]
fn other_engine(pool: &Pool, wanted: &str) -> Error {
    let found = pool.engine();
    Error::Service(format!("the database of this process is {found} and not {wanted}; the settings `db.*` say which"))
}

/// The pool of SQLite (B151). The file is made by its first connection, with its folder, where it is not there.
///
/// # Errors
///
/// [`Error::Service`] where the settings name another engine, [`Error::File`] where the folder cannot be made.
///
/// ```no_run
/// # use kalgan::{BoxError, Request, db};
/// async fn add(request: &Request, title: &str) -> Result<(), BoxError> {
///     let statement = db::sqlx::query("INSERT INTO post (title) VALUES (?)").bind(title);
///     statement.execute(db::sqlite_pool(request)?).await?;
///     Ok(())
/// }
/// ```
#[cfg(feature = "sqlite")]
pub fn sqlite_pool(of: &impl AsProcess) -> Result<&sqlx::SqlitePool, Error> {
    match database(of.process())?.ready()? {
        Pool::Sqlite(pool) => Ok(pool),
        #[cfg(any(feature = "postgres", feature = "mysql"))]
        other => Err(other_engine(other, "SQLite")),
    }
}

/// The pool of PostgreSQL (B151).
///
/// # Errors
///
/// [`Error::Service`] where the settings name another engine or no database.
///
/// ```no_run
/// # use kalgan::{BoxError, Request, db};
/// async fn title(request: &Request, id: i64) -> Result<Option<String>, BoxError> {
///     let statement = db::sqlx::query_scalar("SELECT title FROM post WHERE id = $1").bind(id);
///     Ok(statement.fetch_optional(db::pg_pool(request)?).await?)
/// }
/// ```
#[cfg(feature = "postgres")]
pub fn pg_pool(of: &impl AsProcess) -> Result<&sqlx::PgPool, Error> {
    match database(of.process())?.ready()? {
        Pool::Postgres(pool) => Ok(pool),
        #[cfg(any(feature = "sqlite", feature = "mysql"))]
        other => Err(other_engine(other, "PostgreSQL")),
    }
}

/// The pool of MySQL or MariaDB (B151).
///
/// # Errors
///
/// [`Error::Service`] where the settings name another engine or no database.
///
/// ```no_run
/// # use kalgan::{BoxError, Request, db};
/// async fn title(request: &Request, id: i64) -> Result<Option<String>, BoxError> {
///     let statement = db::sqlx::query_scalar("SELECT title FROM post WHERE id = ?").bind(id);
///     Ok(statement.fetch_optional(db::mysql_pool(request)?).await?)
/// }
/// ```
#[cfg(feature = "mysql")]
pub fn mysql_pool(of: &impl AsProcess) -> Result<&sqlx::MySqlPool, Error> {
    match database(of.process())?.ready()? {
        Pool::MySql(pool) => Ok(pool),
        #[cfg(any(feature = "sqlite", feature = "postgres"))]
        other => Err(other_engine(other, "MySQL")),
    }
}
