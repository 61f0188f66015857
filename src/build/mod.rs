//! Freezes a site's folder into its binary: the one call of a site's `build.rs`.
//!
//! 1. [`source`] reads and checks the folder; mistakes fail the build, all of them in one report.
//! 2. `minify` is called by it in a release build, where the feature of that name is on;
//! 3. `compress` makes the compressed variants of the static files, in a release build.
//! 4. `code` and `dispatch` write the site as Rust constants and paths, `output` puts them with the processed templates and
//!    static files into `$OUT_DIR/kalgan`.
//! 5. `cargo` tells cargo which files to watch.
//!
//! `kalgan::site!()` includes what was written. It holds no absolute path, no time and no value of an environment variable but
//! `SOURCE_DATE_EPOCH`, so that the same files give the same bytes in any folder on any machine.

mod cargo;
mod code;
mod compress;
mod dispatch;
#[cfg(feature = "minify")]
mod minify;
mod output;
mod settings;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use self::output::Files;
use crate::problem::{self, Problem};
use crate::snapshot::Snapshot;
use crate::source::{self, Reading};

/// Checks the site in `folder`, which is relative to the package's own folder, and writes what `kalgan::site!` includes.
///
/// This line is the whole `main` of a site's `build.rs`:
///
/// ```no_run
/// kalgan::build::site("app");
/// ```
///
/// Mistakes in the site's files are printed and end the build script with status 1. Warnings become warnings of cargo.
pub fn site(folder: &str) {
    match run(folder) {
        Ok(directives) => print!("{directives}"),
        Err(message) => {
            // Cargo shows what a failed script wrote to standard error, and repeats all its directives above that: so there are none.
            eprintln!("{message}");
            std::process::exit(1);
        }
    }
}

/// The whole work: gives what to print for cargo.
fn run(folder: &str) -> Result<String, String> {
    let script = cargo::Script::from_environment()?;
    let mut reading = source::read(&script.package.join(folder), &script.options);
    refuse_errors(folder, &reading)?;
    reading.snapshot.date = script.date;
    let mut about = String::new();
    // Who develops waits for every build, and the server on the same machine sends the bytes as they are just as fast.
    if script.options.is_prod {
        let summary = compress::assets(&mut reading.snapshot, &script.compressed, script.threads)?;
        about = cargo::about_compression(&summary);
    }
    Frozen::new(folder, &reading.snapshot).write(&script.output)?;
    Ok(cargo::directives(folder, &script.package, &reading) + &about)
}

/// # Errors
///
/// The report of all problems, when one of them is an error.
fn refuse_errors(folder: &str, reading: &Reading) -> Result<(), String> {
    match reading.problems.iter().any(Problem::is_error) {
        true => Err(problem::report(&located(folder, &reading.problems))),
        false => Ok(()),
    }
}

/// The file below the folder `encoded` in which the code looks for the bytes of all variants.
const ENCODED: &str = "all";

/// A checked site, ready to be written.
struct Frozen<'a> {
    /// The content of `site.rs`.
    code: String,
    snapshot: &'a Snapshot,
}

impl<'a> Frozen<'a> {
    /// Turns the snapshot of a site without errors into code.
    fn new(folder: &str, snapshot: &'a Snapshot) -> Frozen<'a> {
        Frozen { code: code::site(snapshot, folder), snapshot }
    }

    /// Writes `site.rs` and the folders `templates`, `static` and `encoded` below `output`.
    fn write(&self, output: &Path) -> Result<(), String> {
        let mut files = Files::new();
        files.insert(PathBuf::from("site.rs"), self.code.as_bytes());
        for template in self.snapshot.templates.iter() {
            files.insert(Path::new("templates").join(&*template.name), template.source.as_bytes());
        }
        for asset in self.snapshot.assets.iter() {
            files.insert(Path::new("static").join(&*asset.path), &asset.body);
        }
        let encoded = self.encoded();
        files.insert(Path::new("encoded").join(ENCODED), &encoded);
        output::write(output, &files)?;
        // `rust-embed` wants its folders to exist, also those of a site without templates or static files.
        output::create(&output.join("templates"))?;
        output::create(&output.join("static"))
    }

    /// The bytes of all variants, one after the other in the order of the table: `rust-embed` takes 200 bytes to name a file, which for
    /// a small variant is a tenth of it.
    fn encoded(&self) -> Vec<u8> {
        let variants = self.snapshot.assets.iter().flat_map(|asset| asset.variants.iter());
        variants.flat_map(|variant| variant.body.iter().copied()).collect()
    }
}

/// The problems with their files named from the package's folder, where cargo and editors look for them.
fn located(folder: &str, problems: &[Problem]) -> Vec<Problem> {
    let located = problems.iter().cloned();
    located.map(|problem| Problem { file: format!("{folder}/{}", problem.file), ..problem }).collect()
}
