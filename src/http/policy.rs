//! What is noted about an answer for its Content-Security-Policy: the templates that it was made of, and its nonce.

use std::fmt::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::Request;
use crate::error::Error;

/// Bytes of a nonce: 128 bits, as Content Security Policy Level 3 asks for (section 7.1).
const BYTES: usize = 16;

/// The notes that all clones of one request share.
#[derive(Debug, Default)]
pub(super) struct PolicyNotes {
    /// Nearly every answer is made of one template.
    template: OnceLock<Box<str>>,
    others: Mutex<Vec<Box<str>>>,
    nonce: OnceLock<Box<str>>,
}

/// The templates that an answer was made of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Rendered<'r> {
    /// None: its text is from somewhere else.
    #[default]
    Nothing,
    /// One, perhaps several times.
    One(&'r str),
    /// Several, in the order in which they were rendered first.
    Several(Vec<Box<str>>),
}

impl Request {
    /// The nonce of this answer: 128 random bits in hexadecimal, which need no quotes in HTML, made when somebody asks for it first. The Content-Security-Policy that
    /// Kalgan makes then admits scripts and styles with the attribute `nonce` of this value. In templates it is `csp_nonce()`.
    ///
    /// It is for markup that a controller makes itself; start tags that stand in templates get theirs by themselves. Nothing that comes
    /// from a visitor may get one. An answer that browsers show as a document (HTML, SVG or XML) then has no entity tag, see
    /// [`Request::mark_for_once`], and no shared cache may keep it. Any other has no use for a nonce, and its policy names none.
    ///
    /// # Errors
    ///
    /// [`Error::Service`] where the system gives no random numbers.
    ///
    /// ```
    /// # use kalgan::{Failure, Request, Response};
    /// fn hello(request: Request) -> Result<Response, Failure> {
    ///     let nonce = request.csp_nonce().map_err(Failure::from_error)?;
    ///     Ok(Response::html(format!("<!doctype html><script nonce=\"{nonce}\">alert(1)</script>")))
    /// }
    /// ```
    pub fn csp_nonce(&self) -> Result<&str, Error> {
        let nonce = &self.shared().policy.nonce;
        if nonce.get().is_none() {
            let made = random()?;
            // Of two that are made at once, one counts.
            nonce.get_or_init(|| made);
        }
        Ok(nonce.get().map_or("", |nonce| &**nonce))
    }

    /// The nonce, where somebody has asked for it.
    pub(crate) fn given_nonce(&self) -> Option<&str> {
        self.shared().policy.nonce.get().map(|nonce| &**nonce)
    }

    /// Lets the Content-Security-Policy of this answer admit the constant scripts and styles of a template, as if it had been rendered for
    /// it: for HTML that was made of the template before and kept, in a cache say.
    pub fn admit(&self, template: &str) {
        self.note_rendered(template);
    }

    /// Notes that a template was rendered for this request.
    pub(crate) fn note_rendered(&self, template: &str) {
        let notes = &self.shared().policy;
        if &**notes.template.get_or_init(|| template.into()) != template {
            let mut others = notes.others.lock().unwrap_or_else(PoisonError::into_inner);
            if !others.iter().any(|known| &**known == template) {
                others.push(template.into());
            }
        }
    }

    /// The templates that were rendered for this request.
    pub(crate) fn rendered(&self) -> Rendered<'_> {
        let notes = &self.shared().policy;
        let Some(first) = notes.template.get() else { return Rendered::Nothing };
        let others = notes.others.lock().unwrap_or_else(PoisonError::into_inner);
        match others.is_empty() {
            true => Rendered::One(first),
            false => Rendered::Several(std::iter::once(first).chain(others.iter()).cloned().collect()),
        }
    }
}

fn random() -> Result<Box<str>, Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::Service(format!("the system gives no random numbers: {error}")))?;
    let mut text = String::with_capacity(2 * BYTES);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
    }
    Ok(text.into())
}
