//! Templates as data.

use std::borrow::Cow;

use super::{List, Text};

/// The source of one template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its path below `tera.path`, with `/` between the parts (B127).
    pub name: Text,
    /// Its text.
    pub source: Text,
    /// What it has to do with other templates.
    pub links: Links,
    /// The scripts and styles that its author wrote into it.
    pub inline: Inline,
}

/// What one template needs of a page's Content-Security-Policy (Content Security Policy Level 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inline {
    /// Sources for `script-src`: hashes of inline scripts whose text is constant, and addresses of other origins' scripts. Sorted.
    pub scripts: List<Text>,
    /// The same for `style-src`.
    pub styles: List<Text>,
    /// Places in the source, in bytes and ascending, right behind the names of the start tags that need a nonce.
    pub nonces: List<usize>,
}

impl Inline {
    /// That of a template without scripts and styles.
    pub const NONE: Inline =
        Inline { scripts: Cow::Borrowed(&[]), styles: Cow::Borrowed(&[]), nonces: Cow::Borrowed(&[]) };
}

/// What one template names and defines, so that a page can be compiled with the templates that it needs and no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// The templates that it extends or includes.
    pub templates: List<Text>,
    /// The components that it uses.
    pub components: List<Text>,
    /// The components that it defines.
    pub defines: List<Text>,
    /// Whether it asks for messages, by the filter `trans`.
    pub has_messages: bool,
}

impl Links {
    /// Those of a template that has nothing to do with any other.
    pub const NONE: Links = Links {
        templates: Cow::Borrowed(&[]),
        components: Cow::Borrowed(&[]),
        defines: Cow::Borrowed(&[]),
        has_messages: false,
    };
}
