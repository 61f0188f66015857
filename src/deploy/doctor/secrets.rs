//! Secrets: whether they are there, and nobody else's. None is ever told.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Examination, Trouble, machine};

/// As many characters has a secret key at least (`security.secret_key`).
const SHORTEST_KEY: usize = 32;

/// So many different characters has a text at least that was made at random: one of 32 hexadecimal digits has fewer once in ten million times.
const LEAST_DIFFERENT: usize = 7;

/// What stands in keys that were copied from an example.
const EXAMPLES: [&str; 7] = ["change", "example", "secret", "replace", "your", "0123456789", "abcdefghij"];

/// The files of `!credential`.
pub(super) fn credentials(examination: &Examination) -> Vec<Trouble> {
    let folder = &examination.credentials;
    if let Err(error) = fs::read_dir(folder)
        && error.kind() == ErrorKind::PermissionDenied
    {
        return vec![machine::forbidden(folder)];
    }
    examination.subject.credentials.iter().filter_map(|id| credential(&folder.join(id))).collect()
}

fn credential(path: &Path) -> Option<Trouble> {
    let shown = path.display();
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::PermissionDenied => return Some(machine::forbidden(path)),
        Err(_) => {
            return Some(Trouble::problem(
                format!("the credential `{shown}` is missing"),
                format!("write it there: `install -m 600 /dev/stdin {shown}`"),
            ));
        }
    };
    if !found.is_file() {
        return Some(Trouble::problem(
            format!("the credential `{shown}` is no file"),
            "put a file with the secret in its place",
        ));
    }
    if found.len() == 0 || fs::read(path).is_ok_and(|bytes| bytes.trim_ascii().is_empty()) {
        return Some(Trouble::problem(format!("the credential `{shown}` is empty"), "write the secret into it"));
    }
    readable_by_others(path, "the credential")
}

/// The file with the variables of the process.
pub(super) fn environment(examination: &Examination) -> Vec<Trouble> {
    let path = examination.layout.on_disk(examination.layout.environment());
    readable_by_others(&path, "the environment file").into_iter().collect()
}

fn readable_by_others(path: &Path, what: &str) -> Option<Trouble> {
    let mode = fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        let shown = path.display();
        let found = format!("{what} `{shown}` is open to others than its owner (mode {:04o})", mode & 0o7777);
        Trouble::problem(found, format!("`chmod 600 {shown}`, and change what was in it if others use this machine"))
    })
}

/// The setting `security.secret_key`.
pub(super) fn secret_key(examination: &Examination) -> Vec<Trouble> {
    const KEY: &str = "security.secret_key";
    if !cfg!(feature = "secrets") {
        return Vec::new();
    }
    if examination.subject.unknown.contains(KEY) {
        return vec![Trouble::skipped(format!("`{KEY}` names something that is not here"), "see the settings above")];
    }
    let key = examination.subject.settings.get::<Option<String>>(KEY).ok().flatten();
    let fresh = format!(
        "make one with the command `key` and put it into `{}` as `KALGAN__SECURITY__SECRET_KEY=…`",
        examination.layout.environment().display()
    );
    match key {
        None if machine::read(&examination.layout.on_disk(examination.layout.environment())).is_err() => {
            vec![Trouble::skipped("the environment file may have the key", "run `doctor` as root")]
        }
        None => vec![Trouble::problem(format!("`{KEY}` is not there, and the site does not start without it"), fresh)],
        Some(key) => weakness(&key).map(|it| Trouble::problem(format!("`{KEY}` {it}"), fresh)).into_iter().collect(),
    }
}

/// Why a key is no secret.
fn weakness(key: &str) -> Option<String> {
    let length = key.chars().count();
    let different: BTreeSet<char> = key.chars().collect();
    let small = key.to_lowercase();
    if length < SHORTEST_KEY {
        Some(format!("has {length} characters and needs {SHORTEST_KEY}"))
    } else if different.len() < LEAST_DIFFERENT || EXAMPLES.iter().any(|example| small.contains(example)) {
        Some("looks like an example, not like something made at random".to_string())
    } else {
        None
    }
}
