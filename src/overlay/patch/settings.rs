//! Settings of an overlay: a file takes the place of the binary's file of the same path, others are added at their place in the sorted
//! order of all.
//!
//! A setting that counts when the site is built cannot be another one any more, unless it only says what is not to be checked.

use std::collections::BTreeSet;

use crate::problem::{Problem, Severity};
use crate::snapshot::schema::{self, Stage};
use crate::snapshot::{Setting, Snapshot};
use crate::source::files::{Entry, Files};
use crate::source::settings::{self, Settings};

/// The folder of the settings files.
const FOLDER: &str = "config";

/// Reads the overlay's settings files. Gives all settings of the site with them, and the files.
pub fn read(files: &mut Files, binary: &Snapshot, problems: &mut Vec<Problem>) -> (Settings, Vec<String>) {
    let found = find(files, binary);
    let mut settings = if found.is_empty() { Settings::default() } else { settings::read(files, problems) };
    let own = std::mem::take(&mut settings.list);
    let replaced: BTreeSet<&str> = found.iter().map(String::as_str).collect();
    let stays = |setting: &&Setting| !replaced.contains(setting.place.file.as_ref());
    settings.list = binary.settings.iter().filter(stays).cloned().chain(own).collect();
    // As they are read: those of all environments first, then file by file.
    settings.list.sort_by(|a, b| (a.only.is_some(), &a.place.file).cmp(&(b.only.is_some(), &b.place.file)));
    problems.extend(of_the_build(binary, &settings, &replaced));
    problems.extend(without_effect(&settings, &replaced));
    (settings, found)
}

/// The overlay's settings files, in the place where the binary's were.
fn find(files: &mut Files, binary: &Snapshot) -> Vec<String> {
    let is_below = |setting: &Setting| setting.place.file.starts_with("config/");
    match binary.settings.first() {
        // One file beside the folders, as in Kalgan 0.9.
        Some(first) if !is_below(first) => {
            let file = first.place.file.to_string();
            let is_there = files.entry(FOLDER) == Entry::Missing && files.entry(&file) == Entry::File;
            is_there.then_some(file).into_iter().collect()
        }
        _ if files.entry(FOLDER) == Entry::Folder => {
            files.walk_yaml(FOLDER).into_iter().map(|found| found.path).collect()
        }
        _ => Vec::new(),
    }
}

/// Settings of the build that are others than in the binary.
fn of_the_build(binary: &Snapshot, settings: &Settings, replaced: &BTreeSet<&str>) -> Vec<Problem> {
    // What these name is known only at run time, so nothing but the check of names asks for them.
    let is_frozen = |key: &&schema::Key| key.stage == Stage::Build && !key.name.ends_with(".dynamic");
    let keys = schema::KEYS.iter().filter(is_frozen).map(|key| key.name);
    let help = "leave it as it is in the site's own file, or build the site again";
    let problem = |key: &'static str| {
        let built = binary.settings.iter().rev().find(|setting| setting.key == key && setting.only.is_none());
        let problem = match (built, settings.built(key)) {
            (built, Some(now)) if built.map(|built| &built.value) != Some(&now.value) => {
                let message =
                    format!("`{key}` counts when the site is built, and the binary was built with another value");
                settings.error_at(now, message)
            }
            (Some(built), None) if replaced.contains(built.place.file.as_ref()) => {
                let message =
                    format!("`{key}` is missing: it counts when the site is built, and the binary has it in this file");
                Problem::error(built.place.file.as_ref(), message)
            }
            _ => return None,
        };
        Some(problem.help(help))
    };
    keys.filter_map(problem).collect()
}

/// Settings of the overlay that a file of the binary sets again, later in the order.
fn without_effect(settings: &Settings, replaced: &BTreeSet<&str>) -> Vec<Problem> {
    let is_own = |setting: &Setting| replaced.contains(setting.place.file.as_ref());
    let own = settings.list.iter().enumerate().filter(|(_, setting)| is_own(setting));
    let problem = |(index, setting): (usize, &Setting)| {
        let is_same = |later: &&Setting| later.key == setting.key && later.only == setting.only;
        let later = settings.list[index + 1..].iter().rfind(is_same).filter(|later| !is_own(later))?;
        let file = &later.place.file;
        let message =
            format!("`{}` has no effect here: the binary sets it in `{file}`, which comes later", setting.key);
        let help = format!(
            "set it in a file whose name comes behind that in the alphabet, or in a file `{file}` of the overlay"
        );
        Some(Problem { severity: Severity::Warning, ..settings.error_at(setting, message) }.help(help))
    };
    own.filter_map(problem).collect()
}
