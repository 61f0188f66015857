//! The command `assets export`. The steps, and where they are:
//!
//! 1. what must lie where, with which time ([`plan`]);
//! 2. the folder is made and locked, and everything that stands in the way is named before a byte is written ([`folder`]);
//! 3. what this export will write is added to what earlier ones wrote ([`earlier`]), so that an export that breaks off leaves nothing
//!    unknown behind;
//! 4. files are written, compressed forms that no longer belong to a file are removed;
//! 5. files of earlier exports that the site no longer has are listed, or removed with `--delete`.

mod earlier;
mod folder;
mod plan;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::error::{Error, one_line};
use crate::snapshot::Snapshot;
use folder::Folder;
use plan::Plan;

/// The flags of `assets export`; what it does is told at [`super::Command::Export`].
#[derive(Debug, Args)]
pub(in crate::cli) struct Flags {
    /// The folder; it is made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Remove what an earlier export wrote and the site no longer has
    #[arg(long)]
    delete: bool,
}

/// Exports all static files of the site.
pub(super) fn run(snapshot: &Snapshot, flags: &Flags) -> Result<ExitCode, Error> {
    let done = export(snapshot, flags)?;
    done.warnings.iter().for_each(|warning| eprintln!("warning: {warning}"));
    crate::cli::print(&done.report(flags))?;
    Ok(ExitCode::SUCCESS)
}

/// What an export did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Done {
    files: usize,
    compressed: usize,
    written: usize,
    removed: usize,
    /// Files of earlier exports that are still there.
    kept: Vec<String>,
    warnings: Vec<String>,
}

fn export(snapshot: &Snapshot, flags: &Flags) -> Result<Done, Error> {
    let plan = Plan::new(&snapshot.assets, snapshot.date)?;
    let folder = Folder::open(&flags.folder)?;
    folder.check(&plan)?;
    let files = snapshot.assets.len();
    let mut done = Done { files, compressed: plan.files.len() - files, warnings: plan.warnings, ..Done::default() };

    let mut known = earlier::read(&folder)?;
    known.extend(plan.files.keys().cloned());
    earlier::write(&folder, &known)?;

    for (path, file) in &plan.files {
        done.written += usize::from(folder.write(path, file)?);
    }
    for path in &plan.unwanted {
        done.removed += usize::from(folder.remove(path)?);
    }
    let is_gone = |path: &&String| !plan.files.contains_key(*path) && folder.has(path);
    let gone: Vec<String> = known.iter().filter(is_gone).cloned().collect();
    if flags.delete {
        for path in &gone {
            done.removed += usize::from(folder.remove(path)?);
        }
    } else {
        done.kept = gone;
    }
    let still: BTreeSet<String> = plan.files.keys().chain(&done.kept).cloned().collect();
    earlier::write(&folder, &still)?;
    Ok(done)
}

impl Done {
    /// A line with the counts, and what was kept of earlier exports.
    fn report(&self, flags: &Flags) -> String {
        let unchanged = self.files + self.compressed - self.written;
        let mut text = format!(
            "{}: {}, {}; {} written, {unchanged} unchanged, {} removed\n",
            one_line(&flags.folder.to_string_lossy()),
            counted(self.files, "file"),
            counted(self.compressed, "compressed form"),
            self.written,
            self.removed,
        );
        if !self.kept.is_empty() {
            let kept = counted(self.kept.len(), "file");
            text +=
                &format!("kept {kept} of an earlier export that the site no longer has; `--delete` removes them:\n");
            self.kept.iter().for_each(|path| text += &format!("  {}\n", one_line(path)));
        }
        text
    }
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests;
