//! Compressing answers from memory: which, how, and on which thread.
//!
//! Measured on pages of the manual of 8.5 KB and 50 KB: what is left of the size, and the processor time.
//!
//! | Coding | 8.5 KB | | 50 KB | |
//! |---|---|---|---|---|
//! | gzip 1 | 51.5 % | 21 µs | 27.8 % | 63 µs |
//! | gzip 3 | 38.2 % | 42 µs | 20.2 % | 144 µs |
//! | **gzip 5** | 37.8 % | 46 µs | 18.9 % | 235 µs |
//! | gzip 6 | 37.8 % | 46 µs | 18.8 % | 300 µs |
//! | brotli 2 | 39.9 % | 60 µs | 20.8 % | 238 µs |
//! | brotli 4 | 37.2 % | 105 µs | 19.1 % | 431 µs |
//! | **brotli 5** | 34.5 % | 126 µs | 17.6 % | 668 µs |
//!
//! So brotli takes three times as long to save some hundred bytes more, and longer than sending them takes on a line of 27 Mbit/s
//! (8.5 KB) or 12 Mbit/s (50 KB). A client that likes both equally gets gzip.
//!
//! gzip is zlib-rs: miniz_oxide takes 164 µs and 452 µs at level 5, most of it at the small page for a state that is larger. With
//! zlib-rs a fresh state costs 3 µs, too little for keeping one per thread.

use std::io::Write;
use std::num::NonZero;

use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use flate2::write::GzEncoder;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::sync::Semaphore;

use super::super::encodings::accepted;
use super::{Asked, Head, add, names, vary};
use crate::snapshot::Encoding;
#[cfg(feature = "overlay")]
use crate::snapshot::Variant;

/// What pages are compressed with, the better one first; see the table above.
const CODINGS: [Encoding; 2] = [Encoding::Gzip, Encoding::Brotli];

/// Most bytes that are not worth it: together with its head, such an answer is one packet anyway.
const TOO_SMALL: usize = 1024;

/// Most bytes that a worker compresses itself: up to 0.3 milliseconds with gzip and 0.9 with brotli, in which it answers nobody else.
/// More goes to a thread for blocking work; handing it over takes 20 microseconds, which is little beside the work itself.
const FOR_THE_WORKER: usize = 64 * 1024;

/// Where a higher level takes longer without saving a whole percent.
const GZIP_LEVEL: u32 = 5;

/// The first level that is clearly smaller than gzip.
const BROTLI_LEVEL: i32 = 5;

/// Brotli looks back 2 to this power bytes. With its own default of 22 it takes twice the time for a small page, to clear tables that
/// such a page never fills; below 17 it changes to another method that takes a hundred times as long.
const BROTLI_WINDOW: i32 = 18;

/// The means of compressing the pages of a site.
#[derive(Debug)]
pub(in crate::server) struct Compression {
    /// Turns on other threads, one for each core: more at a time would be done no sooner, would hold a megabyte each for brotli's
    /// tables, and would keep these threads from reading files.
    turns: Semaphore,
}

impl Compression {
    pub(in crate::server) fn new() -> Self {
        Compression { turns: Semaphore::new(std::thread::available_parallelism().map_or(1, NonZero::get)) }
    }

    /// The bytes in a coding; none where the library fails.
    async fn encode(&self, coding: Encoding, body: &Bytes) -> Option<Vec<u8>> {
        if body.len() <= FOR_THE_WORKER {
            return encoded(coding, body);
        }
        let _turn = self.turns.acquire().await.ok()?;
        let body = body.clone();
        // A panic there is like any other failure.
        tokio::task::spawn_blocking(move || encoded(coding, &body)).await.ok().flatten()
    }
}

/// A static file's bytes in these codings, for one that no build has compressed, the smallest first. What saves less than a twentieth is
/// left out, as it is by the build. The levels are those of pages: the start of a process waits for it.
#[cfg(feature = "overlay")]
pub fn variants(mime: &str, body: &[u8], codings: &[Encoding]) -> Vec<Variant> {
    if !is_worth_it(mime.as_bytes()) {
        return Vec::new();
    }
    let variant = |coding: &Encoding| Some(Variant { encoding: *coding, body: encoded(*coding, body)?.into() });
    let mut variants: Vec<Variant> = codings.iter().filter_map(variant).collect();
    variants.retain(|variant| variant.body.len() * 20 <= body.len() * 19);
    variants.sort_by_key(|variant| variant.body.len());
    variants
}

