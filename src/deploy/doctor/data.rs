//! The folder that the process writes to.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{Examination, Trouble, machine};

/// Less than this many KiB is no place to work in.
const LEAST: u64 = 64 * 1024;

/// A file system that is full beyond this many percent soon has no place.
const ALMOST_FULL: u64 = 95;

/// Whether the folder can be written to, and has room.
pub(super) fn check(examination: &Examination) -> Vec<Trouble> {
    let folder = folder(examination);
    match fs::metadata(&folder) {
        Ok(found) if !found.is_dir() => {
            let found = format!("`{}` is not a folder, and the site writes there", folder.display());
            return vec![Trouble::problem(found, "move it away")];
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return vec![machine::forbidden(&folder)],
        // It is made when the site starts.
        Err(_) => return Vec::new(),
        Ok(_) => {}
    }
    [writable(&folder), room(&folder)].into_iter().flatten().collect()
}

fn folder(examination: &Examination) -> PathBuf {
    let path = examination.subject.settings.get::<Option<String>>("data.path").ok().flatten();
    let path = path.map_or_else(|| examination.layout.state(), PathBuf::from);
    examination.layout.on_disk(path)
}

fn writable(folder: &Path) -> Option<Trouble> {
    let file = folder.join(format!(".kalgan-doctor-{}", std::process::id()));
    let made = OpenOptions::new().write(true).create_new(true).open(&file);
    // It is there only where it could be made.
    let _ = fs::remove_file(&file);
    let error = made.err()?;
    if error.kind() == ErrorKind::PermissionDenied {
        return Some(machine::forbidden(folder));
    }
    Some(Trouble::problem(
        format!("nothing can be written to `{}`: {error}", folder.display()),
        "make room, or mount it for writing",
    ))
}

fn room(folder: &Path) -> Option<Trouble> {
    let text = machine::output("df", &["-Pk", folder.to_str()?])?;
    let (free, used) = space(&text)?;
    let found = format!("`{}` has {} MiB left ({used} % are used)", folder.display(), free / 1024);
    if free < LEAST {
        return Some(Trouble::problem(found, "make room"));
    }
    (used > ALMOST_FULL).then(|| Trouble::warning(found, "make room"))
}

/// Free KiB and used percent, from what `df -Pk` prints of one folder.
pub(super) fn space(text: &str) -> Option<(u64, u64)> {
    let fields: Vec<&str> = text.lines().nth(1)?.split_whitespace().collect();
    // The first field, the device, may have spaces in it.
    let percent = fields.iter().position(|field| field.ends_with('%'))?;
    let free = fields.get(percent.checked_sub(1)?)?.parse().ok()?;
    Some((free, fields[percent].trim_end_matches('%').parse().ok()?))
}
