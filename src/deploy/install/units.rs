//! The steps that concern what runs: units are read again, the new version is tried, processes change over, NGINX reads its file again.
//!
//! Taking back a process is done when the old files are back: what ran before is started again from them.

use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

use super::description::Process;
use super::machine::Call;
use super::place::Placed;
use super::plan::{Plan, Step};
use super::ready;
use super::record::Installed;
use super::target::Target;
use super::{Machine, files};
use crate::error::Error;

/// NGINX's own service.
pub(super) const NGINX: &str = "nginx.service";

/// What systemd knows of a unit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct State {
    is_active: bool,
    is_enabled: bool,
}

pub(super) fn state(machine: &Machine, unit: &str) -> State {
    let is = |question: &str| {
        let mut arguments = rooted(machine);
        arguments.extend([question.to_string(), "--quiet".to_string(), unit.to_string()]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        machine.ask(Call::new("systemctl", &arguments)).is_ok_and(|ended| ended.success)
    };
    State { is_active: machine.is_live && is("is-active"), is_enabled: is("is-enabled") }
}

/// Whether a unit is of another version, or another text, than what is in place: a deployment was killed before it came to that, or somebody
/// changed a file and went no further.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stale {
    /// Its process was started from the binary of another version.
    of_version: bool,
    /// systemd has not read its file.
    of_text: bool,
}

pub(super) fn stale(machine: &Machine, target: &Target, unit: &str) -> Stale {
    if !machine.is_live {
        return Stale::default();
    }
    let asked = Call::new("systemctl", &["show", "--property=MainPID,NeedDaemonReload", unit]);
    let told = machine.ask(asked).map(|ended| ended.output).unwrap_or_default();
    let value = |name: &str| told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let program = value("MainPID").and_then(|pid| fs::read_link(machine.on_disk("/proc").join(pid).join("exe")).ok());
    // Something else than a version, such as a program that an operator put before it, says nothing of what it started.
    let on_disk = |path: PathBuf| fs::canonicalize(machine.on_disk(&path)).unwrap_or(path);
    let is_other = |program: &PathBuf| {
        program.starts_with(on_disk(machine.layout.versions()))
            && *program != on_disk(machine.layout.version_binary(&target.version))
    };
    Stale { of_version: program.is_some_and(|it| is_other(&it)), of_text: value("NeedDaemonReload") == Some("yes") }
}

/// Whether systemd has not read all units that a deployment is about, beside those that it writes.
pub(super) fn are_unread(machine: &Machine, target: &Target) -> bool {
    let processes = &target.description.processes;
    let units = processes.iter().flat_map(|process| process.sockets.iter().chain([&process.service]));
    let mut all = units.chain(&target.description.enabled).chain([&target.description.trial]);
    all.any(|unit| stale(machine, target, unit).of_text)
}

/// `systemctl` changes links beneath another folder when it is told so.
fn rooted(machine: &Machine) -> Vec<String> {
    match machine.is_live {
        true => Vec::new(),
        false => vec![format!("--root={}", machine.on_disk("/").display())],
    }
}

/// `systemctl` with a verb for several units.
pub(super) fn systemctl(machine: &Machine, verb: &str, units: &[String]) -> Result<(), Error> {
    if units.is_empty() {
        return Ok(());
    }
    let mut arguments = rooted(machine);
    arguments.push(verb.to_string());
    arguments.extend(units.iter().cloned());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    machine.systemctl(&arguments).map(drop)
}

/// Names of units for people.
pub(super) fn named(units: &[String]) -> String {
    units.iter().map(|unit| format!("`{unit}`")).collect::<Vec<_>>().join(", ")
}

/// Units are read again.
pub(super) fn daemon_reload() -> Step {
    Step::new("let systemd read its units again", |machine, trail| {
        trail.afterwards("systemd has not read the old units again", |machine| {
            machine.systemctl(&["daemon-reload"]).map(drop)
        });
        machine.systemctl(&["daemon-reload"]).map(drop)
    })
}

/// The new version starts once in its sandbox, without anybody asking it, and ends again.
pub(super) fn trial(machine: &Machine, target: &Target) -> Step {
    let (unit, version) = (target.description.trial.clone(), PathBuf::from("versions").join(&target.version));
    let next = machine.on_disk(machine.layout.next());
    Step::new(format!("try version {} in its sandbox (`{unit}`)", target.version), move |machine, trail| {
        let failed = unit.clone();
        trail.back(format!("`{unit}` counts as failed"), move |machine| {
            // It does not where it was not tried.
            let _ = machine.systemctl(&["reset-failed", &failed]);
            Ok(())
        });
        files::link(trail, &next, &version)?;
        machine.systemctl(&["start", &unit]).map_err(|error| ready::with_journal(machine, &unit, &error)).map(drop)
    })
}

