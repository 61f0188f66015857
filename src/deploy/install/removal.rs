//! The plan that removes a deployment.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::deployment;
use super::plan::{Plan, Step};
use super::record::{Installed, Record};
use super::{Machine, collision, files, place, proxy, units, verify};
use crate::error::Error;

/// Plans the removal: what runs is stopped, what was put in place is removed. `/etc/NAME` and what the site keeps stay unless everything
/// is to go.
///
/// Without a record only what an installation leaves that was killed at its beginning is removed.
///
/// # Errors
///
/// [`Error::Deploy`] where there is no record, and something that no installation makes has the name; [`Error::File`] where a file cannot
/// be read.
pub(crate) fn plan(machine: &Machine, record: Option<&Record>, purge: bool) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    if record.is_none() {
        refuse_others(machine)?;
    }
    // Where NGINX is not the deployment's business, the link is somebody's own.
    let has_nginx = record.is_some_and(|record| record.installed.all().any(|one| !one.without_nginx));
    let nothing = Record::default();
    let record = record.unwrap_or(&nothing);
    let mut concerns_nginx = has_nginx && place::remove_nginx_link(&mut plan, machine)?;
    // NGINX lets go first, so that it never asks where nobody answers.
    let files = record.installed.paths();
    let (of_nginx, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|path| place::is_nginx(Path::new(path)));
    for path in of_nginx {
        concerns_nginx |= machine.on_disk(path).exists();
        deployment::remove(&mut plan, machine, record, path)?;
    }
    if machine.is_live && concerns_nginx && units::nginx_runs(machine) {
        plan.add(verify::nginx(machine));
        plan.add(proxy::reload());
    }
    stop(&mut plan, machine, record);
    for path in others {
        deployment::remove(&mut plan, machine, record, path)?;
    }
    if machine.is_live {
        plan.add(units::daemon_reload());
    }
    let layout = &machine.layout;
    if !purge && machine.on_disk(layout.choices()).exists() {
        let without_nginx = record.installed.without_nginx;
        let left = Record { installed: Installed { without_nginx, ..Installed::default() }, ..record.clone() };
        let place = machine.on_disk(layout.choices());
        plan.add(Step::new(format!("keep the choices in `{}`", layout.choices().display()), move |_, trail| {
            files::write(trail, &place, left.text().as_bytes(), 0o600)
        }));
    }
    folders(&mut plan, machine, record, purge);
    Ok(plan)
}

fn stop(plan: &mut Plan, machine: &Machine, record: &Record) {
    let installed = &record.installed;
    let known = |unit: &&String| units::is_known(machine, unit);
    let all: Vec<String> = installed.units().into_iter().filter(known).cloned().collect();
    if all.is_empty() {
        return;
    }
    let enabled: BTreeSet<&String> = installed.all().flat_map(|one| &one.enabled).collect();
    let enabled: Vec<String> = enabled.into_iter().filter(|unit| units::has_file(machine, unit)).cloned().collect();
    let back = units::running(machine, &all, &enabled);
    let (sockets, others): (Vec<String>, Vec<String>) = all.into_iter().partition(|unit| unit.ends_with(".socket"));
    let is_live = machine.is_live;
    plan.add(Step::new(
        format!("stop and disable {}", units::named(&[others.clone(), sockets.clone()].concat())),
        move |machine, trail| {
            trail.afterwards("the site does not run again", back);
            if is_live {
                units::systemctl(machine, "stop", &others)?;
                units::systemctl(machine, "stop", &sockets)?;
                others.iter().chain(&sockets).for_each(|unit| units::forget_failure(machine, unit));
            }
            units::systemctl(machine, "disable", &enabled)
        },
    ));
}

/// Whole folders go last, because they do not come back.
fn folders(plan: &mut Plan, machine: &Machine, record: &Record, purge: bool) {
    let layout = &machine.layout;
    home(plan, machine, record);
    let mut going: Vec<PathBuf> = vec![layout.cache()];
    if purge {
        // With a user that exists only while the process runs, systemd keeps the folder itself out of reach of others.
        let private = |folder: &str| Path::new(folder).join("private").join(layout.name());
        going.extend([layout.etc(), layout.state(), private("/var/lib"), private("/var/cache")]);
    }
    for path in going {
        let place = machine.on_disk(&path);
        if fs::symlink_metadata(&place).is_err() {
            continue;
        }
        plan.add_last(Step::new(
            format!("remove `{}` with all that is in it", path.display()),
            move |_, _| match place.is_symlink() {
                true => fs::remove_file(&place).map_err(|error| files::failed(&place, "removed", &error)),
                false => files::remove_all(&place),
            },
        ));
    }
}

/// Of `/opt/NAME` goes what a deployment makes there, and the folder itself where nothing else is in it.
fn home(plan: &mut Plan, machine: &Machine, record: &Record) {
    let path = machine.layout.home();
    let exported =
        record.installed.exported().into_iter().map(Path::new).filter(|folder| folder.parent() == Some(&path));
    let name_of = |folder: &Path| folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let exported: BTreeSet<String> = exported.filter_map(name_of).collect();
    let place = machine.on_disk(&path);
    if fs::symlink_metadata(&place).is_err() {
        return;
    }
    plan.add_last(Step::new(
        format!("remove `{}` with all that deployments put into it", path.display()),
        move |_, _| {
            let is_ours = |name: &&String| collision::is_of_home(name) || exported.contains(*name);
            for name in names(&place).iter().filter(is_ours) {
                let path = place.join(name);
                let is_folder = fs::symlink_metadata(&path).is_ok_and(|data| data.is_dir());
                let removed = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                removed.map_err(|error| files::failed(&path, "removed", &error))?;
            }
            match (names(&place).is_empty(), place.is_symlink()) {
                (false, _) => Ok(()),
                (true, true) => fs::remove_file(&place).map_err(|error| files::failed(&place, "removed", &error)),
                (true, false) => files::remove_folder(&place),
            }
        },
    ));
}

/// What is in a folder, sorted; nothing where it is none.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn refuse_others(machine: &Machine) -> Result<(), Error> {
    let found = collision::others(machine, &BTreeSet::new());
    if found.is_empty() {
        return Ok(());
    }
    let layout = &machine.layout;
    Err(Error::Deploy(format!(
        "nothing is deployed as `{}` (there is no `{}`), and what has that name was not made by `deploy install`:\n  {}\n  give the name of the \
         deployment with `--name`; what was put in place by hand is removed by hand",
        layout.name(),
        layout.choices().display(),
        found.join("\n  ")
    )))
}

/// What stays when not everything was to go, and what is none of ours.
pub(crate) fn stays(machine: &Machine) -> Vec<String> {
    let layout = &machine.layout;
    let stays = [layout.etc(), layout.state()];
    let stays = stays.into_iter().filter(|path| fs::symlink_metadata(machine.on_disk(path)).is_ok());
    let stays = stays.map(|path| format!("kept `{}`; `--purge` removes it too", path.display()));
    let home = layout.home();
    let other = names(&machine.on_disk(&home)).into_iter().next();
    let other = other.map(|name| {
        format!("kept `{}`, in which is `{}`, which no deployment made", home.display(), name.escape_debug())
    });
    stays.chain(other).collect()
}
