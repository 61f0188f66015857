//! A template as text with holes in it.

use crate::source::templates::lexer::{Kind, Lexer, Token};

/// A part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Text that is printed as it is.
    Text {
        text: &'t str,
        /// Where it starts in the source, in bytes.
        start: usize,
        /// Whether a tag of Tera's could stand in it.
        is_open: bool,
        /// Whether a filter gets it, which may make something else of it.
        is_filtered: bool,
    },
    /// `{{ … }}`, which starts there in the source: some text.
    Print(usize),
    /// Any other tag of Tera's, and comments that take white space away: what is around it need not follow one another.
    Tag {
        /// Where it starts.
        start: usize,
        /// Whether something that is not written here may be printed in its place.
        prints: bool,
    },
}

/// Words of tags that have nothing printed but what is written here. What a block, an include or a component prints may be from elsewhere.
const SILENT: [&str; 10] = ["break", "continue", "elif", "else", "endfor", "endif", "endset", "for", "if", "set"];

/// The parts in the order of the source, up to where nothing can be made of it.
pub(super) fn pieces(source: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut tokens = Lexer::new(source);
    let mut filters = 0_usize;
    std::iter::from_fn(move || {
        loop {
            let token = tokens.next()?;
            let is_filtered = filters > 0;
            match token.kind {
                Kind::Text => {
                    return Some(Piece::Text { text: token.text, start: token.start, is_open: true, is_filtered });
                }
                Kind::Raw => return Some(raw(token, is_filtered)),
                Kind::Comment if !trims(token.text, "#") => {}
                Kind::PrintStart => {
                    tokens.by_ref().take_while(|token| token.kind != Kind::PrintEnd).for_each(drop);
                    return Some(Piece::Print(token.start));
                }
                Kind::TagStart => {
                    let word = word(&mut tokens);
                    match word {
                        Some("filter") => filters += 1,
                        Some("endfilter") => filters = filters.saturating_sub(1),
                        _ => {}
                    }
                    let prints = !word.is_some_and(|word| SILENT.contains(&word));
                    return Some(Piece::Tag { start: token.start, prints });
                }
                Kind::Unreadable => return None,
                _ => return Some(Piece::Tag { start: token.start, prints: false }),
            }
        }
    })
}

/// The text of `{% raw %}…{% endraw %}`, unless white space is taken away from it.
fn raw(token: Token<'_>, is_filtered: bool) -> Piece<'_> {
    let inner = || {
        let start = token.text.find("%}")? + 2;
        let end = token.text.rfind("{%").filter(|end| *end >= start)?;
        let is_trimmed = trims(&token.text[..start], "%") || trims(&token.text[end..], "%");
        (!is_trimmed).then(|| (&token.text[start..end], token.start + start))
    };
    match inner() {
        Some((text, start)) => Piece::Text { text, start, is_open: false, is_filtered },
        None => Piece::Tag { start: token.start, prints: true },
    }
}

/// Whether a tag or comment with this mark takes white space away before or behind it.
fn trims(text: &str, mark: &str) -> bool {
    text.starts_with(&format!("{{{mark}-")) || text.ends_with(&format!("-{mark}}}"))
}

/// Takes the rest of `{% … %}`, and gives its first word.
fn word<'t>(tokens: &mut Lexer<'t>) -> Option<&'t str> {
    let mut words = tokens.take_while(|token| token.kind != Kind::TagEnd).filter(|token| token.kind != Kind::Space);
    let first = words.next().filter(|token| token.kind == Kind::Name).map(|token| token.text);
    words.for_each(drop);
    first
}
