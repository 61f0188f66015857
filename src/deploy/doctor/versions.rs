//! Which version of the site runs, and which systemd.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Examination, Trouble, machine, sockets};

/// The oldest systemd that knows all directives of the units.
const OLDEST_SYSTEMD: u32 = 247;

/// Compares the deployed binary with this one, and what runs with what is deployed.
pub(super) fn running(examination: &Examination) -> Vec<Trouble> {
    let layout = &examination.layout;
    let Ok(current) = fs::read_link(layout.on_disk(layout.current())) else { return Vec::new() };
    let version = current.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let deployed = layout.on_disk(layout.version_binary(&version));
    let mut troubles = Vec::new();
    if let Ok(this) = std::env::current_exe()
        && !is_same(&this, &deployed)
    {
        let found = format!("version {version} is deployed, and that is not this binary");
        let advice =
            "what follows is said of this binary: ask the deployed one, or deploy this one with `deploy upgrade`";
        troubles.push(Trouble::warning(found, advice));
    }
    let binary = layout.version_binary(&version);
    let versions = layout.versions();
    let is_other = |program: &PathBuf| program.starts_with(&versions) && *program != binary;
    let processes = sockets::processes(&layout.on_disk("/proc"));
    let programs = processes.filter_map(|(pid, folder)| Some((pid, fs::read_link(folder.join("exe")).ok()?, folder)));
    troubles.extend(programs.filter(|(_, program, _)| is_other(program)).map(|(pid, program, folder)| {
        let found = format!("process {pid} runs `{}`, and version {version} is deployed", program.display());
        Trouble::warning(found, format!("`systemctl restart {}`", unit(examination, &folder)))
    }));
    troubles
}

/// The unit of a process, as systemd names its group of processes; where that does not tell, the one that there is, or all instances.
fn unit(examination: &Examination, process: &Path) -> String {
    let groups = fs::read_to_string(process.join("cgroup")).unwrap_or_default();
    let mut names = groups.lines().filter_map(|group| group.rsplit('/').next());
    let layout = &examination.layout;
    let is_ours = |name: &&str| name.ends_with(".service") && name.starts_with(layout.name());
    match (names.next_back().filter(is_ours), examination.choices().has_several()) {
        (Some(name), _) => name.to_string(),
        (None, true) => format!("'{}@*.service'", layout.name()),
        (None, false) => layout.service(None),
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    let length = |path: &Path| fs::metadata(path).map(|found| found.len()).ok();
    if length(one).is_none() || length(one) != length(other) {
        return false;
    }
    one.canonicalize().ok() == other.canonicalize().ok()
        || matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
}

/// Whether systemd knows what the units say. Of another machine's image nothing can be said.
pub(super) fn systemd(examination: &Examination) -> Vec<Trouble> {
    if examination.layout.on_disk("/") != Path::new("/") {
        return vec![Trouble::skipped("another machine's systemd cannot be asked", "run `doctor` there")];
    }
    match machine::output("systemctl", &["--version"]) {
        None => vec![Trouble::skipped("there is no `systemctl`", "start the site by other means")],
        Some(text) => too_old(&text).into_iter().collect(),
    }
}

/// What `systemctl --version` says.
pub(super) fn too_old(text: &str) -> Option<Trouble> {
    let version: u32 = text.split_whitespace().nth(1)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()?;
    (version < OLDEST_SYSTEMD).then(|| {
        let found = format!("systemd {version} does not know all that the units say");
        Trouble::problem(found, format!("bring it up to {OLDEST_SYSTEMD} or newer"))
    })
}
