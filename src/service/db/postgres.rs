//! The pool of PostgreSQL.

use std::str::FromStr;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::config::{Config, wrong_url};
use crate::error::Error;

/// A pool that opens its connections when they are asked for.
///
/// # Errors
///
/// [`Error::Setting`] where the address is none.
pub(super) fn pool(config: &Config) -> Result<PgPool, Error> {
    let pool = PgPoolOptions::new().max_connections(config.max_connections).acquire_timeout(config.timeout);
    Ok(pool.connect_lazy_with(options(config)?))
}

/// How to connect. What the settings leave out is taken as PostgreSQL's own programs take it, from the `PG…` variables.
pub(super) fn options(config: &Config) -> Result<PgConnectOptions, Error> {
    if let Some(url) = &config.url {
        return PgConnectOptions::from_str(url).map_err(|error| wrong_url(&error));
    }
    let server = &config.server;
    let mut options = PgConnectOptions::new_without_pgpass();
    options = match server.host.as_deref() {
        Some(folder) if folder.starts_with('/') => options.socket(folder),
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
