//! Names of the site's own Rust functions, as settings and routes write them.

/// Words that the language keeps for itself, so that no function or module has them as its name.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "Self", "static", "struct", "super", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "_",
];

/// A function's path with `::` between its parts; `/` means the same (B67, C3).
///
/// # Errors
/// What keeps it from being a path, for a sentence that goes on after it.
///
/// ```
/// use kalgan::source::names::function;
/// assert_eq!(function("blog_controller/show").as_deref(), Ok("blog_controller::show"));
/// assert!(function("blog controller").is_err());
/// ```
pub fn function(written: &str) -> Result<String, String> {
    let path = written.replace('/', "::");
    for part in path.split("::") {
        let mut characters = part.chars();
        let begins = characters.next().is_some_and(|first| first == '_' || first.is_alphabetic());
        if !begins || !characters.all(|character| character == '_' || character.is_alphanumeric()) {
            return Err(match part {
                "" => "a part of it is empty".to_string(),
                part => format!("`{part}` is no Rust name"),
            });
        }
        if KEYWORDS.contains(&part) {
            return Err(format!("`{part}` is a word of the Rust language"));
        }
    }
    Ok(path)
}
