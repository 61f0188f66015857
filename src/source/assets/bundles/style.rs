//! What of a stylesheet matters when others follow it in one file, found by the tokens of CSS Syntax Module Level 3.
//!
//! Only the tokens are read, not what rules mean: addresses, at-rules that count only at the beginning, and whatever is not
//! closed at the end and would so swallow the next stylesheet.

use std::ops::Range;

/// What a scan finds; all ranges are bytes of the text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// The addresses in `url()`, `src()`, `image-set()` and `@import`, without their quotes.
    pub addresses: Vec<Range<usize>>,
    /// `@charset` rules, with their semicolons.
    pub charsets: Vec<Range<usize>>,
    /// The keywords `@import`.
    pub imports: Vec<Range<usize>>,
    /// The keywords `@namespace`.
    pub namespaces: Vec<Range<usize>>,
    /// Comments, with their marks.
    pub comments: Vec<Range<usize>>,
    /// What is not closed, closes nothing or is not finished: where, and what it is.
    pub fault: Option<(Range<usize>, &'static str)>,
}

/// Reads a whole stylesheet.
pub fn scan(text: &str) -> Style {
    let mut scanner =
        Scanner { text, bytes: text.as_bytes(), at: 0, open: Vec::new(), rule: None, found: Style::default() };
    while scanner.at < text.len() && scanner.found.fault.is_none() {
        scanner.token();
    }
    scanner.end();
    scanner.found
}

/// A bracket or function that is open.
struct Open<'a> {
    at: usize,
    bracket: u8,
    /// Of a function, else empty.
    name: &'a str,
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    open: Vec<Open<'a>>,
    /// The rule outside of all brackets that has begun: where, and its at-keyword.
    rule: Option<(usize, &'a str)>,
    found: Style,
}

impl<'a> Scanner<'a> {
    fn token(&mut self) {
        let start = self.at;
        let byte = self.bytes[start];
        match byte {
            b'/' if self.bytes.get(start + 1) == Some(&b'*') => return self.comment(),
            b' ' | b'\t' | b'\r' | b'\n' | b'\x0c' => return self.at += 1,
            b'<' | b'-' if self.open.is_empty() && self.skip_html_comment() => return,
            _ => {}
        }
        if self.rule.is_none() && self.open.is_empty() && byte != b';' {
            self.rule = Some((start, self.keyword()));
        }
        match byte {
            b'"' | b'\'' => self.string(byte),
            b'(' | b'[' | b'{' => self.push(byte, ""),
            b')' | b']' | b'}' => self.close(byte),
            b';' => self.semicolon(),
            byte if is_name(byte) || byte == b'@' => self.name(),
            _ => self.at += 1,
        }
    }

    fn comment(&mut self) {
        let start = self.at;
        let Some(length) = self.text[start + 2..].find("*/") else {
            return self.fault(start..start + 2, "this comment is never closed");
        };
        self.at = start + 2 + length + 2;
        self.found.comments.push(start..self.at);
    }

    /// `<!--` and `-->` mean nothing between rules.
    fn skip_html_comment(&mut self) -> bool {
        let mark = ["<!--", "-->"].into_iter().find(|mark| self.text[self.at..].starts_with(mark));
        self.at += mark.map_or(0, str::len);
        mark.is_some()
    }

