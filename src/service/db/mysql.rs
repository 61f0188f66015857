//! The pool of MySQL and MariaDB.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{MySqlConnection, MySqlPool};

use super::config::{Config, wrong_url};
use crate::error::Error;

/// The name that both servers give to their socket file.
const SOCKET: &str = "mysqld.sock";

/// A pool that opens its connections when they are asked for.
///
/// # Errors
///
/// [`Error::Setting`] where the address is none.
pub(super) fn pool(config: &Config) -> Result<MySqlPool, Error> {
    let pool = MySqlPoolOptions::new().max_connections(config.max_connections).acquire_timeout(config.timeout);
    Ok(pool.connect_lazy_with(options(config)?))
}

/// How to connect.
pub(super) fn options(config: &Config) -> Result<MySqlConnectOptions, Error> {
    if let Some(url) = &config.url {
        return MySqlConnectOptions::from_str(url).map_err(|error| wrong_url(&error));
    }
    let server = &config.server;
    let mut options = MySqlConnectOptions::new();
    options = match server.host.as_deref() {
        Some(path) if path.starts_with('/') => options.socket(socket(path)),
        Some(host) => options.host(host),
        None => options,
    };
    if let Some(port) = server.port {
        options = options.port(port);
    }
    if let Some(user) = &server.user {
        options = options.username(user);
    }
    if let Some(password) = &server.password {
        options = options.password(password);
    }
    if let Some(name) = &server.name {
        options = options.database(name);
    }
    Ok(options)
}

/// Waits until no other process brings this database up to date; the lock ends with the connection.
///
/// The lock that `sqlx` takes waits for minus one second, which MySQL reads as without end, but MariaDB refuses with a warning and no lock.
pub(super) async fn lock(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    const LOCK: &str = "SELECT GET_LOCK(CONCAT('kalgan-migrations-', MD5(COALESCE(DATABASE(), ''))), 60)";
    loop {
        let is_locked: Option<i64> = sqlx::query_scalar(LOCK).fetch_one(&mut *connection).await?;
        match is_locked {
            Some(1) => return Ok(()),
            Some(_) => {}
            None => return Err(sqlx::Error::Protocol("`GET_LOCK` failed on the server".to_string())),
        }
    }
}

/// The socket file in a folder, or the file itself where its path was written.
fn socket(path: &str) -> PathBuf {
    let path = Path::new(path);
    match path.extension().is_some_and(|extension| extension == "sock") {
        true => path.to_path_buf(),
        false => path.join(SOCKET),
    }
}
