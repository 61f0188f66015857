//! Tokens of a template, cut exactly where Tera cuts them.
//!
//! Tera keeps its own tokens and its syntax tree to itself, so the checks that look into templates need this one. It is
//! lossless: the tokens put together are the source, whatever the source is. It reads everything that Tera reads and a little
//! more (numbers out of range, unknown escapes), because telling what is wrong is left to Tera.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text between the tags, printed as it is.
    Text,
    /// A whole `{% raw %}…{% endraw %}`.
    Raw,
    /// A whole `{# … #}`.
    Comment,
    /// `{{` or `{{-`.
    PrintStart,
    /// `}}` or `-}}`.
    PrintEnd,
    /// `{%` or `{%-`.
    TagStart,
    /// `%}` or `-%}`.
    TagEnd,
    /// White space inside a tag.
    Space,
    /// A name or a word of the language, `true` and `none` included.
    Name,
    /// A text between two `"`, `'` or `` ` ``, with them.
    String,
    /// A number without its sign.
    Number,
    /// An operator, a bracket, a comma and the like.
    Symbol,
    /// The rest of the source from where nothing can be made of it.
    Unreadable,
}

/// A piece of the source: what it is and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its text as it stands in the source.
    pub text: &'a str,
    /// Where it starts, in bytes from the start of the source.
    pub start: usize,
}

impl Token<'_> {
    /// The bytes of the source that it covers.
    pub fn span(&self) -> std::ops::Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// The tokens of a source, in order.
#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    source: &'a str,
    /// Where the next token starts.
    offset: usize,
    inside: Inside,
}

/// Which delimiters the lexer stands between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Text,
    Print,
    Tag,
}

impl<'a> Lexer<'a> {
    /// A lexer at the start of a source.
    pub fn new(source: &'a str) -> Self {
        Lexer { source, offset: 0, inside: Inside::Text }
    }

    fn rest(&self) -> &'a str {
        &self.source[self.offset..]
    }

    /// Kind and length of the next token outside of tags.
    fn outside(&mut self) -> (Kind, usize) {
        let rest = self.rest();
        let trimming = usize::from(rest.as_bytes().get(2) == Some(&b'-'));
        match rest.as_bytes().get(..2) {
            Some(b"{{") => {
                self.inside = Inside::Print;
                (Kind::PrintStart, 2 + trimming)
            }
            Some(b"{%") => self.tag_or_raw(2 + trimming),
            Some(b"{#") => match rest[2 + trimming..].find("#}") {
                Some(end) => (Kind::Comment, 2 + trimming + end + 2),
                None => (Kind::Unreadable, rest.len()),
            },
            _ => (Kind::Text, text_length(rest)),
        }
    }

    fn tag_or_raw(&mut self, start: usize) -> (Kind, usize) {
        let rest = self.rest();
        let Some(opened) = bare_tag(&rest[start..], "raw") else {
            self.inside = Inside::Tag;
            return (Kind::TagStart, start);
        };
        let mut from = start + opened;
        while let Some(found) = rest[from..].find("{%") {
            from += found + 2;
            if let Some(closed) = bare_tag(&rest[from..], "endraw") {
                return (Kind::Raw, from + closed);
            }
        }
        (Kind::Unreadable, rest.len())
    }

    /// Kind and length of the next token inside a tag.
    fn inside(&mut self) -> (Kind, usize) {
        let rest = self.rest();
        let space = rest.bytes().take_while(u8::is_ascii_whitespace).count();
        if space > 0 {
            return (Kind::Space, space);
        }
        let (end, kind) = if self.inside == Inside::Print { ("}}", Kind::PrintEnd) } else { ("%}", Kind::TagEnd) };
        let trimming = usize::from(rest.starts_with('-'));
        if rest[trimming..].starts_with(end) {
            self.inside = Inside::Text;
            return (kind, trimming + 2);
        }
        word(rest)
    }
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if self.rest().is_empty() {
            return None;
        }
        let (kind, length) = if self.inside == Inside::Text { self.outside() } else { self.inside() };
        let start = self.offset;
        self.offset += length;
        Some(Token { kind, text: &self.source[start..self.offset], start })
    }
}

