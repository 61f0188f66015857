//! What must be so before anything is changed. All that is wrong is told together.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::machine::Call;
use super::target::{Kind, Target};
use super::{Machine, collision};
use crate::error::Error;

/// The oldest systemd that understands the units.
const SYSTEMD: u32 = 247;

/// Free space that a deployment leaves beside what it writes.
const SPARE: u64 = 16 << 20;

/// More than units, choices and secrets take.
const TEXTS: u64 = 1 << 20;

/// Where systemd keeps its state: it is there exactly where systemd runs the machine (`sd_booted(3)`).
const BOOTED: &str = "/run/systemd/system";

/// The variable that makes a process one of production, whatever profile it was built with.
const IS_PROD: &str = "KALGAN__ENVIRONMENT__IS_PROD";

/// Checks the machine, before it is even asked what is deployed.
///
/// # Errors
///
/// [`Error::Deploy`] where the user is not root or systemd does not run the machine, and for a dry run where this user may not see what is
/// deployed: the plan would be for another machine.
pub(crate) fn machine(machine: &Machine, dry_run: bool) -> Result<(), Error> {
    let etc = machine.on_disk(machine.layout.etc());
    if std::fs::read_dir(&etc).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied) {
        return Err(Error::Deploy(format!(
            "`{}` tells what is deployed, and this user may not look into it: run the command with `sudo`",
            etc.display()
        )));
    }
    if !machine.is_live || dry_run {
        return Ok(());
    }
    if !is_root() {
        return Err(Error::Deploy("this changes the machine, so it needs root: run it with `sudo`".to_string()));
    }
    if !Path::new(BOOTED).is_dir() {
        return Err(Error::Deploy(format!(
            "systemd does not run this machine (there is no `{BOOTED}`), as in most containers; the files alone are written by `deploy systemd \
             --output DIR` and `deploy nginx --output DIR`, or whole beneath the folder of an image by `--root DIR`"
        )));
    }
    let version = machine.systemctl(&["--version"])?;
    match systemd_version(&version) {
        Some(found) if found < SYSTEMD => {
            Err(Error::Deploy(format!("systemd {found} is too old: the units need {SYSTEMD} or newer")))
        }
        _ => Ok(()),
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // The folder of a process belongs to the user that it acts as.
    std::fs::metadata("/proc/self").is_ok_and(|data| data.uid() == 0)
}

/// The number in "systemd 252 (252.39-1)".
fn systemd_version(text: &str) -> Option<u32> {
    let digits: String = text.strip_prefix("systemd ")?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Checks that the version fits the machine.
///
/// # Errors
///
/// [`Error::Deploy`] with all that does not fit.
pub(super) fn target(machine: &Machine, target: &Target) -> Result<(), Error> {
    let wrong: Vec<String> = [same_site(target), production(target), nginx(machine, target)]
        .into_iter()
        .flatten()
        .chain(collision::check(machine, target))
        .chain(credentials(machine, target))
        .chain(space(machine, target)?)
        .collect();
    if wrong.is_empty() { Ok(()) } else { Err(Error::Deploy(wrong.join("\n"))) }
}

fn same_site(target: &Target) -> Option<String> {
    let (site, other) = (&target.wish.record.installed.site, &target.description.name);
    (!site.is_empty() && site != other && !target.wish.is_named).then(|| {
        format!(
            "`{}` is the site `{other}`, and what is deployed is `{site}`; where the one shall take the place of the other, say so with `--name`",
            target.binary.shown
        )
    })
}

fn production(target: &Target) -> Option<String> {
    let said = |value: &str| value.trim() == "true";
    let by_variable = target.variables.iter().any(|(name, value)| name == IS_PROD && said(value));
    let choices = target.wish.record.choices().ok();
    let by_setting =
        choices.is_some_and(|choices| choices.settings.get("environment.is_prod").is_some_and(|value| said(value)));
    let is_told = target.description.is_release || by_variable || by_setting;
    (!is_told).then(|| {
        format!(
            "`{}` is a build for development, slow and large: build it with `cargo build --release`, or say that it is meant with \
             {}`--set environment.is_prod=true`",
            target.binary.shown,
            if target.wish.kind == Kind::Install { "" } else { "`deploy install` and " }
        )
    })
}

fn nginx(machine: &Machine, target: &Target) -> Option<String> {
    if !target.has_nginx() {
        return None;
    }
    let is_there = machine.on_disk("/etc/nginx").is_dir()
        && (!machine.is_live || machine.ask(Call::new("nginx", &["-v"])).is_ok_and(|ended| ended.success));
    (!is_there).then(|| {
        "NGINX is not installed: install it (`apt-get install nginx`), or do without with `--no-nginx`".to_string()
    })
}

/// Credentials that are not there, with the command that makes them, and those that nobody asks for.
fn credentials(machine: &Machine, target: &Target) -> Vec<String> {
    let needed = &target.description.credentials;
    let given = &target.wish.credentials;
    let is_given = |id: &String| given.iter().any(|(given, _)| given == id);
    let is_there = |id: &String| target.credentials.contains(id) || is_given(id);
    let missing = needed.iter().filter(|id| !is_there(id)).map(|id| {
        let (folder, place) = (machine.layout.credentials(), machine.layout.credential(id));
        format!(
            "the settings need the credential `{id}`, which is not there: give it with `--credential {id}=FILE`, or make it with\n  \
             install -d -m 700 {} && install -m 600 /dev/stdin {}",
            folder.display(),
            place.display()
        )
    });
    let unknown = given.iter().filter(|(id, _)| !needed.contains(id)).map(|(id, _)| {
        format!(
            "`--credential {id}=…`: no setting names a credential `{id}`{}",
            crate::hint::nearest(id, needed.iter().map(String::as_str))
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default()
        )
    });
    missing.chain(unknown).collect()
}

/// What does not fit, looked at for each file system that is written to.
fn space(machine: &Machine, target: &Target) -> Result<Vec<String>, Error> {
    let layout = &machine.layout;
    let place = machine.on_disk(layout.version_binary(&target.version));
    let binary = if target.wish.kind == Kind::Rollback || target.binary.is_at(&place) { 0 } else { target.binary.size };
    let mut needs = vec![(place, binary + SPARE)];
    needs.extend([layout.etc(), layout.state()].map(|folder| (machine.on_disk(folder), TEXTS)));
    if let Some(folder) = &target.description.static_root {
        needs.push((machine.on_disk(folder), target.description.static_bytes));
    }
    lacking(machine, needs)
}

/// The file systems on which there is not as much free as is needed at these paths together.
fn lacking(machine: &Machine, needs: Vec<(PathBuf, u64)>) -> Result<Vec<String>, Error> {
    let mut systems: BTreeMap<String, (PathBuf, u64, u64)> = BTreeMap::new();
    for (path, needed) in needs {
        let folder = path.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("/"));
        let asked = machine.ask(Call::new("df", &["-P", "-k", &folder.to_string_lossy()]))?;
        if let Some((mounted, free)) = free(&asked.output) {
            systems.entry(mounted).or_insert((folder.to_path_buf(), free, 0)).2 += needed;
        }
    }
    let short = systems.into_values().filter(|(_, free, needed)| free < needed);
    Ok(short
        .map(|(folder, free, needed)| {
            format!("`{}` has {} MiB free, and {} MiB are needed", folder.display(), free >> 20, (needed >> 20) + 1)
        })
        .collect())
}

