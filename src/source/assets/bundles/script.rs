//! What of a script matters when others follow it in one file, found by its tokens.
//!
//! This is no parser. Where only a parser could tell a regular expression from a division the token before decides, as it does
//! in editors; so what is found to be open at the end is a warning, and everything else a fact of the script's surface.

use std::ops::Range;

use super::style::is_map_comment;

/// What a scan finds; all ranges are bytes of the text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The directive `"use strict"` that makes the whole script strict.
    pub strict: Option<Range<usize>>,
    /// The first `import` or `export` of a module.
    pub module: Option<Range<usize>>,
    /// Comments that name a source map.
    pub map_comments: Vec<Range<usize>>,
    /// What is not closed: where, and what it is.
    pub fault: Option<(Range<usize>, &'static str)>,
}

/// Reads a whole script.
pub fn scan(text: &str) -> Script {
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: if text.starts_with("#!") { line_length(text) } else { 0 },
        open: Vec::new(),
        before: Before::Start,
        is_line_start: true,
        found: Script::default(),
    };
    while scanner.at < text.len() && scanner.found.fault.is_none() {
        scanner.token();
    }
    if let Some((start, bracket)) = scanner.open.pop().filter(|_| scanner.found.fault.is_none()) {
        scanner.found.fault = Some((start..start + bracket.len(), "seems never to be closed"));
    }
    scanner.found
}

/// What stands before a token, as far as it tells what may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing but directives: another directive may follow.
    Start,
    /// The end of a statement or block.
    End,
    /// A value: a slash is a division.
    Value,
    /// A dot: a name behind it is no keyword.
    Dot,
    /// `if`, `while`, `for` or `with`: a regular expression may follow the brackets.
    Condition,
    /// Anything behind which a value begins.
    Other,
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Brackets that are open: where, and which. `${` is one, behind the one of its template.
    open: Vec<(usize, &'static str)>,
    before: Before,
    /// Whether a line ended since the token before.
    is_line_start: bool,
    found: Script,
}

/// Behind these a slash begins a regular expression.
const OPERATORS: [&str; 14] = [
    "await",
    "case",
    "delete",
    "do",
    "else",
    "in",
    "instanceof",
    "new",
    "of",
    "return",
    "throw",
    "typeof",
    "void",
    "yield",
];

