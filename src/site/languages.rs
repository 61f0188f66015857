//! The languages that a site has, and which of them stands in for another.

use std::sync::Arc;

/// The site's languages and the default one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Languages {
    codes: Arc<[Arc<str>]>,
    default: Option<usize>,
}

impl Languages {
    /// Takes the codes, sorted, and the default language's, which must be one of them to count.
    pub fn new<'a>(codes: impl IntoIterator<Item = &'a str>, default: &str) -> Self {
        let codes: Arc<[Arc<str>]> = codes.into_iter().map(Arc::from).collect();
        let default = codes.iter().position(|code| **code == *default);
        Languages { codes, default }
    }

    /// The codes, sorted.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.codes.iter().map(|code| &**code)
    }

    /// The default language's code; empty where the site has no languages.
    pub fn default_language(&self) -> &str {
        self.default.map_or("", |number| &self.codes[number])
    }

    /// The default language's code as it can be kept; none where the site has no languages.
    pub fn default_code(&self) -> Option<Arc<str>> {
        self.default.map(|number| Arc::clone(&self.codes[number]))
    }

    /// Whether the site has this language; letter case counts (B123).
    pub fn contains(&self, code: &str) -> bool {
        self.number(code).is_some()
    }

    /// The number of a language.
    pub(super) fn number(&self, code: &str) -> Option<usize> {
        // A site has a handful of languages, for which walking them is quicker than hashing.
        self.codes.iter().position(|known| **known == *code)
    }

    /// The code of a language.
    pub(super) fn code(&self, number: usize) -> &str {
        &self.codes[number]
    }

    /// The site's languages that stand in for a code, best first: itself, then its shortened forms (`es-MX`, `es`; RFC 4647
    /// section 3.4), then the default language. One may come twice.
    pub(super) fn fallbacks<'l>(&'l self, code: &'l str) -> impl Iterator<Item = usize> + 'l {
        let shorter = |code: &&'l str| Some(shortened(code)).filter(|code| !code.is_empty());
        let forms = std::iter::successors(Some(code), shorter);
        forms.filter_map(|form| self.number(form)).chain(self.default)
    }
}

/// A language code without its last part, and without a single character that then ends it; empty for a single part.
pub(super) fn shortened(code: &str) -> &str {
    let Some(end) = code.rfind('-') else { return "" };
    let code = &code[..end];
    match code.rfind('-') {
        Some(single) if code.len() - single == 2 => &code[..single],
        _ => code,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_falls_back_to_its_shorter_forms_and_then_to_the_default() {
        let languages = Languages::new(["de", "en", "zh", "zh-Hant"], "en");
        let names = |code| languages.fallbacks(code).map(|number| languages.code(number)).collect::<Vec<_>>();
        assert_eq!(names("zh-Hant-TW"), ["zh-Hant", "zh", "en"]);
        assert_eq!(names("de"), ["de", "en"]);
        assert_eq!(names("fr"), ["en"]);
        assert_eq!(names(""), ["en"]);
        assert_eq!(Languages::new([], "en").fallbacks("en").count(), 0);
    }

    #[test]
    fn a_single_character_is_dropped_with_what_it_introduced() {
        assert_eq!(shortened("zh-Hant-x-private"), "zh-Hant");
        assert_eq!(shortened("en"), "");
    }
}
