//! The file `environment`, read as systemd reads it (`EnvironmentFile=` in systemd.exec(5)).

/// The variables of the file, in order; a later one of the same name counts.
pub(crate) fn read(text: &str) -> Vec<(String, String)> {
    let mut variables: Vec<(String, String)> = Vec::new();
    for line in whole_lines(text) {
        let line = line.trim_start();
        if line.starts_with(['#', ';']) {
            continue;
        }
        let Some((name, value)) = line.split_once('=') else { continue };
        let name = name.trim();
        let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if name.is_empty() || !is_name || name.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        variables.retain(|(known, _)| known != name);
        variables.push((name.to_string(), unquoted(value.trim())));
    }
    variables
}

/// Lines, with those joined that a backslash at the end or an open quote continues.
fn whole_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for part in text.lines() {
        line.push_str(part);
        let is_comment = line.trim_start().starts_with(['#', ';']);
        if !is_comment && line.ends_with('\\') && !line.ends_with("\\\\") {
            line.pop();
            continue;
        }
        if !is_comment && opens_quote(&line) {
            line.push('\n');
            continue;
        }
        lines.push(std::mem::take(&mut line));
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Whether a value begins with a quote that the line does not close.
fn opens_quote(line: &str) -> bool {
    let value = line.split_once('=').map_or("", |(_, value)| value.trim_start());
    value.starts_with(['"', '\'']) && closing(value).is_none()
}

/// Where the quote that a value begins with is closed.
fn closing(value: &str) -> Option<usize> {
    let quote = value.chars().next()?;
    let mut characters = value.char_indices().skip(1);
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' if quote == '"' => drop(characters.next()),
            character if character == quote => return Some(index),
            _ => {}
        }
    }
    None
}

fn unquoted(value: &str) -> String {
    if !value.starts_with(['"', '\'']) {
        return without_backslashes(value);
    }
    let end = closing(value).unwrap_or(value.len());
    let inside = value.get(1..end).unwrap_or_default();
    if value.starts_with('"') { without_backslashes(inside) } else { inside.to_string() }
}

fn without_backslashes(text: &str) -> String {
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            character => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, name: &str) -> Option<String> {
        read(text).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    #[test]
    fn a_file_is_read_as_systemd_reads_it() {
        let text = "# A=0\n; B=0\n\n A = one two \nB=\"x \\\"y\\\" \" \nC='a\\b'\nD=long \\\nline\nE=\"two\nlines\"\nno\n1F=2\nA=last\n";
        let shown = |name| value(text, name);
        assert_eq!(shown("A").as_deref(), Some("last"));
        assert_eq!(shown("B").as_deref(), Some("x \"y\" "));
        assert_eq!(shown("C").as_deref(), Some("a\\b"));
        assert_eq!(shown("D").as_deref(), Some("long line"));
        assert_eq!(shown("E").as_deref(), Some("two\nlines"));
        assert_eq!(read(text).len(), 5);
    }
}
