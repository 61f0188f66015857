//! Whether the process may have as many files open as it takes connections.

use std::fs;

use super::{Examination, Trouble};

/// Files that a process has open besides its connections, with room to spare.
const OTHERS: u64 = 64;

/// Compares `server.max_connections` with the unit's `LimitNOFILE`, else with this process's own limit.
pub(super) fn check(examination: &Examination) -> Vec<Trouble> {
    let connections = examination.number("server.max_connections");
    let (files, place) = match &examination.unit {
        Some(unit) => match unit.service("LimitNOFILE").and_then(|values| values.last().and_then(|it| files(it))) {
            Some(files) => (files, format!("`{}`", unit.path.display())),
            // systemd's own default: the soft limit, which a process does not raise by itself.
            None => (1024, format!("`{}`, which has no `LimitNOFILE=`,", unit.path.display())),
        },
        None => {
            let limits = fs::read_to_string(examination.layout.on_disk("/proc/self/limits")).unwrap_or_default();
            match of_process(&limits) {
                Some(files) => (files, "this shell".to_string()),
                None => return Vec::new(),
            }
        }
    };
    too_few(connections, files, &place).into_iter().collect()
}

fn too_few(connections: u64, files: u64, place: &str) -> Option<Trouble> {
    // Two files a connection while a form's file or an export is streamed.
    let wanted = 2 * connections + OTHERS;
    let found = format!("{place} allows {files} open files, and `server.max_connections` is {connections}");
    let advice = format!("set `LimitNOFILE={wanted}` or more in the unit, or a smaller `server.max_connections`");
    if files < connections + OTHERS {
        return Some(Trouble::problem(found, advice));
    }
    (files < wanted).then(|| Trouble::warning(found, advice))
}

/// The soft limit of a value such as `32768`, `1024:524288` or `infinity`.
fn files(value: &str) -> Option<u64> {
    match value.split(':').next()?.trim() {
        "infinity" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}

/// The soft limit of `/proc/self/limits`.
fn of_process(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match line.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    }
}
