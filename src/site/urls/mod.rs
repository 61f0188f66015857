//! Addresses of routes by name (B80, B162): what `url!` and the filter `url` write.
//!
//! Values are percent-encoded (RFC 3986 section 3.3) and must match the parameter's requirement, so that an address that was
//! written is one that the router finds again.

mod public_url;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use ahash::AHashMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use public_url::PublicUrl;

use super::host::{Host, without_port};
use super::languages::Languages;
use super::requirement::{ENCODED_SLASH, Requirement};
use crate::error::Error;
use crate::hint;
use crate::pattern::{self, Piece};
use crate::snapshot::{Path, Route, Text};

/// All that is encoded in a segment: everything but the characters that RFC 3986 calls `pchar`.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// The same for a text with several segments.
const PATH: &AsciiSet = &SEGMENT.remove(b'/');

/// The addresses of all routes of a site.
#[derive(Debug)]
pub struct Urls {
    routes: AHashMap<Text, Arc<Target>>,
    languages: Languages,
    public: PublicUrl,
}

/// A route by name.
#[derive(Debug)]
struct Target {
    paths: Vec<Template>,
    /// The parameter that holds the language (B78).
    language_parameter: Option<Text>,
    host: Option<Host>,
}

/// A path to be filled in.
#[derive(Debug)]
struct Template {
    language: Option<Text>,
    /// The whole address, where there is nothing to fill in.
    fixed: Option<String>,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    /// Encoded text.
    Literal(String),
    Parameter {
        name: Text,
        requirement: Requirement,
        written: Option<Text>,
    },
}

impl Urls {
    /// Makes the routes ready; of two with one name the first counts.
    ///
    /// # Errors
    ///
    /// [`Error::Url`] where a requirement is not a regular expression.
    pub fn new(routes: &[Route], languages: Languages, public: PublicUrl) -> Result<Self, Error> {
        let mut urls = Urls { routes: AHashMap::with_capacity(routes.len()), languages, public };
        for route in routes {
            urls.add(route, None)?;
        }
        Ok(urls)
    }

    /// The addresses of other routes, in other languages, or below another address. Those of a route that `is_same` are shared.
    ///
    /// # Errors
    ///
    /// As [`Urls::new`].
    pub(super) fn revised(
        &self,
        routes: &[Route],
        languages: Languages,
        public: PublicUrl,
        is_same: impl Fn(&Route) -> bool,
    ) -> Result<Self, Error> {
        let has_same_mount = self.public.mount == public.mount;
        let mut urls = Urls { routes: AHashMap::with_capacity(routes.len()), languages, public };
        for route in routes {
            let found = self.routes.get(&route.name).filter(|_| has_same_mount && is_same(route));
            urls.add(route, found.cloned())?;
        }
        Ok(urls)
    }

    /// Whether addresses are written in these languages and below this address.
    pub(super) fn is_for(&self, languages: &Languages, public: &PublicUrl) -> bool {
        self.languages == *languages && self.public == *public
    }

    /// Adds a route, where none has its name; with what it is already made into, if anything.
    fn add(&mut self, route: &Route, found: Option<Arc<Target>>) -> Result<(), Error> {
        if self.routes.contains_key(&route.name) {
            return Ok(());
        }
        let wrong = |reason| Error::Url(format!("route `{}`: {reason}", route.name));
        let target = match found {
            Some(target) => target,
            None => Arc::new(self.target(route).map_err(wrong)?),
        };
        self.routes.insert(route.name.clone(), target);
        Ok(())
    }

