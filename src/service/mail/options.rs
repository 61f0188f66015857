//! The settings `mailer.*`, checked when the process starts.

use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;

use super::address::Address;
use crate::error::Error;
use crate::site::Settings;

/// What the settings ask for.
pub(super) struct Options {
    /// The sender of letters that name none.
    pub(super) sender: Option<Mailbox>,
    pub(super) way: Way,
    /// Most mails that wait.
    pub(super) queue_size: u32,
}

/// Where mail goes.
pub(super) enum Way {
    Smtp(Box<Server>),
    /// Into this folder; `None` is the one in the data folder.
    File(Option<PathBuf>),
    Log,
    /// Production without any setting of the mailer: a site that sends no mail.
    Nowhere,
}

/// How the mail server is reached.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) login: Option<(String, String)>,
    pub(super) timeout: Duration,
}

/// When a connection becomes encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// From the first byte (RFC 8314).
    Tls,
    /// Before anything is said; a server that does not offer it gets nothing.
    StartTls,
    None,
}

impl Options {
    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] with everything that does not fit.
    pub(super) fn read(settings: &Settings) -> Result<Options, Error> {
        let mut wrong = Vec::new();
        let sender = sender(settings, &mut wrong)?;
        let way = way(settings, sender.is_some(), &mut wrong)?;
        let queue_size = settings.get("mailer.queue_size")?;
        match wrong.is_empty() {
            true => Ok(Options { sender, way, queue_size }),
            false => Err(Error::Setting(wrong.join("; "))),
        }
    }
}

fn text(settings: &Settings, key: &str) -> Result<Option<String>, Error> {
    Ok(settings.get::<Option<String>>(key)?.filter(|text| !text.is_empty()))
}

fn sender(settings: &Settings, wrong: &mut Vec<String>) -> Result<Option<Mailbox>, Error> {
    const KEY: &str = "mailer.sender";
    let Some(text) = text(settings, KEY)? else { return Ok(None) };
    let mailbox = Address::from(text).mailbox("sender");
    if mailbox.is_err() {
        wrong.push(format!("{} must be `user@host` or `Name <user@host>`", settings.name(KEY)));
    }
    Ok(mailbox.ok())
}

fn way(settings: &Settings, has_sender: bool, wrong: &mut Vec<String>) -> Result<Way, Error> {
    const KEY: &str = "mailer.transport";
    let is_used = settings.below("mailer").any(|key| settings.exists(&format!("mailer.{key}")));
    match (text(settings, KEY)?.as_deref(), settings.is_prod()) {
        (None, true) if !is_used => Ok(Way::Nowhere),
        (Some("smtp"), _) | (None, true) => server(settings, has_sender, wrong),
        (Some("log"), _) | (None, false) => Ok(Way::Log),
        (Some("file"), _) => Ok(Way::File(text(settings, "mailer.path")?.map(PathBuf::from))),
        (Some(other), _) => {
            wrong.push(format!("{} is `{other}`; it must be `smtp`, `file` or `log`", settings.name(KEY)));
            Ok(Way::Nowhere)
        }
    }
}

fn server(settings: &Settings, has_sender: bool, wrong: &mut Vec<String>) -> Result<Way, Error> {
    let host = text(settings, "mailer.server")?;
    if host.is_none() {
        wrong.push("`mailer.server` is not set, which the transport `smtp` needs".to_string());
    }
    if !has_sender && text(settings, "mailer.sender")?.is_none() {
        wrong.push("`mailer.sender` is not set, which the transport `smtp` needs".to_string());
    }
    let security = security(settings, wrong)?;
    let port = settings.get::<Option<u16>>("mailer.port")?.unwrap_or(match security {
        Security::Tls => 465,
        Security::StartTls => 587,
        Security::None => 25,
    });
    let login = match (text(settings, "mailer.user")?, text(settings, "mailer.password")?) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        (Some(_), None) => {
            wrong.push("`mailer.user` is set without `mailer.password`".to_string());
            None
        }
        (None, Some(_)) => {
            wrong.push("`mailer.password` is set without `mailer.user`".to_string());
            None
        }
    };
    let timeout = Duration::from_secs(settings.get("mailer.timeout")?);
    let host = host.unwrap_or_default();
    if login.is_some() && security == Security::None && !is_this_machine(&host) {
        tracing::warn!("`mailer.tls` is `none`: the password goes to `{host}` as anybody on the way can read it");
    }
    Ok(Way::Smtp(Box::new(Server { host, port, security, login, timeout })))
}

fn security(settings: &Settings, wrong: &mut Vec<String>) -> Result<Security, Error> {
    const KEY: &str = "mailer.tls";
    Ok(match settings.get_string(KEY)?.as_str() {
        "tls" => Security::Tls,
        "starttls" => Security::StartTls,
        "none" => Security::None,
        other => {
            wrong.push(format!("{} is `{other}`; it must be `tls`, `starttls` or `none`", settings.name(KEY)));
            Security::Tls
        }
    })
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
