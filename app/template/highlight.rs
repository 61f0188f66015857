//! Colours for the code on the manual's pages, made on the server so that no script is needed to read them.
//!
//! One regular expression per language, with a group per kind of word, tells the words apart well enough for examples of a few
//! lines; it is no parser and never refuses anything. What no group matches stays plain.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// The groups of the expressions, and the classes that the stylesheet colours: comment, string, keyword, name, number and tag.
const KINDS: [&str; 6] = ["comment", "string", "keyword", "name", "number", "tag"];

/// Rust: attributes count as tags; macros and types as names.
const RUST: &str = r#"(?x)
    (?<comment> //[^\n]* ) |
    (?<string> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\\n])' ) |
    (?<tag> \#!?\[[^\]]*\] ) |
    (?<keyword> \b(?:as|async|await|const|crate|else|enum|fn|for|if|impl|in|let|loop|match|mod|move|mut|pub|ref|return|self|Self
        |static|struct|super|trait|true|false|type|use|where|while)\b ) |
    (?<number> \b[0-9][0-9_]*(?:\.[0-9]+)?\b ) |
    (?<name> \b[a-z_][a-z0-9_]*!|\b[A-Z][A-Za-z0-9]*\b )"#;

/// YAML and TOML tell a key by the sign after it, which the expression takes in without colouring it.
const YAML: &str = r#"(?xm)
    (?<comment> \#[^\n]* ) |
    (?<string> "(?:\\.|[^"\\])*" | '[^'\n]*' ) |
    (?<tag> ![a-z]+\b ) |
    (?: ^[\ \t]*(?:-[\ ]+)* | [{,]\ * ) (?<name> [^\s:\#"'\[\]{},-][^:\#"'\n,{}]* ):(?:[\ ]|$) |
    (?<keyword> \b(?:true|false|null)\b ) |
    \b(?<number> [0-9]+(?:\.[0-9]+)? )(?:[\s,\]}]|$)"#;

const TOML: &str = r#"(?xm)
    (?<comment> \#[^\n]* ) |
    ^(?<tag> \[[^\n]*\] )$ |
    (?<string> "(?:\\.|[^"\\])*" ) |
    (?: ^|[{,] )[\ ]*(?<name> [A-Za-z_][A-Za-z0-9_.-]* )[\ ]*= |
    (?<keyword> \b(?:true|false)\b ) |
    \b(?<number> [0-9]+ )\b"#;

/// HTML with Tera in it; what Tera's own delimiters enclose is handed on to [`TERA`].
const HTML: &str = r#"(?xs)
    (?<comment> <!--.*?--> | \{\#.*?\#\} ) |
    (?<tera> \{\{.*?\}\} | \{%.*?%\} ) |
    (?<tag> <[/!]?[A-Za-z][A-Za-z0-9-]* | /?> ) |
    [\ ](?<name> [a-z][a-z-]* )= |
    (?<string> "[^"{}<>]*" )"#;

const TERA: &str = r#"(?xs)
    (?<tag> \{\{-? | -?\}\} | \{%-? | -?%\} ) |
    (?<string> "[^"]*" | '[^']*' ) |
    (?<keyword> \b(?:block|endblock|extends|include|set|endset|set_global|if|elif|else|endif|for|endfor|in|is|not|and|or|filter
        |endfilter|raw|endraw|component|endcomponent|super|true|false)\b ) |
    (?: \|[\ ]* )(?<name> [a-z_]+ ) |
    \b(?<number> [0-9]+ )\b"#;

/// Shell: the first word of a line is the command; a prompt is never shown.
const SHELL: &str = r#"(?xm)
    (?: ^|[\ ] )(?<comment> \#[^\n]* ) |
    (?<string> "[^"\n]*" | '[^'\n]*' ) |
    ^(?:[A-Z_]+=\S*[\ ])*(?<keyword> [a-z][a-z0-9_-]* )\b |
    [\ ](?<name> --?[a-z][a-z-]* )"#;

const NGINX: &str = r#"(?xm)
    (?<comment> \#[^\n]* ) |
    (?<string> "[^"\n]*" ) |
    ^[\ \t]*(?<keyword> [a-z_]+ )\b |
    (?<name> \$[a-z_]+ ) |
    \b(?<number> [0-9]+[a-z]? )\b"#;

/// systemd's units, and other files of sections with `Name=value` lines.
const INI: &str = r#"(?xm)
    ^(?<comment> \#[^\n]* ) |
    ^(?<tag> \[[^\]\n]*\] ) |
    ^(?<name> [A-Za-z]+ )="#;

static GRAMMARS: LazyLock<Vec<(&str, Regex)>> = LazyLock::new(|| {
    let sources = [
        ("rust", RUST),
        ("yaml", YAML),
        ("toml", TOML),
        ("html", HTML),
        ("tera", TERA),
        ("sh", SHELL),
        ("nginx", NGINX),
        ("ini", INI),
    ];
    sources.map(|(name, source)| (name, Regex::new(source).expect("the expressions of this file are tested"))).into()
});

/// The code as HTML, its words in `<span class="…">`; an unknown language is only escaped.
pub fn highlight(code: &str, language: &str) -> String {
    let mut html = String::with_capacity(code.len() * 2);
    write(&mut html, code, language);
    html
}

fn write(html: &mut String, code: &str, language: &str) {
    let Some((_, grammar)) = GRAMMARS.iter().find(|(name, _)| *name == language) else {
        return escape(html, code);
    };
    let mut end = 0;
    for captures in grammar.captures_iter(code) {
        end = write_word(html, code, end, &captures);
    }
    escape(html, &code[end..]);
}

/// Writes the plain text since `end` and the word that was found; gives where that word ends.
fn write_word(html: &mut String, code: &str, end: usize, captures: &Captures) -> usize {
    if let Some(inner) = captures.name("tera") {
        escape(html, &code[end..inner.start()]);
        write(html, inner.as_str(), "tera");
        return inner.end();
    }
    let found = KINDS.iter().find_map(|kind| captures.name(kind).map(|word| (kind, word)));
    let Some((kind, word)) = found else { return end };
    escape(html, &code[end..word.start()]);
    html.push_str(&format!("<span class=\"{kind}\">"));
    escape(html, word.as_str());
    html.push_str("</span>");
    word.end()
}

/// Appends the text with the characters escaped that HTML treats as markup.
pub fn escape(html: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            _ => html.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words that carry a class, as `class:word`.
    fn words(code: &str, language: &str) -> Vec<String> {
        let span = Regex::new(r#"<span class="([a-z]+)">([^<]*)</span>"#).unwrap();
        span.captures_iter(&highlight(code, language)).map(|found| format!("{}:{}", &found[1], &found[2])).collect()
    }

    #[test]
    fn every_grammar_compiles_and_loses_no_text() {
        let tags = Regex::new("<[^>]*>").unwrap();
        let code = "fn a() {} // <b> & \"c\"\n- key: {a: 1}\n{{ \"x\"|url(id=5) }}\n[section]\n";
        for (language, _) in GRAMMARS.iter() {
            let plain = tags.replace_all(&highlight(code, language), "").into_owned();
            let mut escaped = String::new();
            escape(&mut escaped, code);
            assert_eq!(plain, escaped, "{language}");
        }
    }

    #[test]
    fn rust_words() {
        let expected = ["keyword:pub", "keyword:fn", "name:Request", "name:render!", "string:&quot;a.html&quot;"];
        assert_eq!(words("pub fn show(_: Request) { render!(\"a.html\") }", "rust"), expected);
    }

    #[test]
    fn yaml_words() {
        assert_eq!(words("port: 8080 # here", "yaml"), ["name:port", "number:8080", "comment:# here"]);
        assert_eq!(words("  - key: !env [NAME, x]", "yaml"), ["name:key", "tag:!env"]);
        assert_eq!(words("path: /user/{id}", "yaml"), ["name:path"]);
    }

    #[test]
    fn tera_within_html() {
        let expected =
            ["tag:&lt;a", "name:href", "tag:{{", "string:&quot;home&quot;", "name:url", "tag:}}", "tag:&gt;"];
        assert_eq!(words("<a href=\"{{ \"home\"|url }}\">", "html"), expected);
    }

    #[test]
    fn an_unknown_language_is_only_escaped() {
        assert_eq!(highlight("a < b", "text"), "a &lt; b");
    }
}
