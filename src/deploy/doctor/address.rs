//! Whether somebody else has the address that the site is to listen on. The site's own processes, and systemd for them, may have it.

use std::path::{Path, PathBuf};

use super::sockets::{self, Owner};
use super::{Examination, Trouble};
use crate::deploy::Socket;
use crate::error::one_line;

/// Where a process of the site listens.
enum Place {
    Port(u16),
    File(PathBuf),
}

/// Looks at each address of each instance.
pub(super) fn check(examination: &Examination) -> Vec<Trouble> {
    let proc = examination.layout.on_disk("/proc");
    places(examination).iter().filter_map(|place| taken(examination, &proc, place)).collect()
}

fn places(examination: &Examination) -> Vec<Place> {
    let port: u16 = examination.subject.settings.get("server.port").unwrap_or_default();
    let Some(choices) = &examination.chosen else {
        let address = examination.subject.settings.get_string("server.address").unwrap_or_default();
        return match address.strip_prefix("unix:") {
            Some(path) => vec![Place::File(PathBuf::from(path))],
            // Any free one is taken then.
            None if port == 0 => Vec::new(),
            None => vec![Place::Port(port)],
        };
    };
    let instances = choices.instances();
    match choices.socket {
        Socket::Unix => instances.iter().map(|it| Place::File(examination.layout.http_socket(*it))).collect(),
        Socket::Tcp => {
            instances.iter().map(|it| Place::Port(port.saturating_add(it.unwrap_or(1).saturating_sub(1)))).collect()
        }
    }
}

fn taken(examination: &Examination, proc: &Path, place: &Place) -> Option<Trouble> {
    let (sockets, shown, key) = match place {
        Place::Port(port) => (sockets::tcp(proc, *port), format!("port {port}"), "server.port"),
        Place::File(path) => (sockets::unix(proc, path), format!("`{}`", path.display()), "server.address"),
    };
    if sockets.is_empty() {
        return None;
    }
    let owners = sockets::owners(proc, &sockets);
    if owners.is_empty() {
        return Some(Trouble::skipped(
            format!("{shown} is taken, and this user may not know by whom"),
            "run `doctor` as root",
        ));
    }
    let stranger = owners.iter().find(|owner| !is_ours(examination, owner))?;
    let found = format!("{shown} is taken by `{}` (process {})", one_line(&stranger.name), stranger.pid);
    Some(Trouble::problem(found, format!("stop it, or give the site another one by `{key}`")))
}

/// Whether a process belongs to the site: it runs a binary of the deployment or this one, or is systemd, which holds its sockets.
fn is_ours(examination: &Examination, owner: &Owner) -> bool {
    if owner.pid == 1 && examination.unit.is_some() {
        return true;
    }
    let Some(program) = &owner.program else { return false };
    let this = std::env::current_exe().ok();
    program.starts_with(examination.layout.home()) || this.as_ref() == Some(program)
}