impl Head {
    /// Whether the answer is one that is compressed for clients that take it so. If it is, it says so in `Vary`, for caches on the way.
    pub(in crate::server) fn may_be_compressed(&mut self, asked: Asked<'_>, body: &Bytes) -> bool {
        let is_bodiless =
            matches!(self.status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED);
        let is_candidate = asked.compression.is_some()
            && !is_bodiless
            && !body.is_empty()
            && self.headers.get(CONTENT_TYPE).is_some_and(|kind| is_worth_it(kind.as_bytes()))
            && !self.headers.contains_key(CONTENT_ENCODING)
            && !self.headers.contains_key(CONTENT_RANGE)
            && !names(&self.headers, &CACHE_CONTROL, "no-transform")
            && !has_strong_tag(&self.headers);
        if is_candidate {
            vary(&mut self.headers, "Accept-Encoding");
        }
        is_candidate
    }

    /// Keeps everybody from compressing an answer that must not be: this server, and proxies on the way (RFC 9111 section 5.2.2.6).
    pub(in crate::server) fn forbid_compression(&mut self) {
        add(&mut self.headers, CACHE_CONTROL, "no-transform");
    }

    /// The body as it is sent, in the coding that the client likes most.
    pub(in crate::server) async fn compress(&mut self, asked: Asked<'_>, body: Bytes) -> Bytes {
        let accepted = accepted(asked.headers);
        let must = accepted.identity() == 0;
        let coding = accepted.preferred(CODINGS).filter(|_| must || body.len() > TOO_SMALL);
        let (Some(coding), Some(compression)) = (coding, asked.compression) else { return body };
        let compressed = compression.encode(coding, &body).await;
        match compressed.filter(|compressed| must || compressed.len() < body.len()) {
            Some(compressed) => {
                self.headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
                // It may be one that warp or a controller knew; the connection writes the right one.
                self.headers.remove(CONTENT_LENGTH);
                compressed.into()
            }
            None => body,
        }
    }
}

/// The bytes in a coding; none where it is one that pages are not sent in, or the library fails.
fn encoded(coding: Encoding, body: &[u8]) -> Option<Vec<u8>> {
    // A quarter is what pages come to; a vector that is too small grows.
    let mut output = Vec::with_capacity(body.len() / 4 + 256);
    match coding {
        Encoding::Gzip => {
            let mut encoder = GzEncoder::new(output, flate2::Compression::new(GZIP_LEVEL));
            encoder.write_all(body).ok()?;
            encoder.finish().ok()
        }
        Encoding::Brotli => {
            let parameters = BrotliEncoderParams {
                quality: BROTLI_LEVEL,
                lgwin: BROTLI_WINDOW,
                size_hint: body.len(),
                ..BrotliEncoderParams::default()
            };
            brotli::BrotliCompress(&mut &*body, &mut output, &parameters).ok()?;
            Some(output)
        }
        Encoding::Zstd => None,
    }
}

/// A strong tag of the controller's own promises these very bytes (RFC 9110 section 8.8.1), to a client that will name it in `If-Match`.
fn has_strong_tag(headers: &HeaderMap) -> bool {
    headers.get(ETAG).is_some_and(|tag| !tag.as_bytes().starts_with(b"W/"))
}

/// Whether bodies of a media type are text, which compresses; pictures, fonts and archives are compressed already.
fn is_worth_it(media_type: &[u8]) -> bool {
    let essence = media_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let Some(slash) = essence.iter().position(|byte| *byte == b'/') else { return false };
    let (group, kind) = (&essence[..slash], &essence[slash + 1..]);
    let is = |name: &str| kind.eq_ignore_ascii_case(name.as_bytes());
    let ends = |suffix: &str| {
        let end = kind.len().checked_sub(suffix.len()).map(|start| &kind[start..]);
        end.is_some_and(|end| end.eq_ignore_ascii_case(suffix.as_bytes()))
    };
    let is_text = ["json", "javascript", "xml", "x-javascript", "x-ndjson"].into_iter().any(is);
    group.eq_ignore_ascii_case(b"text") || is_text || ends("+json") || ends("+xml")
}
