//! Who listens where, from `/proc`.

use std::fs;
use std::path::{Path, PathBuf};

/// The state of a TCP socket that listens.
const LISTENS: &str = "0A";

/// A process that has a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) pid: u32,
    pub(super) name: String,
    /// Its program, where this user may know.
    pub(super) program: Option<PathBuf>,
}

/// The sockets that would be in the way of one on this port of this machine's own address, as the numbers of their inodes.
pub(super) fn tcp(proc: &Path, port: u16) -> Vec<u64> {
    let tables = ["net/tcp", "net/tcp6"].map(|table| fs::read_to_string(proc.join(table)).unwrap_or_default());
    tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(|line| listening(line, port)).collect()
}

/// The inode of a line of `/proc/net/tcp`, where it listens on the port.
fn listening(line: &str, port: u16) -> Option<u64> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (address, found) = fields.get(1)?.rsplit_once(':')?;
    // Everywhere, 127.0.0.1, and the same of IPv6; other addresses of the machine are not in the way.
    const IN_THE_WAY: [&str; 4] =
        ["00000000", "0100007F", "00000000000000000000000000000000", "0000000000000000FFFF00000100007F"];
    let is_it = u16::from_str_radix(found, 16) == Ok(port) && fields.get(3) == Some(&LISTENS);
    (is_it && IN_THE_WAY.contains(&address)).then(|| fields.get(9)?.parse().ok())?
}

/// The sockets that listen at this path.
pub(super) fn unix(proc: &Path, path: &Path) -> Vec<u64> {
    let table = fs::read_to_string(proc.join("net/unix")).unwrap_or_default();
    let is_it = |fields: &Vec<&str>| fields.get(7).is_some_and(|found| Path::new(found) == path);
    // Flag `__SO_ACCEPTCON`: it takes connections.
    let listens = |fields: &Vec<&str>| fields.get(3).is_some_and(|flags| *flags == "00010000");
    let lines = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.filter(|it| is_it(it) && listens(it)).filter_map(|fields| fields.get(6)?.parse().ok()).collect()
}

/// The processes that have one of these sockets; those of other users are seen by root alone.
pub(super) fn owners(proc: &Path, inodes: &[u64]) -> Vec<Owner> {
    let links: Vec<PathBuf> = inodes.iter().map(|inode| PathBuf::from(format!("socket:[{inode}]"))).collect();
    processes(proc).filter(|(_, folder)| has_one(folder, &links)).map(|(pid, folder)| owner(pid, &folder)).collect()
}

/// All processes, with their folders.
pub(super) fn processes(proc: &Path) -> impl Iterator<Item = (u32, PathBuf)> + use<> {
    let entries = fs::read_dir(proc).into_iter().flatten().filter_map(Result::ok);
    entries.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
}

fn has_one(process: &Path, links: &[PathBuf]) -> bool {
    let files = fs::read_dir(process.join("fd")).into_iter().flatten().filter_map(Result::ok);
    files.filter_map(|file| fs::read_link(file.path()).ok()).any(|link| links.contains(&link))
}

fn owner(pid: u32, process: &Path) -> Owner {
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default().trim().to_string();
    Owner { pid, name, program: fs::read_link(process.join("exe")).ok() }
}
