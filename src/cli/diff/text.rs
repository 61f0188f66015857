//! A comparison as lines for people: `+` is new, `-` is gone, `~` is another.

use std::fmt::Write;

use serde_json::Value;

use super::compare::{Change, Changed, Comparison};
use crate::error::one_line;

/// The whole comparison, a paragraph a kind.
pub(super) fn page(comparison: &Comparison) -> String {
    if comparison.equal {
        return "nothing differs\n".to_string();
    }
    let mut page = format!("{} {} → {}\n", comparison.new.site, comparison.old.release, comparison.new.release);
    comparison.changes.iter().for_each(|change| add(&mut page, change));
    page.split('\n').map(|line| one_line(line)).collect::<Vec<_>>().join("\n")
}

fn add(page: &mut String, change: &Change) {
    const FITS: &str = "a String takes any text";
    let language = change.language.as_deref().map(|language| format!(" {language}")).unwrap_or_default();
    writeln!(page, "\n{}{language}: {}", change.kind, counts(change)).expect(FITS);
    // What is gone can break what others rely on; what is new cannot.
    for (name, value) in &change.removed {
        writeln!(page, "- {}", entry(change.kind, name, value)).expect(FITS);
    }
    for (name, Changed { old, new }) in &change.changed {
        writeln!(page, "~ {name}{}", after(&difference(change.kind, old, new))).expect(FITS);
    }
    if change.reordered {
        writeln!(page, "~ the order in which routes are tried").expect(FITS);
    }
    for (name, value) in &change.added {
        let missing = if change.missing.contains(name) { "; it is MISSING on this machine" } else { "" };
        writeln!(page, "+ {}{missing}", entry(change.kind, name, value)).expect(FITS);
    }
}

fn counts(change: &Change) -> String {
    let counts = [(change.added.len(), "added"), (change.removed.len(), "removed"), (change.changed.len(), "changed")];
    let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let order = change.reordered.then(|| "another order".to_string());
    counts.chain(order).collect::<Vec<_>>().join(", ")
}

/// A name with what a person wants to know of the entry at once.
fn entry(kind: &str, name: &str, value: &Value) -> String {
    let field = |name: &str| value.get(name).map(shown).unwrap_or_default();
    let detail = match kind {
        "credentials" => format!("for {}", field("settings")),
        "variables" if value["required"] == true => format!("needed for {}", field("settings")),
        "variables" => format!("for {}, has a default", field("settings")),
        "migrations" => field("name"),
        "routes" => format!("{} {}{}", or(field("methods"), "any"), field("host"), field("paths")),
        "settings" | "versions" => shown(value),
        "templates" | "static files" => format!("{} bytes", field("size")),
        _ => String::new(),
    };
    format!("{name}{}", after(detail.trim()))
}

/// Which fields differ, each with its values where those mean something to a person.
fn difference(kind: &str, old: &Value, new: &Value) -> String {
    let (Value::Object(before), Value::Object(now)) = (old, new) else {
        return if kind == "messages" { String::new() } else { format!("{} → {}", shown(old), shown(new)) };
    };
    let mut names: Vec<&String> = before.keys().chain(now.keys()).collect();
    names.sort();
    names.dedup();
    let differs =
        |name: &&&String| before.get(**name) != now.get(**name) && !matches!(name.as_str(), "hash" | "version");
    let part = |name: &String| {
        let text = |value: Option<&Value>| or(value.map(shown).unwrap_or_default(), "none");
        format!("{}: {} → {}", name.replace('_', " "), text(before.get(name)), text(now.get(name)))
    };
    let parts: Vec<String> = names.iter().filter(differs).map(|name| part(name)).collect();
    match (parts.is_empty(), kind) {
        (true, _) => "other content, as long as before".to_string(),
        (false, _) => parts.join("; "),
    }
}

/// A value in one line.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let pair = |(name, value): (&String, &Value)| match name.as_str() {
                "*" => shown(value),
                _ => format!("{} [{name}]", shown(value)),
            };
            fields.iter().map(pair).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_string() } else { text }
}

fn after(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!("  {detail}") }
}
