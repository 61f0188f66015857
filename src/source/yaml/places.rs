//! Where things stand in a YAML file.
//!
//! The parser counts lines by the rules of YAML, where a lone carriage return, U+0085, U+2028 and U+2029 end a line as well;
//! people and editors do not. A [`Mark`] has the byte, which both agree on, and the line and column as an editor shows them.

use std::ops::Range;

use crate::problem::{Problem, position};

/// Where a key or value begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The byte in the file's text.
    pub offset: usize,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
}

impl Mark {
    /// The beginning of a file.
    pub const START: Mark = Mark { offset: 0, line: 1, column: 1 };
}

/// Turns the parser's lines and columns into marks, in linear time when asked in the order of the text.
#[derive(Debug)]
pub struct Places<'a> {
    text: &'a str,
    /// The byte at which each of the parser's lines begins.
    starts: Vec<usize>,
    /// Whether the parser counts other lines than an editor does.
    unusual: bool,
    /// The parser's line and column asked for last, and their byte.
    last: (usize, usize, usize),
}

impl<'a> Places<'a> {
    pub fn new(text: &'a str) -> Self {
        let (mut starts, mut unusual) = (vec![0], false);
        let mut characters = text.char_indices().peekable();
        while let Some((index, character)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            let ends = match character {
                '\n' => true,
                '\r' => next != Some('\n'),
                '\u{85}' | '\u{2028}' | '\u{2029}' => true,
                _ => false,
            };
            if ends {
                unusual |= character != '\n';
                starts.push(index + character.len_utf8());
            }
        }
        Places { text, starts, unusual, last: (1, 1, 0) }
    }

    /// The mark of the parser's line and column, both from 1.
    pub fn mark(&mut self, line: usize, column: usize) -> Mark {
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let (mut from_column, mut from) = (1, start);
        if self.last.0 == line && self.last.1 <= column {
            (from_column, from) = (self.last.1, self.last.2);
        }
        let rest = &self.text[from..];
        let offset = from + rest.char_indices().nth(column - from_column).map_or(rest.len(), |(index, _)| index);
        self.last = (line, column, offset);
        let (line, column) = if self.unusual { position(self.text, offset) } else { (line, column) };
        Mark { offset, line: narrow(line), column: narrow(column) }
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Puts a problem at the key or value that begins at a mark.
pub fn put(problem: Problem, text: &str, mark: Mark) -> Problem {
    place(problem, text, mark, token(&text[mark.offset..]).chars().count())
}

/// Puts a problem at a word of the value that begins at a mark: where the value's line does not show it, at the whole value.
pub fn put_within(problem: Problem, text: &str, mark: Mark, word: &str) -> Problem {
    let line = text[mark.offset..].lines().next().unwrap_or_default();
    let is_part = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let mut found = line.match_indices(word).map(|(index, _)| index);
    let whole = found.clone().find(|index| {
        !is_part(line[..*index].chars().next_back()) && !is_part(line[index + word.len()..].chars().next())
    });
    match whole.or_else(|| found.next()).filter(|_| !word.is_empty()) {
        Some(index) => put_at(problem, text, mark, (index, word.chars().count())),
        None => put(problem, text, mark),
    }
}

/// Puts a problem at some characters of a text that is the value that begins at a mark.
pub fn put_span(problem: Problem, text: &str, (mark, inner): (Mark, &str), span: Range<usize>) -> Problem {
    let line = text[mark.offset..].lines().next().unwrap_or_default();
    let Some(index) = line.find(inner).filter(|_| !inner.is_empty()) else {
        return put(problem, text, mark);
    };
    let start = inner.char_indices().nth(span.start).map_or(inner.len(), |(index, _)| index);
    put_at(problem, text, mark, (index + start, span.len()))
}

/// Puts a problem some bytes behind a mark in its line, over a number of characters.
fn put_at(problem: Problem, text: &str, mark: Mark, (behind, length): (usize, usize)) -> Problem {
    let between = &text[mark.offset..mark.offset + behind];
    let column = mark.column + narrow(between.chars().count());
    place(problem, text, Mark { offset: mark.offset + behind, line: mark.line, column }, length)
}

/// `Problem::at` looks for the line from the file's beginning; here the byte is known, so that thousands of mistakes stay quick.
fn place(mut problem: Problem, text: &str, mark: Mark, length: usize) -> Problem {
    let start = text[..mark.offset].rfind('\n').map_or(0, |index| index + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let rest = (line.chars().count() + 1).saturating_sub(mark.column as usize);
    problem.line = mark.line as usize;
    problem.column = mark.column as usize;
    problem.length = length.min(rest).max(1);
    problem.text = line.to_string();
    problem
}

/// The scalar at the beginning of a text as far as its first line goes: with its quotes, without a comment.
fn token(text: &str) -> &str {
    let line = text.lines().next().unwrap_or_default();
    match line.chars().next() {
        Some(quote @ ('"' | '\'')) => &line[..closing(line, quote).unwrap_or(line.len())],
        Some('[' | '{' | '&' | '*') => line.split(char::is_whitespace).next().unwrap_or(line),
        _ => plain(line),
    }
}

/// Where a quoted text ends in its line, if it does.
fn closing(line: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (index, character) in line.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if character == quote => return Some(index + 1),
            _ => {}
        }
    }
    None
}

/// An unquoted scalar ends before a colon or comma with a blank after it, a blank with `#` after it, or a closing bracket.
fn plain(line: &str) -> &str {
    let bytes = line.as_bytes();
    let blank = |index: usize| bytes.get(index).is_none_or(|byte| byte.is_ascii_whitespace());
    let mut end = line.len();
    let mut open = 0;
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' | b'[' => open += 1,
            b'}' | b']' if open > 0 => open -= 1,
            b'}' | b']' => end = index,
            b':' | b',' if blank(index + 1) => end = index,
            b'#' if index > 0 && blank(index - 1) => end = index,
            _ => {}
        }
        if end < line.len() {
            break;
        }
    }
    line[..end].trim_end()
}

/// The number or word at a mark as it was written, behind its anchor or tag.
pub fn word(text: &str, mark: Mark) -> &str {
    let mut rest = &text[mark.offset..];
    while rest.starts_with(['&', '!']) {
        rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
    }
    let end = rest.find(|c: char| c.is_whitespace() || ",]}:\"'".contains(c)).unwrap_or(rest.len());
    &rest[..end]
}
