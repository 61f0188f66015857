//! Answers for static files. Everything that can be is made once, when the site is: a request costs a look-up and a few references.
//!
//! 1. [`addresses`]: which file the path is the address of. Files are found by name among those that the site has, so no path,
//!    however spelt, leads to anything else.
//! 2. [`file`](mod@file): in which encoding it is sent, whether at all, and how much of it. What the request says of that,
//!    [`encodings`](super::encodings) and [`headers`](super::headers) read.
//! 3. [`parts`]: the body of an answer with several parts.

mod addresses;
mod file;
mod parts;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
#[cfg(any(test, feature = "overlay"))]
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, LOCATION};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use percent_encoding::{CONTROLS, percent_decode_str, utf8_percent_encode};

use super::security_headers::FileHeaders;
use crate::error::Error;
use crate::http::Failure;
use crate::site::{Assets, Site};
use crate::snapshot::Asset;
use addresses::{Addresses, Found};
use file::{Shared, StaticFile};
pub(super) use parts::streamed;

/// For an address that stays while the file changes: kept, but asked about each time.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// What static files answer to.
const METHODS: &str = "GET, HEAD, OPTIONS";

/// The static files of one site, ready to be sent.
#[derive(Debug)]
pub struct StaticFiles {
    assets: Arc<Assets>,
    /// By the number that [`Assets::number`] gives.
    files: Vec<Arc<StaticFile>>,
    addresses: Addresses,
    shared: Shared,
}

/// What became of a request's path.
#[derive(Debug)]
pub enum Lookup {
    /// It is no static file's, nor below a folder of them: routes decide.
    NotStatic,
    /// The answer. Its body is one slice, of the binary or of the file as it was read.
    Answer(Response<Bytes>),
    /// The answer with several parts of the file, as slices one after the other. `Content-Length` is set.
    Parts(Response<Vec<Bytes>>),
    /// An error page: 404 where no such file is below a static folder (routes do not count for it, B85), 405 for a method that
    /// files do not answer to.
    Refused(Failure),
}

impl StaticFiles {
    /// Prepares the files of a site: those below the folders that `static.folders` names, and those of `static.root` where that is set.
    /// Without either none is ever looked up, because the proxy in front has them.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where a setting under `static` is not of its type, or one under `security.headers` cannot be sent.
    pub fn new(site: &Site) -> Result<Self, Error> {
        StaticFiles::with(site, |_, _| None)
    }

    /// The files of a site that was revised from the one of these. Those that are not at the `changed` addresses are shared.
    ///
    /// # Errors
    ///
    /// As [`StaticFiles::new`].
    #[cfg(any(test, feature = "overlay"))]
    pub fn revised(&self, site: &Site, changed: &BTreeSet<String>) -> Result<Self, Error> {
        StaticFiles::with(site, |asset, shared| {
            let number = self.assets.number(&asset.path).filter(|_| !changed.contains(&*asset.path))?;
            (*shared == self.shared).then(|| Arc::clone(&self.files[number]))
        })
    }

    /// Prepares the files of a site but for those that are `known`.
    fn with(site: &Site, known: impl Fn(&Asset, &Shared) -> Option<Arc<StaticFile>>) -> Result<Self, Error> {
        let max_age = site.settings.get::<Option<u64>>("static.max_age")?;
        let cache = max_age.map_or(REVALIDATE, |seconds| text(format!("public, max-age={seconds}")));
        let shared = Shared { cache, modified: modified(site.date), security: FileHeaders::new(site)? };
        let file = |asset| known(asset, &shared).unwrap_or_else(|| Arc::new(StaticFile::new(asset, &shared)));
        Ok(StaticFiles {
            assets: site.assets.clone(),
            files: site.assets.files().iter().map(file).collect(),
            addresses: Addresses::new(site)?,
            shared,
        })
    }

    /// The answer to a request, if it is for a static file (B137, B138, B142).
    pub fn answer(&self, request: &Parts) -> Lookup {
        let raw = request.uri.path();
        let path = match raw.contains('%') {
            false => Cow::Borrowed(raw),
            // What is not UTF-8 becomes the replacement character, which finds nothing.
            true => percent_decode_str(raw).decode_utf8_lossy(),
        };
        // An encoded slash does not separate (RFC 3986 section 2.2), and no name contains one.
        let separates = matches!(path, Cow::Borrowed(_)) || !raw.to_ascii_lowercase().contains("%2f");
        match self.addresses.find(&path, separates) {
            Found::Elsewhere => Lookup::NotStatic,
            Found::Nothing => Lookup::Refused(Failure::new(404, format!("there is no static file `{path}`"))),
            found => self.send(found, request),
        }
    }

    fn send(&self, found: Found, request: &Parts) -> Lookup {
        if request.method == Method::OPTIONS {
            return Lookup::Answer(bodiless(StatusCode::NO_CONTENT, [(ALLOW, HeaderValue::from_static(METHODS))]));
        }
        if request.method != Method::GET && request.method != Method::HEAD {
            let failure = Failure::new(405, format!("static files answer to {METHODS} only"));
            return Lookup::Refused(failure.with_header("allow", METHODS));
        }
        match found {
            Found::File(number) => {
                let query = request.uri.query().unwrap_or_default();
                let is_current = self.assets.is_current(&self.assets.files()[number], query);
                self.files[number].answer(request, is_current)
            }
            _ => Lookup::Answer(self.with_slash(request)),
        }
    }

    /// Leads to a folder's address with the slash at its end, without which the addresses in its page would lead astray. It is
    /// given relative to the request's, so that it is right below any path that a proxy mounts the site at.
    fn with_slash(&self, request: &Parts) -> Response<Bytes> {
        let path = request.uri.path();
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        let query = request.uri.query().map_or(String::new(), |query| format!("?{query}"));
        // Not every octet of a target may stand in a field.
        let location = text(utf8_percent_encode(&format!("./{name}/{query}"), CONTROLS).to_string());
        bodiless(StatusCode::PERMANENT_REDIRECT, [(LOCATION, location), (CACHE_CONTROL, self.shared.cache.clone())])
    }
}

/// The date of the files; none where it lies ahead, which `Last-Modified` must not (RFC 9110 section 8.8.2.1).
fn modified(seconds: Option<u64>) -> Option<SystemTime> {
    let date = UNIX_EPOCH.checked_add(Duration::from_secs(seconds?))?;
    (date <= SystemTime::now()).then_some(date)
}

fn bodiless<const N: usize>(status: StatusCode, headers: [(http::HeaderName, HeaderValue); N]) -> Response<Bytes> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response.headers_mut().extend(headers);
    response
}

/// A field's value from text that has been put together here.
fn text(value: String) -> HeaderValue {
    HeaderValue::try_from(value).expect("whatever is put into fields here is visible ASCII")
}
