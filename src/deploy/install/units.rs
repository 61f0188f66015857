//! The steps that concern what runs: units are read again, the new version is tried, processes change over, NGINX reads its file again.
//!
//! Taking back a process is done when the old files are back: what ran before is started again from them.

use std::fs;
use std::path::PathBuf;
use std::rc::Rc;

use super::description::Process;
use super::instances::Order;
use super::machine::Call;
use super::place::Placed;
use super::plan::{Plan, Step};
use super::ready;
use super::target::Target;
use super::{Machine, Trail, files};
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
#[derive(Debug, Clone, Default)]
pub(super) struct Stale {
    /// The version from whose binary its process was started, where that is another one.
    version: Option<String>,
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
    let version = program.and_then(|program| {
        let version = program.strip_prefix(on_disk(machine.layout.versions())).ok()?.iter().next()?;
        let is_other = program != on_disk(machine.layout.version_binary(&target.version));
        is_other.then(|| version.to_string_lossy().into_owned())
    });
    Stale { version, of_text: value("NeedDaemonReload") == Some("yes") }
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
    let folder = |version: &str| PathBuf::from("versions").join(version);
    let (current, previous) = (machine.on_disk(machine.layout.current()), machine.on_disk(machine.layout.previous()));
    let new = folder(&target.version);
    if !target.is_current() {
        let old = target.current.as_deref().map(folder);
        plan.add(Step::new(format!("let `{shown}` lead to version {}", target.version), move |_, trail| {
            files::link(trail, &current, &new)?;
            // Last: a rollback must never find both leading to the same version.
            old.map_or(Ok(()), |old| files::link(trail, &previous, &old))
        }));
        return;
    }
    let Some(serving) = serving(machine, target) else {
        plan.add(Step::unchanged(format!("`{shown}` leads to version {}", target.version)));
        return;
    };
    let says = format!(
        "keep version {serving} as the one to go back to, which serves while `{shown}` leads to {} already",
        target.version
    );
    let old = folder(&serving);
    plan.add(Step::new(says, move |_, trail| {
        let back = old.clone();
        trail.back(format!("the link `{}` is the new one", current.display()), move |_| {
            files::link(&mut Trail::default(), &current, &back)
        });
        files::link(trail, &previous, &old)
    }));
}

/// The version that a process still runs though `current` leads to another: a deployment was killed between the two.
fn serving(machine: &Machine, target: &Target) -> Option<String> {
    let versions = target.description.processes.iter().filter_map(|one| stale(machine, target, &one.service).version);
    let is_kept = |version: &String| {
        *version != target.version && machine.on_disk(machine.layout.version_binary(version)).is_file()
    };
    versions.into_iter().find(is_kept)
}

