//! Paths and names of site files: which are YAML, and how they are written.

use super::Found;
use crate::hint::nearest;
use crate::problem::Problem;

/// A path as somebody wrote it in a setting, in normal form: without `./`, doubled slashes and a slash at either end.
/// `None` where it is absolute or climbs with `..`, because nothing outside the site's folder belongs to the site.
///
/// ```
/// use kalgan::source::files::normal;
/// assert_eq!(normal("./config//routes/").as_deref(), Some("config/routes"));
/// assert_eq!(normal("../routes"), None);
/// ```
pub fn normal(path: &str) -> Option<String> {
    let absolute = path.starts_with(['/', '\\']) || path.get(1..2) == Some(":");
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    (!absolute && !parts.contains(&"..")).then(|| parts.join("/"))
}

/// Whether a file is YAML by its name: `.yaml` or `.yml` in any case (B9, C19).
pub fn is_yaml(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    extension.eq_ignore_ascii_case("yaml") || extension.eq_ignore_ascii_case("yml")
}

/// What is said of a file that was surely meant to be YAML; the copies that editors leave behind are none.
pub fn nearly_yaml(found: &Found) -> Option<Problem> {
    let extension = found.name.rsplit_once('.')?.1;
    let meant = nearest(&extension.to_lowercase(), ["yaml", "yml"]).filter(|_| !extension.ends_with('~'))?;
    let message = format!("this file is not read, because its name ends in `.{extension}`");
    Some(Problem::warning(&found.path, message).help(format!("did you mean `.{meant}`?")))
}

/// A folder's path and a name in it as one path.
pub fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") }
}

/// Whether a path is another one or lies below it; everything lies below the empty path.
pub fn is_at_or_below(path: &str, above: &str) -> bool {
    above.is_empty() || path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_is_known_by_its_extension_in_any_case() {
        assert!(is_yaml("a.yaml") && is_yaml("A.YML") && is_yaml("a.prod.Yaml"));
        assert!(!is_yaml("yaml") && !is_yaml("a.yaml~") && !is_yaml("a.json"));
    }

    #[test]
    fn a_name_that_only_begins_alike_is_not_below() {
        assert!(is_at_or_below("a/b", "a") && is_at_or_below("a", "a") && is_at_or_below("a", ""));
        assert!(!is_at_or_below("ab", "a") && !is_at_or_below("a", "a/b"));
    }
}
