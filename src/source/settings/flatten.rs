//! From the tree of a settings file to its leaves with dotted keys (B10).

use crate::problem::Problem;
use crate::snapshot::{Environment, Setting, Value, schema};
use crate::source::yaml::{Content, Document, Entry, Mark, Node};

/// A setting and its places in the file.
#[derive(Debug)]
pub struct Leaf<'a> {
    /// The setting.
    pub setting: Setting,
    /// Where its key stands.
    pub key: Mark,
    /// Its value as read.
    pub node: &'a Node,
}

/// The leaves of a file in written order.
pub fn leaves<'a>(document: &'a Document, only: Option<Environment>, problems: &mut Vec<Problem>) -> Vec<Leaf<'a>> {
    let mut flatten = Flatten { document, only, leaves: Vec::new(), problems };
    flatten.entries("", &document.entries);
    flatten.leaves
}

struct Flatten<'a, 'p> {
    document: &'a Document,
    only: Option<Environment>,
    leaves: Vec<Leaf<'a>>,
    problems: &'p mut Vec<Problem>,
}

impl<'a> Flatten<'a, '_> {
    fn entries(&mut self, prefix: &str, entries: &'a [Entry]) {
        for entry in entries {
            let key = if prefix.is_empty() { entry.key.clone() } else { format!("{prefix}.{}", entry.key) };
            if let Content::Map(entries) = &entry.value.content
                && !schema::is_map(&key)
            {
                self.entries(&key, entries);
                continue;
            }
            let Some(value) = self.value(&entry.value) else { continue };
            let place = self.document.place(entry.mark);
            let setting = Setting { key: key.into(), value, only: self.only, place };
            self.leaves.push(Leaf { setting, key: entry.mark, node: &entry.value });
        }
    }

    fn value(&mut self, node: &Node) -> Option<Value> {
        Some(match &node.content {
            Content::Tagged(tag, inner) if tag == "env" => self.env(inner)?,
            Content::Tagged(_, inner) => self.credential(inner)?,
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Integer(value) => Value::Integer(*value),
            Content::Float(value) => Value::Float(*value),
            Content::Text(text) => Value::Text(text.clone().into()),
            Content::Huge => {
                let help = "put it in quotes to have it as text";
                self.problems.push(self.document.error(node.mark, "this number needs more than 64 bits").help(help));
                return None;
            }
            Content::List(items) => Value::List(items.iter().filter_map(|item| self.inner(item)).collect()),
            Content::Map(entries) => Value::Map(
                entries
                    .iter()
                    .filter_map(|entry| Some((entry.key.clone().into(), self.inner(&entry.value)?)))
                    .collect(),
            ),
        })
    }

    /// A value inside a list, where nothing comes from outside.
    fn inner(&mut self, node: &Node) -> Option<Value> {
        if let Content::Tagged(tag, _) = &node.content {
            let message = format!("`!{tag}` cannot stand inside a list");
            let help = format!("give the whole setting as `!{tag} NAME`: its text is then split at commas");
            self.problems.push(self.document.error(node.mark, message).help(help));
            return None;
        }
        self.value(node)
    }

    /// `!env NAME` or `!env [NAME, default]`.
    fn env(&mut self, node: &Node) -> Option<Value> {
        let (name, default) = match &node.content {
            Content::List(items) => match &items[..] {
                [name] => (name, None),
                [name, default] => (name, Some(default)),
                _ => return self.refuse_env(node),
            },
            _ => (node, None),
        };
        let Content::Text(variable) = &name.content else { return self.refuse_env(node) };
        if variable.is_empty() || variable.contains(['=', ' ', '\0']) {
            return self.refuse_env(node);
        }
        let default = match default.map(|default| self.document.text_of(default).map(str::to_string)) {
            Some(None) => return self.refuse_env(node),
            Some(Some(default)) => Some(default.into()),
            None => None,
        };
        Some(Value::Env { name: variable.clone().into(), default })
    }

    fn refuse_env(&mut self, node: &Node) -> Option<Value> {
        let message =
            format!("`!env` needs the name of an environment variable, but this is {}", node.content.describe());
        let help = "write `!env NAME`, or `!env [NAME, default]` where it may be absent";
        self.problems.push(self.document.error(node.mark, message).help(help));
        None
    }

    fn credential(&mut self, node: &Node) -> Option<Value> {
        match &node.content {
            Content::Text(name) if !name.is_empty() && !name.contains(['/', '\\', '\0']) && !name.starts_with('.') => {
                Some(Value::Credential(name.clone().into()))
            }
            other => {
                let message = format!("`!credential` needs the name of a file, but this is {}", other.describe());
                let help = "write `!credential NAME` for the file NAME in the credentials folder, without a path";
                self.problems.push(self.document.error(node.mark, message).help(help));
                None
            }
        }
    }
}
