//! NGINX, told to read its files again.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::files::{self, Found};
use super::plan::Step;
use super::units::{NGINX, nginx_runs};
use super::{Machine, ready};
use crate::error::Error;

/// Where NGINX's master process writes its number, in Debian's package and in NGINX's own.
const PID_FILE: &str = "/run/nginx.pid";

/// What a worker calls itself, unlike NGINX's other processes.
const WORKER: &str = "nginx: worker process";

/// What a worker calls itself when it answers what it has begun, and takes nothing new.
const SHUTTING_DOWN: &str = "shutting down";

/// How long new workers are waited for. NGINX reads its files and makes new workers before it tells the old ones to go, so as long as no
/// old one goes, it has not come to that.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long old workers may take to answer what they have begun, before the processes go that they ask. Downloads take longer than anybody
/// waits.
const ANSWERS: Duration = Duration::from_secs(10);

/// Where NGINX says what it could not do, as its packages set it up.
const ERROR_LOG: &str = "/var/log/nginx/error.log";

/// How often is looked.
const LOOK: Duration = Duration::from_millis(20);

/// NGINX reads its files again.
pub(super) fn reload() -> Step {
    Step::new("let NGINX read its files again", |machine, trail| {
        trail.afterwards("NGINX has not read its old files again", take_over);
        take_over(machine)
    })
}

/// NGINX turns from processes to others while both run, and its old workers end. When that is taken back, its files are as before and have
/// been read before any process is stopped that it asks.
///
/// # Errors
///
/// [`Error::File`] where a file of NGINX's cannot be read.
pub(super) fn turn(machine: &Machine, files: impl Iterator<Item = PathBuf>) -> Result<Step, Error> {
    let places = files.map(|path| machine.on_disk(path));
    let before: Vec<(PathBuf, Found)> =
        places.map(|place| Ok((place.clone(), files::look(&place)?))).collect::<Result<_, Error>>()?;
    Ok(Step::new("let NGINX read its files again and its old workers end", move |machine, trail| {
        trail.back("NGINX has not read its old files again", move |machine| {
            before.iter().try_for_each(|(place, found)| files::put_back(place, found))?;
            take_over(machine)
        });
        let old = workers(machine);
        take_over(machine)?;
        wait_for_end(machine, &old, ANSWERS);
        Ok(())
    }))
}

/// NGINX reads its files again, or is started.
pub(super) fn reload_or_start(machine: &Machine) -> Step {
    match nginx_runs(machine) {
        true => reload(),
        false => Step::new("start NGINX", |machine, trail| {
            trail.back("NGINX runs", |machine| machine.systemctl(&["stop", NGINX]).map(drop));
            let started = machine.systemctl(&["start", NGINX]).map(drop);
            started.map_err(|error| ready::with_journal(machine, NGINX, &error))
        }),
    }
}

/// Reloads NGINX and waits until no worker takes connections by the old files: the command comes back before there are new workers.
///
/// The command succeeds also where NGINX then cannot do what its files say and goes on by the old ones; that is told by its workers.
fn take_over(machine: &Machine) -> Result<(), Error> {
    let before: Vec<String> =
        workers(machine).into_iter().filter(|worker| takes_connections(machine, worker)).collect();
    machine.systemctl(&["reload", NGINX])?;
    go(machine, &before, PATIENCE)
}

/// Waits until these workers take no more connections. That some answer for longer is no failure, but that all of them do.
fn go(machine: &Machine, before: &[String], patience: Duration) -> Result<(), Error> {
    let end = Instant::now() + patience;
    let still = || before.iter().filter(|worker| takes_connections(machine, worker)).count();
    while still() > 0 && Instant::now() < end {
        sleep(LOOK);
    }
    match !before.is_empty() && still() == before.len() {
        true => Err(Error::Deploy(format!(
            "NGINX was told to read its files again, and {} seconds later it still serves by the old ones; its error log says why \
             (`{ERROR_LOG}`, unless its files name another): an address that another program has, for example",
            patience.as_secs()
        ))),
        false => Ok(()),
    }
}

/// Waits until workers have ended.
fn wait_for_end(machine: &Machine, old: &[String], patience: Duration) {
    let end = Instant::now() + patience;
    while old.iter().any(|worker| title(machine, worker).contains(WORKER)) && Instant::now() < end {
        sleep(LOOK);
    }
}

/// The numbers of the processes that NGINX's master has started; none where that cannot be told.
fn workers(machine: &Machine) -> Vec<String> {
    let master = fs::read_to_string(machine.on_disk(PID_FILE)).unwrap_or_default();
    let children =
        |master: &str| fs::read_to_string(machine.on_disk(format!("/proc/{master}/task/{master}/children"))).ok();
    let children = Some(master.trim()).filter(|master| !master.is_empty()).and_then(children);
    children.unwrap_or_default().split_whitespace().map(str::to_string).collect()
}

/// Whether a process is a worker of NGINX that is not going.
fn takes_connections(machine: &Machine, worker: &str) -> bool {
    let title = title(machine, worker);
    title.contains(WORKER) && !title.contains(SHUTTING_DOWN)
}

/// What a process calls itself; nothing where there is none of that number.
fn title(machine: &Machine, process: &str) -> String {
    let title = fs::read(machine.on_disk("/proc").join(process).join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&title).into_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::deploy::Layout;
    use crate::deploy::install::machine::Ended;

    fn process(root: &Path, number: &str, title: &str) {
        let folder = root.join("proc").join(number);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("cmdline"), title).unwrap();
    }

    #[test]
    fn a_reload_that_no_worker_heeds_is_a_failure() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("proc/1/task/1")).unwrap();
        fs::create_dir_all(root.path().join("run")).unwrap();
        fs::write(root.path().join("run/nginx.pid"), "1\n").unwrap();
        fs::write(root.path().join("proc/1/task/1/children"), "2 3 4 ").unwrap();
        process(root.path(), "2", "nginx: worker process");
        process(root.path(), "3", "nginx: worker process");
        process(root.path(), "4", "nginx: cache manager process");
        let layout = Layout::new("shop").rooted(root.path());
        let caller = Box::new(|_: &_| Ok(Ended { success: true, ..Ended::default() }));
        let machine = Machine::new(layout, true, caller, Arc::default());
        let before = workers(&machine);
        assert_eq!(before, ["2", "3", "4"]);
        let error = go(&machine, &before[..2], Duration::ZERO).unwrap_err().to_string();
        assert!(
            error.contains("still serves by the old ones") && error.contains("/var/log/nginx/error.log"),
            "{error}"
        );
        process(root.path(), "3", "nginx: worker process is shutting down");
        go(&machine, &before[..2], Duration::ZERO).unwrap();
        go(&machine, &[], Duration::ZERO).unwrap();
        // Those that shut down are waited for only so long, others than workers not at all.
        wait_for_end(&machine, &before, Duration::ZERO);
        wait_for_end(&machine, &before[2..], PATIENCE);
        fs::write(root.path().join("proc/1/task/1/children"), "4 ").unwrap();
        take_over(&machine).unwrap();
    }
}