/// The link `current` leads to the new version, and `previous` to the one before.
pub(super) fn switch(plan: &mut Plan, machine: &Machine, target: &Target) {
    let shown = machine.layout.current().display().to_string();
    if target.is_current() {
        plan.add(Step::unchanged(format!("`{shown}` leads to version {}", target.version)));
        return;
    }
    let says = format!("let `{shown}` lead to version {}", target.version);
    let folder = |version: &str| PathBuf::from("versions").join(version);
    let (current, previous) = (machine.on_disk(machine.layout.current()), machine.on_disk(machine.layout.previous()));
    let (new, old) = (folder(&target.version), target.current.as_deref().map(folder));
    plan.add(Step::new(says, move |_, trail| {
        if let Some(old) = &old {
            files::link(trail, &previous, old)?;
        }
        files::link(trail, &current, &new)
    }));
}

/// What runs after a deployment, and in which order it changes over:
///
/// 1. units that the new version has no more are stopped;
/// 2. where a socket's unit changes, its process is stopped first, because systemd changes no socket that is in use;
/// 3. what the machine's start begins with is enabled, and sockets are opened;
/// 4. processes are started or restarted one after the other, each until it answers: the others serve meanwhile, and connections to this
///    one wait in its socket.
pub(super) fn change_over(plan: &mut Plan, machine: &Machine, target: &Target, placed: &Placed, is_other: bool) {
    let (description, installed) = (&target.description, &target.wish.record.installed);
    gone(plan, machine, target);
    enable(plan, machine, &description.enabled);
    if !machine.is_live {
        return;
    }
    let all: Vec<String> = description.processes.iter().flat_map(|process| process.sockets.clone()).collect();
    let reopened = reopened(plan, machine, target, placed, installed);
    let closed: Vec<String> = all.into_iter().filter(|unit| reopened || !state(machine, unit).is_active).collect();
    open(plan, closed, reopened);
    for process in &description.processes {
        let is_active = state(machine, &process.service).is_active;
        let stale = stale(machine, target, &process.service);
        let is_changed =
            is_other || reopened || stale.of_version || stale.of_text || changes(machine, placed, &process.service);
        match is_active && !is_changed {
            true => plan.add(Step::unchanged(format!("`{}` runs", process.service))),
            false => plan.add(start(process, description.host.clone(), is_active && !reopened, reopened)),
        }
    }
    let targets: Vec<String> = description.enabled.iter().filter(|unit| unit.ends_with(".target")).cloned().collect();
    let asleep: Vec<String> = targets.into_iter().filter(|unit| !state(machine, unit).is_active).collect();
    if !asleep.is_empty() {
        plan.add(Step::new(format!("start {}", named(&asleep)), move |machine, trail| {
            let back = asleep.clone();
            trail.back(format!("{} started", named(&asleep)), move |machine| systemctl(machine, "stop", &back));
            systemctl(machine, "start", &asleep)
        }));
    }
}

/// Whether the file of a unit says something else; an instance's is one of its own or that of its template.
fn changes(machine: &Machine, placed: &Placed, unit: &str) -> bool {
    let template = match (unit.split_once('@'), unit.rsplit_once('.')) {
        (Some((name, _)), Some((_, kind))) => format!("{name}@.{kind}"),
        _ => unit.to_string(),
    };
    [unit, &template].into_iter().any(|file| placed.other.contains(&machine.layout.unit(file)))
}

/// Units that were there before and are no longer wanted.
fn gone(plan: &mut Plan, machine: &Machine, target: &Target) {
    let (installed, description) = (&target.wish.record.installed, &target.description);
    let wanted: Vec<&String> = description
        .processes
        .iter()
        .flat_map(|process| process.sockets.iter().chain([&process.service]))
        .chain(&description.enabled)
        .collect();
    let before = installed.enabled.iter().chain(&installed.services).chain(&installed.sockets);
    let mut gone: Vec<String> = before.filter(|unit| !wanted.contains(unit)).cloned().collect();
    gone.sort();
    gone.dedup();
    if gone.is_empty() {
        return;
    }
    let states: Vec<State> = gone.iter().map(|unit| state(machine, unit)).collect();
    plan.add(Step::new(
        format!("stop and disable {}, which are no longer needed", named(&gone)),
        move |machine, trail| {
            let chosen = |is: fn(&State) -> bool| -> Vec<String> {
                gone.iter().zip(&states).filter(|(_, state)| is(state)).map(|(unit, _)| unit.clone()).collect()
            };
            let (enabled, active) = (chosen(|state| state.is_enabled), chosen(|state| state.is_active));
            let (enable, start) = (enabled.clone(), sockets_first(active.clone()));
            trail.afterwards(format!("{} do not run again", named(&active)), move |machine| {
                systemctl(machine, "enable", &enable)?;
                systemctl(machine, "start", &start)
            });
            systemctl(machine, "stop", &active)?;
            systemctl(machine, "disable", &enabled)
        },
    ));
}

