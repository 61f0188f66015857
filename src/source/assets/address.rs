//! From an address that stands in a stylesheet to the static file that a browser would ask for (RFC 3986 section 5), and back.

use percent_encoding::percent_decode_str;

/// An address in its three parts: the first alone says which file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// What stands before query and fragment.
    pub path: &'a str,
    /// The query without its `?`, if there is one.
    pub query: Option<&'a str>,
    /// The fragment with its `#`; empty where there is none.
    pub fragment: &'a str,
}

impl<'a> Parts<'a> {
    /// Splits an address.
    pub fn of(address: &'a str) -> Parts<'a> {
        let (rest, fragment) = address.find('#').map_or((address, ""), |start| address.split_at(start));
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        Parts { path, query, fragment }
    }

    /// The address with a version behind its own query.
    pub fn versioned(&self, version: &str) -> String {
        let Parts { path, query, fragment } = self;
        match query {
            None | Some("") => format!("{path}?{version}{fragment}"),
            Some(query) => format!("{path}?{query}&{version}{fragment}"),
        }
    }
}

/// The address of the static file, without the leading slash, that a path in the file at the address `base` leads to. `None` where
/// it leads to another host, or to no file of any name.
///
/// ```
/// use kalgan::source::assets::address::resolve;
/// assert_eq!(resolve("static/css/a.css", "../img/a%20b.png").as_deref(), Some("static/img/a b.png"));
/// assert_eq!(resolve("static/css/a.css", "/media/a.png").as_deref(), Some("media/a.png"));
/// assert_eq!(resolve("static/css/a.css", "https://example.com/a.png"), None);
/// ```
pub fn resolve(base: &str, path: &str) -> Option<String> {
    if path.is_empty() || path.starts_with("//") || has_scheme(path) {
        return None;
    }
    let mut parts: Vec<String> = match path.starts_with('/') {
        true => Vec::new(),
        false => base.split('/').map(str::to_string).collect(),
    };
    // The last part of the base is the file that the path stands in.
    parts.pop();
    for part in path.trim_start_matches('/').split('/') {
        let decoded = percent_decode_str(part).decode_utf8().ok()?;
        match decoded.as_ref() {
            "." => {}
            ".." => drop(parts.pop()),
            // An encoded slash does not separate (RFC 3986 section 2.2), and no file's name has one.
            name if name.contains('/') => return None,
            name => parts.push(name.to_string()),
        }
    }
    // Such a path leads to a folder.
    if path.ends_with("/.") || path.ends_with("/..") || matches!(path, "." | "..") {
        parts.push(String::new());
    }
    Some(parts.join("/"))
}

/// How a file at the address `base` names the one at another address, relative to itself. Percent signs and what else means
/// something in an address are encoded, all other characters stay.
///
/// ```
/// use kalgan::source::assets::address::relative;
/// assert_eq!(relative("static/css/a.css", "static/img/100%.png"), "../img/100%25.png");
/// assert_eq!(relative("static/a.css", "static/css/b.css"), "css/b.css");
/// ```
pub fn relative(base: &str, address: &str) -> String {
    let base: Vec<&str> = base.split('/').collect();
    let parts: Vec<&str> = address.split('/').collect();
    let folders = (base.len() - 1).min(parts.len() - 1);
    let shared = (0..folders).take_while(|&index| base[index] == parts[index]).count();
    let up = std::iter::repeat_n("..".to_string(), base.len() - 1 - shared);
    let relative = up.chain(parts[shared..].iter().map(|part| encoded(part))).collect::<Vec<_>>().join("/");
    // A first part with a colon would be taken for a scheme.
    if has_scheme(&relative) { format!("./{relative}") } else { relative }
}

fn encoded(part: &str) -> String {
    part.replace('%', "%25").replace('?', "%3F").replace('#', "%23")
}

/// Whether an address begins with a scheme, such as `https:` or `data:`.
fn has_scheme(address: &str) -> bool {
    let Some((scheme, _)) = address.split_once(':') else { return false };
    let mut characters = scheme.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && characters.all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character))
}
