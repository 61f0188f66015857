//! Reads the tags of a template into an [`Outline`].
//!
//! Tags are read one by one, without a tree: a tag that cannot be read costs nothing but itself, and no nesting of tags can
//! exhaust the stack. Expressions are the business of `expression`.

use super::lexer::{Kind, Lexer, Token};
use super::outline::{Block, Call, CallKind, Named, Outline};
use crate::snapshot::Text;

/// Reads everything that a template names.
pub fn outline(source: &str) -> Outline {
    let mut reader =
        Reader { tokens: Lexer::new(source), peeked: None, last: Kind::Text, depth: 0, outline: Outline::default() };
    while let Some(token) = reader.next() {
        let read = match token.kind {
            Kind::PrintStart => reader.print(),
            Kind::TagStart => reader.tag(),
            _ => continue,
        };
        if read.is_none() {
            reader.outline.skipped.push(token.start);
            if !reader.skip() {
                reader.outline.cut = Some(token.start);
            }
        }
    }
    reader.outline
}

/// The tokens of a template without white space, and what was found so far.
///
/// A method gives `None` where the tokens are not what Tera would accept there.
pub(super) struct Reader<'a> {
    tokens: Lexer<'a>,
    peeked: Option<Token<'a>>,
    /// What the token was that was taken last.
    last: Kind,
    /// How many expressions are being read inside one another.
    pub(super) depth: usize,
    pub(super) outline: Outline,
}