/// A service that is started before its socket would be without it.
fn sockets_first(mut units: Vec<String>) -> Vec<String> {
    units.sort_by_key(|unit| !unit.ends_with(".socket"));
    units
}

fn enable(plan: &mut Plan, machine: &Machine, units: &[String]) {
    let disabled: Vec<String> = units.iter().filter(|unit| !state(machine, unit).is_enabled).cloned().collect();
    if disabled.is_empty() {
        plan.add(Step::unchanged(format!("{} start with the machine", named(units))));
        return;
    }
    plan.add(Step::new(format!("let {} start with the machine", named(&disabled)), move |machine, trail| {
        let back = disabled.clone();
        trail.back(format!("{} start with the machine", named(&disabled)), move |machine| {
            systemctl(machine, "disable", &back)
        });
        systemctl(machine, "enable", &disabled)
    }));
}

/// Stops what must be stopped so that sockets can change. Gives whether that is so.
fn reopened(plan: &mut Plan, machine: &Machine, target: &Target, placed: &Placed, before: &Installed) -> bool {
    let processes = &target.description.processes;
    let stays = |unit: &&String| before.sockets.contains(unit) && state(machine, unit).is_active;
    let sockets: Vec<String> = processes.iter().flat_map(|process| &process.sockets).filter(stays).cloned().collect();
    if !sockets.iter().any(|unit| changes(machine, placed, unit)) {
        return false;
    }
    let is_running = |service: &&String| state(machine, service).is_active;
    let services: Vec<String> = processes.iter().map(|process| &process.service).filter(is_running).cloned().collect();
    let says =
        format!("stop {}, because a socket changes; visitors see the page of maintenance meanwhile", named(&services));
    plan.add(Step::new(says, move |machine, trail| {
        let (old_services, old_sockets) = (services.clone(), sockets.clone());
        trail.afterwards(format!("{} do not run as before", named(&services)), move |machine| {
            systemctl(machine, "stop", &old_services)?;
            systemctl(machine, "restart", &old_sockets)?;
            systemctl(machine, "start", &old_services)
        });
        systemctl(machine, "stop", &services)?;
        systemctl(machine, "stop", &sockets)
    }));
    true
}

fn open(plan: &mut Plan, sockets: Vec<String>, are_known: bool) {
    if sockets.is_empty() {
        return;
    }
    plan.add(Step::new(format!("open {}", named(&sockets)), move |machine, trail| {
        let back = sockets.clone();
        if !are_known {
            trail.back(format!("{} are open", named(&sockets)), move |machine| systemctl(machine, "stop", &back));
        }
        systemctl(machine, "start", &sockets).map_err(|error| ready::with_journal(machine, &sockets[0], &error))
    }));
}

/// Starts or restarts a process and waits until it answers.
fn start(process: &Process, host: String, is_active: bool, is_known: bool) -> Step {
    let process = Rc::new(process.clone());
    let verb = if is_active { "restart" } else { "start" };
    Step::new(format!("{verb} `{}` and wait until it answers", process.service), move |machine, trail| {
        let service = process.service.clone();
        match (is_active, is_known) {
            (true, _) => trail
                .afterwards(format!("`{service}` does not run as before"), move |machine| restart(machine, &service)),
            (false, true) => {}
            (false, false) => trail.back(format!("`{service}` runs"), move |machine| {
                systemctl(machine, "stop", std::slice::from_ref(&service))?;
                forget_failure(machine, &service);
                Ok(())
            }),
        }
        forget_failure(machine, &process.service);
        let started = systemctl(machine, verb, std::slice::from_ref(&process.service));
        let ready = started.and_then(|()| ready::check(machine, &process, &host));
        ready.map_err(|error| ready::with_journal(machine, &process.service, &error))
    })
}

/// Restarts a process that may have failed too often for systemd to try again.
fn restart(machine: &Machine, service: &str) -> Result<(), Error> {
    forget_failure(machine, service);
    systemctl(machine, "restart", &[service.to_string()])
}

/// A unit that never failed is none that could be forgotten.
pub(super) fn forget_failure(machine: &Machine, unit: &str) {
    let _ = machine.systemctl(&["reset-failed", unit]);
}

/// Whether NGINX runs.
pub(super) fn nginx_runs(machine: &Machine) -> bool {
    state(machine, NGINX).is_active
}
