//! The plan that makes a version serve: for the first time, in the place of another, or again.
//!
//! The order of its steps is what keeps visitors served:
//!
//! 1. everything is put where nobody uses it yet: the binary in a folder of its own, then, once it is recorded what is about to be done,
//!    secrets;
//! 2. units and NGINX's file are written, which nothing reads by itself, and tested;
//! 3. the new version is tried in its sandbox;
//! 4. static files are written, the link `current` leads to the new version, and processes change over; the folder of static files is the one
//!    that NGINX serves already, and a file of the new version may lie at an address that pages of the old one name, so nothing that takes
//!    long comes between;
//! 5. NGINX reads its file. Where it serves the static files and asks at the same sockets as before, it does so before the processes change
//!    over, because those of the new version may have none; where the number of instances changes, those that go serve until it has turned
//!    to those that stay or come ([`Order`]);
//! 6. what was done is recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::instances::{self, Order};
use super::place::{self, Placed};
use super::plan::{Plan, Step};
use super::record::{Installed, Record, hash};
use super::target::{Kind, Target, Wish};
use super::{Machine, checks, files, proxy, public, units, verify};
use crate::error::Error;

/// A plan, and what is to be told and tidied up when it has been carried out.
pub(crate) struct Deployment {
    plan: Plan,
    target: Target,
    /// The folder of static files whose earlier contents were kept until now.
    exported: Option<std::path::PathBuf>,
}

impl Deployment {
    /// Looks at the machine and plans for a wish.
    ///
    /// # Errors
    ///
    /// [`Error::Deploy`] with what keeps it from being done; nothing has been changed then.
    pub(crate) fn plan(machine: &Machine, wish: Wish) -> Result<Self, Error> {
        let target = Target::new(machine, wish)?;
        checks::target(machine, &target)?;
        let mut plan = Plan::default();
        notes(&mut plan, machine, &target);
        place::binary(&mut plan, machine, &target);
        place::etc(&mut plan, machine);
        let (first, is_whole) = (plan.len(), target.wish.record.installed.is_whole());
        let secrets_change = place::private(&mut plan, machine, &target)?;
        let placed = place::texts(&mut plan, machine, &target)?;
        let is_linked = place::nginx_link(&mut plan, machine, &target)?;
        let order = if is_linked { Order::OldFirst } else { Order::of(machine, &target, &placed)? };
        choices_note(&mut plan, machine, &target, order)?;
        // Nobody knows how far one that was killed had come: a process may lack what it put in place.
        let is_other = secrets_change || !target.is_current() || !is_whole;
        test(&mut plan, machine, &target, &placed, is_linked);
        if machine.is_live && (placed.concerns_systemd() || units::are_unread(machine, &target)) {
            plan.add(units::daemon_reload());
        }
        if machine.is_live && (is_other || placed.concerns_systemd()) {
            plan.add(units::trial(machine, &target));
        }
        let exported = place::static_files(&mut plan, machine, &target);
        units::switch(&mut plan, machine, &target);
        let concerns_nginx = concerns_nginx(machine, &target, &placed, is_linked);
        let sockets_change = units::sockets_change(machine, &target, &placed);
        let nginx_first = concerns_nginx && may_go_first(&target)? && !sockets_change;
        if nginx_first {
            plan.add(proxy::reload_or_start(machine));
        }
        if order == Order::OldFirst {
            units::gone(&mut plan, machine, &target, order);
        }
        units::change_over(&mut plan, machine, &target, &placed, is_other);
        if order != Order::OldFirst {
            plan.add(proxy::turn(machine, placed.of_nginx())?);
            units::gone(&mut plan, machine, &target, order);
        }
        obsolete(&mut plan, machine, &target, &placed)?;
        if concerns_nginx && !nginx_first && order == Order::OldFirst {
            plan.add(proxy::reload_or_start(machine));
        }
        match plan.changes_from(first) {
            true => {
                plan.add_before(first, record_intent(machine, &target, &placed)?);
                plan.add(record(machine, &target, &placed));
            }
            false => keep_record(&mut plan, machine, &target, &placed)?,
        }
        Ok(Deployment { plan, target, exported })
    }

    /// The plan for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.plan.lines()
    }

    /// Carries it out, and gives what people want to know then.
    ///
    /// # Errors
    ///
    /// As for [`Plan::run`]; what was there before is there again then.
    pub(crate) fn run(self, machine: &Machine, keep: usize, tell: &dyn Fn(&str)) -> Result<Vec<String>, Error> {
        let Deployment { plan, target, exported } = self;
        let changes = plan.changes();
        plan.run(machine, tell)?;
        let mut lines = Vec::new();
        // What is in the way here is no reason to take a version back that serves.
        let tidied = exported.map_or(Ok(()), |folder| public::forget(&folder)).and_then(|()| prune(machine, keep));
        match tidied {
            Ok(removed) => lines.extend(removed.iter().map(|version| format!("removed the old version {version}"))),
            Err(error) => lines.push(format!("note: {error}")),
        }
        lines.extend(told(machine, &target, changes));
        Ok(lines)
    }
}

