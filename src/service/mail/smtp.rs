//! The mail server, spoken to by SMTP (RFC 5321) over a few connections that are used again.
//!
//! lettre's own pool gives a connection back whose answer was not awaited, and the next mail takes that answer for its own; it also
//! waits for answers without end. So the connections are kept here, and one that did not finish is dropped.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lettre::address::Envelope;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::Auth;
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use super::options::{Security, Server};
use crate::error::{Error, one_line};

/// A connection that nobody needs is kept so long: for the mails of one page, and not until the server closes it.
const IDLE: Duration = Duration::from_secs(20);

/// So many connections are kept; servers allow one client few.
const KEPT: usize = 4;

/// A long mail may take a second more for each so many bytes.
const BYTES_PER_SECOND: u64 = 64 * 1024;

/// A mail that the server did not accept.
#[derive(Debug)]
pub(super) struct Undelivered {
    pub(super) fault: Fault,
    /// The server's words, in one line and without the password.
    pub(super) reason: String,
}

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is no working connection: no mail would go.
    Server,
    /// The server does not take this mail now (4xx).
    Temporary,
    /// The server will never take this mail (5xx).
    Mail,
}

/// The mail server.
pub(super) struct Smtp {
    server: Server,
    tls: Option<TlsParameters>,
    hello: ClientId,
    credentials: Option<Credentials>,
    /// How the password looks in commands, so that a server that repeats them does not get it into the log.
    secrets: Vec<String>,
    idle: Arc<Mutex<Vec<Idle>>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Smtp {
    /// Prepares connections; none is made yet. The system's certificates are read from disk.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] where TLS cannot be set up.
    pub(super) fn new(server: Server) -> Result<Self, Error> {
        let tls = match server.security {
            Security::None => None,
            Security::Tls | Security::StartTls => Some(TlsParameters::new(server.host.clone()).map_err(|error| {
                Error::Service(format!("TLS with the mail server `{}` cannot be set up: {error}", server.host))
            })?),
        };
        let credentials = server.login.clone().map(|(user, password)| Credentials::new(user, password));
        let secrets = server.login.iter().flat_map(|(user, password)| secrets(user, password)).collect();
        Ok(Smtp { server, tls, hello: ClientId::default(), credentials, secrets, idle: Arc::default() })
    }

    /// Gives a mail to the server; returns when the server has accepted it for all recipients, or for none.
    ///
    /// # Errors
    ///
    /// [`Undelivered`].
    pub(super) async fn deliver(&self, envelope: &Envelope, message: &[u8]) -> Result<(), Undelivered> {
        let mut connection = self.connection().await?;
        let patience = self.server.timeout + Duration::from_secs(message.len() as u64 / BYTES_PER_SECOND);
        match timeout(patience, connection.send(envelope, message)).await {
            Ok(Ok(_)) => {
                self.keep(connection);
                Ok(())
            }
            Ok(Err(error)) => {
                let is_ascii =
                    envelope.to().iter().chain(envelope.from()).all(|address| address.to_string().is_ascii());
                Err(self.undelivered(fault(&error, is_ascii), &error.to_string()))
            }
            Err(_) => Err(self.late(patience)),
        }
    }

    /// Asks the server whether it is there.
    ///
    /// # Errors
    ///
    /// [`Undelivered`] where no mail would go.
    pub(super) async fn check(&self) -> Result<(), Undelivered> {
        let connection = self.connection().await?;
        self.keep(connection);
        Ok(())
    }

    /// A connection on which a mail can be sent: one that is open, else a new one.
    async fn connection(&self) -> Result<AsyncSmtpConnection, Undelivered> {
        while let Some(mut open) = self.take() {
            if timeout(self.server.timeout, open.test_connected()).await.is_ok_and(|is_connected| is_connected) {
                return Ok(open);
            }
        }
        match timeout(self.server.timeout, self.connect()).await {
            Ok(connected) => connected.map_err(|error| self.undelivered(Fault::Server, &error.to_string())),
            Err(_) => Err(self.late(self.server.timeout)),
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let Server { host, port, security, timeout, .. } = &self.server;
        let wrapped = self.tls.clone().filter(|_| *security == Security::Tls);
        let address = (host.as_str(), *port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, Some(*timeout), &self.hello, wrapped, None).await?;
        if let (Security::StartTls, Some(tls)) = (security, &self.tls) {
            connection.starttls(tls.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }

    fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|open| open.since.elapsed() < IDLE);
        idle.pop().map(|open| open.connection)
    }

    /// Keeps a connection for the next mail, for a while.
    fn keep(&self, connection: AsyncSmtpConnection) {
        if connection.has_broken() {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(Idle { connection, since: Instant::now() });
            let all = Arc::clone(&self.idle);
            tokio::spawn(async move {
                tokio::time::sleep(IDLE).await;
                all.lock().unwrap_or_else(PoisonError::into_inner).retain(|open| open.since.elapsed() < IDLE);
            });
        }
    }

    fn late(&self, patience: Duration) -> Undelivered {
        self.undelivered(Fault::Server, &format!("no answer within {} s (`mailer.timeout`)", patience.as_secs()))
    }

    fn undelivered(&self, fault: Fault, reason: &str) -> Undelivered {
        let reason = self.secrets.iter().fold(reason.to_string(), |text, secret| text.replace(secret, "********"));
        let Server { host, port, .. } = &self.server;
        Undelivered { fault, reason: one_line(&format!("the mail server `{host}:{port}`: {reason}")).into_owned() }
    }
}

/// What an error that ended the sending of a mail means for that mail.
fn fault(error: &SmtpError, is_ascii: bool) -> Fault {
    // The server takes no addresses outside ASCII (RFC 6531), and will not learn it.
    if error.is_client() && !is_ascii {
        return Fault::Mail;
    }
    let code = error.status().map(u16::from);
    match code {
        // It wants a user first, or another one, or it is going down: that says nothing about the mail.
        Some(421 | 454 | 530 | 534 | 535 | 538) => Fault::Server,
        Some(_) if error.is_permanent() => Fault::Mail,
        Some(_) => Fault::Temporary,
        None => Fault::Server,
    }
}

/// The password as it is and as the two ways of logging in send it.
fn secrets(user: &str, password: &str) -> Vec<String> {
    let credentials = || Credentials::new(user.to_string(), password.to_string());
    let plain = Auth::new(Mechanism::Plain, credentials(), None);
    let login = Auth::new(Mechanism::Login, credentials(), Some("Password".to_string()));
    let sent = [plain, login]
        .into_iter()
        .flatten()
        .filter_map(|command| command.to_string().split_whitespace().last().map(str::to_string));
    // The encoded forms first: a short password may be a part of them.
    sent.chain([password.to_string()]).filter(|secret| !secret.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_repeats_the_login_does_not_get_the_password_into_the_log() {
        let login = Some(("ana".to_string(), "s3cret-word".to_string()));
        let (host, timeout) = ("localhost".to_string(), Duration::from_secs(1));
        let smtp = Smtp::new(Server { host, port: 25, security: Security::None, login, timeout }).expect("no TLS");
        let plain = smtp.undelivered(Fault::Server, "500 what is AUTH PLAIN AGFuYQBzM2NyZXQtd29yZA==?");
        let login = smtp.undelivered(Fault::Server, "500 what is czNjcmV0LXdvcmQ=?\r\n");
        let bare = smtp.undelivered(Fault::Server, "500 `s3cret-word` is too short");
        assert_eq!(plain.reason, "the mail server `localhost:25`: 500 what is AUTH PLAIN ********?");
        assert_eq!(login.reason, "the mail server `localhost:25`: 500 what is ********?\\r\\n");
        assert_eq!(bare.reason, "the mail server `localhost:25`: 500 `********` is too short");
    }
}