/// How much of `rest` is text: all up to the next start of a tag.
fn text_length(rest: &str) -> usize {
    // The search for one byte is quick even in a build script, which is not optimised.
    let mut from = 0;
    while let Some(brace) = rest[from..].find('{') {
        from += brace + 1;
        if matches!(rest.as_bytes().get(from), Some(b'{' | b'%' | b'#')) {
            return from - 1;
        }
    }
    rest.len()
}

/// The length of `name %}` with its white space and trimming marks, where `rest` starts with it.
fn bare_tag(rest: &str, name: &str) -> Option<usize> {
    let space = |c: char| c.is_ascii_whitespace();
    let after = rest.strip_prefix('-').unwrap_or(rest).trim_start_matches(space);
    let after = after.strip_prefix(name)?.trim_start_matches(space);
    let after = after.strip_prefix('-').unwrap_or(after).strip_prefix("%}")?;
    Some(rest.len() - after.len())
}

/// Kind and length of the symbol, string, number or name that `rest` starts with.
fn word(rest: &str) -> (Kind, usize) {
    let bytes = rest.as_bytes();
    match bytes[0] {
        b'"' | b'\'' | b'`' => match string_length(bytes) {
            Some(length) => (Kind::String, length),
            None => (Kind::Unreadable, rest.len()),
        },
        b'0'..=b'9' => (Kind::Number, number_length(bytes)),
        b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
            let length = bytes.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
            (Kind::Name, length.unwrap_or(bytes.len()))
        }
        _ => symbol_length(bytes).map_or((Kind::Unreadable, rest.len()), |length| (Kind::Symbol, length)),
    }
}

/// The length of an operator, a bracket, a comma and the like.
fn symbol_length(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [b'.', b'.', b'.', ..] => Some(3),
        [b'/', b'/', ..] | [b'*', b'*', ..] | [b'<', b'/', ..] | [b'?', b'.' | b'[', ..] => Some(2),
        [b'=' | b'!' | b'>' | b'<', b'=', ..] => Some(2),
        [byte, ..] if b"+-*/%!.,:~|=><()[]{}@".contains(byte) => Some(1),
        _ => None,
    }
}

/// The length of a string with both its quotes; `None` where it is not closed.
fn string_length(bytes: &[u8]) -> Option<usize> {
    let mut index = 1;
    while *bytes.get(index)? != bytes[0] {
        index += if bytes[index] == b'\\' { 2 } else { 1 };
    }
    Some(index + 1)
}

/// The length of digits with at most one point among them.
fn number_length(bytes: &[u8]) -> usize {
    let mut point = false;
    let digits = bytes.iter().take_while(|byte| {
        let is_point = !point && **byte == b'.';
        point |= is_point;
        is_point || byte.is_ascii_digit()
    });
    digits.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<(Kind, &str)> {
        Lexer::new(source).filter(|token| token.kind != Kind::Space).map(|token| (token.kind, token.text)).collect()
    }

    #[test]
    fn raw_and_comments_are_one_token_each() {
        assert_eq!(
            kinds("{%- raw -%}{{ \"{%\" {% end %}{%- endraw -%}{# {{ #}{#-#}"),
            [
                (Kind::Raw, "{%- raw -%}{{ \"{%\" {% end %}{%- endraw -%}"),
                (Kind::Comment, "{# {{ #}"),
                (Kind::Comment, "{#-#}"),
            ]
        );
    }

    #[test]
    fn braces_in_strings_end_nothing() {
        assert_eq!(
            kinds(r#"{{ "}} \" {{"|a -}}"#),
            [
                (Kind::PrintStart, "{{"),
                (Kind::String, r#""}} \" {{""#),
                (Kind::Symbol, "|"),
                (Kind::Name, "a"),
                (Kind::PrintEnd, "-}}"),
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_kept_to_its_end() {
        for source in ["{{ \"a }}", "{{ é }}", "{# a", "{% raw %}{% endra %}", "{{ 'a\\", "a {", "{{ \"\\"] {
            let joined: String = Lexer::new(source).map(|token| token.text).collect();
            assert_eq!(joined, source);
        }
        assert_eq!(kinds("{{ é }}").last(), Some(&(Kind::Unreadable, "é }}")));
    }
}