    /// The at-keyword that stands here, without `@`; else nothing.
    fn keyword(&self) -> &'a str {
        let Some(rest) = self.text[self.at..].strip_prefix('@') else { return "" };
        &rest[..name_length(rest.as_bytes())]
    }

    fn string(&mut self, quote: u8) {
        let start = self.at;
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                Some(byte) if *byte == quote => break,
                Some(b'\\') => self.at += 2,
                None | Some(b'\n' | b'\r' | b'\x0c') => {
                    return self.fault(start..start + 1, "this quote is never closed");
                }
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        if self.takes_address() {
            self.found.addresses.push(start + 1..self.at - 1);
        }
    }

    /// Whether a string here is an address.
    fn takes_address(&self) -> bool {
        match self.open.last() {
            Some(open) => {
                ["url", "src", "image-set", "-webkit-image-set"].iter().any(|name| open.name.eq_ignore_ascii_case(name))
            }
            None => self.rule.is_some_and(|(_, keyword)| keyword.eq_ignore_ascii_case("import")),
        }
    }

    fn name(&mut self) {
        let start = self.at;
        self.at += usize::from(self.bytes[start] == b'@');
        let length = name_length(&self.bytes[self.at.min(self.bytes.len())..]);
        self.at += length;
        let name = &self.text[start..self.at];
        if self.open.is_empty() && self.rule.is_some_and(|(rule, _)| rule == start) {
            self.at_rule(start..self.at);
        }
        if self.bytes.get(self.at) != Some(&b'(') {
            return;
        }
        self.push(b'(', name);
        if name.eq_ignore_ascii_case("url") {
            self.unquoted_address();
        }
    }

    fn at_rule(&mut self, keyword: Range<usize>) {
        let name = &self.text[keyword.clone()];
        if name.eq_ignore_ascii_case("@import") {
            self.found.imports.push(keyword);
        } else if name.eq_ignore_ascii_case("@namespace") {
            self.found.namespaces.push(keyword);
        }
    }

    /// The address of `url(…)` where it has no quotes; brackets and quotes in it mean nothing.
    fn unquoted_address(&mut self) {
        let blanks = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let start = self.at + blanks;
        if matches!(self.bytes.get(start), Some(b'"' | b'\'')) {
            return;
        }
        self.at = start;
        while let Some(byte) = self.bytes.get(self.at).filter(|byte| **byte != b')') {
            self.at += if *byte == b'\\' { 2 } else { 1 };
        }
        let Some(address) = self.text.get(start..self.at) else { return };
        self.found.addresses.push(start..start + address.trim_end().len());
    }

    fn push(&mut self, bracket: u8, name: &'a str) {
        self.open.push(Open { at: self.at, bracket, name });
        self.at += 1;
    }

    fn close(&mut self, bracket: u8) {
        let start = self.at;
        self.at += 1;
        match self.open.pop() {
            Some(open) if closing(open.bracket) == bracket => {}
            Some(open) => return self.fault(open.at..open.at + 1, "this bracket is never closed"),
            None => return self.fault(start..start + 1, "this bracket closes nothing"),
        }
        if bracket == b'}' && self.open.is_empty() {
            self.rule = None;
        }
    }

    fn semicolon(&mut self) {
        self.at += 1;
        if !self.open.is_empty() {
            return;
        }
        if let Some((start, keyword)) = self.rule.take()
            && keyword.eq_ignore_ascii_case("charset")
        {
            self.found.charsets.push(start..self.at);
        }
    }

    fn end(&mut self) {
        if self.found.fault.is_some() {
            return;
        }
        if let Some(open) = self.open.last() {
            self.fault(open.at..open.at + 1, "this bracket is never closed");
        } else if let Some((start, _)) = self.rule {
            let line = self.text[start..].lines().next().map_or(1, str::len);
            self.fault(start..start + line, "this rule has no end");
        }
    }

    fn fault(&mut self, range: Range<usize>, what: &'static str) {
        self.found.fault = Some((range, what));
    }
}

fn closing(bracket: u8) -> u8 {
    match bracket {
        b'(' => b')',
        b'[' => b']',
        _ => b'}',
    }
}

/// Whether the text of a comment, behind its first two characters, names a source map.
pub fn is_map_comment(text: &str) -> bool {
    text.strip_prefix(['#', '@']).is_some_and(|rest| rest.trim_start().starts_with("sourceMappingURL="))
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'\\') || !byte.is_ascii()
}

/// Length of a name, in which a backslash takes the next character along.
fn name_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some(byte) = bytes.get(length).filter(|byte| is_name(**byte)) {
        length += if *byte == b'\\' { 2 } else { 1 };
    }
    length.min(bytes.len())
}
