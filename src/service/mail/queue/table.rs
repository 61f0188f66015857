//! The queue of a site with a database: the table `kalgan_mail`, which several processes may share.
//!
//! A process claims mails for a short time and renews its claim while it sends, so that no other sends them as well, and those of a
//! process that died are another's soon. Mails that were given up stay for thirty days, with the reason.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use sqlx::AssertSqlSafe;
use tokio::sync::OnceCell;

use super::statements::{Engine, LEASE, Statements};
use super::{Claimed, Entry, Verdict, full};
use crate::error::{Error, one_line};
use crate::service::db::Pool;
use crate::service::random;

/// Mails in the site's database.
pub(in crate::service::mail) struct Table {
    pool: Pool,
    size: u32,
    statements: Statements,
    /// Set when the table is there.
    is_there: OnceCell<()>,
    /// When old mails were last forgotten.
    forgotten: Mutex<Option<Instant>>,
}

/// What a row of a claimed mail has: see [`Statements::claimed`].
type Row = (i64, String, String, String, Vec<u8>, i64, i64);

/// Old mails are forgotten so often.
const FORGETTING: Duration = Duration::from_secs(60 * 60);

/// Does the same with the pool of whichever engine.
macro_rules! with_pool {
    ($table:expr, $pool:ident => $body:expr) => {
        match &$table.pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite($pool) => $body,
            #[cfg(feature = "postgres")]
            Pool::Postgres($pool) => $body,
            #[cfg(feature = "mysql")]
            Pool::MySql($pool) => $body,
        }
    };
}

/// A statement of [`Statements`]: its text is Kalgan's own, and all values are bound.
fn sql(text: &str) -> AssertSqlSafe<&str> {
    AssertSqlSafe(text)
}

