//! Which errors of a database mean that it cannot be worked with at the moment, and not that a statement is wrong.
//!
//! This is here and not with the service, because a controller returns such an error with `?`, and whoever turns it into an answer
//! must not depend on services.

use std::error::Error as StdError;

use sqlx::Error;
use sqlx::error::DatabaseError;

/// Whether this error says that the database cannot be worked with: its server does not answer or turns the process away, all connections
/// are taken, its file is locked.
pub(super) fn is_outage(error: &(dyn StdError + 'static)) -> bool {
    match error.downcast_ref::<Error>() {
        Some(
            Error::Io(_)
            | Error::Tls(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed
            | Error::BeginFailed,
        ) => true,
        Some(Error::Database(error)) => is_unavailable(&**error),
        _ => false,
    }
}

/// Whether it is the server's state that it tells of.
fn is_unavailable(error: &dyn DatabaseError) -> bool {
    #[cfg(feature = "postgres")]
    if let Some(error) = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        return postgres(error.code());
    }
    #[cfg(feature = "mysql")]
    if let Some(error) = error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>() {
        return mysql(error.number());
    }
    #[cfg(feature = "sqlite")]
    if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() {
        return error.code().and_then(|code| code.parse().ok()).is_some_and(sqlite);
    }
    let _ = error;
    false
}

/// By the classes of its codes: no connection, no entry, no such database, no resources, an operator's intervention.
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
#[cfg(feature = "postgres")]
fn postgres(code: &str) -> bool {
    ["08", "28", "3D", "53", "57P"].iter().any(|class| code.starts_with(class))
}

/// Too many connections, no entry, no such database, a shutdown.
/// <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html>
#[cfg(feature = "mysql")]
fn mysql(number: u16) -> bool {
    matches!(number, 1040 | 1044 | 1045 | 1049 | 1053 | 1077 | 1079 | 1203 | 1226 | 1698 | 1927)
}

/// Busy, locked, input or output failed, full, cannot be opened: the low byte of a code says which of them.
/// <https://www.sqlite.org/rescode.html>
#[cfg(feature = "sqlite")]
fn sqlite(code: i32) -> bool {
    matches!(code & 0xff, 5 | 6 | 10 | 13 | 14)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_server_that_is_away_is_an_outage_and_a_missing_row_is_none() {
        assert!(is_outage(&Error::PoolTimedOut));
        assert!(is_outage(&Error::Io(io::ErrorKind::ConnectionReset.into())));
        assert!(!is_outage(&Error::RowNotFound));
        assert!(!is_outage(&Error::ColumnNotFound("title".to_string())));
        assert!(!is_outage(&io::Error::from(io::ErrorKind::NotFound)), "a file of the site's own is no database");
    }

    #[test]
    fn codes_are_told_apart_by_engine() {
        #[cfg(feature = "postgres")]
        assert!(
            postgres("57P01") && postgres("28P01") && postgres("53300") && !postgres("42P01") && !postgres("23505")
        );
        #[cfg(feature = "mysql")]
        assert!(mysql(1040) && mysql(1053) && !mysql(1146) && !mysql(1062));
        #[cfg(feature = "sqlite")]
        assert!(sqlite(5) && sqlite(261) && sqlite(517) && sqlite(14) && !sqlite(1) && !sqlite(2067) && !sqlite(11));
    }
}
