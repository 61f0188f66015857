//! Talking with cargo: what it tells a build script, and what the script tells it.

use std::env;
use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::compress::Summary;
use super::settings;
use crate::problem::Problem;
use crate::source::assets::Minify;
use crate::source::{Options, Reading};

/// What cargo told this build script.
pub(super) struct Script {
    /// The folder of the package that is built.
    pub(super) package: PathBuf,
    /// Where this script writes: `$OUT_DIR/kalgan`.
    pub(super) output: PathBuf,
    /// Where it keeps compressed files from build to build: `$OUT_DIR/kalgan-compressed`.
    pub(super) compressed: PathBuf,
    /// How many threads it may use.
    pub(super) threads: usize,
    /// When the static files were made, in seconds since 1970, where the variable [`DATE`] says so.
    pub(super) date: Option<u64>,
    /// The package's name and version, and whether the profile is for production.
    pub(super) options: Options,
}

/// What this build of `kalgan` can do about `static.minify`.
#[cfg(feature = "minify")]
const MINIFY: Minify = Minify::With(super::minify::shorten);
#[cfg(not(feature = "minify"))]
const MINIFY: Minify = Minify::Absent;

impl Script {
    /// # Errors
    ///
    /// A text, when this is not a build script that cargo started, or [`DATE`] is not a date.
    pub(super) fn from_environment() -> Result<Script, String> {
        // `release` for that profile and all that inherit from it, `debug` for all others.
        let is_release = text("PROFILE")? == "release";
        let options = Options {
            name: text("CARGO_PKG_NAME")?,
            release: text("CARGO_PKG_VERSION")?,
            is_prod: is_release,
            minify: is_release.then_some(MINIFY),
        };
        let folder = PathBuf::from(variable("OUT_DIR")?);
        Ok(Script {
            package: PathBuf::from(variable("CARGO_MANIFEST_DIR")?),
            output: folder.join("kalgan"),
            compressed: folder.join("kalgan-compressed"),
            threads: threads(),
            date: env::var_os(DATE).map_or(Ok(None), |written| date(&written.to_string_lossy()))?,
            options,
        })
    }
}

/// The variable that tells builds of all kinds the time to write into what they make, so that a second build of the same files makes the
/// same bytes (reproducible-builds.org).
const DATE: &str = "SOURCE_DATE_EPOCH";

/// The last second of the year 9999, the last one that a date in HTTP has room for (RFC 9110 section 5.6.7).
const LAST_DATE: u64 = 253_402_300_799;

/// The date in a value of [`DATE`]. An empty one counts as absent, as for all variables that Kalgan reads.
///
/// # Errors
///
/// A text, when it is not a number of seconds up to [`LAST_DATE`].
pub(super) fn date(written: &str) -> Result<Option<u64>, String> {
    if written.is_empty() {
        return Ok(None);
    }
    let is_number = written.bytes().all(|byte| byte.is_ascii_digit());
    let seconds = written.parse().ok().filter(|seconds| is_number && *seconds <= LAST_DATE);
    seconds.map(Some).ok_or_else(|| {
        format!(
            "the variable `{DATE}` is `{written}`, not a whole number of seconds since 1970 up to {LAST_DATE}; \
             set it to one, such as what `git log -1 --format=%ct` prints, or unset it"
        )
    })
}

/// As many as cargo gives a build script (`cargo build --jobs`), and no more than there are cores for this process.
fn threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let allowed = env::var("NUM_JOBS").ok().and_then(|number| number.parse().ok());
    allowed.map_or(cores, |allowed: usize| allowed.min(cores))
}

fn text(name: &str) -> Result<String, String> {
    variable(name)?.into_string().map_err(|_| format!("the variable `{name}` of cargo is not UTF-8"))
}

fn variable(name: &str) -> Result<OsString, String> {
    env::var_os(name).ok_or_else(|| {
        format!("the variable `{name}` is not set; call `kalgan::build::site` from the `build.rs` of a package that cargo builds")
    })
}

