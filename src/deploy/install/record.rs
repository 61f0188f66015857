//! `/etc/NAME/deploy.json`: the choices of a deployment, and what was put in place for them.
//!
//! The choices are kept as they were read: a version passes on to the next one what it does not know itself.
//!
//! The last step of a deployment records what is in place. One that is killed never comes to it, so before the first file is written it is
//! recorded what is about to be ([`Installed::pending`]): whatever is done next knows what may be there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use twox_hash::XxHash3_128;

use super::Machine;
use super::files::{self, Found};
use crate::deploy::{Choices, Layout};
use crate::error::Error;

/// The key that is not a choice.
const INSTALLED: &str = "installed";

/// The record of a deployment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Record {
    pub(super) choices: Map<String, Value>,
    pub(super) installed: Installed,
}

/// What is in place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Installed {
    /// The site's crate.
    pub(super) site: String,
    /// What of its migrations the version that runs has.
    pub(super) migrations: Vec<String>,
    /// No NGINX on this machine is this deployment's business.
    pub(super) without_nginx: bool,
    /// The files, by their paths, each with a hash of the text that was written.
    pub(super) files: BTreeMap<String, String>,
    /// The units of the processes and their sockets.
    pub(super) services: Vec<String>,
    pub(super) sockets: Vec<String>,
    /// The units that the machine's start begins with.
    pub(super) enabled: Vec<String>,
    /// The folders that static files were exported to, this one's and those of deployments before.
    pub(super) exported: BTreeSet<String>,
    /// What deployments were about to put in place that have not come to their end. A version that does not know of it leaves it out when
    /// it comes to its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) pending: Vec<Installed>,
}

impl Installed {
    /// Whether the last deployment came to its end.
    pub(super) fn is_whole(&self) -> bool {
        self.pending.is_empty()
    }

    /// What is in place, and all that may be.
    pub(super) fn all(&self) -> impl Iterator<Item = &Installed> {
        std::iter::once(self).chain(&self.pending)
    }

    /// All units that are in place or may be.
    pub(super) fn units(&self) -> BTreeSet<&String> {
        self.all().flat_map(|one| one.enabled.iter().chain(&one.services).chain(&one.sockets)).collect()
    }

    /// The paths of all files that are in place or may be.
    pub(super) fn paths(&self) -> BTreeSet<&String> {
        self.all().flat_map(|one| one.files.keys()).collect()
    }

    /// All folders that static files were exported to, or may have been.
    pub(super) fn exported(&self) -> BTreeSet<&String> {
        self.all().flat_map(|one| &one.exported).collect()
    }

    /// The same, with what is about to be put in place.
    fn before(mut self, next: Installed) -> Installed {
        // The same command may have been killed again and again.
        if !self.pending.contains(&next) {
            self.pending.push(next);
        }
        self
    }
}

impl Record {
    /// Reads the record of a deployment; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the file cannot be read or is none of ours.
    pub(crate) fn read(layout: &Layout) -> Result<Option<Record>, Error> {
        let path = layout.on_disk(layout.choices());
        let Found::File { bytes, .. } = files::look(&path)? else { return Ok(None) };
        Record::parse(&bytes).map(Some).map_err(|reason| {
            Error::File(format!(
                "`{}` cannot be understood: {reason}; mend it, or move it away and give all choices again",
                path.display()
            ))
        })
    }

    fn parse(bytes: &[u8]) -> serde_json::Result<Record> {
        let mut choices: Map<String, Value> = serde_json::from_slice(bytes)?;
        let installed = choices.remove(INSTALLED).map(serde_json::from_value).transpose()?.unwrap_or_default();
        Ok(Record { choices, installed })
    }

    /// The choices, as far as this version knows them.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where one is of another type.
    pub(crate) fn choices(&self) -> Result<Choices, Error> {
        serde_json::from_value(Value::Object(self.choices.clone())).map_err(|reason| {
            Error::File(format!("the choices of the deployment cannot be understood: {reason}; give them again"))
        })
    }

