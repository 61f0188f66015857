//! Answers for static files. Everything that can be is made once, when the site is: a request costs a look-up and a few references.
//!
//! Addresses are looked up by name among the files that the site has, so no path, however spelt, leads to anything else.
//! Files are found by [`crate::site::Assets`]; what a request wants of one is decided in [`headers`](super::headers).

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use percent_encoding::percent_decode_str;

use super::headers::{Wanted, wanted};
use crate::error::Error;
use crate::site::{Assets, Site};
use crate::snapshot::Asset;

/// For an address that changes whenever the file does.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// For an address that stays while the file changes: kept, but asked about each time.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// What static files answer to.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// How many digits of the hash make up an entity tag: 128 bits.
const TAG_DIGITS: usize = 32;

/// The static files of one site, ready to be sent.
#[derive(Debug)]
pub struct StaticFiles {
    assets: Arc<Assets>,
    /// By the number that [`Assets::number`] gives.
    files: Vec<StaticFile>,
    /// The folders of `static.folders`, each as the path that it answers under: a slash at both ends.
    prefixes: Vec<String>,
    /// `Cache-Control` for an address without the current version.
    otherwise: HeaderValue,
}

/// What became of a request's path.
#[derive(Debug)]
pub enum Lookup {
    /// It lies below no static folder.
    NotStatic,
    /// It lies below a static folder, and no file is there. Routes do not count for it (B85).
    Missing,
    /// The answer for the file, or the refusal of the method. Its body is one slice, of the binary or of the file as it was read.
    Answer(Response<Bytes>),
}

/// One file.
#[derive(Debug)]
struct StaticFile {
    mime: HeaderValue,
    /// As it is.
    identity: Variant,
}

/// One way in which a file can be sent: the bytes as they are, or encoded.
#[derive(Debug)]
struct Variant {
    /// Strong, and different for each encoding (RFC 9110 section 8.8.3.3).
    tag: HeaderValue,
    body: Bytes,
}

impl StaticFiles {
    /// Prepares the files of a site. Without `static.folders` none is ever looked up, because the proxy in front has them.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where a setting under `static` is not of its type.
    pub fn new(site: &Site) -> Result<Self, Error> {
        let settings = &site.settings;
        let folders = settings.get_vec("static.folders")?;
        let max_age = settings.get::<Option<u64>>("static.max_age")?;
        Ok(StaticFiles {
            assets: site.assets.clone(),
            files: site.assets.files().iter().map(StaticFile::new).collect(),
            prefixes: folders.iter().filter_map(|folder| prefix(folder)).collect(),
            otherwise: max_age.map_or(REVALIDATE, |seconds| text(format!("public, max-age={seconds}"))),
        })
    }

    /// The answer to a request, if it is for a static file (B137, B138, B142).
    pub fn answer(&self, parts: &Parts) -> Lookup {
        let raw = parts.uri.path();
        let path = match raw.contains('%') {
            false => Cow::Borrowed(raw),
            // What is not UTF-8 becomes the replacement character, which finds nothing.
            true => percent_decode_str(raw).decode_utf8_lossy(),
        };
        if !self.prefixes.iter().any(|prefix| path.starts_with(prefix.as_str())) {
            return Lookup::NotStatic;
        }
        // An encoded slash does not separate (RFC 3986 section 2.2), and no name contains one.
        let separates = matches!(path, Cow::Borrowed(_)) || !raw.to_ascii_lowercase().contains("%2f");
        match self.assets.number(&path[1..]).filter(|_| separates) {
            Some(number) => Lookup::Answer(self.send(number, parts)),
            None => Lookup::Missing,
        }
    }

    fn send(&self, number: usize, parts: &Parts) -> Response<Bytes> {
        if parts.method != Method::GET && parts.method != Method::HEAD {
            return refusal(&parts.method);
        }
        let query = parts.uri.query().unwrap_or_default();
        let is_current = self.assets.is_current(&self.assets.files()[number], query);
        let cache = if is_current { IMMUTABLE } else { self.otherwise.clone() };
        self.files[number].answer(parts, cache)
    }
}

impl StaticFile {
    fn new(asset: &Asset) -> Self {
        let mime = match &asset.mime {
            Cow::Borrowed(mime) => HeaderValue::from_maybe_shared(Bytes::from_static(mime.as_bytes())),
            Cow::Owned(mime) => HeaderValue::from_str(mime),
        };
        StaticFile {
            mime: mime.unwrap_or(HeaderValue::from_static("application/octet-stream")),
            identity: Variant::new(asset),
        }
    }

    fn answer(&self, parts: &Parts, cache: HeaderValue) -> Response<Bytes> {
        let variant = &self.identity;
        let length = variant.body.len();
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(ETAG, variant.tag.clone());
        headers.insert(CACHE_CONTROL, cache);
        let (status, body) = match wanted(&parts.method, &parts.headers, variant.tag(), length) {
            Wanted::Whole => (StatusCode::OK, variant.body.clone()),
            Wanted::Part(part) => {
                headers.insert(CONTENT_RANGE, text(format!("bytes {}-{}/{length}", part.start, part.end - 1)));
                (StatusCode::PARTIAL_CONTENT, variant.body.slice(part))
            }
            Wanted::NoSuchPart => {
                headers.insert(CONTENT_RANGE, text(format!("bytes */{length}")));
                (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new())
            }
            Wanted::NotModified => (StatusCode::NOT_MODIFIED, Bytes::new()),
            Wanted::Failed => (StatusCode::PRECONDITION_FAILED, Bytes::new()),
        };
        if status.is_success() {
            headers.insert(CONTENT_TYPE, self.mime.clone());
            headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
            headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

impl Variant {
    fn new(asset: &Asset) -> Self {
        let hash = asset.hash.get(..TAG_DIGITS).unwrap_or(&asset.hash);
        let body = match &asset.body {
            Cow::Borrowed(constant) => Bytes::from_static(constant),
            Cow::Owned(read) => Bytes::copy_from_slice(read),
        };
        Variant { tag: text(format!("\"{hash}\"")), body }
    }

    fn tag(&self) -> &str {
        self.tag.to_str().expect("a hash in hexadecimal and two quotes are ASCII")
    }
}

/// The answer to a method that files do not answer to.
fn refusal(method: &Method) -> Response<Bytes> {
    let mut response = Response::default();
    let is_question = method == Method::OPTIONS;
    *response.status_mut() = if is_question { StatusCode::NO_CONTENT } else { StatusCode::METHOD_NOT_ALLOWED };
    response.headers_mut().insert(ALLOW, METHODS);
    response
}

/// The path that a folder answers under; none for an empty item, which would cover the whole site (B140).
fn prefix(folder: &str) -> Option<String> {
    let folder = folder.trim().trim_matches('/');
    (!folder.is_empty()).then(|| format!("/{folder}/"))
}

/// A field's value from text that has been put together here.
fn text(value: String) -> HeaderValue {
    HeaderValue::try_from(value).expect("digits, hexadecimal and punctuation are visible ASCII")
}

#[cfg(test)]
mod tests;
