//! The scripts and styles that a template's author wrote into it, so that a page can tell browsers to run these and no others (Content
//! Security Policy Level 3).
//!
//! 1. [`pieces`](mod@pieces): the template's own text, and the holes in it where Tera puts something.
//! 2. [`html`]: the start tags and the contents of elements in that text, read as browsers do.
//! 3. [`tag`]: what a start tag says; [`address`]: what its address is as a source of a policy.
//! 4. Here: an element of constant text is named by a hash, any other gets a nonce, and what comes from elsewhere is named by address. An
//!    element to whose start tag a value could add attributes gets neither.
//!
//! It reads what is written and never what is rendered: a value that brings markup along gains nothing. What cannot be told is left out, so that
//! a browser stops what should have run, and never the other way round.

mod address;
mod html;
mod pieces;
mod tag;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};

use self::html::{Html, Read};
use self::pieces::pieces;
use self::tag::{Element, Kind};
use super::outline::Named;
use crate::snapshot::{Inline, List, Text};

/// What a template has that a Content-Security-Policy decides about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inlined {
    /// What its scripts and styles need.
    pub needs: Inline,
    /// What no policy can admit without admitting what is injected: attributes such as `onclick`, and addresses that begin with `javascript:`.
    pub blocked: Vec<Named>,
    /// By the name of the element, what is printed into the start tag of an inline script or style outside of quotes.
    pub unquoted: Vec<Named>,
}

/// Endings of templates that are no HTML, though they may speak of it.
const OTHER_KINDS: [&str; 9] = ["css", "csv", "ics", "js", "json", "md", "mjs", "txt", "yaml"];

/// Reads the template of that name.
pub fn read(name: &str, source: &str) -> Inlined {
    let mut found = Found::default();
    let is_other = name.rsplit_once('.').is_some_and(|(_, ending)| OTHER_KINDS.contains(&ending));
    // Most templates have none of it, and a build script, which is not optimised, reads them all.
    if !is_other && source.contains('<') {
        let mut html = Html::default();
        for piece in pieces(source) {
            html.read(piece, &mut |read| found.add(read, source));
        }
    }
    found.finished()
}

#[derive(Default)]
struct Found {
    scripts: BTreeSet<String>,
    styles: BTreeSet<String>,
    nonces: BTreeSet<usize>,
    blocked: Vec<Named>,
    unquoted: Vec<Named>,
}

impl Found {
    fn add(&mut self, read: Read, source: &str) {
        match read {
            Read::Tag(tag) => {
                self.blocked.extend(tag.blocked());
                self.unquoted.extend(tag.unquoted(source));
                if let Some((kind, source)) = tag.external() {
                    self.sources(kind).insert(source);
                }
            }
            Read::Element(element) => self.add_element(&element),
        }
    }

    fn add_element(&mut self, element: &Element) {
        match element.constant() {
            // Browsers do not even look at an empty script.
            Some("") if element.kind == Kind::Script => {}
            Some(text) => {
                self.sources(element.kind).insert(hash(text));
            }
            None => self.nonces.extend(element.place),
        }
    }

    fn sources(&mut self, kind: Kind) -> &mut BTreeSet<String> {
        match kind {
            Kind::Script => &mut self.scripts,
            Kind::Style => &mut self.styles,
        }
    }

    fn finished(self) -> Inlined {
        let list = |sources: BTreeSet<String>| -> List<Text> { sources.into_iter().map(Text::Owned).collect() };
        let needs = Inline {
            scripts: list(self.scripts),
            styles: list(self.styles),
            nonces: self.nonces.into_iter().collect(),
        };
        Inlined { needs, blocked: self.blocked, unquoted: self.unquoted }
    }
}

/// The hash of an element's text as a source. Browsers read every end of line as one character before they look at anything.
fn hash(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}
