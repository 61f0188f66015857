//! One static file, ready to be sent: as it is and in each encoding, with the headers of every kind of answer.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, LAST_MODIFIED,
    VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::{Lookup, bodiless, parts, text};
use crate::server::encodings::accepted;
use crate::server::headers::{Ranges, Validators, Verdict, is_plain, ranges, verdict};
use crate::server::pipeline::X_REQUEST_ID;
use crate::server::security_headers::FileHeaders;
use crate::snapshot::{Asset, Blob, Encoding};

/// For an address that changes whenever the file does.
pub(super) const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// For an answer that tells of a request's conditions or ranges and must not be taken for one to another request.
const NOT_KEPT: HeaderValue = HeaderValue::from_static("no-store");

/// How many digits of the hash make up an entity tag: 128 bits, of as many as there are.
const TAG_DIGITS: usize = 32;

/// What all files of a site have in common.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shared {
    /// `Cache-Control` for an address without the current version.
    pub(super) cache: HeaderValue,
    /// When the build made them, in whole seconds.
    pub(super) modified: Option<SystemTime>,
    /// What keeps browsers in bounds.
    pub(super) security: FileHeaders,
}

impl Shared {
    /// When a file was made, where that is known: what an overlay changed is not the build's.
    fn modified_of(&self, asset: &Asset) -> Option<SystemTime> {
        self.modified.filter(|_| !asset.is_patched)
    }
}

/// One file.
#[derive(Debug)]
pub(super) struct StaticFile {
    /// As it is.
    identity: Variant,
    /// Compressed, the smallest first.
    encoded: Vec<Variant>,
    modified: Option<SystemTime>,
}

/// One way in which a file can be sent: the bytes as they are, or encoded.
#[derive(Debug)]
struct Variant {
    encoding: Option<Encoding>,
    /// Strong, and different for each encoding (RFC 9110 section 8.8.3.3).
    tag: HeaderValue,
    body: Bytes,
    /// The headers of an answer with a body, without the current version.
    whole: HeaderMap,
    /// The headers of a 304: those of the whole that RFC 9110 section 15.4.5 asks for.
    unchanged: HeaderMap,
}

impl StaticFile {
    pub(super) fn new(asset: &Asset, shared: &Shared) -> Self {
        let encoded = |variant: &crate::snapshot::Variant| {
            Variant::new(asset, Some(variant.encoding), slice(&variant.body), shared)
        };
        StaticFile {
            identity: Variant::new(asset, None, slice(&asset.body), shared),
            encoded: asset.variants.iter().map(encoded).collect(),
            modified: shared.modified_of(asset),
        }
    }

    /// The answer to a request by GET or HEAD. With the current version in its address it may be kept for good.
    pub(super) fn answer(&self, request: &Parts, is_current: bool) -> Lookup {
        let variant = self.negotiated(&request.headers);
        if is_plain(&request.headers) {
            return Lookup::Answer(variant.whole(is_current));
        }
        let validators = self.validators(variant);
        match verdict(&request.headers, validators) {
            Verdict::Perform => {}
            Verdict::NotModified => return Lookup::Answer(variant.unchanged(is_current)),
            Verdict::Failed => {
                return Lookup::Answer(bodiless(StatusCode::PRECONDITION_FAILED, [(CACHE_CONTROL, NOT_KEPT)]));
            }
        }
        // A range has no meaning for other methods (RFC 9110 section 14.2).
        let wanted = match request.method == Method::GET {
            true => ranges(&request.headers, validators, variant.body.len()),
            false => Ranges::Whole,
        };
        match wanted {
            Ranges::One(range) => Lookup::Answer(variant.part(range, is_current)),
            // No client knows what `Content-Encoding` means beside several parts; the whole is always right.
            Ranges::Several(ranges) if variant.encoding.is_none() => Lookup::Parts(variant.parts(ranges, is_current)),
            Ranges::Whole | Ranges::Several(_) => Lookup::Answer(variant.whole(is_current)),
            Ranges::None => Lookup::Answer(variant.out_of_range()),
        }
    }

    /// The variant that the client wants most (RFC 9110 section 12.5.3).
    fn negotiated(&self, headers: &HeaderMap) -> &Variant {
        if self.encoded.is_empty() {
            return &self.identity;
        }
        let available = self.encoded.iter().filter_map(|variant| variant.encoding);
        let wanted = accepted(headers).preferred(available);
        let found = wanted.and_then(|_| self.encoded.iter().find(|variant| variant.encoding == wanted));
        found.unwrap_or(&self.identity)
    }

