//! One address that stands in a text, and how another one is put in its place without a change to anything around it.

use std::ops::Range;

/// An address as it stands in a stylesheet or script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The address, without quotes and escapes.
    pub value: String,
    /// Which bytes of the text are the address alone, where it is written without escapes; else the whole of `url(…)` or the string.
    pub place: Range<usize>,
    form: Form,
    /// The bytes of the whole of `url(…)` or the string.
    token: Range<usize>,
    is_plain: bool,
}

/// How an address stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `url(…)` without quotes.
    Url,
    /// A string.
    Quoted,
    /// Behind `sourceMappingURL=` in a comment.
    SourceMap,
}

impl Reference {
    /// The reference with this value in a token that is written so at this place; `None` where it is empty.
    pub fn new(form: Form, value: &str, written: &str, token: Range<usize>) -> Option<Reference> {
        let trimmed = value.trim();
        if trimmed.is_empty() {
            return None;
        }
        let inside = match form {
            Form::Url => written.find('(').map_or(0, |start| start + 1),
            Form::Quoted => 1,
            Form::SourceMap => written.find('=').map_or(0, |start| start + 1),
        };
        let plain = written.get(inside..).and_then(|rest| rest.find(trimmed)).filter(|_| !written.contains('\\'));
        let place = match plain {
            Some(offset) => {
                let start = token.start + inside + offset;
                start..start + trimmed.len()
            }
            None => token.clone(),
        };
        Some(Reference { value: trimmed.to_string(), place, form, token, is_plain: plain.is_some() })
    }

    /// Whether it names a source map, which only the tools of a developer ask for.
    pub fn is_source_map(&self) -> bool {
        self.form == Form::SourceMap
    }

    /// The bytes to be replaced, and by what, so that the text has another address here. In a comment no address can be written
    /// that would end it, so there it stays as it is.
    fn replaced(&self, value: &str) -> (Range<usize>, String) {
        let is_taken_as_it_is = match self.form {
            Form::Quoted => !value.contains(['"', '\'', '\\', '\n', '\r', '\u{c}']),
            _ => !value.contains(|c: char| c.is_whitespace() || c.is_control() || "\"'()\\*".contains(c)),
        };
        if self.is_plain && is_taken_as_it_is {
            return (self.place.clone(), value.to_string());
        }
        match self.form {
            Form::Url => (self.token.clone(), format!("url({})", quoted(value))),
            Form::Quoted => (self.token.clone(), quoted(value)),
            Form::SourceMap => (self.place.start..self.place.start, String::new()),
        }
    }
}

/// A text in which some references have other addresses; all else stays as it is, byte by byte. They must be in the order of the text.
///
/// ```
/// use kalgan::source::assets::css;
/// use kalgan::source::assets::reference::replace;
/// let text = "a { background: URL( 'a.png' ) }";
/// let found = css::references(text);
/// assert_eq!(replace(text, [(&found[0], "b c.png".to_string())]), "a { background: URL( 'b c.png' ) }");
/// ```
pub fn replace<'r>(text: &str, changes: impl IntoIterator<Item = (&'r Reference, String)>) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut done = 0;
    for (reference, value) in changes {
        let (place, written) = reference.replaced(&value);
        replaced.push_str(&text[done..place.start]);
        replaced.push_str(&written);
        done = place.end;
    }
    replaced.push_str(&text[done..]);
    replaced
}

/// A text as a string of CSS.
fn quoted(value: &str) -> String {
    let mut quoted = String::new();
    cssparser::serialize_string(value, &mut quoted).expect("writing to a `String` cannot fail");
    quoted
}
