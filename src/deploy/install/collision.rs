//! Whether a name is free: units, folders and a user are made of it, and a machine may have others of that name, which a first installation
//! would take over without a word.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Machine;
use super::place::is_unit;
use super::target::Target;
use crate::deploy::layout::UNITS;

/// Where units lie; an administrator's own come first and hide those of packages and those that systemd makes of scripts in `/etc/init.d`.
const UNIT_FOLDERS: [&str; 7] = [
    UNITS,
    "/run/systemd/system",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// What stands behind the name in the units of a deployment, whether it has one instance or several: that may change later.
const UNIT_ENDS: [&str; 8] =
    [".service", ".socket", ".target", "@.service", "@.socket", "-admin.socket", "-admin@.socket", "-trial.service"];

/// What of `/etc/NAME` is made by hand before a first installation, as the documents say.
const OF_ETC: [&str; 3] = ["environment", "credentials", "deploy.json"];

/// What of `/opt/NAME` a deployment makes, or an installation by hand.
const OF_HOME: [&str; 7] = ["versions", "current", "previous", "next", "public", "maintenance.html", ".units"];

/// What is in the way of a first installation; nothing where the record of an earlier one is there, as after `uninstall`.
pub(super) fn check(machine: &Machine, target: &Target) -> Option<String> {
    let is_first = !machine.on_disk(machine.layout.choices()).exists();
    if !is_first || target.wish.force {
        return None;
    }
    let units: BTreeSet<&Path> =
        target.description.files.iter().map(|file| &*file.path).filter(|path| is_unit(path)).collect();
    let found = others(machine, &units);
    (!found.is_empty()).then(|| {
        format!(
            "the name `{}` is taken, and not by a deployment of this kind:\n  {}\n  give another with `--name`, or take it all the same with \
             `--force`",
            machine.layout.name(),
            found.join("\n  ")
        )
    })
}

/// What others have of the name, a line for each. Units that are to be written are looked for in systemd's other folders: what lies at
/// their places is compared when it comes to that.
pub(super) fn others(machine: &Machine, written: &BTreeSet<&Path>) -> Vec<String> {
    user(machine).into_iter().chain(units(machine, written)).chain(folders(machine)).collect()
}

/// Whether a deployment makes something of this name in `/opt/NAME`.
pub(super) fn is_of_home(name: &str) -> bool {
    is_one_of(&OF_HOME, name)
}

/// Whether a name is one of these, or of what is made on the way to it or kept of it.
fn is_one_of(ours: &[&str], name: &str) -> bool {
    let on_the_way = name.strip_prefix('.').and_then(|name| name.strip_suffix(".new"));
    let kept = name.strip_suffix(".old");
    [Some(name), on_the_way, kept].into_iter().flatten().any(|name| ours.contains(&name))
}

/// systemd makes no user where there is one, and would let the process be that one.
fn user(machine: &Machine) -> Option<String> {
    let name = machine.layout.name();
    let users = fs::read_to_string(machine.on_disk("/etc/passwd")).unwrap_or_default();
    let is_there = users.lines().any(|line| line.split(':').next() == Some(name));
    is_there.then(|| format!("the user `{name}` (`/etc/passwd`), as which the site would run"))
}

fn units(machine: &Machine, written: &BTreeSet<&Path>) -> Vec<String> {
    let name = machine.layout.name();
    let written_names = written.iter().filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
    let names: BTreeSet<String> = UNIT_ENDS.iter().map(|end| format!("{name}{end}")).chain(written_names).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for path in UNIT_FOLDERS.iter().flat_map(|folder| names.iter().map(move |unit| Path::new(folder).join(unit))) {
        let place = machine.on_disk(&path);
        // `/lib` leads to `/usr/lib` on most systems.
        let is_new = fs::canonicalize(&place).map_or_else(|_| place.is_symlink(), |place| seen.insert(place));
        if is_new && !written.contains(&*path) {
            found.push(format!("the unit `{}`", path.display()));
        }
    }
    found
}

fn folders(machine: &Machine) -> Vec<String> {
    let layout = &machine.layout;
    let binary = [layout.name()];
    let looked_at = [(layout.etc(), &OF_ETC[..]), (layout.home(), &OF_HOME[..])];
    let versions = super::versions(&machine.on_disk(layout.versions())).unwrap_or_default();
    let versions = versions.iter().map(|version| (layout.version(version), &binary[..]));
    let mut found: Vec<String> =
        looked_at.into_iter().chain(versions).filter_map(|(path, ours)| stranger(machine, path, ours)).collect();
    // systemd makes a link there for a user of its own, also for a trial of an installation that was taken back.
    let state = machine.on_disk(layout.state());
    if state.is_dir() && !state.is_symlink() {
        found.extend(stranger(machine, layout.state(), &[]));
    }
    found
}

/// The first thing in a folder that is none of ours.
fn stranger(machine: &Machine, path: PathBuf, ours: &[&str]) -> Option<String> {
    let entries = fs::read_dir(machine.on_disk(&path)).ok()?.flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let other = names.into_iter().find(|name| !is_one_of(ours, name))?;
    Some(format!("the folder `{}`, in which is `{}`", path.display(), other.escape_debug()))
}
