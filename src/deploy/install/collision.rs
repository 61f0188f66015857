//! Whether a name is free: units, folders and a user are made of it, and a machine may have others of that name, which a first installation
//! would take over without a word.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Machine;
use super::target::Target;
use crate::deploy::layout::UNITS;

/// Where units lie; an administrator's own come first and hide those of packages.
const UNIT_FOLDERS: [&str; 4] =
    [UNITS, "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// What of `/etc/NAME` is made by hand before a first installation, as the documents say.
const OF_ETC: [&str; 3] = ["environment", "credentials", "deploy.json"];

/// What of `/opt/NAME` an installation by hand makes, or one that was killed.
const OF_HOME: [&str; 8] =
    ["versions", "current", "previous", "next", "public", ".public.before", "maintenance.html", ".units"];

/// What is in the way of a first installation; nothing where the record of an earlier one is there, as after `uninstall`.
pub(super) fn check(machine: &Machine, target: &Target) -> Option<String> {
    let is_first = !machine.on_disk(machine.layout.choices()).exists();
    if !is_first || target.wish.force {
        return None;
    }
    let found: Vec<String> = user(machine).into_iter().chain(units(machine, target)).chain(folders(machine)).collect();
    (!found.is_empty()).then(|| {
        format!(
            "the name `{}` is taken, and not by a deployment of this kind:\n  {}\n  give another with `--name`, or take it all the same with \
             `--force`",
            machine.layout.name(),
            found.join("\n  ")
        )
    })
}

/// systemd makes no user where there is one, and would let the process be that one.
fn user(machine: &Machine) -> Option<String> {
    let name = machine.layout.name();
    let users = fs::read_to_string(machine.on_disk("/etc/passwd")).unwrap_or_default();
    let is_there = users.lines().any(|line| line.split(':').next() == Some(name));
    is_there.then(|| format!("the user `{name}` (`/etc/passwd`), as which the site would run"))
}

/// Units of others. Of those that are to be written, what lies at their places is compared when it comes to that.
fn units(machine: &Machine, target: &Target) -> Vec<String> {
    let name = machine.layout.name();
    let wanted: BTreeSet<&Path> = target.description.files.iter().map(|file| &*file.path).collect();
    let of_name = ["service", "socket"].map(|kind| format!("{name}.{kind}"));
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for path in UNIT_FOLDERS.iter().flat_map(|folder| of_name.iter().map(move |unit| Path::new(folder).join(unit))) {
        let place = machine.on_disk(&path);
        // `/lib` leads to `/usr/lib` on most systems.
        let is_new = fs::canonicalize(&place).map_or_else(|_| place.is_symlink(), |place| seen.insert(place));
        if is_new && !wanted.contains(&*path) {
            found.push(format!("the unit `{}`", path.display()));
        }
    }
    found
}

fn folders(machine: &Machine) -> Vec<String> {
    let layout = &machine.layout;
    let others = |path: PathBuf, ours: &[&str]| {
        let entries = fs::read_dir(machine.on_disk(&path)).ok()?.flatten();
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        let other = names.into_iter().find(|name| !ours.contains(&&**name))?;
        Some(format!("the folder `{}`, in which is `{}`", path.display(), other.escape_debug()))
    };
    let mut found: Vec<String> =
        [others(layout.etc(), &OF_ETC), others(layout.home(), &OF_HOME)].into_iter().flatten().collect();
    // systemd makes a link there for a user of its own, also for a trial of an installation that was taken back.
    let state = machine.on_disk(layout.state());
    if state.is_dir() && !state.is_symlink() {
        found.extend(others(layout.state(), &[]));
    }
    found
}