/// What an operator should know of.
fn notes(plan: &mut Plan, machine: &Machine, target: &Target) {
    let is_set = |name: &String| target.variables.iter().any(|(known, _)| known == name);
    for name in target.description.variables.iter().filter(|name| !is_set(name)) {
        plan.note(format!(
            "the settings read the variable `{name}`, which is not in `{}`",
            machine.layout.environment().display()
        ));
    }
    if !target.wish.record.installed.is_whole() {
        plan.note("a deployment before this one was broken off and took nothing back: what it may have left undone is done, and processes are started anew");
    }
    let (had, has) = (&target.wish.record.installed.migrations, &target.description.migrations);
    let undone: Vec<&str> = had.iter().filter(|file| !has.contains(file)).map(String::as_str).collect();
    if !undone.is_empty() {
        plan.note(format!(
            "the version that serves has migrations which version {} does not know ({}): what they did to the database is not undone",
            target.version,
            undone.join(", ")
        ));
    }
    let new: Vec<&str> = has.iter().filter(|file| !had.contains(file)).map(String::as_str).collect();
    if !new.is_empty() && target.wish.kind != Kind::Install {
        plan.note(format!(
            "version {} brings migrations ({}): with `db.migrate_on_start` its first process applies them, and only going back does not undo them",
            target.version,
            new.join(", ")
        ));
    }
}

/// What is chosen otherwise than before, and what that costs visitors.
fn choices_note(plan: &mut Plan, machine: &Machine, target: &Target, order: Order) -> Result<(), Error> {
    let Some(earlier) = Record::read(&machine.layout)? else { return Ok(()) };
    target.wish.record.chosen_otherwise(&earlier).into_iter().for_each(|line| plan.note(line));
    let both = instances::choices(machine, target)?;
    if machine.is_live && both.is_some_and(|(had, has)| order.costs_a_moment(&had, &has)) {
        plan.note("the site is away for a moment: the old sockets close before the new ones open; only between one instance and several of the version that serves, by socket files and NGINX, it is not");
    }
    Ok(())
}

/// Whether what NGINX's new file says is true before the processes change over: the files are there, and so are the sockets.
fn may_go_first(target: &Target) -> Result<bool, Error> {
    let processes = &target.description.processes;
    let sockets: Vec<&String> = processes.iter().flat_map(|process| &process.sockets).collect();
    let are_there = target.wish.record.installed.all().all(|one| one.sockets.iter().eq(sockets.iter().copied()));
    Ok(are_there && target.wish.record.choices()?.static_root.is_some())
}

/// Whether NGINX must read its files again. One that was killed may have made the link, which says nothing of itself.
fn concerns_nginx(machine: &Machine, target: &Target, placed: &Placed, is_linked: bool) -> bool {
    let is_whole = target.wish.record.installed.is_whole();
    machine.is_live && (placed.concerns_nginx() || is_linked || (target.has_nginx() && !is_whole))
}

fn test(plan: &mut Plan, machine: &Machine, target: &Target, placed: &Placed, is_linked: bool) {
    if placed.concerns_systemd() && machine.is_live {
        plan.add(verify::systemd(machine, target, &placed.files));
    }
    if concerns_nginx(machine, target, placed, is_linked) {
        plan.add(verify::nginx(machine));
    }
}

/// Files that were written for the choices or the version before and are no longer wanted.
fn obsolete(plan: &mut Plan, machine: &Machine, target: &Target, placed: &Placed) -> Result<(), Error> {
    let record = &target.wish.record;
    let is_wanted = |path: &str| placed.files.iter().any(|file| file.path == Path::new(path));
    let mut units = false;
    for path in record.installed.paths().into_iter().filter(|path| !is_wanted(path)) {
        units |= place::is_unit(Path::new(path));
        remove(plan, machine, record, path)?;
    }
    if units && machine.is_live {
        plan.add(units::daemon_reload());
    }
    Ok(())
}

/// Removes a file of ours; one that was changed by hand is kept beside it. One that we may not have come to write stays where it is another.
pub(super) fn remove(plan: &mut Plan, machine: &Machine, record: &Record, path: &str) -> Result<(), Error> {
    let place = machine.on_disk(path);
    let by_hand = match files::look(&place)? {
        files::Found::Nothing => return Ok(()),
        files::Found::File { bytes, .. } => !record.wrote(Path::new(path), &bytes),
        _ => true,
    };
    if by_hand && record.hash(Path::new(path)).is_none() {
        plan.note(format!(
            "`{path}` stays: a deployment that was broken off was about to write it, and did not write what is there"
        ));
        return Ok(());
    }
    let kept = if by_hand { format!(", which was changed by hand and is kept as `{path}.old`") } else { String::new() };
    plan.add(Step::new(format!("remove `{path}`{kept}"), move |_, trail| {
        if by_hand {
            place::keep(trail, &place)?;
        }
        files::remove(trail, &place)
    }));
    Ok(())
}

