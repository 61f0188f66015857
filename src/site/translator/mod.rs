//! Messages by id and language (B123, B124).
//!
//! A message that a language lacks is looked for in its shorter forms (`es-MX`, `es`), then in the default language; a message
//! that none has is its id. All ids are hashed once when the site is made; the good path takes no lock and copies nothing.

mod catalogue;
mod negotiation;
mod plural;
mod reported;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::languages::Languages;
use crate::pattern::{self, Piece};
use crate::snapshot::Language;
use catalogue::Catalogue;
use reported::Reported;

/// The name of the parameter whose value chooses a plural form.
const COUNT: &str = "count";

/// All messages of a site.
#[derive(Debug)]
pub struct Translator {
    languages: Languages,
    /// One per language, in the order of `languages`.
    catalogues: Vec<Arc<Catalogue>>,
    reported: Reported,
}

/// A message as it was found.
pub(super) enum Message<'m> {
    /// A text in some language, its parameters replaced.
    Text(Cow<'m, str>),
    /// No language has it.
    Missing,
}

impl Translator {
    /// Takes over the messages of all languages.
    ///
    /// `default` is the default language's code, which counts if it is one of them.
    pub fn new(languages: &[Language], default: &str) -> Self {
        Translator {
            languages: Languages::new(languages.iter().map(|language| &*language.code), default),
            catalogues: languages.iter().map(Catalogue::new).map(Arc::new).collect(),
            reported: Reported::default(),
        }
    }

    /// The same with other languages or another default. The messages of a language that is not among the `changed` are shared.
    pub fn revised(&self, languages: &[Language], default: &str, changed: &BTreeSet<String>) -> Self {
        let catalogue = |language: &Language| {
            let known = self.languages.number(&language.code).filter(|_| !changed.contains(&*language.code));
            known.map_or_else(|| Arc::new(Catalogue::new(language)), |number| Arc::clone(&self.catalogues[number]))
        };
        Translator {
            languages: Languages::new(languages.iter().map(|language| &*language.code), default),
            catalogues: languages.iter().map(catalogue).collect(),
            reported: Reported::default(),
        }
    }

    /// The text of a message in a language, `{name}` in it replaced by the parameter of that name.
    ///
    /// A message whose id has sub-keys that are plural categories of the CLDR (`one`, `few`, `other`, …; `other` must be one of
    /// them) is chosen by the parameter `count`, as the rules of the text's language say; `zero` is also taken for 0 in
    /// languages whose rules have no such form. Values are put in as they are and never searched for parameters; what no
    /// parameter is given for stays as it is written. A message that no language has is its id, and is logged once.
    pub fn translate<'m>(&'m self, language: &str, id: &'m str, parameters: &[(&str, Cow<str>)]) -> Cow<'m, str> {
        let value =
            |name: &str| parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| Cow::Borrowed(&**value));
        match self.find(language, id, value) {
            Message::Text(text) => text,
            Message::Missing => Cow::Borrowed(id),
        }
    }

    /// The site's language that a browser's `Accept-Language` asks for (RFC 9110 section 12.5.4, RFC 4647 section 3.4).
    ///
    /// By falling weight, each range is looked up as it is, then shortened part by part, without regard to letter case; `*` asks
    /// for the default language; a weight of 0 excludes. If nothing fits, a longer form of a range does (`es` for `es-MX`).
    pub fn negotiate(&self, accept_language: &str) -> Option<&str> {
        negotiation::negotiate(&self.languages, accept_language)
    }

    /// The site's languages.
    pub fn languages(&self) -> &Languages {
        &self.languages
    }

    /// The default language's code; empty where the site has no languages.
    pub fn default_language(&self) -> &str {
        self.languages.default_language()
    }

    /// Like [`Translator::translate`], with the parameters asked for by name, and telling whether there is such a message.
    pub(super) fn find<'m, 'v>(
        &'m self,
        language: &str,
        id: &str,
        value: impl Fn(&str) -> Option<Cow<'v, str>>,
    ) -> Message<'m> {
        let language = if language.is_empty() { self.default_language() } else { language };
        let own = self.languages.number(language).and_then(|number| self.catalogues[number].text(id, &value));
        match own.or_else(|| self.substitute(language, id, &value)) {
            Some(text) => Message::Text(filled(text, value)),
            None => Message::Missing,
        }
    }

    /// The text of another language for a message that one lacks.
    fn substitute<'v>(&self, language: &str, id: &str, value: &impl Fn(&str) -> Option<Cow<'v, str>>) -> Option<&str> {
        self.report(language, id);
        self.languages.fallbacks(language).find_map(|number| self.catalogues[number].text(id, value))
    }

    fn report(&self, language: &str, id: &str) {
        if self.reported.is_new(language, id) {
            tracing::warn!(language, id, "message is not translated");
        }
    }
}

/// The text with its parameters replaced, in one pass.
fn filled<'m, 'v>(text: &'m str, value: impl Fn(&str) -> Option<Cow<'v, str>>) -> Cow<'m, str> {
    if !text.contains('{') {
        return Cow::Borrowed(text);
    }
    let mut filled = String::with_capacity(text.len() + 32);
    for piece in pattern::pieces(text) {
        match piece {
            Piece::Literal(literal) => filled.push_str(literal),
            Piece::Parameter(name) => match value(name) {
                Some(value) => filled.push_str(&value),
                None => filled.extend(["{", name, "}"]),
            },
        }
    }
    Cow::Owned(filled)
}
