//! NGINX's files as a tree: directives with their arguments, and blocks of them.
//!
//! The grammar is NGINX's own (`ngx_conf_read_token`): words are separated by white space and ended by `;`, `{` and `}`; quotes keep
//! all of these; a backslash keeps the character behind it; `#` begins a comment where a word could begin; `${` is the beginning of a variable
//! and of no block. What blocks of other languages hold (`content_by_lua_block`) is not understood.

/// A directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
    /// What is in its braces; none where it ends with a semicolon.
    pub(super) block: Option<Vec<Directive>>,
}

/// A piece of a file.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    End,
    Open,
    Close,
}

/// The directives of a file.
///
/// # Errors
///
/// What is wrong, with the line, as the end of a sentence that begins with the file.
pub(super) fn parse(text: &str) -> Result<Vec<Directive>, String> {
    let mut tokens = tokens(text)?.into_iter();
    let directives = block(&mut tokens, 0)?;
    Ok(directives)
}

/// Deeper than this no file of people goes.
const DEEPEST: usize = 32;

/// The directives up to the brace that closes the block, or to the end of the file.
fn block(tokens: &mut impl Iterator<Item = (usize, Token)>, depth: usize) -> Result<Vec<Directive>, String> {
    let (mut directives, mut words): (Vec<Directive>, Vec<String>) = (Vec::new(), Vec::new());
    let mut line = 1;
    while let Some((at, token)) = tokens.next() {
        line = at;
        let block = match token {
            Token::Word(word) => {
                words.push(word);
                continue;
            }
            Token::Close if depth == 0 => return Err(format!("closes a block in line {line} that was never opened")),
            Token::Close if words.is_empty() => return Ok(directives),
            Token::Close => return Err(format!("lacks a `;` before the `}}` in line {line}")),
            Token::Open if depth == DEEPEST => return Err(format!("goes too deep in line {line}")),
            Token::Open => Some(block(tokens, depth + 1)?),
            Token::End => None,
        };
        if words.is_empty() {
            return Err(format!("has no directive before the end of one in line {line}"));
        }
        let arguments = words.split_off(1);
        let name = words.pop().unwrap_or_default();
        directives.push(Directive { name, arguments, block });
    }
    match (depth, words.is_empty()) {
        (0, true) => Ok(directives),
        (0, false) => Err(format!("ends within a directive in line {line}")),
        _ => Err("ends within a block".to_string()),
    }
}

/// The tokens with their lines.
fn tokens(text: &str) -> Result<Vec<(usize, Token)>, String> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    let mut line = 1;
    while let Some(character) = characters.next() {
        let token = match character {
            '\n' => {
                line += 1;
                continue;
            }
            space if space.is_whitespace() => continue,
            '#' => {
                while characters.next_if(|it| *it != '\n').is_some() {}
                continue;
            }
            ';' => Token::End,
            '{' => Token::Open,
            '}' => Token::Close,
            '"' | '\'' => {
                let (word, lines) =
                    quoted(character, &mut characters).ok_or(format!("has no end of the text in line {line}"))?;
                tokens.push((line, Token::Word(word)));
                line += lines;
                continue;
            }
            first => Token::Word(word(first, &mut characters)),
        };
        tokens.push((line, token));
    }
    Ok(tokens)
}

type Characters<'t> = std::iter::Peekable<std::str::Chars<'t>>;

/// The text up to its quote, and how many lines it goes on for.
fn quoted(quote: char, characters: &mut Characters<'_>) -> Option<(String, usize)> {
    let (mut text, mut lines) = (String::new(), 0);
    loop {
        match characters.next()? {
            end if end == quote => return Some((text, lines)),
            '\\' => text.extend(escaped(characters)),
            character => {
                lines += usize::from(character == '\n');
                text.push(character);
            }
        }
    }
}

fn word(first: char, characters: &mut Characters<'_>) -> String {
    let mut word = String::new();
    let mut next = Some(first);
    while let Some(character) = next {
        match character {
            '\\' => word.extend(escaped(characters)),
            character => word.push(character),
        }
        let is_variable = character == '$';
        next = characters.next_if(|it| match it {
            '{' => is_variable,
            // The end of such a variable.
            '}' => word.rfind("${").is_some_and(|start| !word[start..].contains('}')),
            ';' => false,
            other => !other.is_whitespace(),
        });
    }
    word
}

/// What a backslash and the character behind it stand for: of most, for both, because a regular expression needs them.
fn escaped(characters: &mut Characters<'_>) -> Vec<char> {
    match characters.next() {
        Some(character @ ('"' | '\'' | '\\')) => vec![character],
        Some('t') => vec!['\t'],
        Some('r') => vec!['\r'],
        Some('n') => vec!['\n'],
        Some(character) => vec!['\\', character],
        None => vec!['\\'],
    }
}
