//! The steps that put files in place: the binary, what only root may read, the static files, the units and NGINX's file.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::description::Text;
use super::files::{self, Found};
use super::machine::Call;
use super::plan::{Plan, Step};
use super::record::{self, Since};
use super::target::{Kind, Target, process_environment};
use super::{Machine, public};
use crate::deploy::layout::{SITES_AVAILABLE, SITES_ENABLED};
use crate::error::Error;

/// The rights of a folder with secrets in it.
const PRIVATE: u32 = 0o700;

/// The variable of the setting that signs.
const SECRET_KEY: &str = "KALGAN__SECURITY__SECRET_KEY";

/// The binary of the version in its own folder, run there once.
pub(super) fn binary(plan: &mut Plan, machine: &Machine, target: &Target) {
    let path = machine.layout.version_binary(&target.version);
    let place = machine.on_disk(&path);
    if target.binary.path == place || target.binary.is_at(&place) {
        plan.add(Step::unchanged(format!("the binary is at `{}`", path.display())));
        return;
    }
    let binary = Rc::clone(&target.binary);
    plan.add(Step::new(
        format!("copy the binary to `{}` and run it there once", path.display()),
        move |machine, trail| {
            if let Some(folder) = place.parent() {
                files::make_folder(trail, folder, 0o755)?;
            }
            binary.copy(trail, &place)?;
            let call = Call { environment: Some(process_environment(&[])), ..Call::new(&place, &["version"]) };
            machine.call(call).map(drop)
        },
    ));
}

/// The folder of what only root may read.
pub(super) fn etc(plan: &mut Plan, machine: &Machine) {
    private_folder(plan, machine, &machine.layout.etc());
}

/// What only root may read: the secret key, credentials. Gives whether a process would notice the difference.
///
/// # Errors
///
/// [`Error::File`] where a credential's file cannot be read.
pub(super) fn private(plan: &mut Plan, machine: &Machine, target: &Target) -> Result<bool, Error> {
    let mut changes = secret_key(plan, machine, target);
    if !target.wish.credentials.is_empty() {
        private_folder(plan, machine, &machine.layout.credentials());
    }
    for (id, file) in &target.wish.credentials {
        let bytes = fs::read(file).map_err(|error| files::failed(file, "read", &error))?;
        let path = machine.layout.credential(id);
        let place = machine.on_disk(&path);
        let is_same = files::look(&place)? == Found::File { bytes: bytes.clone(), mode: 0o600 };
        if is_same {
            plan.add(Step::unchanged(format!("the credential `{id}` is in place")));
            continue;
        }
        changes = true;
        plan.add(Step::new(format!("copy the credential `{id}` to `{}`", path.display()), move |_, trail| {
            files::write(trail, &place, &bytes, 0o600)
        }));
    }
    Ok(changes)
}

fn private_folder(plan: &mut Plan, machine: &Machine, path: &Path) {
    let place = machine.on_disk(path);
    let shown = path.display();
    let mode = fs::metadata(&place).ok().filter(fs::Metadata::is_dir).map(|data| data.permissions().mode() & 0o7777);
    plan.add(match mode {
        Some(PRIVATE) => Step::unchanged(format!("the folder `{shown}` is there")),
        Some(before) => Step::new(format!("let root alone look into `{shown}`"), move |_, trail| {
            let back = place.clone();
            trail.back(format!("root alone may look into `{}`", place.display()), move |_| {
                files::set_mode(&back, before)
            });
            files::set_mode(&place, PRIVATE)
        }),
        None => Step::new(format!("make the folder `{shown}`, for root alone"), move |_, trail| {
            files::make_folder(trail, &place, PRIVATE)
        }),
    });
}

/// The key is made once, by the version that needs it, and never shown.
fn secret_key(plan: &mut Plan, machine: &Machine, target: &Target) -> bool {
    if !target.description.needs_secret_key {
        return false;
    }
    let path = machine.layout.environment();
    let (place, text) = (machine.on_disk(&path), target.environment.clone());
    let binary = machine.on_disk(machine.layout.version_binary(&target.version));
    let says = format!("make a secret key and keep it in `{}`", path.display());
    plan.add(Step::new(says, move |machine, trail| {
        let ended = machine.ask(Call { environment: Some(process_environment(&[])), ..Call::new(binary, &["key"]) })?;
        let key = ended.output.trim();
        if !ended.success || key.is_empty() {
            // What it wrote to standard output may be one.
            return Err(Error::Deploy(format!(
                "the new binary makes no key ({}): {}",
                ended.status,
                ended.errors.trim()
            )));
        }
        let between = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        files::write(trail, &place, format!("{text}{between}{SECRET_KEY}={key}\n").as_bytes(), 0o600)
    }));
    true
}