impl Table {
    pub(in crate::service::mail) fn new(pool: Pool, size: u32) -> Self {
        let engine = match &pool {
            #[cfg(feature = "sqlite")]
            Pool::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "postgres")]
            Pool::Postgres(_) => Engine::Postgres,
            #[cfg(feature = "mysql")]
            Pool::MySql(_) => Engine::MySql,
        };
        let statements = Statements::new(engine);
        Table { pool, size, statements, is_there: OnceCell::new(), forgotten: Mutex::default() }
    }

    pub(super) async fn add(&self, entries: &[Entry]) -> Result<(), Error> {
        self.ready().await?;
        let count: i64 = self.insert(entries).await.map_err(failed)?;
        match count > i64::from(self.size) {
            true => Err(full(self.size)),
            false => Ok(()),
        }
    }

    /// Puts the mails in, unless they are too many. Gives how many there would be.
    async fn insert(&self, entries: &[Entry]) -> Result<i64, sqlx::Error> {
        with_pool!(self, pool => {
            let mut transaction = pool.begin().await?;
            // First what writes: in SQLite a transaction that has read may no longer become one that writes.
            for entry in entries {
                let sender = entry.sender.as_ref().map(ToString::to_string).unwrap_or_default();
                let statement = sqlx::query(sql(&self.statements.add)).bind(sender).bind(entry.recipient.to_string());
                statement.bind(&entry.subject).bind(&entry.message[..]).execute(&mut *transaction).await?;
            }
            let count: i64 = sqlx::query_scalar(sql(&self.statements.count)).fetch_one(&mut *transaction).await?;
            match count > i64::from(self.size) {
                true => transaction.rollback().await?,
                false => transaction.commit().await?,
            }
            Ok(count)
        })
    }

    /// How many mails wait, those that are being sent among them.
    pub(super) async fn count(&self) -> Result<u64, Error> {
        self.ready().await?;
        let count: Result<i64, sqlx::Error> =
            with_pool!(self, pool => sqlx::query_scalar(sql(&self.statements.count)).fetch_one(pool).await);
        count.map(|count| u64::try_from(count).unwrap_or(0)).map_err(failed)
    }

    pub(super) async fn claim(&self, most: u32) -> Result<Vec<Claimed>, Error> {
        let claim = random::hex::<16>()?;
        let rows = self.claim_rows(&claim, most).await.map_err(failed)?;
        let mut mails = Vec::with_capacity(rows.len());
        for row in rows {
            let id = row.0;
            match claimed(row, &claim) {
                Some(mail) => mails.push(mail),
                None => self.give_up(id).await?,
            }
        }
        Ok(mails)
    }

    /// Gives up a mail that somebody has changed in the table, so that it holds up no other.
    async fn give_up(&self, id: i64) -> Result<(), Error> {
        const REASON: &str = "its sender or recipient is no address";
        tracing::error!(id, "a mail in the table `kalgan_mail` was given up: {REASON}");
        let settled = with_pool!(self, pool => {
            sqlx::query(sql(&self.statements.failed)).bind(REASON).bind(id).execute(pool).await.map(|_| ())
        });
        settled.map_err(failed)
    }

    async fn claim_rows(&self, claim: &str, most: u32) -> Result<Vec<Row>, sqlx::Error> {
        with_pool!(self, pool => {
            let statement = sqlx::query(sql(&self.statements.claim)).bind(claim).bind(i64::from(most));
            if statement.execute(pool).await?.rows_affected() == 0 {
                return Ok(Vec::new());
            }
            sqlx::query_as(sql(&self.statements.claimed)).bind(claim).fetch_all(pool).await
        })
    }

    /// Renews a claim for as long as the future is polled.
    pub(super) async fn renew(&self, claim: &str) {
        loop {
            tokio::time::sleep(Duration::from_millis(LEASE / 3)).await;
            let renewed = with_pool!(self, pool => {
                sqlx::query(sql(&self.statements.renew)).bind(claim).execute(pool).await.map(|_| ())
            });
            if let Err(error) = renewed {
                tracing::warn!("{}", failed(error));
            }
        }
    }

    pub(super) async fn next_due(&self) -> Result<Option<Duration>, Error> {
        self.ready().await?;
        self.forget().await?;
        let due: Option<i64> = with_pool!(self, pool => {
            sqlx::query_scalar(sql(&self.statements.next_due)).fetch_one(pool).await
        })
        .map_err(failed)?;
        Ok(due.map(|due| Duration::from_millis(due.try_into().unwrap_or(0))))
    }

    pub(super) async fn settle(&self, mail: &Claimed, verdict: &Verdict) -> Result<(), Error> {
        let settled = with_pool!(self, pool => {
            match verdict {
                Verdict::Sent => sqlx::query(sql(&self.statements.sent)).bind(mail.id).execute(pool).await.map(|_| ()),
                Verdict::Later { after, counts } => {
                    let after = i64::try_from(after.as_millis()).unwrap_or(i64::MAX / 2);
                    let statement = sqlx::query(sql(&self.statements.later)).bind(after).bind(i64::from(*counts));
                    statement.bind(mail.id).bind(&mail.claim).execute(pool).await.map(|_| ())
                }
                Verdict::Failed(reason) => {
                    let statement = sqlx::query(sql(&self.statements.failed)).bind(reason).bind(mail.id);
                    statement.execute(pool).await.map(|_| ())
                }
            }
        });
        settled.map_err(failed)
    }

    /// Makes the table where it is not there.
    async fn ready(&self) -> Result<(), Error> {
        let ready = self.is_there.get_or_try_init(|| async {
            // Of two processes that make it at one time, PostgreSQL lets one fail, for which it is there by then.
            match self.create().await {
                Err(_) => self.create().await,
                Ok(()) => Ok(()),
            }
        });
        ready.await.map_err(failed)?;
        Ok(())
    }

    async fn create(&self) -> Result<(), sqlx::Error> {
        with_pool!(self, pool => {
            for statement in &self.statements.create {
                sqlx::query(sql(statement)).execute(pool).await?;
            }
            Ok(())
        })
    }

    /// Removes mails that were given up long ago, now and then.
    async fn forget(&self) -> Result<(), Error> {
        {
            let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
            if forgotten.is_some_and(|last| last.elapsed() < FORGETTING) {
                return Ok(());
            }
            *forgotten = Some(Instant::now());
        }
        let removed = with_pool!(self, pool => {
            sqlx::query(sql(&self.statements.forget)).execute(pool).await.map(|_| ())
        });
        removed.map_err(failed)
    }
}

/// `None` where an address is none.
fn claimed(row: Row, claim: &str) -> Option<Claimed> {
    let (id, sender, recipient, subject, message, attempts, age) = row;
    let sender = if sender.is_empty() { None } else { Some(sender.parse().ok()?) };
    let entry = Entry { sender, recipient: recipient.parse().ok()?, subject, message: Bytes::from(message) };
    Some(Claimed {
        id,
        entry,
        attempts: attempts.try_into().unwrap_or(0),
        age: Duration::from_millis(age.try_into().unwrap_or(0)),
        claim: claim.to_string(),
    })
}

fn failed(error: sqlx::Error) -> Error {
    Error::Service(format!("the queue of mails in the database: {}", one_line(&error.to_string())))
}
