//! Brings a database up to date, step by step, and tells how far it is.
//!
//! What is done is kept in the table that `sqlx`'s own program uses too. Only one process at a time does it: PostgreSQL and MySQL have locks
//! that end with their connection, and for SQLite a file beside the database is locked, which the system unlocks when the process ends.
//! So instances may be started together, and one that is killed leaves nothing locked.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, MigrationType};
use sqlx::{AssertSqlSafe, Connection, SqlSafeStr};

use super::{Database, Pool};
use crate::error::{self, Error};
use crate::process::Unbroken;
use crate::snapshot::{Engine, Migration};

/// Where a database keeps which steps it has had.
const TABLE: &str = "_sqlx_migrations";

/// A step for the engine of the database.
struct Step<'m> {
    written: &'m Migration,
    /// The same for `sqlx`, with the hash by which a change is noticed.
    ready: sqlx::migrate::Migration,
}

/// How far a database is with one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It has had it.
    Applied,
    /// It has not had it yet.
    Pending,
    /// It has had it as it was then; the file has been changed since.
    Changed,
    /// It was begun and did not end, on an engine that cannot take such statements back.
    Begun,
    /// It has had it, but this binary does not know it: it is of a newer release.
    Unknown,
}

/// A step and how far the database is with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) number: i64,
    /// The file, relative to the site's folder; empty where this binary does not know it.
    pub(crate) file: String,
    pub(crate) state: State,
}

/// Why a database was not brought up to date.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// Whether it may work later, as the database cannot be reached at the moment.
    pub(crate) is_outage: bool,
    pub(crate) error: Error,
}

/// Is told of every step that was applied, and how long it took.
pub(crate) type Told<'t> = dyn FnMut(&str, Duration) + Send + 't;

/// The name of the engine in a snapshot.
fn engine(pool: &Pool) -> Engine {
    match pool {
        #[cfg(feature = "sqlite")]
        Pool::Sqlite(_) => Engine::Sqlite,
        #[cfg(feature = "postgres")]
        Pool::Postgres(_) => Engine::Postgres,
        #[cfg(feature = "mysql")]
        Pool::MySql(_) => Engine::MySql,
    }
}

impl Step<'_> {
    /// The steps for the engine of a pool, sorted by number.
    fn all<'m>(pool: &Pool, migrations: &'m [Migration]) -> Vec<Step<'m>> {
        let engine = engine(pool);
        let mine = migrations.iter().filter(|migration| migration.engine.is_none_or(|only| only == engine));
        mine.map(Step::new).collect()
    }
}

impl<'m> Step<'m> {
    fn new(written: &'m Migration) -> Step<'m> {
        // Some statements, such as an index that is made beside the readers, cannot be in a transaction.
        let is_alone = written.sql.starts_with("-- no-transaction");
        let sql = AssertSqlSafe(written.sql.to_string()).into_sql_str();
        let name = written.name.replace('_', " ");
        let ready = sqlx::migrate::Migration::new(written.number, name.into(), MigrationType::Simple, sql, is_alone);
        Step { written, ready }
    }
}

impl Database {
    /// Whether there is a step for this database.
    pub(crate) fn has_steps(&self, migrations: &[Migration]) -> bool {
        !Step::all(&self.pool, migrations).is_empty()
    }

