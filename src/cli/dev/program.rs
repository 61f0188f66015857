//! Which binary runs, and how cargo makes it: its package, profile and target folder, all of them as the running binary has them.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// The binary of a site, and what it takes to make it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    /// The binary, absolute.
    pub(super) executable: PathBuf,
    /// The folder that cargo runs in: the package's, where cargo has started this process.
    pub(super) folder: PathBuf,
    /// Cargo.
    pub(super) cargo: OsString,
    /// Where cargo put the binary; none where it was put there by other means.
    layout: Option<Layout>,
}

/// The parts of `target/debug/name` and `target/x86_64-unknown-linux-gnu/release/name`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Layout {
    target_folder: PathBuf,
    triple: Option<OsString>,
    profile: OsString,
}

impl Program {
    /// The program that this process runs.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where there is no package to build or no cargo to build it.
    pub(super) fn running() -> Result<Program, Error> {
        let executable = std::env::current_exe()
            .map_err(|error| Error::File(format!("the path of this binary cannot be found out: {error}")))?;
        let folder = match std::env::var_os("CARGO_MANIFEST_DIR") {
            Some(folder) => PathBuf::from(folder),
            None => std::env::current_dir()
                .map_err(|error| Error::File(format!("the current folder cannot be found out: {error}")))?,
        };
        let is_package = folder.ancestors().any(|folder| folder.join("Cargo.toml").is_file());
        if !is_package {
            return Err(Error::File(format!(
                "there is no `Cargo.toml` in `{}`, so there is nothing that `dev` could build; start it in the package's folder, or serve \
                 without it: `serve`",
                folder.display()
            )));
        }
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let layout = Layout::of(&executable);
        let program = Program { executable, folder, cargo, layout };
        program.try_cargo()?;
        Ok(program)
    }

    fn try_cargo(&self) -> Result<(), Error> {
        let outcome = std::process::Command::new(&self.cargo).arg("--version").current_dir(&self.folder).output();
        let reason = match outcome {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) if error.kind() == ErrorKind::NotFound => "it is not installed".to_owned(),
            Err(error) => error.to_string(),
        };
        let cargo = self.cargo.to_string_lossy();
        Err(Error::File(format!(
            "`dev` builds with `{cargo}`, which cannot be run: {reason}; install Rust, or name cargo by `CARGO`"
        )))
    }

    /// The arguments by which cargo makes the binary again: the same target, in the same profile and folder.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["build".into()];
        if let Some(name) = self.executable.file_name() {
            arguments.extend(["--bin".into(), name.to_owned()]);
        }
        let Some(layout) = &self.layout else { return arguments };
        // Cargo calls the folder of the profile `dev` by another name than the profile.
        if layout.profile != "debug" {
            arguments.extend(["--profile".into(), layout.profile.clone()]);
        }
        if let Some(triple) = &layout.triple {
            arguments.extend(["--target".into(), triple.clone()]);
        }
        arguments.extend(["--target-dir".into(), layout.target_folder.clone().into()]);
        arguments
    }

    /// Where cargo lists the sources of the binary.
    pub(super) fn dep_info(&self) -> PathBuf {
        self.executable.with_file_name({
            let mut name = self.executable.file_name().unwrap_or_default().to_owned();
            name.push(".d");
            name
        })
    }
}

impl Layout {
    /// Cargo marks the target folder with a file, `CACHEDIR.TAG`.
    fn of(executable: &Path) -> Option<Layout> {
        let profile = executable.parent()?;
        let above = profile.parent()?;
        let is_target = |folder: &Path| is_cache(folder);
        let (target_folder, triple) = match is_target(above) {
            true => (above, None),
            false => (above.parent().filter(|folder| is_target(folder))?, Some(above.file_name()?.to_owned())),
        };
        Some(Layout { target_folder: target_folder.to_owned(), triple, profile: profile.file_name()?.to_owned() })
    }
}

/// Whether a folder is marked as one whose files can be made again, as cargo's are (<https://bford.info/cachedir/>).
pub(super) fn is_cache(folder: &Path) -> bool {
    folder.join("CACHEDIR.TAG").is_file()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn arguments(executable: &Path) -> Vec<String> {
        let program = Program {
            layout: Layout::of(executable),
            executable: executable.to_owned(),
            folder: PathBuf::new(),
            cargo: "cargo".into(),
        };
        program.arguments().into_iter().map(|argument| argument.into_string().unwrap()).collect()
    }

    #[test]
    fn cargo_is_asked_for_the_binary_that_runs() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("CACHEDIR.TAG"), "").unwrap();
        let target = folder.path().to_str().unwrap();
        let expected = |rest: &[&'static str]| [&["build", "--bin", "site"], rest, &["--target-dir", target]].concat();
        let of = |path: &str| arguments(&folder.path().join(path));
        assert_eq!(of("debug/site"), expected(&[]));
        assert_eq!(of("release/site"), expected(&["--profile", "release"]));
        assert_eq!(of("wasm/quick/site"), expected(&["--profile", "quick", "--target", "wasm"]));
        assert_eq!(arguments(Path::new("/usr/bin/site")), ["build", "--bin", "site"]);
    }
}
