//! Sessions in a SQLite file: they outlive the process, and several processes of one machine may share them.
//!
//! What a request was told to be kept is on the disk: each change is one transaction, and `synchronous=FULL` has it written through
//! before the answer is sent. `NORMAL` would be faster, but after a power cut a session that somebody has ended could be back.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

use super::{Changes, Record, Store, now};
use crate::error::Error;
use crate::service::session::id::Key;

/// How long a change waits for those before it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections that read; one more writes, because SQLite has one writer at a time, and waiting in line is cheaper than trying.
const READERS: u32 = 4;

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS session (
        key TEXT PRIMARY KEY NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS session_expires ON session (expires);
    CREATE TABLE IF NOT EXISTS session_value (
        session TEXT NOT NULL REFERENCES session (key) ON DELETE CASCADE ON UPDATE CASCADE,
        name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (session, name)
    ) STRICT, WITHOUT ROWID;";

pub(super) struct File {
    path: PathBuf,
    readers: SqlitePool,
    writer: SqlitePool,
}

impl File {
    /// Opens the file; it is made where it is not there.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] where it cannot be opened or is no database.
    pub(super) async fn open(path: PathBuf) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(PATIENCE)
            .foreign_keys(true);
        let pool = |connections| PoolOptions::<Sqlite>::new().max_connections(connections).acquire_timeout(PATIENCE);
        let file = File {
            path,
            readers: pool(READERS).connect_lazy_with(options.clone()),
            writer: pool(1).connect_lazy_with(options),
        };
        sqlx::raw_sql(TABLES).execute(&file.writer).await.map_err(|error| file.failed(&error))?;
        Ok(file)
    }

    /// How many values there are, of all sessions.
    #[cfg(test)]
    pub(super) async fn count_values(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM session_value").fetch_one(&self.readers).await.expect("it can be read")
    }

    async fn read(&self, key: &Key) -> Result<Option<Record>, sqlx::Error> {
        // One statement, so that it sees one state of the session.
        let rows = sqlx::query(
            "SELECT created, expires, name, value FROM session LEFT JOIN session_value ON session = key WHERE key = ?",
        );
        let rows = rows.bind(key.as_str()).fetch_all(&self.readers).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let (created, expires) = (first.try_get::<i64, _>(0)?, first.try_get::<i64, _>(1)?);
        let mut record = Record { created: created as u64, expires: expires as u64, values: Default::default() };
        for row in &rows {
            if let (Some(name), Some(value)) = (row.try_get(2)?, row.try_get(3)?) {
                record.values.insert(name, value);
            }
        }
        Ok(Some(record))
    }

    async fn insert(&self, key: &Key, record: Record) -> Result<(), sqlx::Error> {
        let mut transaction = self.begin().await?;
        let session = sqlx::query("INSERT INTO session (key, created, expires) VALUES (?, ?, ?)");
        let session = session.bind(key.as_str()).bind(record.created as i64).bind(record.expires as i64);
        session.execute(&mut *transaction).await?;
        for (name, value) in &record.values {
            put(&mut transaction, key, name, value).await?;
        }
        transaction.commit().await
    }

    /// Applies changes to the session of the first key, which gets the second one.
    async fn update(&self, (old, new): (&Key, &Key), changes: &Changes, expires: u64) -> Result<bool, sqlx::Error> {
        let mut transaction = self.begin().await?;
        let session = sqlx::query("UPDATE session SET key = ?, expires = ? WHERE key = ?");
        let session = session.bind(new.as_str()).bind(expires as i64).bind(old.as_str());
        if session.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Ok(false);
        }
        if changes.clear {
            let all = sqlx::query("DELETE FROM session_value WHERE session = ?").bind(new.as_str());
            all.execute(&mut *transaction).await?;
        }
        for (name, value) in &changes.values {
            match value {
                Some(value) => put(&mut transaction, new, name, value).await?,
                None => {
                    let one = sqlx::query("DELETE FROM session_value WHERE session = ? AND name = ?");
                    one.bind(new.as_str()).bind(name).execute(&mut *transaction).await?;
                }
            }
        }
        transaction.commit().await?;
        Ok(true)
    }

    /// A transaction that may write from its first statement on: one that began by reading could not wait for another that writes.
    async fn begin(&self) -> Result<Transaction<'_, Sqlite>, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    fn failed(&self, error: &sqlx::Error) -> Error {
        Error::Service(format!("sessions cannot be kept in `{}`: {error}", self.path.display()))
    }
}

async fn put(connection: &mut SqliteConnection, key: &Key, name: &str, value: &str) -> Result<(), sqlx::Error> {
    let put = sqlx::query("INSERT OR REPLACE INTO session_value (session, name, value) VALUES (?, ?, ?)");
    put.bind(key.as_str()).bind(name).bind(value).execute(connection).await?;
    Ok(())
}

impl Store for File {
    fn load<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Record>, Error>> {
        async move { self.read(key).await.map_err(|error| self.failed(&error)) }.boxed()
    }

    fn create<'a>(&'a self, key: &'a Key, record: Record) -> BoxFuture<'a, Result<(), Error>> {
        async move { self.insert(key, record).await.map_err(|error| self.failed(&error)) }.boxed()
    }

    fn change<'a>(&'a self, key: &'a Key, changes: &'a Changes, expires: u64) -> BoxFuture<'a, Result<bool, Error>> {
        self.renew((key, key), changes, expires)
    }

    fn renew<'a>(
        &'a self,
        keys: (&'a Key, &'a Key),
        changes: &'a Changes,
        expires: u64,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        async move { self.update(keys, changes, expires).await.map_err(|error| self.failed(&error)) }.boxed()
    }

    fn remove<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<(), Error>> {
        async move {
            let one = sqlx::query("DELETE FROM session WHERE key = ?").bind(key.as_str());
            one.execute(&self.writer).await.map(|_| ()).map_err(|error| self.failed(&error))
        }
        .boxed()
    }

    fn check(&self) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            let one = sqlx::query("SELECT 1 FROM session LIMIT 1").fetch_optional(&self.readers);
            one.await.map(|_| ()).map_err(|error| self.failed(&error))
        }
        .boxed()
    }

    fn sweep(&self) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            let ended = sqlx::query("DELETE FROM session WHERE expires <= ?").bind(now() as i64);
            ended.execute(&self.writer).await.map(|_| ()).map_err(|error| self.failed(&error))
        }
        .boxed()
    }

    fn needs_sweeping(&self) -> bool {
        true
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async move {
            self.readers.close().await;
            self.writer.close().await;
        }
        .boxed()
    }
}
