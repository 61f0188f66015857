//! The scripts and styles of templates: the nonces that the engine is given with their sources, and what a page's policy must admit.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::closure::Closure;
use crate::snapshot::{List, Template, Text};

/// The function that gives the nonce of an answer.
pub(super) const NONCE: &str = "csp_nonce";

/// What is put into a start tag. It has no quotes, because the tag may stand in a string of a script; a nonce needs none. An empty one,
/// in a mail, would take what follows for its value.
const ATTRIBUTE: &str = "{% if csp_nonce() %} nonce={{ csp_nonce() }}{% endif %}";

/// The same where what follows would become part of the value.
const ATTRIBUTE_AND_SPACE: &str = "{% if csp_nonce() %} nonce={{ csp_nonce() }} {% endif %}";

/// What all the templates that a page is made of need of its Content-Security-Policy. A nonce is not in it: each answer has its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Sources for `script-src`, sorted, with spaces between.
    pub scripts: String,
    /// The same for `style-src`.
    pub styles: String,
}

impl Needs {
    pub(super) fn of(closure: &Closure) -> Needs {
        let joined = |sources: fn(&Template) -> &List<Text>| {
            let all: BTreeSet<&str> = closure
                .templates
                .iter()
                .flat_map(|template| sources(template).iter().map(|source| &**source))
                .collect();
            all.into_iter().collect::<Vec<_>>().join(" ")
        };
        Needs {
            scripts: joined(|template| &template.inline.scripts),
            styles: joined(|template| &template.inline.styles),
        }
    }

    /// What two pages need that became one.
    pub fn and(&self, other: &Needs) -> Needs {
        let joined = |one: &str, other: &str| {
            let all: BTreeSet<&str> =
                one.split(' ').chain(other.split(' ')).filter(|source| !source.is_empty()).collect();
            all.into_iter().collect::<Vec<_>>().join(" ")
        };
        Needs { scripts: joined(&self.scripts, &other.scripts), styles: joined(&self.styles, &other.styles) }
    }
}

/// The source with a nonce in each start tag that needs one.
pub(super) fn with_nonces(template: &Template) -> Cow<'_, str> {
    let source = &*template.source;
    if template.inline.nonces.is_empty() {
        return Cow::Borrowed(source);
    }
    let mut text = String::with_capacity(source.len() + template.inline.nonces.len() * ATTRIBUTE_AND_SPACE.len());
    let mut from = 0;
    for place in places(template) {
        text.push_str(&source[from..place]);
        text.push_str(attribute(source, place));
        from = place;
    }
    text.push_str(&source[from..]);
    Cow::Owned(text)
}

/// The column of the source, counted from 1 in characters, that the engine means by one of a line of [`with_nonces`].
pub(super) fn column(template: &Template, line: usize, mut column: usize) -> usize {
    let source = &*template.source;
    for place in places(template) {
        let before = &source[..place];
        if before.matches('\n').count() + 1 != line {
            continue;
        }
        let written = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let added = attribute(source, place).len();
        column = if column >= written + added { column - added } else { column.min(written) };
    }
    column
}

/// What is put into the start tag whose name ends there.
fn attribute(source: &str, place: usize) -> &'static str {
    match source.as_bytes().get(place) {
        Some(next) if next.is_ascii_whitespace() || *next == b'>' => ATTRIBUTE,
        _ => ATTRIBUTE_AND_SPACE,
    }
}

/// Where nonces go. A place that is none, which only a wrong snapshot has, is passed over.
fn places(template: &Template) -> impl Iterator<Item = usize> {
    let source = &*template.source;
    template.inline.nonces.iter().copied().filter(|place| source.is_char_boundary(*place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Inline;

    #[test]
    fn columns_are_those_of_the_source() {
        let source = "é\nü<script/defer>{{ a }}</script><style>{{ b }}</style>";
        let nonces = vec![source.find("script").unwrap() + 6, source.find("style>").unwrap() + 5];
        let template = Template {
            inline: Inline { nonces: nonces.into(), ..Inline::NONE },
            ..crate::site::tests::template("a.html", source)
        };
        let text = with_nonces(&template);
        assert_eq!((text.matches(ATTRIBUTE).count(), text.matches(ATTRIBUTE_AND_SPACE).count()), (1, 1));
        let line = |text: &str| text.lines().nth(1).unwrap().to_string();
        let place = |text: &str, what: &str| line(text).split(what).next().unwrap().chars().count() + 1;
        for what in ["ü", "<script", "a }}", "<style", "b }}", "</style"] {
            assert_eq!(column(&template, 2, place(&text, what)), place(source, what), "{what}");
        }
        assert_eq!(column(&template, 2, place(&text, "nonce=")), place(source, "/defer"), "what is not in the source");
        assert_eq!(column(&template, 1, 1), 1);
    }
}
