//! The tag that a page in development gets, and what a page must be to get it.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, Method};

use super::event::Position;
use super::policy::{self, Wanted};
use super::{EVENTS_PATH, Hub, SCRIPT_PATH, hub};

/// A page on its way to the browser.
#[derive(Debug)]
pub struct Page<'p> {
    /// The request's method.
    pub method: &'p Method,
    /// The headers of the request.
    pub asked: &'p HeaderMap,
    /// The host that the request is for, and its port if any.
    pub host: &'p str,
    /// The headers of the answer.
    pub headers: &'p mut HeaderMap,
    /// The page.
    pub body: &'p Bytes,
}

/// What pages of one generation get.
#[derive(Debug)]
pub struct Dressing {
    script: String,
    events: String,
    position: String,
    nonce: String,
}

impl Dressing {
    /// That of pages of a generation of the site, behind the path at which the site is mounted (without a slash at its end).
    pub fn new(hub: &Hub, generation: u64, mount: &str) -> Dressing {
        Dressing {
            script: format!("{mount}{SCRIPT_PATH}"),
            events: format!("{mount}{EVENTS_PATH}"),
            position: Position::text(hub, generation),
            // For the whole generation, so that a page keeps its entity tag: a 304 brings new headers to an old body.
            nonce: hub::random(),
        }
    }

    /// The page with its tag, admitted by the policies in the headers; `None` where it is no page of HTML that can be changed.
    pub fn dress(&self, page: Page<'_>) -> Option<Bytes> {
        let is_page = is_html(page.headers) && !page.headers.contains_key(CONTENT_ENCODING) && !page.body.is_empty();
        if !is_page || is_for_script(page.asked) {
            return None;
        }
        let wanted = Wanted { host: page.host, script: &self.script, events: &self.events, nonce: &self.nonce };
        let nonce = policy::admit(page.headers, wanted).map(|nonce| format!(" nonce=\"{nonce}\"")).unwrap_or_default();
        // To load such a page again would be to send its form again.
        let form = if matches!(*page.method, Method::GET | Method::HEAD) { "" } else { " data-form" };
        let (script, position) = (escape(&self.script), &self.position);
        let tag = format!("<script src=\"{script}\" data-since=\"{position}\"{form}{nonce} async></script>");
        Some(with(page.body, &tag))
    }
}

/// Whether it is a script of a page that asks, and may put what it gets into the page: that has a tag already (Fetch Metadata). Other
/// programs than browsers do not say.
fn is_for_script(asked: &HeaderMap) -> bool {
    let destination = asked.get("sec-fetch-dest").map(|destination| destination.as_bytes());
    destination.is_some_and(|destination| !matches!(destination, b"document" | b"iframe" | b"frame"))
}

fn is_html(headers: &HeaderMap) -> bool {
    let Some(Ok(kind)) = headers.get(CONTENT_TYPE).map(|kind| kind.to_str()) else { return false };
    let (essence, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    // In these a tag is not written with the bytes of ASCII.
    let is_wide = ["utf-16", "utf-32"].iter().any(|charset| parameters.to_ascii_lowercase().contains(charset));
    essence.trim().eq_ignore_ascii_case("text/html") && !is_wide
}

/// The text with a tag before its last `</body>`, else at its end.
fn with(body: &[u8], tag: &str) -> Bytes {
    const END: &[u8] = b"</body";
    let is_end = |start: &usize| body[*start..].get(..END.len()).is_some_and(|text| text.eq_ignore_ascii_case(END));
    let place = (0..body.len()).rev().filter(|start| body[*start] == b'<').find(is_end).unwrap_or(body.len());
    let mut dressed = Vec::with_capacity(body.len() + tag.len());
    dressed.extend_from_slice(&body[..place]);
    dressed.extend_from_slice(tag.as_bytes());
    dressed.extend_from_slice(&body[place..]);
    dressed.into()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