/// The last step: what is in place now.
fn record(machine: &Machine, target: &Target, placed: &Placed) -> Step {
    let path = machine.layout.choices();
    let (place, text) = (machine.on_disk(&path), recorded(target, placed).text());
    Step::new(format!("record the choices in `{}`", path.display()), move |_, trail| {
        files::write(trail, &place, text.as_bytes(), 0o600)
    })
}

/// The last step where there was none to do before it.
fn keep_record(plan: &mut Plan, machine: &Machine, target: &Target, placed: &Placed) -> Result<(), Error> {
    let path = machine.layout.choices();
    let is_same = is_at(&machine.on_disk(&path), &recorded(target, placed).text())?;
    plan.add(match is_same {
        true => Step::unchanged(format!("the choices are recorded in `{}`", path.display())),
        false => record(machine, target, placed),
    });
    Ok(())
}

/// Whether a record with this text is in its place.
fn is_at(place: &Path, text: &str) -> Result<bool, Error> {
    Ok(files::look(place)? == files::Found::File { bytes: text.as_bytes().to_vec(), mode: 0o600 })
}

/// The first step that others could notice: what is about to be put in place, for whoever comes next where this deployment is killed.
fn record_intent(machine: &Machine, target: &Target, placed: &Placed) -> Result<Step, Error> {
    let path = machine.layout.choices();
    let place = machine.on_disk(&path);
    let shown = path.display();
    let text = target.wish.record.under_way(&machine.layout, recorded(target, placed).installed)?.text();
    Ok(match is_at(&place, &text)? {
        true => Step::unchanged(format!("what is about to be put in place is recorded in `{shown}`")),
        false => Step::new(format!("record in `{shown}` what is about to be put in place"), move |_, trail| {
            files::write(trail, &place, text.as_bytes(), 0o600)
        }),
    })
}

fn recorded(target: &Target, placed: &Placed) -> Record {
    let description = &target.description;
    let with_hash = |file: &super::description::Text| (file.path.display().to_string(), hash(file.text.as_bytes()));
    let files: BTreeMap<String, String> = placed.files.iter().map(with_hash).collect();
    let processes = &description.processes;
    Record {
        installed: Installed {
            site: description.name.clone(),
            migrations: description.migrations.clone(),
            without_nginx: !target.has_nginx(),
            files,
            services: processes.iter().map(|process| process.service.clone()).collect(),
            sockets: processes.iter().flat_map(|process| process.sockets.clone()).collect(),
            enabled: description.enabled.clone(),
            exported: exported(target),
            pending: Vec::new(),
        },
        ..target.wish.record.clone()
    }
}

/// The folders of static files that are this deployment's, also those that it turns away from.
fn exported(target: &Target) -> BTreeSet<String> {
    let record = &target.wish.record;
    let chosen = record.choices().ok().and_then(|choices| choices.static_root);
    record.installed.exported().into_iter().cloned().chain(chosen).collect()
}

/// Removes the oldest versions; those that the links lead to stay. Gives the names of those that went.
fn prune(machine: &Machine, keep: usize) -> Result<Vec<String>, Error> {
    let layout = &machine.layout;
    let folder = machine.on_disk(layout.versions());
    let mut linked = Vec::new();
    for link in [layout.current(), layout.previous(), layout.next()] {
        linked.extend(super::target::link_name(&machine.on_disk(link))?);
    }
    let mut versions = super::versions(&folder)?;
    versions.truncate(versions.len().saturating_sub(keep.max(1)));
    let mut removed = Vec::new();
    for version in versions.into_iter().filter(|version| !linked.contains(version)) {
        files::remove_all(&folder.join(&version))?;
        removed.push(version);
    }
    Ok(removed)
}

/// The last lines: what serves, where, and what an operator may want to do next.
fn told(machine: &Machine, target: &Target, changes: bool) -> Vec<String> {
    let (description, layout) = (&target.description, &machine.layout);
    let first = match (changes, machine.is_live) {
        (false, _) => {
            format!("unchanged: {} {} is in place as version {}", description.name, description.release, target.version)
        }
        (true, true) => format!("{} {} serves as version {}", description.name, description.release, target.version),
        (true, false) => {
            format!("{} {} is in place as version {}", description.name, description.release, target.version)
        }
    };
    let mut lines = vec![first];
    if !description.public_url.is_empty() && target.has_nginx() {
        lines.push(format!("  address      {}", description.public_url));
    }
    if !changes || target.wish.kind != Kind::Install || !machine.is_live {
        return lines;
    }
    let name = layout.name();
    let unit = if description.processes.len() > 1 { format!("'{name}@*'") } else { name.to_string() };
    lines.push(format!("  messages     journalctl -u {unit} -f"));
    lines.push(format!("  a new one    {} deploy upgrade NEW_BINARY", layout.binary().display()));
    lines.push(format!("  and back     {} deploy rollback", layout.binary().display()));
    let (is_plain, host) = (description.public_url.starts_with("http://"), &description.host);
    if is_plain && target.has_nginx() {
        lines.push(format!(
            "  certificate  certbot certonly --webroot -w /var/www/html -d {host}, then `deploy install --tls CERT KEY`"
        ));
    }
    lines
}