    /// Brings the database up to date. It may be broken off, but not while `unbroken` says otherwise.
    pub(crate) async fn migrate(
        &self,
        migrations: &[Migration],
        unbroken: &Unbroken,
        told: &mut Told<'_>,
    ) -> Result<(), Trouble> {
        let steps = Step::all(&self.pool, migrations);
        let pool = self.ready().map_err(Trouble::from)?;
        match pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => {
                let _lock = match &self.file {
                    Some(file) => Some(file.lock().await?),
                    None => None,
                };
                let mut connection = pool.acquire().await.map_err(|error| self.unreachable(error))?.detach();
                let done = run(&mut connection, &steps, unbroken, told).await;
                close(connection).await;
                done.map_err(|failure| self.trouble(failure))
            }
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => {
                let mut connection = pool.acquire().await.map_err(|error| self.unreachable(error))?.detach();
                let done = match connection.lock().await {
                    Ok(()) => run(&mut connection, &steps, unbroken, told).await,
                    Err(error) => Err(Fault::Database(error)),
                };
                close(connection).await;
                done.map_err(|failure| self.trouble(failure))
            }
            #[cfg(feature = "mysql")]
            Pool::MySql(pool) => {
                let mut connection = pool.acquire().await.map_err(|error| self.unreachable(error))?.detach();
                let done = match super::mysql::lock(&mut connection).await {
                    Ok(()) => run(&mut connection, &steps, unbroken, told).await,
                    Err(error) => Err(Fault::Database(MigrateError::Execute(error))),
                };
                close(connection).await;
                done.map_err(|failure| self.trouble(failure))
            }
        }
    }

    /// How far the database is with each step, sorted by number. Changes nothing, and makes no file.
    pub(crate) async fn progress(&self, migrations: &[Migration]) -> Result<Vec<Progress>, Trouble> {
        let steps = Step::all(&self.pool, migrations);
        #[cfg(feature = "sqlite")]
        if self.file.as_ref().is_some_and(|file| !file.exists()) {
            return Ok(compared(&steps, &BTreeMap::new(), None));
        }
        let found = match &self.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(pool) => applied(&mut *pool.acquire().await.map_err(|error| self.unreachable(error))?).await,
            #[cfg(feature = "postgres")]
            Pool::Postgres(pool) => applied(&mut *pool.acquire().await.map_err(|error| self.unreachable(error))?).await,
            #[cfg(feature = "mysql")]
            Pool::MySql(pool) => applied(&mut *pool.acquire().await.map_err(|error| self.unreachable(error))?).await,
        };
        let (applied, begun) = found.map_err(|error| self.trouble(Fault::Database(error)))?;
        Ok(compared(&steps, &applied, begun))
    }

    /// The error with which bringing the database up to date would end at once.
    pub(crate) fn obstacle(&self, progress: &[Progress]) -> Option<Error> {
        progress.iter().find_map(fault_of).map(|fault| Error::Service(self.text(fault)))
    }

    /// The error where there is no connection.
    fn unreachable(&self, error: sqlx::Error) -> Trouble {
        self.trouble(Fault::Database(MigrateError::Execute(error)))
    }

    fn trouble(&self, fault: Fault) -> Trouble {
        let is_outage = match &fault {
            Fault::Database(error) | Fault::Step(_, error) => error::out_of_order(error).is_some(),
            _ => false,
        };
        Trouble { is_outage, error: Error::Service(self.text(fault)) }
    }

    /// What happened, where, and what to do.
    fn text(&self, fault: Fault) -> String {
        let place = self.place();
        match fault {
            Fault::Database(error) => format!("{place}: {}", words(&error)),
            Fault::Step(file, error) => {
                let state = match self.pool.takes_back() {
                    true => "nothing of it was kept, and the database is as it was before it",
                    false => "MySQL keeps what the statements before the one that failed have done; mend that by hand",
                };
                format!("the migration `{file}` failed: {}; {state} ({place})", words(&error))
            }
            Fault::Changed(file) => format!(
                "the migration `{file}` was changed after {place} had had it; give it its old text again, and write what is to be \
                 changed into a new one"
            ),
            Fault::Begun(number, file) => format!(
                "the migration {number}{} was begun in {place} and did not end; look which of its statements were done, undo or finish \
                 them by hand, and then remove its row: `DELETE FROM {TABLE} WHERE version = {number}`, where it is to be run again, or \
                 `UPDATE {TABLE} SET success = TRUE WHERE version = {number}`, where it is finished",
                file.map(|file| format!(" (`{file}`)")).unwrap_or_default()
            ),
        }
    }

    /// The database as people know it.
    fn place(&self) -> String {
        #[cfg(feature = "sqlite")]
        if let Some(file) = &self.file {
            return format!("the database `{}`", file.path().display());
        }
        format!("the {} database", self.pool.engine())
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble { is_outage: false, error }
    }
}

