//! Reads HTML in pieces, as far as one must to tell start tags and the contents of scripts and styles from everything else (HTML section
//! 13.2.5).
//!
//! The pieces are read in the order of the source. A template that opens a tag in one branch of a condition and closes it in another
//! is read as if both were there.

use super::pieces::Piece;
use super::tag::{Attribute, Element, Kind, Tag};

/// Stands where Tera puts something. No template means this character, which is kept for private use.
pub(super) const HOLE: char = '\u{F8FF}';

/// What was read.
pub(super) enum Read {
    /// A start tag, whole.
    Tag(Tag),
    /// An inline script or style, from its start tag to its end tag.
    Element(Element),
}

/// Reads pieces one after the other.
#[derive(Default)]
pub(super) struct Html {
    state: State,
    tag: Tag,
    /// How many `svg` and `math` are open.
    foreign: usize,
    /// What is open of the elements whose content is no markup.
    content: Content,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// Behind `<`.
    Less,
    /// Behind `</`.
    LessSlash,
    /// Behind `<!`, with so many dashes.
    Bang(u8),
    /// With so many dashes just before.
    Comment(u8),
    /// `<!…`, `<?…` and the like, up to `>`.
    Bogus,
    Name,
    /// Between attributes.
    Inside,
    AttributeName,
    /// Behind a name, where `=` may come.
    AfterName,
    /// Behind `=`.
    BeforeValue,
    /// In a value with these quotes, if any.
    Value(Option<char>),
    /// In an element whose content is no markup.
    Content,
}

/// The content of an element in which only its own end tag is markup.
#[derive(Default)]
struct Content {
    name: String,
    text: String,
    kind: Option<Kind>,
    place: Option<usize>,
    is_filtered: bool,
}

/// Elements whose content is no markup, beside scripts and styles.
const WITHOUT_MARKUP: [&str; 6] = ["iframe", "noembed", "noframes", "textarea", "title", "xmp"];

impl Html {
    /// Reads one piece, and hands over what has come to its end in it.
    pub(super) fn read(&mut self, piece: Piece<'_>, found: &mut dyn FnMut(Read)) {
        match piece {
            Piece::Text { text, start, is_open, is_filtered } => {
                let mut rest = text;
                while let Some(character) = rest.chars().next() {
                    let offset = start + text.len() - rest.len();
                    self.take(character, offset, is_open, found);
                    self.content.is_filtered |= is_filtered && self.state == State::Content;
                    rest = &rest[character.len_utf8()..];
                    // Most of a template is text between tags, and looking for one byte is quick also where nothing is optimised.
                    if self.state == State::Text {
                        rest = rest.find('<').map_or("", |next| &rest[next..]);
                    }
                }
            }
            Piece::Print(start) => {
                self.loosen(start);
                self.hole();
            }
            Piece::Tag { start, prints } => {
                if prints {
                    self.loosen(start);
                }
                self.gap();
            }
        }
    }

    /// Something is printed. Outside of quotes, what is printed inside a tag can end a value and add an attribute.
    fn loosen(&mut self, start: usize) {
        let is_loose = match self.state {
            State::Name | State::Inside | State::AttributeName | State::AfterName | State::BeforeValue => true,
            State::Value(quote) => quote.is_none(),
            _ => false,
        };
        if is_loose {
            self.tag.loose.get_or_insert(start);
        }
    }

    /// Something is printed.
    fn hole(&mut self) {
        match self.state {
            State::Less => self.begin_tag(0, false),
            State::Name => self.state = State::Inside,
            State::AttributeName => self.attribute().name.push(HOLE),
            State::BeforeValue => {
                self.state = State::Value(None);
                self.attribute().value.push(HOLE);
            }
            State::Value(_) => self.attribute().value.push(HOLE),
            State::Content => self.content.text.push(HOLE),
            _ => {}
        }
    }

    /// A tag of Tera's, which prints nothing by itself.
    fn gap(&mut self) {
        match self.state {
            State::Less => self.state = State::Text,
            State::Name => self.state = State::Inside,
            State::AttributeName => self.state = State::AfterName,
            State::Value(_) => self.attribute().value.push(HOLE),
            State::Content => self.content.text.push(HOLE),
            _ => {}
        }
    }

    fn take(&mut self, c: char, offset: usize, is_open: bool, found: &mut dyn FnMut(Read)) {
        match self.state {
            State::Text if c == '<' => self.state = State::Less,
            State::Text => {}
            State::Less | State::LessSlash | State::Bang(_) => self.take_opening(c, offset, is_open),
            State::Comment(dashes) => {
                self.state = match c {
                    '>' if dashes >= 2 => State::Text,
                    '-' => State::Comment((dashes + 1).min(2)),
                    '!' if dashes >= 2 => State::Comment(dashes),
                    _ => State::Comment(0),
                }
            }
            State::Bogus if c == '>' => self.state = State::Text,
            State::Bogus => {}
            State::Name if is_end_of_name(c) => {
                (self.tag.name_end, self.tag.is_open) = (offset, is_open);
                self.take_inside(c, offset, found);
            }
            State::Name => {
                self.tag.name.push(c.to_ascii_lowercase());
                (self.tag.name_end, self.tag.is_open) = (offset + c.len_utf8(), is_open);
            }
            State::Inside | State::AttributeName | State::AfterName => self.take_inside(c, offset, found),
            State::BeforeValue | State::Value(_) => self.take_value(c, offset, found),
            State::Content => self.take_content(c, found),
        }
    }