/// What runs after a deployment, and in which order it changes over:
///
/// 1. units that the new version has no more are stopped, unless NGINX must turn from them first ([`Order`]);
/// 2. where a socket's unit changes, its process is stopped first, because systemd changes no socket that is in use;
/// 3. what the machine's start begins with is enabled, and sockets are opened;
/// 4. processes are started or restarted one after the other, each until it answers: the others serve meanwhile, and connections to this
///    one wait in its socket.
pub(super) fn change_over(plan: &mut Plan, machine: &Machine, target: &Target, placed: &Placed, is_other: bool) {
    let description = &target.description;
    enable(plan, machine, &description.enabled);
    if !machine.is_live {
        return;
    }
    let all: Vec<String> = description.processes.iter().flat_map(|process| process.sockets.clone()).collect();
    let reopened = reopened(plan, machine, target, placed);
    let closed: Vec<String> = all.into_iter().filter(|unit| reopened || !state(machine, unit).is_active).collect();
    open(plan, closed, reopened);
    for process in &description.processes {
        let is_active = state(machine, &process.service).is_active;
        let stale = stale(machine, target, &process.service);
        let is_changed = is_other
            || reopened
            || stale.version.is_some()
            || stale.of_text
            || changes(machine, placed, &process.service);
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
    unit_files(machine, unit).iter().any(|file| placed.other.contains(file))
}

/// Where the file of a unit may be.
fn unit_files(machine: &Machine, unit: &str) -> [PathBuf; 2] {
    let template = match (unit.split_once('@'), unit.rsplit_once('.')) {
        (Some((name, _)), Some((_, kind))) => format!("{name}@.{kind}"),
        _ => unit.to_string(),
    };
    [unit, &template].map(|file| machine.layout.unit(file))
}

/// Whether a unit has a file, without which systemd changes nothing of it.
pub(super) fn has_file(machine: &Machine, unit: &str) -> bool {
    unit_files(machine, unit).iter().any(|file| machine.on_disk(file).exists())
}

/// Whether systemd knows a unit: one that a deployment was about to make may have never been there.
pub(super) fn is_known(machine: &Machine, unit: &str) -> bool {
    has_file(machine, unit) || state(machine, unit).is_active
}

/// Whether the file of a socket says something else: it may have another address then.
pub(super) fn sockets_change(machine: &Machine, target: &Target, placed: &Placed) -> bool {
    let mut sockets = target.description.processes.iter().flat_map(|process| &process.sockets);
    sockets.any(|unit| changes(machine, placed, unit))
}

/// Units that were there before and are no longer wanted.
pub(super) fn gone(plan: &mut Plan, machine: &Machine, target: &Target, order: Order) {
    let (installed, description) = (&target.wish.record.installed, &target.description);
    let wanted: Vec<&String> = description
        .processes
        .iter()
        .flat_map(|process| process.sockets.iter().chain([&process.service]))
        .chain(&description.enabled)
        .collect();
    let not_wanted = installed.units().into_iter().filter(|unit| !wanted.contains(unit));
    let with_states = not_wanted.map(|unit| (unit.clone(), state(machine, unit)));
    let (gone, states): (Vec<String>, Vec<State>) =
        with_states.filter(|(_, state)| state.is_active || state.is_enabled).unzip();
    if gone.is_empty() {
        return;
    }
    plan.add(Step::new(
        format!("stop and disable {}, which are no longer needed", named(&gone)),
        move |machine, trail| {
            let chosen = |is: fn(&State) -> bool| -> Vec<String> {
                gone.iter().zip(&states).filter(|(_, state)| is(state)).map(|(unit, _)| unit.clone()).collect()
            };
            let (enabled, active) = (chosen(|state| state.is_enabled), chosen(|state| state.is_active));
            let (enable, start) = (enabled.clone(), sockets_first(active.clone()));
            let left = format!("{} do not run again", named(&active));
            let again = move |machine: &Machine| {
                systemctl(machine, "enable", &enable)?;
                systemctl(machine, "start", &start)
            };
            match order {
                // NGINX turns back to them before those are stopped that took their place. Their files have been put back by then.
                Order::SideBySide => trail.back(left, move |machine| {
                    machine.systemctl(&["daemon-reload"])?;
                    again(machine)
                }),
                Order::OldFirst | Order::Fewer => trail.afterwards(left, again),
            }
            systemctl(machine, "stop", &active)?;
            systemctl(machine, "disable", &enabled)
        },
    ));
}

/// What lets units run, and start with the machine, that do so now.
pub(super) fn running(
    machine: &Machine,
    all: &[String],
    enabled: &[String],
) -> impl FnOnce(&Machine) -> Result<(), Error> + use<> {
    let active: Vec<String> = all.iter().filter(|unit| state(machine, unit).is_active).cloned().collect();
    let enabled: Vec<String> = enabled.iter().filter(|unit| state(machine, unit).is_enabled).cloned().collect();
    move |machine| {
        systemctl(machine, "enable", &enabled)?;
        systemctl(machine, "start", &sockets_first(active))
    }
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
fn reopened(plan: &mut Plan, machine: &Machine, target: &Target, placed: &Placed) -> bool {
    let processes = &target.description.processes;
    let before = target.wish.record.installed.units();
    let stays = |unit: &&String| before.contains(unit) && state(machine, unit).is_active;
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
