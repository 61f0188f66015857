//! Units of systemd as they are written: sections of directives, and what drop-ins change.

use std::fs;
use std::path::PathBuf;

use super::machine;
use crate::deploy::Layout;

/// A unit with its drop-ins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unit {
    /// Where it lies.
    pub(super) path: PathBuf,
    /// Section, name and value, in written order.
    directives: Vec<(String, String, String)>,
}

impl Unit {
    /// The unit with this text.
    pub(super) fn parse(text: &str) -> Unit {
        let mut unit = Unit::default();
        unit.add(text);
        unit
    }

    fn add(&mut self, text: &str) {
        let mut section = String::new();
        // A line that ends with a backslash goes on in the next one.
        let joined = text.replace("\\\n", " ");
        for line in joined.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.to_string();
            } else if let Some((name, value)) = line.split_once('=') {
                self.directives.push((section.clone(), name.trim().to_string(), value.trim().to_string()));
            }
        }
    }

    /// All values of a directive of the section `[Service]`; an empty one takes those before it away.
    pub(super) fn service(&self, name: &str) -> Option<Vec<&str>> {
        let mut values = None;
        for (section, found, value) in &self.directives {
            if section == "Service" && found == name {
                let values: &mut Vec<&str> = values.get_or_insert_default();
                if value.is_empty() {
                    values.clear();
                } else {
                    values.push(value);
                }
            }
        }
        values
    }

    /// The names of all directives of the section `[Service]`, each once, in written order.
    pub(super) fn service_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for (section, name, _) in &self.directives {
            if section == "Service" && !names.contains(&&**name) {
                names.push(name);
            }
        }
        names
    }

    /// The variables that `Environment=` sets. A value with a space in it stands in quotes with its name.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let lines = self.service("Environment").unwrap_or_default();
        let words = lines.iter().flat_map(|line| words(line));
        words
            .filter_map(|word| word.split_once('=').map(|(name, value)| (name.to_string(), value.to_string())))
            .collect()
    }
}

/// The installed service, with what its drop-ins change: that of a single instance, else the template of several.
pub(super) fn installed(layout: &Layout) -> Option<Unit> {
    [layout.service(None), format!("{}@.service", layout.name())].iter().find_map(|name| {
        let path = layout.on_disk(layout.unit(name));
        let mut unit = Unit::parse(&machine::read(&path).ok().flatten()?);
        let folder = path.with_file_name(format!("{name}.d"));
        let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
        let mut drop_ins: Vec<PathBuf> =
            entries.filter(|path| path.extension().is_some_and(|it| it == "conf")).collect();
        drop_ins.sort();
        drop_ins.iter().filter_map(|path| machine::read(path).ok().flatten()).for_each(|text| unit.add(&text));
        unit.path = path;
        Some(unit)
    })
}

/// The words of a line; quotes keep spaces together and are taken off.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for character in line.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => word.push(character),
            None if character == '"' || character == '\'' => quote = Some(character),
            None if character.is_whitespace() => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            None => word.push(character),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}
