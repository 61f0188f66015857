//! NGINX, told to read its files again.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::plan::Step;
use super::units::{NGINX, nginx_runs};
use super::{Machine, ready};
use crate::error::Error;

/// Where NGINX's master process writes its number, in Debian's package and in NGINX's own.
const PID_FILE: &str = "/run/nginx.pid";

/// What a worker calls itself when it answers what it has begun, and takes nothing new.
const SHUTTING_DOWN: &str = "shutting down";

/// How long new workers are waited for. Where they take longer, or cannot be told from old ones, nothing is wrong with that.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often is looked.
const LOOK: Duration = Duration::from_millis(20);

/// NGINX reads its files again.
pub(super) fn reload() -> Step {
    Step::new("let NGINX read its files again", |machine, trail| {
        trail.afterwards("NGINX has not read its old files again", |machine| take_over(machine));
        take_over(machine)
    })
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
fn take_over(machine: &Machine) -> Result<(), Error> {
    let before = workers(machine);
    machine.systemctl(&["reload", NGINX])?;
    let end = Instant::now() + PATIENCE;
    while before.iter().any(|worker| takes_connections(worker)) && Instant::now() < end {
        sleep(LOOK);
    }
    Ok(())
}

/// The numbers of the processes that NGINX's master has started; none where that cannot be told.
fn workers(machine: &Machine) -> Vec<String> {
    let master = fs::read_to_string(machine.on_disk(PID_FILE)).unwrap_or_default();
    let children = |master: &str| fs::read_to_string(format!("/proc/{master}/task/{master}/children")).ok();
    let children = Some(master.trim()).filter(|master| !master.is_empty()).and_then(children);
    children.unwrap_or_default().split_whitespace().map(str::to_string).collect()
}

/// Whether a process is a worker of NGINX that is not going.
fn takes_connections(worker: &str) -> bool {
    let title = fs::read(Path::new("/proc").join(worker).join("cmdline")).unwrap_or_default();
    let title = String::from_utf8_lossy(&title);
    title.contains("nginx: worker process") && !title.contains(SHUTTING_DOWN)
}
