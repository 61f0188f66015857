//! Cookies as the settings `cookie.<id>.*` describe them (B101 to B105).

use std::time::{Duration, SystemTime};

use cookie::time::OffsetDateTime;
use cookie::{Cookie, SameSite};

use super::rules::{self, Mistake};
use crate::error::Error;
use crate::hint;
use crate::site::Settings;

/// The ids of the cookies that every answer sends again (B108).
pub(super) const RENEW: &str = "renew";

/// The cookie that the settings describe under an id; what they do not say has its default, and the name is the id.
///
/// # Errors
///
/// [`Error::Setting`] where they do not make a cookie. For the settings of a process that has started there is none.
pub(crate) fn of_settings(settings: &Settings, id: &str) -> Result<Cookie<'static>, Error> {
    let read = Read { settings, id };
    let name = read.text("name")?.unwrap_or_else(|| id.to_string());
    if !name.bytes().all(is_token) {
        return Err(read.wrong("name", "is no name of a cookie: use letters, digits and any of ``!#$%&'*+-.^_`|~``"));
    }
    let mut cookie = Cookie::new(name, read.text("value")?.unwrap_or_default());
    cookie.set_path(read.text("path")?.unwrap_or_else(|| "/".to_string()));
    cookie.set_http_only(settings.get_bool(&read.key("http_only"))?);
    cookie.set_same_site(read.same_site()?);
    cookie.set_secure(settings.get::<Option<bool>>(&read.key("secure"))?);
    if settings.get_bool(&read.key("partitioned"))? {
        cookie.set_partitioned(true);
    }
    if let Some(domain) = read.text("domain")? {
        cookie.set_domain(domain);
    }
    if let Some(seconds) = settings.get::<Option<u32>>(&read.key("max_age"))? {
        cookie.set_max_age(cookie::time::Duration::seconds(seconds.into()));
    }
    if let Some(date) = read.expires()? {
        cookie.set_expires(date);
    }
    match rules::mistake(&cookie) {
        None => Ok(cookie),
        Some(Mistake { attribute, reason }) => Err(read.wrong(attribute, &reason)),
    }
}

/// The cookie that the settings describe under an id.
///
/// # Errors
///
/// [`Error::Setting`] where there is nothing under that id, or as [`of_settings`].
pub(crate) fn in_settings(settings: &Settings, id: &str) -> Result<Cookie<'static>, Error> {
    match ids(settings).contains(&id) {
        true => of_settings(settings, id),
        false => Err(Error::Setting(unknown(settings, id))),
    }
}

/// Checks all that the settings say of cookies, for a process that starts or is given other settings.
///
/// # Errors
///
/// [`Error::Setting`] with all mistakes, a line each.
pub(crate) fn check(settings: &Settings) -> Result<(), Error> {
    let mistakes = ids(settings).into_iter().filter_map(|id| of_settings(settings, id).err());
    let mut mistakes: Vec<String> = mistakes.map(|error| error.to_string()).collect();
    let known = ids(settings);
    for id in renewed(settings)?.iter().filter(|id| !known.contains(&id.as_str())) {
        let list = settings.name(&format!("cookie.{RENEW}"));
        mistakes.push(format!("{list}: {}", unknown(settings, id)));
    }
    if mistakes.is_empty() { Ok(()) } else { Err(Error::Setting(mistakes.join("\n"))) }
}

/// The ids of `cookie.renew`, without the blanks around them.
///
/// # Errors
///
/// [`Error::Setting`] where it is no list.
pub(super) fn renewed(settings: &Settings) -> Result<Vec<String>, Error> {
    let ids = settings.get_vec(&format!("cookie.{RENEW}"))?;
    Ok(ids.iter().map(|id| id.trim().to_string()).filter(|id| !id.is_empty()).collect())
}

/// The ids that something is said of, each once.
fn ids(settings: &Settings) -> Vec<&str> {
    let mut ids: Vec<&str> = settings.below("cookie").filter_map(|key| Some(key.split_once('.')?.0)).collect();
    ids.dedup();
    ids
}

fn unknown(settings: &Settings, id: &str) -> String {
    let near = hint::nearest(id, ids(settings));
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    format!("the settings describe no cookie `{id}`: there is no `cookie.{id}.name` and nothing else of it{near}")
}

/// Characters of a token (RFC 9110 section 5.6.2), as which a name goes over the wire unchanged.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Reads what is said of one cookie.
struct Read<'s> {
    settings: &'s Settings,
    id: &'s str,
}

impl Read<'_> {
    fn key(&self, attribute: &str) -> String {
        format!("cookie.{}.{attribute}", self.id)
    }

    /// A text; an empty one counts as absent (B103).
    fn text(&self, attribute: &str) -> Result<Option<String>, Error> {
        let text = self.settings.get::<Option<String>>(&self.key(attribute))?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    fn same_site(&self) -> Result<SameSite, Error> {
        match self.text("same_site")?.unwrap_or_default().to_ascii_lowercase().as_str() {
            "" | "lax" => Ok(SameSite::Lax),
            "strict" => Ok(SameSite::Strict),
            "none" => Ok(SameSite::None),
            other => Err(self.wrong("same_site", &format!("is `{other}` and must be `strict`, `lax` or `none`"))),
        }
    }

    fn expires(&self) -> Result<Option<OffsetDateTime>, Error> {
        let Some(text) = self.text("expires")? else { return Ok(None) };
        let wrong = |_| {
            let example = "Sun, 06 Nov 1994 08:49:37 GMT";
            self.wrong("expires", &format!("is `{text}` and must be a date as in RFC 9110 section 5.6.7: `{example}`"))
        };
        let time = httpdate::parse_http_date(&text).map_err(wrong)?;
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Ok(Some(OffsetDateTime::UNIX_EPOCH + since))
    }

    fn wrong(&self, attribute: &str, reason: &str) -> Error {
        Error::Setting(format!("{} {reason}", self.settings.name(&self.key(attribute))))
    }
}
