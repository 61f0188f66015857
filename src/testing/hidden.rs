//! The hidden fields of a page. A tokenizer of HTML would be a large dependency for one kind of tag, so this looks for that tag only.

use std::borrow::Cow;

/// The decoded value of the first hidden field of a name; empty where it has none.
pub(super) fn value(html: &str, name: &str) -> Option<String> {
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end..]);
        } else if let Some(inside) = inside_input(rest) {
            let (attributes, after) = attributes(inside);
            let find = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| &**value);
            if find("type").is_some_and(|kind| kind.eq_ignore_ascii_case("hidden")) && find("name") == Some(name) {
                return Some(find("value").unwrap_or_default().to_string());
            }
            rest = after;
        } else {
            rest = &rest[1..];
        }
    }
    None
}

/// What follows `<input`, in any case, where the text begins with that.
fn inside_input(text: &str) -> Option<&str> {
    let (tag, inside) = text.split_at_checked("<input".len())?;
    let is_input = tag.eq_ignore_ascii_case("<input")
        && inside.starts_with(|next: char| next.is_ascii_whitespace() || next == '/');
    is_input.then_some(inside)
}

/// The attributes of a tag, their names in small letters and their values decoded, and what follows the tag.
fn attributes(inside: &str) -> (Vec<(String, Cow<'_, str>)>, &str) {
    let mut found = Vec::new();
    let mut rest = inside;
    loop {
        rest = rest.trim_start_matches(|next: char| next.is_ascii_whitespace() || next == '/');
        if rest.is_empty() || rest.starts_with('>') {
            return (found, rest);
        }
        // A `=` that begins a name belongs to it (HTML, section 13.2.5.32).
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[first..].find(|next: char| next.is_ascii_whitespace() || matches!(next, '=' | '>' | '/'));
        let (name, after) = rest.split_at(end.map_or(rest.len(), |end| first + end));
        let (value, after) = match after.trim_start().strip_prefix('=') {
            Some(after) => attribute_value(after.trim_start()),
            None => ("", after),
        };
        found.push((name.to_ascii_lowercase(), decoded(value)));
        rest = after;
    }
}

/// The value, quoted or not, that the text begins with, and what follows it.
fn attribute_value(text: &str) -> (&str, &str) {
    let quoted = text.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    match quoted {
        Some(quote) => text[1..].split_once(quote).unwrap_or((&text[1..], "")),
        None => text.split_at(text.find(|next: char| next.is_ascii_whitespace() || next == '>').unwrap_or(text.len())),
    }
}

/// The text with numeric references, and those by name that escaping writes, as characters.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let (mut plain, mut rest) = (String::new(), text);
    while let Some(start) = rest.find('&') {
        plain.push_str(&rest[..start]);
        rest = &rest[start..];
        let reference = rest.find(';').and_then(|end| Some((character(&rest[1..end])?, end + 1)));
        let (character, length) = reference.unwrap_or(('&', 1));
        plain.push(character);
        rest = &rest[length..];
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

fn character(reference: &str) -> Option<char> {
    let number = match reference.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(number) => u32::from_str_radix(number, 16).ok()?,
            None => number.parse().ok()?,
        },
        None => u32::from(
            *[("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\'')]
                .iter()
                .find(|(name, _)| *name == reference)
                .map(|(_, character)| character)?,
        ),
    };
    char::from_u32(number)
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn a_hidden_field_is_found_however_it_is_written() {
        for html in [
            r#"<input type="hidden" name="token" value="a&amp;b &#x2F;&#39;">"#,
            r#"<form><INPUT value='a&amp;b &#47;&apos;' NAME=token TYPE=Hidden /></form>"#,
            "<input\n  name = token\n  type = \"hidden\"\n  disabled value=\"a&b /'\">",
        ] {
            assert_eq!(value(html, "token").as_deref(), Some("a&b /'"), "{html}");
        }
        let several = r#"<input type=hidden name=a value=1><input type=hidden name=token value=2><input type=hidden name=token value=3>"#;
        assert_eq!(value(several, "token").as_deref(), Some("2"));
        assert_eq!(value("<input type=hidden name=token>", "token").as_deref(), Some(""));
    }

    #[test]
    fn other_tags_comments_and_fields_are_passed_over() {
        for html in [
            "",
            "<",
            "<input",
            "<inputs type=hidden name=token value=1>",
            "<!-- <input type=hidden name=token value=1> -->",
            "<!-- <input type=hidden name=token value=1>",
            "<input type=text name=token value=1>",
            "<input type=hidden name=tokens value=1>",
            r#"<input title="<input type=hidden name=token value=1>">"#,
            "<input type=hidden name='token",
            "<ü <input = / name=\u{2028}token>",
        ] {
            let found = value(html, "token");
            assert!(found.is_none() || html.ends_with("'token"), "{html}: {found:?}");
        }
    }

    #[test]
    fn nothing_that_is_not_a_reference_is_decoded() {
        let html = "<input type=hidden name=token value='&& &nothing; &#x110000; &#; &amp'>";
        assert_eq!(value(html, "token").as_deref(), Some("&& &nothing; &#x110000; &#; &amp"));
    }
}
