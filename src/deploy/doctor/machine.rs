//! Reading what lies on the machine, and telling apart why something cannot be read.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Trouble;

/// A file's text; none where there is no such file.
///
/// # Errors
///
/// That it was skipped because only root may read it, or that it cannot be read.
pub(super) fn read(path: &Path) -> Result<Option<String>, Trouble> {
    // Asked before it is opened: opening a pipe waits for its writer.
    if fs::metadata(path).is_ok_and(|data| !data.is_file()) {
        return Err(Trouble::problem(format!("`{}` is no file", path.display()), "mend this"));
    }
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(forbidden(path)),
        Err(error) => Err(Trouble::problem(format!("`{}` cannot be read: {error}", path.display()), "mend this")),
    }
}

/// That only another user may look there.
pub(super) fn forbidden(path: &Path) -> Trouble {
    Trouble::skipped(format!("this user may not read `{}`", path.display()), "run `doctor` as root")
}

/// What a program of the system prints; none where it is not there or fails.
pub(super) fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    let output = command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