/// Where the file system is mounted that `df -P -k` tells of, and its free bytes; none where it tells nothing, which keeps nobody from
/// deploying.
fn free(output: &str) -> Option<(String, u64)> {
    let mut words = output.lines().nth(1)?.split_whitespace();
    let kibibytes: u64 = words.nth(3)?.parse().ok()?;
    let mounted: Vec<&str> = words.skip(1).collect();
    Some((mounted.join(" "), kibibytes.checked_mul(1024)?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::deploy::Layout;
    use crate::deploy::install::machine::Ended;

    #[test]
    fn what_programs_say_is_understood() {
        assert_eq!(systemd_version("systemd 252 (252.39-1~deb12u2)\n+PAM"), Some(252));
        assert_eq!(systemd_version("no"), None);
        let df = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 60 40 60% /\n";
        assert_eq!(free(df), Some(("/".to_string(), 40 * 1024)));
        assert_eq!(free(""), None);
    }

    #[test]
    fn what_is_written_to_one_file_system_must_fit_together() {
        let root = tempfile::tempdir().unwrap();
        let at = |folder: &str| root.path().join(folder);
        ["etc", "opt/public"].iter().for_each(|folder| std::fs::create_dir_all(at(folder)).unwrap());
        let caller = |call: &Call| {
            let mounted = if call.arguments[2].ends_with("/etc") { "/etc" } else { "/" };
            let output =
                format!("Filesystem Blocks Used Available Capacity Mounted on\n/dev/x 9 9 3072 9% {mounted}\n");
            Ok(Ended { success: true, output, ..Ended::default() })
        };
        let machine = Machine::new(Layout::new("shop").rooted(root.path()), true, Box::new(caller), Arc::default());
        let lacking = |needs: [(&str, u64); 3]| lacking(&machine, needs.map(|(path, size)| (at(path), size)).to_vec());
        assert!(lacking([("opt/a/b", 1 << 20), ("etc/shop", 2 << 20), ("opt/public", 1 << 20)]).unwrap().is_empty());
        let told = lacking([("opt/a/b", 2 << 20), ("etc/shop", 4 << 20), ("opt/public", 2 << 20)]).unwrap();
        assert!(told.len() == 2 && told[0].contains("/opt` has 3 MiB free, and 5 MiB"), "{told:?}");
        assert!(told[1].contains("/etc` has 3 MiB free"), "{told:?}");
    }
}