    /// The address of a route, without scheme and host, behind the path of `server.public_url` if that has one.
    ///
    /// A route with a path per language takes that of `language`, else of its shorter forms, else of the default language. Where
    /// a parameter holds the language, it need not be given. A `/` in a value stays where the requirement admits it (`.+`) and is
    /// encoded elsewhere. Parameters that the path does not have are ignored (B80).
    ///
    /// # Errors
    ///
    /// [`Error::Url`] where there is no such route or no path for the language, where a parameter is missing, or where its value
    /// does not match its requirement.
    pub fn build(&self, name: &str, language: Option<&str>, parameters: &[(&str, Cow<str>)]) -> Result<String, Error> {
        let value =
            |name: &str| parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| Cow::Borrowed(&**value));
        self.find(name, language, value).map(Cow::into_owned)
    }

    /// Like [`Urls::build`], with scheme and host in front: those of `server.public_url`, else those that `own` says, and for a route with a
    /// host of its own that host, whose parameters are among these too.
    ///
    /// # Errors
    ///
    /// As there, and [`Error::Url`] where `server.public_url` is not set and there is no `own`, or the route's host has a `*`.
    pub fn absolute(
        &self,
        name: &str,
        language: Option<&str>,
        parameters: &[(&str, Cow<str>)],
        own: Option<&str>,
    ) -> Result<String, Error> {
        let Some(origin) = self.origin().or(own) else {
            return Err(Error::Url(format!(
                "an absolute address of route `{name}` needs the setting `server.public_url`, such as `https://example.com`; in a \
                 request `server.hosts` does as well, so that nobody can choose the host who only writes it into a header, together with a \
                 proxy of `server.trusted_proxies` that says whether the visitor came by `https`"
            )));
        };
        let address = self.build(name, language, parameters)?;
        let Some(host) = self.routes.get(name).and_then(|target| target.host.as_ref()) else {
            return Ok(format!("{origin}{address}"));
        };
        let value = |name: &str| parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value);
        let host = host.with(value).map_err(|reason| Error::Url(format!("route `{name}` {reason}")))?;
        let (scheme, authority) = origin.split_once("://").unwrap_or(("http", origin));
        let port = &authority[without_port(authority).len()..];
        Ok(format!("{scheme}://{host}{port}{address}"))
    }

    /// Scheme, host and port of `server.public_url`, where it is set.
    pub fn origin(&self) -> Option<&str> {
        self.public.origin.as_deref()
    }

    /// The path of `server.public_url` without a slash at the end; empty where it has none.
    pub fn mount(&self) -> &str {
        &self.public.mount
    }

    /// Like [`Urls::build`], with the parameters asked for by name.
    pub(super) fn find<'v>(
        &self,
        name: &str,
        language: Option<&str>,
        value: impl Fn(&str) -> Option<Cow<'v, str>>,
    ) -> Result<Cow<'_, str>, Error> {
        let target = self.routes.get(name).ok_or_else(|| self.unknown(name))?;
        let template = target.path(&self.languages, language).ok_or_else(|| no_path(name, language))?;
        if let Some(fixed) = &template.fixed {
            return Ok(Cow::Borrowed(fixed));
        }
        let value = |parameter: &str| {
            let language = || Some(Cow::Owned(language.filter(|code| !code.is_empty())?.to_string()));
            value(parameter)
                .or_else(|| if target.language_parameter.as_deref() == Some(parameter) { language() } else { None })
        };
        let mut address = self.public.mount.clone();
        for part in &template.parts {
            part.write(&mut address, &value).map_err(|reason| Error::Url(format!("route `{name}` {reason}")))?;
        }
        Ok(Cow::Owned(local(address, self.public.mount.len())))
    }

    fn target(&self, route: &Route) -> Result<Target, String> {
        let paths = route.paths.iter().map(|path| self.template(route, path)).collect::<Result<_, _>>()?;
        Ok(Target { paths, language_parameter: route.language.clone(), host: Host::new(route)? })
    }

    fn template(&self, route: &Route, path: &Path) -> Result<Template, String> {
        let parts: Vec<Part> =
            pattern::pieces(&path.pattern).map(|piece| part(route, piece)).collect::<Result<_, _>>()?;
        let literals = parts.iter().map(|part| if let Part::Literal(text) = part { Some(text.as_str()) } else { None });
        let fixed = literals.collect::<Option<String>>();
        let fixed = fixed.map(|text| local(format!("{}{text}", self.public.mount), self.public.mount.len()));
        Ok(Template { language: path.language.clone(), fixed, parts })
    }

    fn unknown(&self, name: &str) -> Error {
        let names = self.routes.keys().map(|name| &**name);
        let hint = hint::nearest(name, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Error::Url(format!("there is no route `{name}`{hint}"))
    }
}

