//! Links that open a file in an editor: the setting `environment.editor`.

use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a path keeps as it is in an address: the characters that mean nothing there (RFC 3986 section 2.3), and the slash.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Schemes that run what follows them in the page itself.
const REFUSED: [&str; 3] = ["javascript", "vbscript", "data"];

/// An address with places for a file's path, line and column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editor {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Path,
    Line,
    Column,
}

impl Editor {
    /// Reads an address such as `vscode://file/{path}:{line}:{column}`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as the end of a sentence that begins with the setting's name.
    pub fn parse(address: &str) -> Result<Editor, String> {
        let scheme = address.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
        let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        if !is_scheme || address.contains(char::is_control) {
            return Err(format!(
                "is `{address}`, which is no address; write one such as `vscode://file/{{path}}:{{line}}`"
            ));
        }
        if REFUSED.iter().any(|refused| scheme.eq_ignore_ascii_case(refused)) {
            return Err(format!("begins with `{scheme}:`, which runs in the page instead of opening an editor"));
        }
        Ok(Editor { parts: parts(address)? })
    }

    /// The address that opens a file, given absolute, at a line and column; where there are none, at its beginning.
    pub fn link(&self, path: &Path, line: usize, column: usize) -> String {
        let mut link = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => link.push_str(text),
                Part::Path => link.extend(utf8_percent_encode(&path.to_string_lossy(), PATH)),
                Part::Line => link.push_str(&line.max(1).to_string()),
                Part::Column => link.push_str(&column.max(1).to_string()),
            }
        }
        link
    }
}

fn parts(mut address: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    while let Some((text, rest)) = address.split_once('{') {
        parts.push(Part::Text(text.to_string()));
        let (name, rest) = rest.split_once('}').ok_or("has a `{` without its `}`")?;
        parts.push(match name {
            "path" => Part::Path,
            "line" => Part::Line,
            "column" => Part::Column,
            _ => {
                return Err(format!(
                    "has the placeholder `{{{name}}}`; there are `{{path}}`, `{{line}}` and `{{column}}`"
                ));
            }
        });
        address = rest;
    }
    parts.push(Part::Text(address.to_string()));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_percent_encoded_so_that_they_stay_values() {
        let editor = Editor::parse("vscode://file/{path}:{line}:{column}").unwrap();
        let path = Path::new("/home/a b/ü?#%/\"<x>.html");
        assert_eq!(editor.link(path, 3, 7), "vscode://file//home/a%20b/%C3%BC%3F%23%25/%22%3Cx%3E.html:3:7");
        assert_eq!(editor.link(Path::new("/a"), 0, 0), "vscode://file//a:1:1");
        let query = Editor::parse("idea://open?file={path}&line={line}").unwrap();
        assert_eq!(query.link(Path::new("/a&b=c"), 3, 7), "idea://open?file=/a%26b%3Dc&line=3");
    }

    #[test]
    fn an_unknown_placeholder_names_the_known_ones() {
        let error = Editor::parse("vscode://file/{file}:{line}").unwrap_err();
        assert_eq!(error, "has the placeholder `{file}`; there are `{path}`, `{line}` and `{column}`");
        assert!(Editor::parse("vscode://file/{path").unwrap_err().contains("without its `}`"));
    }

    #[test]
    fn an_address_that_runs_in_the_page_is_refused() {
        for address in ["javascript:alert('{path}')", "JavaScript:0", "data:text/html,{path}", "VBScript:x"] {
            assert!(Editor::parse(address).unwrap_err().contains("runs in the page"), "{address}");
        }
        for address in ["", "{path}", "/open/{path}", "java\tscript:0", " javascript:0", "1a:b", "a b:c", "\u{1}data:x"]
        {
            assert!(Editor::parse(address).unwrap_err().contains("no address"), "{address:?}");
        }
        for address in ["http://localhost:9999/?{path}", "txmt://open?url=file://{path}", "x-my.ed+itor:{path}"] {
            assert!(Editor::parse(address).is_ok(), "{address}");
        }
    }
}