    /// Behind `<`.
    fn take_opening(&mut self, c: char, offset: usize, is_open: bool) {
        self.state = match (self.state, c) {
            (State::Less, '/') => State::LessSlash,
            (State::Less, '!') => State::Bang(0),
            (State::Less, '?') => State::Bogus,
            (State::Less | State::LessSlash, c) if c.is_ascii_alphabetic() => {
                let is_end = self.state == State::LessSlash;
                self.begin_tag(offset + 1, is_open);
                self.tag.is_end = is_end;
                self.tag.name.push(c.to_ascii_lowercase());
                State::Name
            }
            (State::Less, '<') => State::Less,
            (State::Bang(0), '-') => State::Bang(1),
            // `<!-->` is a whole comment.
            (State::Bang(_), '-') => State::Comment(2),
            (State::Less, _) | (_, '>') => State::Text,
            _ => State::Bogus,
        };
    }

    fn begin_tag(&mut self, name_end: usize, is_open: bool) {
        self.tag = Tag { name_end, is_open, is_foreign: self.foreign > 0, ..Tag::default() };
        self.state = State::Name;
    }

    /// Inside a tag, outside of values.
    fn take_inside(&mut self, c: char, offset: usize, found: &mut dyn FnMut(Read)) {
        match c {
            '>' => self.end_tag(found),
            '/' => {
                self.tag.closes_itself = true;
                self.state = State::Inside;
            }
            '=' if matches!(self.state, State::AttributeName | State::AfterName) => self.state = State::BeforeValue,
            c if c.is_ascii_whitespace() => {
                if self.state == State::AttributeName {
                    self.state = State::AfterName;
                } else if self.state == State::Name {
                    self.state = State::Inside;
                }
            }
            c => {
                if self.state != State::AttributeName {
                    self.tag.closes_itself = false;
                    self.tag.attributes.push(Attribute { span: offset..offset, ..Attribute::default() });
                    self.state = State::AttributeName;
                }
                let attribute = self.attribute();
                attribute.name.push(c.to_ascii_lowercase());
                attribute.span.end = offset + c.len_utf8();
            }
        }
    }

    fn take_value(&mut self, c: char, offset: usize, found: &mut dyn FnMut(Read)) {
        match (self.state, c) {
            (State::BeforeValue, '"' | '\'') => self.state = State::Value(Some(c)),
            (State::BeforeValue, c) if c.is_ascii_whitespace() => {}
            (State::Value(Some(quote)), c) if c == quote => self.state = State::Inside,
            (State::BeforeValue | State::Value(None), '>') => self.end_tag(found),
            (State::Value(None), c) if c.is_ascii_whitespace() => self.state = State::Inside,
            (state, c) => {
                if state == State::BeforeValue {
                    self.state = State::Value(None);
                }
                let attribute = self.attribute();
                attribute.value.push(c);
                attribute.span.end = offset + c.len_utf8();
            }
        }
    }

    fn attribute(&mut self) -> &mut Attribute {
        if self.tag.attributes.is_empty() {
            self.tag.attributes.push(Attribute::default());
        }
        self.tag.attributes.last_mut().expect("one was just put there where there was none")
    }

    /// Behind the `>` of a tag.
    fn end_tag(&mut self, found: &mut dyn FnMut(Read)) {
        self.state = State::Text;
        let tag = std::mem::take(&mut self.tag);
        let has_content = !(tag.is_foreign && tag.closes_itself);
        let is_foreign_root = matches!(tag.name.as_str(), "svg" | "math");
        if tag.is_end {
            self.foreign = self.foreign.saturating_sub(usize::from(is_foreign_root));
            return;
        }
        let is_script = matches!(tag.name.as_str(), "script" | "style");
        if is_foreign_root {
            self.foreign += usize::from(!tag.closes_itself);
        } else if has_content && (is_script || (!tag.is_foreign && WITHOUT_MARKUP.contains(&tag.name.as_str()))) {
            self.content = Content {
                name: tag.name.clone(),
                kind: tag.inline(),
                place: tag.is_open.then_some(tag.name_end),
                ..Content::default()
            };
            self.state = State::Content;
        }
        found(Read::Tag(tag));
    }

    fn take_content(&mut self, c: char, found: &mut dyn FnMut(Read)) {
        let content = &mut self.content;
        if is_end_of_name(c)
            && let Some(text) = without_end_tag(&content.text, &content.name)
        {
            content.text.truncate(text);
            let content = std::mem::take(content);
            if let Some(kind) = content.kind {
                let Content { text, place, is_filtered, .. } = content;
                found(Read::Element(Element { kind, text, place, is_filtered, is_foreign: self.foreign > 0 }));
            }
            self.begin_tag(0, false);
            self.tag.is_end = true;
            self.state = State::Inside;
            self.take_inside(c, 0, found);
        } else {
            content.text.push(c);
        }
    }
}

/// How long the content is where it ends with the start of the end tag, `</name`.
fn without_end_tag(text: &str, name: &str) -> Option<usize> {
    let start = text.len().checked_sub(name.len() + 2)?;
    let rest = text.get(start..)?.strip_prefix("</")?;
    rest.eq_ignore_ascii_case(name).then_some(start)
}

fn is_end_of_name(c: char) -> bool {
    c.is_ascii_whitespace() || matches!(c, '/' | '>')
}