/// How many warnings are shown one by one. Cargo repeats them on every build; a translation that was just begun would bury all else.
const SHOWN_WARNINGS: usize = 20;

/// Where the whole of the warnings is, with the text of their lines.
const WHOLE: &str = "`cargo run -- check` shows all of them with their lines, when kalgan has its feature `source`";

/// The lines for cargo after a successful run: what to watch, and the warnings.
pub(super) fn directives(folder: &str, package: &Path, reading: &Reading) -> String {
    let mut lines = String::new();
    add(&mut lines, format_args!("rerun-if-env-changed={DATE}"));
    for path in watched(folder, package, reading) {
        add(&mut lines, format_args!("rerun-if-changed={}", path.display()));
    }
    for problem in reading.problems.iter().take(SHOWN_WARNINGS) {
        add(&mut lines, format_args!("warning={}", one_line(folder, problem)));
    }
    match reading.problems.len().checked_sub(SHOWN_WARNINGS) {
        Some(more @ 1..) => add(&mut lines, format_args!("warning=and {more} more; {WHOLE}")),
        _ if reading.problems.is_empty() => {}
        _ => add(&mut lines, format_args!("warning={WHOLE}")),
    }
    lines
}

/// From this many bytes on, it is felt that the encoders are not optimised: they take about ten seconds for a megabyte.
const FELT_BYTES: usize = 1_000_000;

/// The lines for cargo about the compressed files: warnings, and a line for `cargo build -vv`.
pub(super) fn about_compression(summary: &Summary) -> String {
    let mut lines = format!("{} compressed static files, {} of them made anew\n", summary.variants, summary.encoded);
    if let Some(trouble) = &summary.trouble {
        let effect = "the site is complete, but its static files are compressed anew in the next build";
        add(&mut lines, format_args!("warning={trouble}; {effect}"));
    }
    // Known where this crate is the build-dependency of a site, whose profile decides how fast it is.
    if option_env!("KALGAN_OPT_LEVEL") == Some("0") && summary.encoded_bytes >= FELT_BYTES {
        let remedy = "add `[profile.release.build-override]` with `opt-level = 3` to the Cargo.toml of the workspace, and the \
                      `codegen-units` of `[profile.release]` if it has them";
        add(&mut lines, format_args!("warning=static files were compressed by code that is not optimised; {remedy}"));
    }
    lines
}

fn add(lines: &mut String, directive: std::fmt::Arguments<'_>) {
    writeln!(lines, "cargo::{directive}").expect("writing to a `String` cannot fail");
}

/// A warning with its place and its help in one line, as cargo shows no more of it.
fn one_line(folder: &str, problem: &Problem) -> String {
    let mut line = format!("{folder}/{}", problem.file);
    if problem.line > 0 {
        line.push_str(&format!(":{}:{}", problem.line, problem.column));
    }
    line.push_str(&format!(": {}", problem.message));
    for help in &problem.help {
        line.push_str(&format!("; {help}"));
    }
    line.replace('\n', " ")
}

/// The paths to watch, relative to the package.
///
/// Cargo watches folders with all that is in them, and runs a script always when a watched path is absent. A folder of data
/// that does not exist yet can therefore only be noticed by watching the whole site, at the price of a run of the script for each
/// edit of a controller; a site that has all its folders does not pay it.
fn watched(folder: &str, package: &Path, reading: &Reading) -> Vec<PathBuf> {
    let site = package.join(folder);
    let mut paths: Vec<&Path> = reading.watched.iter().map(PathBuf::as_path).filter(|path| path.exists()).collect();
    if settings::folders(&reading.snapshot).iter().any(|name| !site.join(name).exists()) {
        paths.push(&site);
    }
    // A folder sorts before what lies in it.
    paths.sort();
    paths.dedup_by(|later, kept| later.starts_with(kept));
    paths.into_iter().map(|path| path.strip_prefix(package).unwrap_or(path).to_path_buf()).collect()
}