    fn validators<'a>(&self, variant: &'a Variant) -> Validators<'a> {
        // The encodings of a file share its date.
        Validators { tag: variant.tag(), modified: self.modified, is_date_strong: self.encoded.is_empty() }
    }
}

impl Variant {
    fn new(asset: &Asset, encoding: Option<Encoding>, body: Bytes, shared: &Shared) -> Self {
        let hash = asset.hash.get(..TAG_DIGITS).unwrap_or(&asset.hash);
        let tag = text(encoding.map_or(format!("\"{hash}\""), |encoding| format!("\"{hash}-{}\"", encoding.name())));
        let mut unchanged = HeaderMap::new();
        unchanged.insert(ETAG, tag.clone());
        unchanged.insert(CACHE_CONTROL, shared.cache.clone());
        // Its place: each answer gets an id of its own, and a copy has no room for one more field.
        unchanged.insert(X_REQUEST_ID, HeaderValue::from_static(""));
        if !asset.variants.is_empty() {
            unchanged.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        }
        let mut whole = unchanged.clone();
        whole.insert(CONTENT_TYPE, mime(asset));
        if let Some(encoding) = encoding {
            whole.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
        }
        if let Some(modified) = shared.modified_of(asset) {
            whole.insert(LAST_MODIFIED, text(httpdate::fmt_http_date(modified)));
        }
        whole.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        whole.extend(shared.security.of(&asset.mime).iter().cloned());
        // A copy has room for its fields and no more.
        Variant { encoding, tag, body, whole: whole.clone(), unchanged: unchanged.clone() }
    }

    fn tag(&self) -> &str {
        self.tag.to_str().expect("a hash in hexadecimal, an encoding's name and two quotes are ASCII")
    }

    fn whole(&self, is_current: bool) -> Response<Bytes> {
        response(StatusCode::OK, &self.whole, is_current, self.body.clone())
    }

    fn unchanged(&self, is_current: bool) -> Response<Bytes> {
        response(StatusCode::NOT_MODIFIED, &self.unchanged, is_current, Bytes::new())
    }

    fn part(&self, range: Range<usize>, is_current: bool) -> Response<Bytes> {
        let position = parts::position(&range, self.body.len());
        let body = self.body.slice(range);
        let mut response = response(StatusCode::PARTIAL_CONTENT, &self.whole, is_current, body);
        response.headers_mut().insert(CONTENT_RANGE, text(position));
        response
    }

    fn parts(&self, ranges: Vec<Range<usize>>, is_current: bool) -> Response<Vec<Bytes>> {
        // Bytes that contain their own hash cannot be found, so the hash never stands in a part.
        let boundary = self.tag().trim_matches('"');
        let pieces = parts::pieces(&self.body, ranges, &self.whole[CONTENT_TYPE], boundary);
        let length: usize = pieces.iter().map(Bytes::len).sum();
        let mut response = response(StatusCode::PARTIAL_CONTENT, &self.whole, is_current, pieces);
        response.headers_mut().insert(CONTENT_TYPE, text(format!("multipart/byteranges; boundary={boundary}")));
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
        response
    }

    fn out_of_range(&self) -> Response<Bytes> {
        let length = text(format!("bytes */{}", self.body.len()));
        bodiless(StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, length), (CACHE_CONTROL, NOT_KEPT)])
    }
}

fn response<B>(status: StatusCode, headers: &HeaderMap, is_current: bool, body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers.clone();
    if is_current {
        // In the place of the one that is there.
        response.headers_mut().insert(CACHE_CONTROL, IMMUTABLE);
    }
    response
}

fn mime(asset: &Asset) -> HeaderValue {
    let mime = match &asset.mime {
        Cow::Borrowed(mime) => HeaderValue::from_maybe_shared(Bytes::from_static(mime.as_bytes())),
        Cow::Owned(mime) => HeaderValue::from_str(mime),
    };
    mime.unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

/// The bytes without a copy.
fn slice(body: &Blob) -> Bytes {
    match body {
        Blob::Static(constant) => Bytes::from_static(constant),
        Blob::Shared(read) => Bytes::from_owner(Arc::clone(read)),
    }
}
