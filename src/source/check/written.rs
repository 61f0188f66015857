//! Settings that are lists of texts, as the files of the site give them.

use crate::snapshot::{Setting, Value};

/// What the files of the site say of one setting.
pub struct Written {
    /// All texts that any file gives it.
    pub texts: Vec<String>,
    /// Whether it may be something else at run time, by `!env` or `!credential`.
    pub is_open: bool,
}

/// Collects a setting from all files, those for one environment only included.
pub fn written(settings: &[Setting], key: &str) -> Written {
    let mut written = Written { texts: Vec::new(), is_open: false };
    for Setting { value, .. } in settings.iter().filter(|setting| setting.key == key) {
        collect(value, &mut written);
    }
    written
}

fn collect(value: &Value, written: &mut Written) {
    match value {
        Value::Text(text) => written.texts.extend(parts(text)),
        Value::List(items) => items.iter().for_each(|item| collect(item, written)),
        Value::Env { default, .. } => {
            written.is_open = true;
            written.texts.extend(default.iter().flat_map(|text| parts(text)));
        }
        Value::Credential(_) => written.is_open = true,
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Null | Value::Map(_) => {}
    }
}

/// The items of a list that is written as one text.
fn parts(text: &str) -> impl Iterator<Item = String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_string)
}

/// The path of `static.path`, which may be a whole address such as `https://cdn.example.com/static`.
pub fn path_of(prefix: &str) -> &str {
    let Some((_, rest)) = prefix.split_once("//") else { return prefix };
    rest.find('/').map_or("", |start| &rest[start..])
}

/// Names that are known only at run time.
pub struct Dynamic(Vec<String>);

impl Dynamic {
    /// The patterns of one of the settings `….dynamic`.
    pub fn new(settings: &[Setting], key: &str) -> Self {
        Dynamic(written(settings, key).texts)
    }

    /// Whether a name is declared.
    pub fn covers(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| matches(pattern, name))
    }
}

/// Whether a name fits a pattern in which `*` is any text.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(found) = name.find(part) else { return false };
        name = &name[found + part.len()..];
    }
    name.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_any_text() {
        for (pattern, name) in
            [("a", "a"), ("*", ""), ("a.*", "a.b.c"), ("*.a", "b.a"), ("a*b*c", "a--b-bc"), ("a*", "a")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a", "ab"), ("a.*", "ab"), ("*.a", "a"), ("a*a", "a"), ("a*b*c", "acb"), ("", "a")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
