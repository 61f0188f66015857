//! The host of a route or of a group: labels between dots, each a text, `*` or a whole parameter.

use std::collections::BTreeSet;

use super::keys::Reading;
use crate::pattern::{self, Label};
use crate::problem::Problem;
use crate::snapshot::{Path, Text};
use crate::source::yaml::{Content, Entry};

/// The host in lower case, the names of its parameters as they are written. `paths` are the patterns that it stands before.
pub fn read(reading: &Reading<'_>, entry: &Entry, paths: &[Path], problems: &mut Vec<Problem>) -> Option<Text> {
    let (document, node) = (reading.document, &entry.value);
    let Content::Text(written) = &node.content else {
        let message = format!("`host` must be text, but this is {}", document.describe(node));
        let help = "write `admin.example.com`, or in quotes `\"*.example.com\"` or `\"{tenant}.example.com\"`";
        problems.push(document.error(entry.mark, message).help(help));
        return None;
    };
    if let Some((message, help)) = mistake(written) {
        problems.push(document.error(node.mark, message).help(help));
        return None;
    }
    let mut seen: BTreeSet<&str> = paths.iter().flat_map(|path| pattern::parameters(&path.pattern)).collect();
    for name in pattern::host_parameters(written) {
        if !seen.insert(name) {
            let message =
                format!("the parameter `{name}` of the host stands a second time, in the host or in the path");
            let problem = document.error_within(node, &format!("{{{name}}}"), message);
            problems.push(problem.help("give each parameter a name of its own"));
        }
    }
    let lower = |label| match label {
        Label::Literal(text) => text.to_ascii_lowercase(),
        Label::Any => "*".to_string(),
        Label::Parameter(name) => format!("{{{name}}}"),
    };
    Some(Text::Owned(pattern::labels(written).map(lower).collect::<Vec<_>>().join(".")))
}

/// What keeps a host from being one that a client could send, and what to do.
fn mistake(host: &str) -> Option<(String, String)> {
    if host.contains('/') {
        let name = host.rsplit("://").next().unwrap_or_default().split('/').next().unwrap_or_default();
        return Some((format!("`{host}` is more than a host"), format!("write `{name}`, without scheme and path")));
    }
    if let Some((name, _)) = host.split_once(':') {
        return Some((format!("the host `{host}` has a port"), format!("write `{name}`: ports are not compared")));
    }
    let mut has_literal = false;
    for label in pattern::labels(host) {
        let Label::Literal(text) = label else { continue };
        has_literal = true;
        if let Some(mistake) = label_mistake(host, text) {
            return Some(mistake);
        }
    }
    (!has_literal).then(|| {
        let help = "add the rest, such as `*.example.com`; a route without `host` answers for every host";
        (format!("the host `{host}` has no fixed part"), help.to_string())
    })
}

fn label_mistake(host: &str, label: &str) -> Option<(String, String)> {
    if label.is_empty() {
        return Some((
            format!("a part of the host `{host}` is empty"),
            "write the parts with one dot between them, such as `admin.example.com`".to_string(),
        ));
    }
    if label.contains(['*', '{', '}']) {
        let message = format!("the part `{label}` of the host is neither fixed nor open as a whole");
        return Some((message, "`*` and `{name}` take the whole of what stands between two dots".to_string()));
    }
    if !label.is_ascii() {
        let help = "write it as browsers send it, with `xn--` in front";
        return Some((
            format!("the part `{label}` of the host has letters that no host is sent with"),
            help.to_string(),
        ));
    }
    let wrong =
        label.chars().find(|character| !character.is_ascii_alphanumeric() && !matches!(character, '-' | '_'))?;
    let help = "a host has letters, digits and hyphens, and dots between its parts";
    Some((format!("`{}` cannot stand in a host", wrong.escape_debug()), help.to_string()))
}