impl<'a> Reader<'a> {
    pub(super) fn peek(&mut self) -> Option<Token<'a>> {
        if self.peeked.is_none() {
            self.peeked = self.tokens.find(|token| token.kind != Kind::Space);
        }
        self.peeked
    }

    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek()?;
        self.peeked = None;
        self.last = token.kind;
        Some(token)
    }

    /// Takes the next token if it is this symbol or word.
    pub(super) fn take(&mut self, text: &str) -> bool {
        self.at(text) && self.next().is_some()
    }

    /// Whether the next token is this symbol or word.
    pub(super) fn at(&mut self, text: &str) -> bool {
        self.peek().is_some_and(|token| matches!(token.kind, Kind::Symbol | Kind::Name) && token.text == text)
    }

    pub(super) fn expect(&mut self, text: &str) -> Option<()> {
        self.take(text).then_some(())
    }

    pub(super) fn at_kind(&mut self, kind: Kind) -> bool {
        self.peek().is_some_and(|token| token.kind == kind)
    }

    pub(super) fn expect_kind(&mut self, kind: Kind) -> Option<Token<'a>> {
        self.peek().filter(|token| token.kind == kind)?;
        self.next()
    }

    pub(super) fn name(&mut self) -> Option<Named> {
        self.expect_kind(Kind::Name).map(|token| Named { name: token.text.to_string().into(), span: token.span() })
    }

    pub(super) fn string(&mut self) -> Option<Named> {
        let token = self.expect_kind(Kind::String)?;
        let name = unescape(&token.text[1..token.text.len() - 1])?;
        Some(Named { name, span: token.span() })
    }

    /// A name of a component: names joined by dots.
    pub(super) fn dotted_name(&mut self) -> Option<Named> {
        let mut dotted = self.name()?;
        while self.take(".") {
            let part = self.name()?;
            let name = dotted.name.to_mut();
            name.push('.');
            name.push_str(&part.name);
            dotted.span.end = part.span.end;
        }
        Some(dotted)
    }

    /// Goes on behind the end of the tag that could not be read. False if the source ends first.
    fn skip(&mut self) -> bool {
        while !matches!(self.last, Kind::PrintEnd | Kind::TagEnd) {
            if self.next().is_none() {
                return false;
            }
        }
        true
    }

    fn print(&mut self) -> Option<()> {
        self.expression(0)?;
        self.expect_kind(Kind::PrintEnd).map(|_| ())
    }

    fn tag(&mut self) -> Option<()> {
        if self.take("<") {
            self.component_with_body()?;
        } else if self.take("</") {
            self.close("<");
            self.dotted_name()?;
            self.expect(">")?;
        } else {
            let word = self.name()?;
            self.worded_tag(word)?;
        }
        self.expect_kind(Kind::TagEnd).map(|_| ())
    }

    fn component_with_body(&mut self) -> Option<()> {
        let component = self.component()?;
        self.outline.unclosed.push(Named { name: "<".into(), span: component });
        self.expect(">")
    }

    fn worded_tag(&mut self, word: Named) -> Option<()> {
        match word.name.as_ref() {
            "extends" => self.outline.parent = Some(self.string()?),
            "include" => {
                let included = self.string()?;
                self.outline.includes.push(included);
            }
            "set" | "set_global" => self.set(word)?,
            "if" | "for" | "filter" | "block" | "component" => {
                self.outline.unclosed.push(word.clone());
                self.opening_tag(&word.name)?;
            }
            "elif" => self.expression(0).map(|_| ())?,
            "else" | "break" | "continue" => {}
            closing => {
                self.close(closing.strip_prefix("end")?);
                if self.at_kind(Kind::Name) {
                    self.dotted_name()?;
                }
            }
        }
        Some(())
    }

    fn opening_tag(&mut self, word: &str) -> Option<()> {
        match word {
            "if" => self.expression(0).map(|_| ())?,
            "for" => self.loop_head()?,
            "filter" => {
                self.piped_name()?;
                self.piped_names()?;
            }
            "block" => {
                let name = self.name()?;
                // The block's own tag is already among the open ones.
                let open = self.outline.unclosed.iter().filter(|tag| tag.name == "block").count();
                self.outline.blocks.push(Block { name, is_nested: open > 1 });
            }
            _ => {
                let name = self.dotted_name()?;
                self.outline.components.push(name);
                self.definition()?;
            }
        }
        Some(())
    }

    /// The loop's variables and what it goes over; also of a list comprehension up to `in`.
    fn loop_head(&mut self) -> Option<()> {
        self.loop_variables()?;
        self.expression(0).map(|_| ())
    }

    pub(super) fn loop_variables(&mut self) -> Option<()> {
        self.name()?;
        if self.take(",") {
            self.name()?;
        }
        self.expect("in")
    }

    fn set(&mut self, word: Named) -> Option<()> {
        self.name()?;
        if self.take("=") {
            return self.expression(0).map(|_| ());
        }
        self.outline.unclosed.push(Named { name: "set".into(), span: word.span });
        self.piped_names()
    }

    /// The filters behind `{% set name` and behind the first filter of `{% filter name`: what they are applied to is text.
    fn piped_names(&mut self) -> Option<()> {
        while self.take("|") {
            self.piped_name()?;
        }
        Some(())
    }

    fn piped_name(&mut self) -> Option<()> {
        self.call(CallKind::Filter, Vec::new())
    }

    /// The parameters of a component with types and defaults, and its metadata: literals that name nothing.
    fn definition(&mut self) -> Option<()> {
        while !self.at_kind(Kind::TagEnd) {
            let token = self.next()?;
            if !matches!(token.kind, Kind::Symbol | Kind::Name | Kind::String | Kind::Number) {
                return None;
            }
        }
        Some(())
    }

    /// Forgets the innermost open tag of that name, with those inside it.
    fn close(&mut self, name: &str) {
        if let Some(index) = self.outline.unclosed.iter().rposition(|tag| tag.name == name) {
            self.outline.unclosed.truncate(index);
        }
    }

    pub(super) fn record(&mut self, call: Call) {
        self.outline.calls.push(call);
    }
}

/// The text between the quotes of a string; `None` where Tera knows no such escape.
fn unescape(text: &str) -> Option<Text> {
    if !text.contains('\\') {
        return Some(text.to_string().into());
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                kept @ ('"' | '\'' | '/' | '\\') => kept,
                _ => return None,
            },
            other => other,
        });
    }
    Some(plain.into())
}
