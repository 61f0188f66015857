//! The one connection to the Redis server of `cache.server`, which caches and sessions share.
//!
//! It is made when something is first asked for, so a process starts whether the server is there or not, and made anew when it broke.
//! All requests send over it at the same time. Who asks knows the keys; that they carry the site's name is their business.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, ErrorKind, FromRedisValue, RedisError, RedisResult};
pub(crate) use redis::{Cmd, Script, ScriptInvocation, cmd};

use crate::error::Error;
use crate::site::Settings;

/// The setting that names the server.
const SERVER: &str = "cache.server";

/// How long a connection may take: a server that is there answers within milliseconds, and a visitor is waiting.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an answer may take.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(3);

/// Whether something may be done a second time when the connection broke on the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// Twice is the same as once.
    Harmless,
    /// Only where it has certainly not been sent.
    #[cfg_attr(not(feature = "cache"), allow(dead_code, reason = "only the cache counts"))]
    Unsent,
}

/// The connection. Clones share it.
#[derive(Clone)]
pub(crate) struct Redis {
    connection: ConnectionManager,
    /// Host and port, for messages; without name and password.
    address: String,
}

impl Redis {
    /// Prepares the connection to the server that the settings name; `None` where they name none. It is inside the process's runtime.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where the address cannot be one.
    pub(crate) fn new(settings: &Settings) -> Result<Option<Self>, Error> {
        let Some(address) = settings.get::<Option<String>>(SERVER)? else { return Ok(None) };
        install_tls();
        // What the parser says may repeat the address, in which the password is.
        let wrong = |_: RedisError| {
            Error::Setting(format!(
                "{} is not the address of a Redis server; write it as `redis://127.0.0.1:6379/0`, `rediss://user:password@host/` \
                 or `redis+unix:///run/redis/redis.sock`",
                settings.name(SERVER)
            ))
        };
        let client = Client::open(address).map_err(wrong)?;
        let address = client.get_connection_info().addr().to_string();
        let config = ConnectionManagerConfig::new()
            // A request that finds the server gone fails at once; the next one tries again.
            .set_number_of_retries(0)
            .set_connection_timeout(Some(CONNECTION_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        let connection = ConnectionManager::new_lazy_with_config(client, config).map_err(wrong)?;
        Ok(Some(Redis { connection, address }))
    }

    /// What the server answers to a command.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] where it does not answer, or not as expected.
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: &Cmd, again: Again) -> Result<T, Error> {
        let first = command.query_async(&mut self.connection.clone()).await;
        match self.may_ask_again(first, again)? {
            Some(answer) => Ok(answer),
            None => command.query_async(&mut self.connection.clone()).await.map_err(|error| self.failed(&error)),
        }
    }

    /// What a script gives, which the server runs as one step.
    ///
    /// # Errors
    ///
    /// As [`Redis::ask`].
    pub(crate) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>, again: Again) -> Result<T, Error> {
        let first = script.invoke_async(&mut self.connection.clone()).await;
        match self.may_ask_again(first, again)? {
            Some(answer) => Ok(answer),
            None => script.invoke_async(&mut self.connection.clone()).await.map_err(|error| self.failed(&error)),
        }
    }

    /// Whether the server answers.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] where it does not.
    pub(crate) async fn check(&self) -> Result<(), Error> {
        self.ask::<String>(&cmd("PING"), Again::Harmless).await.map(|_| ())
    }

    /// The first answer; `None` where it broke in such a way that a new connection may well give one. The server may have been
    /// started anew since the last request, which is only noticed by the next.
    fn may_ask_again<T>(&self, first: RedisResult<T>, again: Again) -> Result<Option<T>, Error> {
        match first {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.is_connection_refusal() => Ok(None),
            Err(error) if again == Again::Harmless && error.is_connection_dropped() && !error.is_timeout() => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn failed(&self, error: &RedisError) -> Error {
        let what = match error.kind() {
            ErrorKind::Io => "does not answer",
            ErrorKind::AuthenticationFailed => "takes neither name nor password",
            _ => "refuses what it is asked",
        };
        Error::Service(format!("the Redis server at `{}` (`{SERVER}`) {what}: {error}", self.address))
    }
}

/// Lets rustls encrypt by ring where nobody has chosen something else. With two to choose from it would end the task by a panic.
fn install_tls() {
    // An error says that somebody has chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
