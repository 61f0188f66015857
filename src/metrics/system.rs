//! What the system says of the process, read from `/proc` for each scrape. Where there is no `/proc`, nothing is said.

use std::fs;
use std::path::Path;

/// The parts of a second in which the kernel tells processor times to programs (`USER_HZ`): 100 on every machine that Kalgan runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// What the system knows; each is absent where it cannot be read.
#[derive(Debug, Default)]
pub(super) struct System {
    pub(super) resident_bytes: Option<u64>,
    pub(super) virtual_bytes: Option<u64>,
    pub(super) open_files: Option<u64>,
    pub(super) max_files: Option<u64>,
    pub(super) cpu_seconds: Option<f64>,
}

impl System {
    /// What it is at this moment.
    pub(super) fn read() -> System {
        let text = |name: &str| fs::read_to_string(Path::new("/proc/self").join(name)).unwrap_or_default();
        let status = text("status");
        System {
            resident_bytes: kilobytes(&status, "VmRSS:"),
            virtual_bytes: kilobytes(&status, "VmSize:"),
            // The folder that is being read is one of them.
            open_files: fs::read_dir("/proc/self/fd").ok().map(|files| files.count().saturating_sub(1) as u64),
            max_files: max_files(&text("limits")),
            cpu_seconds: cpu_seconds(&text("stat")),
        }
    }
}

/// The value of a line such as `VmRSS:     1234 kB`, in bytes.
fn kilobytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// The soft limit of open files; none where there is no limit.
fn max_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Processor time of the program and of the kernel for it. The second field of the line is the program's name in brackets, which may
/// hold anything, so fields are counted from its end.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let (user, system) = (ticks()?, ticks()?);
    Some(user.saturating_add(system) as f64 / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_writes_is_understood() {
        let status = "Name:\tmy site\nVmSize:\t   20480 kB\nVmRSS:\t     512 kB\n";
        assert_eq!(kilobytes(status, "VmRSS:"), Some(512 * 1024));
        assert_eq!(kilobytes(status, "VmSize:"), Some(20 << 20));
        assert_eq!(kilobytes("VmRSS:\tmuch kB", "VmRSS:"), None);
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            1024                 524288               files\n";
        assert_eq!(max_files(limits), Some(1024));
        assert_eq!(max_files("Max open files            unlimited            unlimited            files\n"), None);
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 1 0 100 0 0";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(cpu_seconds("7 (cut"), None);
    }

    #[test]
    fn this_process_has_memory_and_open_files() {
        let system = System::read();
        if !Path::new("/proc/self/stat").exists() {
            return;
        }
        assert!(system.resident_bytes.is_some_and(|bytes| bytes > 100_000), "{system:?}");
        assert!(system.virtual_bytes >= system.resident_bytes, "{system:?}");
        assert!(system.open_files.is_some_and(|count| count >= 3), "{system:?}");
        assert!(system.cpu_seconds.is_some(), "{system:?}");
    }
}
