//! The headers that keep browsers from what a site never meant: the settings `security.headers.*`.
//!
//! 1. [`rules`]: the settings, checked and made into ready header values when the site is made.
//! 2. [`policy`]: the Content-Security-Policy, of which each page has its own.
//! 3. Here: which answer gets which. What a controller, a middleware or a static file's own headers say is never written over.

mod policy;
mod rules;
#[cfg(test)]
mod tests;

use http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use super::page;
use crate::error::Error;
use crate::http::{Client, Rendered, Request};
use crate::site::Site;
use policy::Policy;
use rules::{COOP, PERMISSIONS};

/// The security headers of one site.
#[derive(Debug)]
pub(super) struct SecurityHeaders {
    /// Those that are the same in every answer; Strict-Transport-Security and the policy are not among them.
    constant: Vec<(HeaderName, HeaderValue)>,
    /// None in development: browsers would remember it for every other server on `localhost`.
    transport: Option<HeaderValue>,
    policy: Option<Policy>,
}

/// What of an answer decides about its headers.
#[derive(Debug, Default)]
pub(super) struct Subject<'r> {
    /// Whether the visitor's connection is encrypted.
    pub(super) is_encrypted: bool,
    rendered: Rendered<'r>,
    nonce: Option<&'r str>,
    /// The source of the style of a page that is the framework's own.
    pub(super) style: Option<&'static str>,
}

impl<'r> Subject<'r> {
    /// The answer to a request, with these headers. What was rendered for it, and its nonce, only count where browsers make a page of it:
    /// anything else has what was rendered as data, if at all.
    pub(super) fn of(request: &'r Request, headers: &HeaderMap) -> Self {
        let mime = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let subject = Subject { is_encrypted: request.is_secure(), ..Subject::default() };
        match is_document(mime) {
            true => Subject { rendered: request.rendered(), nonce: request.given_nonce(), ..subject },
            false => subject,
        }
    }

    /// Whether something in the answer was made for it alone.
    pub(super) fn has_nonce(&self) -> bool {
        self.nonce.is_some()
    }
}

impl SecurityHeaders {
    /// Those that the settings of a site ask for.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] for a value that no browser would understand.
    pub(super) fn new(site: &Site) -> Result<Self, Error> {
        let transport = rules::transport(&site.settings)?.filter(|_| site.settings.is_prod());
        Ok(SecurityHeaders { constant: rules::constant(&site.settings)?, transport, policy: Policy::new(site)? })
    }

    /// Adds to an answer, also that of a filter of the site's own, what it lacks.
    pub(super) fn add(&self, headers: &mut HeaderMap, site: &Site, subject: &Subject<'_>) {
        headers.reserve(self.constant.len() + 3);
        // A nonce that others are shown too could be guessed.
        if subject.has_nonce() {
            page::keep_from_others(headers);
        }
        let has_policy = headers.contains_key(CONTENT_SECURITY_POLICY);
        let is_framed_by_own = has_policy && frames(headers);
        for (name, value) in &self.constant {
            // Browsers do not look at the older header beside the newer one, which says more.
            if !(is_framed_by_own && *name == X_FRAME_OPTIONS) {
                headers.entry(name).or_insert_with(|| value.clone());
            }
        }
        if let Some(policy) = &self.policy
            && !has_policy
        {
            let value = policy.of_page(site, &subject.rendered, (subject.nonce, subject.style));
            headers.insert(CONTENT_SECURITY_POLICY, value);
        }
        self.add_transport(headers, subject.is_encrypted);
    }

    /// The answer for a static file, whose other headers are there already.
    pub(super) fn with_transport<B>(&self, mut answer: Response<B>, client: &Client) -> Response<B> {
        self.add_transport(answer.headers_mut(), client.is_secure());
        answer
    }

    /// Adds what an answer over an encrypted connection lacks.
    fn add_transport(&self, headers: &mut HeaderMap, is_encrypted: bool) {
        if is_encrypted && let Some(value) = &self.transport {
            headers.entry(STRICT_TRANSPORT_SECURITY).or_insert_with(|| value.clone());
        }
    }
}

/// The headers of static files, by what browsers make of the files.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FileHeaders {
    /// Of what is shown as a page.
    documents: Vec<(HeaderName, HeaderValue)>,
    /// Of what loads other files.
    sheets: Vec<(HeaderName, HeaderValue)>,
    /// Of everything else.
    others: Vec<(HeaderName, HeaderValue)>,
}

impl FileHeaders {
    /// Those that the settings of a site ask for.
    ///
    /// # Errors
    ///
    /// As [`SecurityHeaders::new`].
    pub(super) fn new(site: &Site) -> Result<Self, Error> {
        let constant = rules::constant(&site.settings)?;
        let only = |names: &[HeaderName]| {
            constant.iter().filter(|(name, _)| names.contains(name)).cloned().collect::<Vec<_>>()
        };
        let mut documents = only(&[X_CONTENT_TYPE_OPTIONS, REFERRER_POLICY, X_FRAME_OPTIONS, COOP, PERMISSIONS]);
        documents.extend(Policy::of_files(site)?.map(|value| (CONTENT_SECURITY_POLICY, value)));
        Ok(FileHeaders {
            documents,
            sheets: only(&[X_CONTENT_TYPE_OPTIONS, REFERRER_POLICY]),
            others: only(&[X_CONTENT_TYPE_OPTIONS]),
        })
    }

    /// Those of a file of that media type.
    pub(super) fn of(&self, mime: &str) -> &[(HeaderName, HeaderValue)] {
        match essence(mime) {
            _ if is_document(mime) => &self.documents,
            "text/css" | "text/javascript" | "application/javascript" => &self.sheets,
            _ => &self.others,
        }
    }
}

/// Whether browsers show what has that media type as a page, with the scripts and styles in it.
fn is_document(mime: &str) -> bool {
    const DOCUMENTS: [&str; 5] = ["text/html", "application/xhtml+xml", "image/svg+xml", "application/xml", "text/xml"];
    let essence = essence(mime);
    DOCUMENTS.iter().any(|known| known.eq_ignore_ascii_case(essence))
}

/// A media type without its parameters.
fn essence(mime: &str) -> &str {
    mime.split(';').next().unwrap_or_default().trim()
}

/// Whether an answer has a policy of its own that says who may show it in a frame.
fn frames(headers: &HeaderMap) -> bool {
    let mut own = headers.get_all(CONTENT_SECURITY_POLICY).iter();
    own.any(|policy| policy.as_bytes().windows(15).any(|word| word.eq_ignore_ascii_case(b"frame-ancestors")))
}