    /// The same record as if nothing had been chosen. What is in place is still known.
    pub(crate) fn without_choices(self) -> Record {
        Record { choices: Map::new(), ..self }
    }

    /// What is chosen otherwise than in an earlier record, a line for each. Of settings only the names are told.
    pub(super) fn chosen_otherwise(&self, earlier: &Record) -> Vec<String> {
        let mut lines = Vec::new();
        let none = Value::Null;
        let names: BTreeSet<&String> = earlier.choices.keys().chain(self.choices.keys()).collect();
        for name in names {
            let of = |record: &Record| record.choices.get(name).unwrap_or(&none).clone();
            let (before, now) = (of(earlier), of(self));
            match (&before, &now) {
                (before, now) if before == now => {}
                (Value::Object(before), Value::Object(now)) => {
                    let keys: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
                    let changed = keys.into_iter().filter(|key| before.get(*key) != now.get(*key));
                    lines.extend(changed.map(|key| match now.contains_key(key) {
                        true => format!("the choice `{name}` has another value for `{key}`"),
                        false => format!("the choice `{name}` has no value for `{key}` any more"),
                    }));
                }
                (before, now) => lines.push(format!("the choice `{name}` was {before} and is {now}")),
            }
        }
        lines
    }

    /// The same record with these choices.
    pub(crate) fn choosing(mut self, choices: &Choices) -> Record {
        if let Ok(Value::Object(chosen)) = serde_json::to_value(choices) {
            self.choices.extend(chosen);
        }
        self
    }

    /// The choices for another version, as JSON.
    pub(super) fn choices_text(&self) -> String {
        Value::Object(self.choices.clone()).to_string()
    }

    /// The whole file.
    pub(super) fn text(&self) -> String {
        let mut all = self.choices.clone();
        if let Ok(installed) = serde_json::to_value(&self.installed) {
            all.insert(INSTALLED.to_string(), installed);
        }
        format!("{:#}\n", Value::Object(all))
    }

    /// The record while a deployment is under way: what was in place, and what this one is about to put there.
    ///
    /// It has the choices of before, where there are any: nobody shall get those of a deployment that was given up.
    ///
    /// # Errors
    ///
    /// As for [`Record::read`].
    pub(super) fn under_way(&self, layout: &Layout, next: Installed) -> Result<Record, Error> {
        let earlier = Record::read(layout)?;
        let without_nginx = if earlier.is_none() { next.without_nginx } else { self.installed.without_nginx };
        let choices = earlier.map_or_else(|| self.choices.clone(), |earlier| earlier.choices);
        let installed = Installed { without_nginx, ..self.installed.clone().before(next) };
        Ok(Record { choices, installed })
    }

    /// The hash of the text that a deployment which came to its end wrote to a path.
    pub(super) fn hash(&self, path: &Path) -> Option<&str> {
        self.installed.files.get(&*path.to_string_lossy()).map(String::as_str)
    }

    /// Whether these are the contents that a deployment wrote to a path, or was about to.
    pub(super) fn wrote(&self, path: &Path, bytes: &[u8]) -> bool {
        let (path, hash) = (path.to_string_lossy(), hash(bytes));
        self.installed.all().any(|one| one.files.get(&*path) == Some(&hash))
    }

    /// Whether a path has had no other contents than these since what is in place was put there.
    pub(super) fn wrote_nothing_else(&self, path: &Path, bytes: &[u8]) -> bool {
        let (name, hash) = (path.to_string_lossy(), hash(bytes));
        self.hash(path) == Some(&*hash)
            && self.installed.pending.iter().filter_map(|one| one.files.get(&*name)).all(|known| *known == hash)
    }
}

/// What has become of a file since it was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// It is not there.
    Absent,
    /// It has the new text and rights already.
    Same,
    /// It is as it was written last, so it may be replaced.
    Ours,
    /// Somebody changed it; what would be written now is what was written then.
    ChangedAlone,
    /// Somebody changed it, or made it before us.
    Changed,
}

