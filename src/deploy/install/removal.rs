//! The plan that removes a deployment.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::deployment;
use super::plan::{Plan, Step};
use super::record::{Installed, Record};
use super::{Machine, files, place, proxy, units, verify};
use crate::deploy::layout::SITES_ENABLED;
use crate::error::Error;

/// Plans the removal: what runs is stopped, what was put in place is removed. `/etc/NAME` and what the site keeps stay unless everything
/// is to go.
///
/// # Errors
///
/// [`Error::File`] where a file cannot be read.
pub(crate) fn plan(machine: &Machine, record: &Record, purge: bool) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let mut concerns_nginx = nginx_link(&mut plan, machine)?;
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
        let left = Record { installed: Installed::default(), ..record.clone() };
        let place = machine.on_disk(layout.choices());
        plan.add(Step::new(format!("keep the choices in `{}`", layout.choices().display()), move |_, trail| {
            files::write(trail, &place, left.text().as_bytes(), 0o600)
        }));
    }
    folders(&mut plan, machine, purge);
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

fn nginx_link(plan: &mut Plan, machine: &Machine) -> Result<bool, Error> {
    let path = machine.layout.site_enabled();
    let place = machine.on_disk(&path);
    let is_link = machine.on_disk(SITES_ENABLED).is_dir() && matches!(files::look(&place)?, files::Found::Link(_));
    if is_link {
        plan.add(Step::new(format!("remove the link `{}`", path.display()), move |_, trail| {
            files::remove(trail, &place)
        }));
    }
    Ok(is_link)
}

/// Whole folders go last, because they do not come back.
fn folders(plan: &mut Plan, machine: &Machine, purge: bool) {
    let layout = &machine.layout;
    let mut going: Vec<PathBuf> = vec![layout.home(), layout.cache()];
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

/// What stays when not everything was to go.
pub(crate) fn stays(machine: &Machine) -> Vec<String> {
    let layout = &machine.layout;
    let stays = [layout.etc(), layout.state()];
    let stays = stays.into_iter().filter(|path| fs::symlink_metadata(machine.on_disk(path)).is_ok());
    stays.map(|path| format!("kept `{}`; `--purge` removes it too", path.display())).collect()
}