impl Target {
    fn path(&self, languages: &Languages, language: Option<&str>) -> Option<&Template> {
        if let [only @ Template { language: None, .. }] = &self.paths[..] {
            return Some(only);
        }
        let language = language.unwrap_or_default();
        let of = |code: &str| self.paths.iter().find(|path| path.language.as_deref() == Some(code));
        of(language)
            .or_else(|| languages.fallbacks(language).find_map(|number| of(languages.code(number))))
            .or_else(|| self.paths.iter().find(|path| path.language.is_none()))
    }
}

impl Part {
    fn write<'v>(&self, address: &mut String, value: &impl Fn(&str) -> Option<Cow<'v, str>>) -> Result<(), String> {
        let (name, requirement, written) = match self {
            Part::Literal(text) => {
                address.push_str(text);
                return Ok(());
            }
            Part::Parameter { name, requirement, written } => (name, requirement, written),
        };
        let value = value(name).ok_or_else(|| format!("needs the parameter `{name}`"))?;
        let admits_slash = requirement.admits_slash();
        let matches = if admits_slash || !value.contains('/') {
            requirement.matches(&value)
        } else {
            requirement.matches(&value.replace('/', &ENCODED_SLASH.to_string()))
        };
        if !matches {
            let required = written.as_deref().unwrap_or("[^/]+");
            return Err(format!("cannot take `{}` as `{name}`, which must match `{required}`", shown(&value)));
        }
        encode(address, &value, admits_slash);
        Ok(())
    }
}

fn part(route: &Route, piece: Piece) -> Result<Part, String> {
    let name = match piece {
        Piece::Literal(text) => return Ok(Part::Literal(utf8_percent_encode(text, PATH).to_string())),
        Piece::Parameter(name) => name,
    };
    let written = route.requirements.iter().find(|(parameter, _)| parameter == name).map(|(_, text)| text.clone());
    let requirement = match &written {
        Some(text) => Requirement::parse(text)?,
        None => Requirement::segment(),
    };
    Ok(Part::Parameter { name: Text::Owned(name.to_string()), requirement, written })
}

/// Writes a value. A segment `.` or `..` is encoded, because a browser would otherwise take it for a step through the folders.
fn encode(address: &mut String, value: &str, admits_slash: bool) {
    let set = if admits_slash { PATH } else { SEGMENT };
    if !value.split('/').any(|segment| matches!(segment, "." | "..")) {
        address.extend(utf8_percent_encode(value, set));
        return;
    }
    for (number, segment) in value.split('/').enumerate() {
        if number > 0 {
            address.push_str(if admits_slash { "/" } else { "%2F" });
        }
        match segment {
            "." => address.push_str("%2E"),
            ".." => address.push_str("%2E%2E"),
            segment => address.extend(utf8_percent_encode(segment, set)),
        }
    }
}

/// An address that stays on this site: two slashes at its start would name another host, so the second is encoded.
fn local(mut address: String, mount: usize) -> String {
    if mount == 0 && address.starts_with("//") {
        address.replace_range(1..2, "%2F");
    }
    address
}

/// The beginning of a value that an error shows.
fn shown(value: &str) -> String {
    const MOST: usize = 60;
    match value.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_string(),
    }
}

fn no_path(name: &str, language: Option<&str>) -> Error {
    Error::Url(format!(
        "route `{name}` has no path for the language `{}`, nor for the default one",
        language.unwrap_or("")
    ))
}