impl Scanner<'_> {
    fn token(&mut self) {
        let start = self.at;
        let byte = self.bytes[start];
        if byte == b'\n' || byte == b'\r' {
            self.is_line_start = true;
        }
        if byte.is_ascii_whitespace() || byte == b'\x0b' {
            self.at += 1;
            return;
        }
        match (byte, self.bytes.get(start + 1)) {
            (b'/', Some(b'/')) => return self.line_comment(),
            (b'/', Some(b'*')) => return self.block_comment(),
            _ => {}
        }
        let before = self.before;
        match byte {
            b'"' | b'\'' => self.string(byte),
            b'`' => self.template(start),
            b'/' => self.slash(),
            b'(' | b'[' | b'{' => self.push(byte),
            b')' | b']' | b'}' => self.close(byte),
            byte if is_name(byte) => self.name(),
            _ => self.punctuation(byte),
        }
        let is_end = || byte == b';' && self.text[..start].trim_end().ends_with(['"', '\'']);
        if before == Before::Start && (matches!(byte, b'"' | b'\'') || is_end()) {
            self.before = Before::Start;
        }
        self.is_line_start = false;
    }

    fn line_comment(&mut self) {
        let start = self.at;
        self.at += line_length(&self.text[start..]);
        if is_map_comment(&self.text[start + 2..self.at]) {
            self.found.map_comments.push(start..self.at);
        }
    }

    fn block_comment(&mut self) {
        let start = self.at;
        let Some(length) = self.text[start + 2..].find("*/") else {
            return self.fault(start..start + 2, "is never closed");
        };
        self.at = start + 2 + length + 2;
        self.is_line_start |= self.text[start..self.at].contains('\n');
        if is_map_comment(&self.text[start + 2..]) {
            self.found.map_comments.push(start..self.at);
        }
    }

    fn string(&mut self, quote: u8) {
        let start = self.at;
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                Some(byte) if *byte == quote => break,
                Some(b'\\') => self.at += if self.text[self.at..].starts_with("\\\r\n") { 3 } else { 2 },
                None | Some(b'\n' | b'\r') => return self.fault(start..start + 1, "is never closed"),
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        if self.before == Before::Start && self.text[start + 1..self.at - 1] == *"use strict" && self.ends_statement() {
            self.found.strict.get_or_insert(start..self.at);
        }
        self.before = Before::Value;
    }

    /// Whether the string before is a whole statement, going by what follows.
    fn ends_statement(&self) -> bool {
        let rest = self.text[self.at..].trim_start_matches([' ', '\t']);
        rest.is_empty() || rest.starts_with([';', '\n', '\r', '}']) || rest.starts_with("//") || rest.starts_with("/*")
    }

    /// The characters of a template up to its end or to the next `${`; `start` is where the template begins.
    fn template(&mut self, start: usize) {
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                None => return self.fault(start..start + 1, "is never closed"),
                Some(b'\\') => self.at += 2,
                Some(b'`') => break,
                Some(b'$') if self.bytes.get(self.at + 1) == Some(&b'{') => {
                    self.open.push((start, "`"));
                    self.open.push((self.at, "${"));
                    self.at += 2;
                    self.before = Before::Other;
                    return;
                }
                Some(_) => self.at += 1,
            }
        }
        self.at += 1;
        self.before = Before::Value;
    }

    fn slash(&mut self) {
        let length = if self.before == Before::Value { None } else { expression_length(&self.bytes[self.at..]) };
        self.at += length.unwrap_or(1);
        self.before = if length.is_some() { Before::Value } else { Before::Other };
    }

    fn push(&mut self, byte: u8) {
        let bracket = match byte {
            // Kept apart from other round brackets until it closes.
            b'(' if self.before == Before::Condition => "( ",
            b'(' => "(",
            b'[' => "[",
            _ => "{",
        };
        self.open.push((self.at, bracket));
        self.at += 1;
        self.before = if byte == b'{' { Before::End } else { Before::Other };
    }

    fn close(&mut self, byte: u8) {
        let Some((start, bracket)) = self.open.pop() else {
            return self.fault(self.at..self.at + 1, "seems to close nothing");
        };
        let (expected, before) = match bracket {
            "( " => (b')', Before::Other),
            "(" => (b')', Before::Value),
            "[" => (b']', Before::Value),
            _ => (b'}', Before::End),
        };
        if byte != expected {
            return self.fault(start..start + bracket.trim_end().len(), "seems never to be closed");
        }
        if bracket == "${" {
            let start = self.open.pop().map_or(self.at, |(start, _)| start);
            return self.template(start);
        }
        self.at += 1;
        self.before = before;
    }

    fn name(&mut self) {
        let start = self.at;
        self.at += self.bytes[start..].iter().take_while(|byte| is_name(**byte)).count();
        let name = &self.text[start..self.at];
        if self.before == Before::Dot {
            self.before = Before::Value;
            return;
        }
        if matches!(name, "import" | "export") && self.begins_statement() && self.is_module_word(name) {
            self.found.module.get_or_insert(start..self.at);
        }
        self.before = match name {
            "if" | "while" | "for" | "with" => Before::Condition,
            name if OPERATORS.contains(&name) => Before::Other,
            _ => Before::Value,
        };
    }

    fn begins_statement(&self) -> bool {
        self.open.is_empty() && (self.is_line_start || matches!(self.before, Before::Start | Before::End))
    }

    /// Whether what follows `import` or `export` is that of a statement; `import(…)` may stand in every script.
    fn is_module_word(&self, word: &str) -> bool {
        let rest = self.text[self.at..].trim_start();
        let starts_name = rest.bytes().next().is_some_and(is_name);
        starts_name || rest.starts_with(['{', '*']) || (word == "import" && rest.starts_with(['"', '\'']))
    }

    fn punctuation(&mut self, byte: u8) {
        self.at += 1;
        let is_step = matches!(byte, b'+' | b'-') && self.bytes.get(self.at) == Some(&byte);
        if is_step {
            // `i++ / 2` divides, and `++` before a name changes nothing.
            self.at += 1;
            return;
        }
        self.before = match byte {
            b';' => Before::End,
            // `...` is followed by a value, not by a name of a property.
            b'.' if self.bytes.get(self.at) != Some(&b'.') && self.before != Before::Other => Before::Dot,
            _ => Before::Other,
        };
    }

    fn fault(&mut self, range: Range<usize>, what: &'static str) {
        self.found.fault = Some((range, what));
    }
}

/// Length of the regular expression literal that the text begins with; `None` where no slash ends it in its line.
fn expression_length(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut in_class) = (1, false);
    loop {
        match *bytes.get(at)? {
            b'\n' | b'\r' => return None,
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
}

fn line_length(text: &str) -> usize {
    text.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(text.len())
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'\\' | b'#') || !byte.is_ascii()
}