/// Compares the file at a path with the text that is to be there.
///
/// # Errors
///
/// [`Error::File`] where it cannot be read.
pub(super) fn since(machine: &Machine, record: &Record, path: &Path, text: &str, mode: u32) -> Result<Since, Error> {
    Ok(match files::look(&machine.on_disk(path))? {
        Found::Nothing => Since::Absent,
        Found::File { bytes, mode: had } if bytes == text.as_bytes() && had == mode => Since::Same,
        Found::File { bytes, .. } if bytes == text.as_bytes() || record.wrote(path, &bytes) => Since::Ours,
        _ if record.hash(path) == Some(&*hash(text.as_bytes())) => Since::ChangedAlone,
        _ => Since::Changed,
    })
}

/// A hash that tells texts apart. It guards against oversight and not against malice.
pub(super) fn hash(bytes: &[u8]) -> String {
    format!("{:032x}", XxHash3_128::oneshot(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_otherwise_is_told_without_the_values_of_settings() {
        let before =
            Record::parse(br#"{"domains": ["a.de"], "settings": {"a.b": "x", "c.d": "y"}, "instances": 2}"#).unwrap();
        let after = Record::parse(br#"{"domains": [], "settings": {"a.b": "z"}, "instances": 2}"#).unwrap();
        let expected = [
            r#"the choice `domains` was ["a.de"] and is []"#,
            "the choice `settings` has another value for `a.b`",
            "the choice `settings` has no value for `c.d` any more",
        ];
        assert_eq!(after.chosen_otherwise(&before), expected);
        assert!(before.chosen_otherwise(&before.clone()).is_empty());
        assert!(before.without_choices().choices.is_empty());
    }

    #[test]
    fn a_deployment_under_way_keeps_what_is_in_place_and_the_choices_of_before() {
        let root = tempfile::tempdir().unwrap();
        let layout = Layout::new("shop").rooted(root.path());
        let one = |text: &str| Installed {
            files: BTreeMap::from([("/a".to_string(), hash(text.as_bytes()))]),
            without_nginx: true,
            ..Installed::default()
        };
        let first = Record::default().choosing(&Choices { instances: 2, ..Choices::default() });
        let first = first.under_way(&layout, one("1")).unwrap();
        assert_eq!(first.choices["instances"], 2, "there are no other choices");
        assert!(first.installed.without_nginx && !first.installed.is_whole());

        let place = layout.on_disk(layout.choices());
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(&place, first.text()).unwrap();
        let known = Record::read(&layout).unwrap().unwrap();
        assert_eq!(known, first);
        let next = known.choosing(&Choices { instances: 3, ..Choices::default() });
        let next = next.under_way(&layout, one("2")).unwrap().under_way(&layout, one("2")).unwrap();
        assert_eq!((&next.choices["instances"], next.installed.pending.len()), (&Value::from(2), 2));
        let path = Path::new("/a");
        assert!(next.wrote(path, b"1") && next.wrote(path, b"2") && !next.wrote(path, b"3"));
        assert!(next.hash(path).is_none() && !next.wrote_nothing_else(path, b"1"));
    }

    #[test]
    fn choices_of_a_newer_version_are_kept() {
        let text =
            br#"{"name": "shop", "domains": ["a.de"], "colour": "blue", "installed": {"site": "shop", "later": 1}}"#;
        let record = Record::parse(text).unwrap();
        let choices = record.choices().unwrap();
        assert_eq!((&*choices.name, &choices.domains[..]), ("shop", &["a.de".to_string()][..]));
        let again = record.choosing(&Choices { instances: 3, ..choices });
        let text = again.text();
        assert!(text.contains("\"colour\": \"blue\"") && text.contains("\"instances\": 3"), "{text}");
        assert_eq!(Record::parse(text.as_bytes()).unwrap(), again);
        // Whoever reads the choices alone is not disturbed by the rest.
        assert_eq!(serde_json::from_str::<Choices>(&text).unwrap().instances, 3);
        assert!(!again.choices_text().contains("installed"));
    }
}