/// What went wrong.
enum Fault {
    Database(MigrateError),
    Step(String, MigrateError),
    Changed(String),
    Begun(i64, Option<String>),
}

impl From<MigrateError> for Fault {
    fn from(error: MigrateError) -> Fault {
        Fault::Database(error)
    }
}

/// Applies what is pending, while nobody else does.
async fn run<C: Migrate>(
    connection: &mut C,
    steps: &[Step<'_>],
    unbroken: &Unbroken,
    told: &mut Told<'_>,
) -> Result<(), Fault> {
    connection.ensure_migrations_table(TABLE).await?;
    let (applied, begun) = applied(connection).await?;
    if let Some(fault) = compared(steps, &applied, begun).iter().find_map(fault_of) {
        return Err(fault);
    }
    // MySQL keeps what a step has done by the time when it is broken off.
    let _whole = unbroken.begin().await;
    for step in steps.iter().filter(|step| !applied.contains_key(&step.written.number)) {
        let done = connection.apply(TABLE, &step.ready).await;
        let time = done.map_err(|error| Fault::Step(step.written.file.to_string(), error))?;
        told(&step.written.file, time);
    }
    Ok(())
}

/// Why nothing can be applied where the database is so far.
fn fault_of(progress: &Progress) -> Option<Fault> {
    let file = progress.file.clone();
    match progress.state {
        State::Begun => Some(Fault::Begun(progress.number, Some(file).filter(|file| !file.is_empty()))),
        State::Changed => Some(Fault::Changed(file)),
        State::Applied | State::Pending | State::Unknown => None,
    }
}

/// Ends a connection and with it what it has locked. It may be broken already.
async fn close(connection: impl Connection) {
    let _ = connection.close().await;
}

/// The steps that a database has had by their numbers, with their hashes, and the one that did not end.
type Applied = (BTreeMap<i64, Vec<u8>>, Option<i64>);

async fn applied<C: Migrate>(connection: &mut C) -> Result<Applied, MigrateError> {
    let found = match connection.list_applied_migrations(TABLE).await {
        Err(MigrateError::Execute(error)) if is_missing_table(&error) => return Ok((BTreeMap::new(), None)),
        found => found?,
    };
    let begun = connection.dirty_version(TABLE).await?;
    Ok((found.into_iter().map(|step| (step.version, step.checksum.into_owned())).collect(), begun))
}

/// Whether a database has never had a step.
fn is_missing_table(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        // PostgreSQL, MySQL, SQLite.
        error.code().is_some_and(|code| code == "42P01" || code == "42S02")
            || error.message().starts_with("no such table")
    })
}

/// How far a database is, given what it has had.
fn compared(steps: &[Step<'_>], applied: &BTreeMap<i64, Vec<u8>>, begun: Option<i64>) -> Vec<Progress> {
    let state = |step: &Step<'_>| match applied.get(&step.written.number) {
        _ if begun == Some(step.written.number) => State::Begun,
        None => State::Pending,
        Some(hash) if **hash == *step.ready.checksum => State::Applied,
        Some(_) => State::Changed,
    };
    let progress = |step: &Step<'_>| (step.written.number, (step.written.file.to_string(), state(step)));
    let mut all: BTreeMap<i64, (String, State)> = steps.iter().map(progress).collect();
    for number in applied.keys() {
        let state = if begun == Some(*number) { State::Begun } else { State::Unknown };
        all.entry(*number).or_insert_with(|| (String::new(), state));
    }
    all.into_iter().map(|(number, (file, state))| Progress { number, file, state }).collect()
}

/// What the driver says, without what it says around it.
fn words(error: &MigrateError) -> String {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => match error.as_database_error() {
            Some(said) => said.message().to_string(),
            None => error.to_string(),
        },
        other => other.to_string(),
    }
}