/// The static files, where NGINX serves them.
///
/// A version that serves may have others there: until now the site served them itself, an overlay was added, or a deployment of another
/// version was killed.
pub(super) fn static_files(plan: &mut Plan, machine: &Machine, target: &Target) -> Option<PathBuf> {
    let folder = target.description.static_root.as_ref()?;
    let place = machine.on_disk(folder);
    if target.is_current() && place.is_dir() && has_static_files(target, &place) {
        plan.add(Step::unchanged(format!("the static files of this version are in `{folder}`")));
        // An earlier deployment that was killed may have left second names there.
        return Some(place);
    }
    let binary = machine.on_disk(machine.layout.version_binary(&target.version));
    let flags = target.flags.clone();
    let folder_on_disk = place.clone();
    plan.add(Step::new(
        format!("write the static files to `{folder}`; those of earlier versions stay"),
        move |machine, trail| public::export(machine, trail, (&binary, &flags), &folder_on_disk),
    ));
    Some(place)
}

/// Whether all static files of a version are in a folder. One that does not say what they are may have others.
fn has_static_files(target: &Target, place: &Path) -> bool {
    let is_there =
        |(path, hash): (&String, &String)| fs::read(place.join(path)).is_ok_and(|bytes| record::hash(&bytes) == *hash);
    target.description.static_files.as_ref().is_some_and(|files| files.iter().all(is_there))
}

/// The files of the version as they are put in place, and what became of each.
pub(super) struct Placed {
    /// The paths of those that must be read again: they change, or an earlier deployment that did not come to its end wrote them.
    pub(super) changed: BTreeSet<PathBuf>,
    /// Those among them that say something else than before.
    pub(super) other: BTreeSet<PathBuf>,
    /// All of them, where they go.
    pub(super) files: Vec<Text>,
}

impl Placed {
    fn must_be_read(&mut self, path: &Path, says_other: bool) {
        self.changed.insert(path.to_path_buf());
        if says_other {
            self.other.insert(path.to_path_buf());
        }
    }

    /// NGINX's among the files that change.
    pub(super) fn of_nginx(&self) -> impl Iterator<Item = PathBuf> {
        self.changed.iter().filter(|path| is_nginx(path)).cloned()
    }

    /// Whether one of the files that change is NGINX's.
    pub(super) fn concerns_nginx(&self) -> bool {
        self.of_nginx().next().is_some()
    }

    /// Whether one of them is a unit.
    pub(super) fn concerns_systemd(&self) -> bool {
        self.changed.iter().any(|path| is_unit(path))
    }
}

/// Whether a file is read by NGINX.
pub(super) fn is_nginx(path: &Path) -> bool {
    path.starts_with("/etc/nginx")
}

/// Whether a file is a unit.
pub(super) fn is_unit(path: &Path) -> bool {
    path.starts_with(crate::deploy::layout::UNITS)
}

/// Whether a file says something else than the one that is to take its place: comments and blank lines of a unit say nothing, and no process
/// must be disturbed for them.
fn says_other(before: &Found, file: &Text) -> bool {
    let Found::File { bytes, .. } = before else { return true };
    !is_unit(&file.path) || directives(&String::from_utf8_lossy(bytes)) != directives(&file.text)
}

/// The lines of a unit that systemd heeds. A comment may also stand between the parts of a line that a backslash continues.
fn directives(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])).collect()
}

/// The units, NGINX's file and the page of maintenance.
///
/// # Errors
///
/// [`Error::Deploy`] that names all files which somebody changed by hand and which must change now.
pub(super) fn texts(plan: &mut Plan, machine: &Machine, target: &Target) -> Result<Placed, Error> {
    let mut placed = Placed { changed: BTreeSet::new(), other: BTreeSet::new(), files: Vec::new() };
    let mut by_hand = Vec::new();
    for file in wanted(machine, target) {
        let since = record::since(machine, &target.wish.record, &file.path, &file.text, file.mode)?;
        // The page of maintenance is the operator's to change.
        let is_theirs = file.path == machine.layout.maintenance() && !target.wish.force;
        let may_stay = target.wish.kind != Kind::Install && !target.wish.force;
        let shown = file.path.display();
        match since {
            Since::Same => {
                plan.add(Step::unchanged(format!("`{shown}` is as it should be")));
                // A deployment that was killed may have written it, or what others have read of it until now.
                if !target.wish.record.wrote_nothing_else(&file.path, file.text.as_bytes()) {
                    placed.must_be_read(&file.path, true);
                }
            }
            Since::Changed | Since::ChangedAlone if is_theirs => {
                plan.add(Step::unchanged(format!("`{shown}` stays as it was changed by hand")));
            }
            Since::ChangedAlone if may_stay => {
                plan.note(format!(
                    "`{shown}` was changed by hand; it stays so, because this version would write the same as the last"
                ));
            }
            Since::Changed | Since::ChangedAlone if !target.wish.force => by_hand.push(shown.to_string()),
            since => {
                let keep_old = matches!(since, Since::Changed | Since::ChangedAlone);
                plan.add(writing(machine, &file, keep_old));
                placed.must_be_read(&file.path, says_other(&files::look(&machine.on_disk(&file.path))?, &file));
            }
        }
        placed.files.push(file);
    }
    if by_hand.is_empty() {
        return Ok(placed);
    }
    Err(Error::Deploy(format!(
        "changed by hand, or made by somebody else:\n  {}\n`--force` replaces them and keeps what is there beside them, as `.old`; what you \
         change for good belongs into a file of its own: for units `systemctl edit`",
        by_hand.join("\n  ")
    )))
}

fn writing(machine: &Machine, file: &Text, keep_old: bool) -> Step {
    let place = machine.on_disk(&file.path);
    let shown = file.path.display();
    let says = match (keep_old, place.exists()) {
        (true, _) => format!("replace `{shown}`, which was changed by hand and is kept as `{shown}.old`"),
        (false, true) => format!("replace `{shown}`"),
        (false, false) => format!("write `{shown}`"),
    };
    let file = file.clone();
    Step::new(says, move |_, trail| {
        if let Some(folder) = place.parent() {
            files::make_folder(trail, folder, 0o755)?;
        }
        if keep_old {
            keep(trail, &place)?;
        }
        files::write(trail, &place, file.text.as_bytes(), file.mode)
    })
}

/// Keeps what is in a file beside it.
pub(super) fn keep(trail: &mut super::Trail, place: &Path) -> Result<(), Error> {
    let old = place.with_file_name(format!("{}.old", place.file_name().unwrap_or_default().to_string_lossy()));
    match files::look(place)? {
        Found::File { bytes, mode } => files::write(trail, &old, &bytes, mode),
        Found::Link(target) => files::link(trail, &old, &target),
        _ => Ok(()),
    }
}

/// The files of the version without NGINX's where that is not wanted, and its site where this system keeps sites.
fn wanted(machine: &Machine, target: &Target) -> Vec<Text> {
    let layout = &machine.layout;
    let is_wanted = |file: &&Text| target.has_nginx() || !(is_nginx(&file.path) || file.path == layout.maintenance());
    let has_sites = machine.on_disk(SITES_AVAILABLE).is_dir();
    let placed = |file: &Text| match file.path == layout.site_available() && !has_sites {
        true => Text { path: layout.conf_d(), ..file.clone() },
        false => file.clone(),
    };
    target.description.files.iter().filter(is_wanted).map(placed).collect()
}

/// Whether a link is the one by which NGINX finds the site.
fn is_nginx_link(machine: &Machine, found: &Found) -> bool {
    let layout = &machine.layout;
    matches!(found, Found::Link(leads) if *leads == nginx_link_target(machine) || *leads == layout.site_available())
}

fn nginx_link_target(machine: &Machine) -> PathBuf {
    Path::new("../sites-available").join(machine.layout.name())
}

/// Removes the link by which NGINX finds the site. Gives whether it is there; another's stays.
///
/// # Errors
///
/// [`Error::File`] where what is there cannot be read.
pub(super) fn remove_nginx_link(plan: &mut Plan, machine: &Machine) -> Result<bool, Error> {
    let path = machine.layout.site_enabled();
    let place = machine.on_disk(&path);
    let is_ours = machine.on_disk(SITES_ENABLED).is_dir() && is_nginx_link(machine, &files::look(&place)?);
    if is_ours {
        plan.add(Step::new(format!("remove the link `{}`", path.display()), move |_, trail| {
            files::remove(trail, &place)
        }));
    }
    Ok(is_ours)
}

/// The link by which NGINX finds the site, where this system has such links. An upgrade does not bring back one that somebody removed.
///
/// # Errors
///
/// [`Error::Deploy`] where something else is in its place.
pub(super) fn nginx_link(plan: &mut Plan, machine: &Machine, target: &Target) -> Result<bool, Error> {
    let layout = &machine.layout;
    let site = layout.site_available().display().to_string();
    if !target.has_nginx() && target.wish.record.installed.paths().contains(&site) {
        // The file that it leads to goes too, and NGINX takes no link that leads nowhere.
        remove_nginx_link(plan, machine)?;
    }
    let is_wanted =
        target.has_nginx() && machine.on_disk(SITES_AVAILABLE).is_dir() && machine.on_disk(SITES_ENABLED).is_dir();
    let was_there = target.wish.record.hash(&layout.site_available()).is_some();
    if !is_wanted || (target.wish.kind != Kind::Install && was_there) {
        return Ok(false);
    }
    let path = layout.site_enabled();
    let place = machine.on_disk(&path);
    let leads = nginx_link_target(machine);
    let shown = path.display();
    match files::look(&place)? {
        Found::Nothing => {
            plan.add(Step::new(format!("enable NGINX's site by the link `{shown}`"), move |_, trail| {
                files::link(trail, &place, &leads)
            }));
            Ok(true)
        }
        found if is_nginx_link(machine, &found) => {
            plan.add(Step::unchanged(format!("the link `{shown}` is there")));
            Ok(false)
        }
        _ => Err(Error::Deploy(format!(
            "`{shown}` is not the link to `{}`: move it away",
            layout.site_available().display()
        ))),
    }
}
