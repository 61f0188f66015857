//! The commands that every site's binary has.
//!
//! Each command is a file; this one reads the command line and turns what all commands share into settings layers.

mod admin;
mod assets;
#[cfg(feature = "source")]
mod check;
mod deploy;
#[cfg(feature = "overlay")]
mod dev;
mod diff;
mod doctor;
mod healthcheck;
mod install;
#[cfg(feature = "secrets")]
mod key;
pub(crate) mod log;
mod manifest;
#[cfg(feature = "db")]
mod migrate;
mod notify;
mod routes;
mod serve;
mod settings;
mod signals;
mod trial;
mod version;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use serde::Serialize;

use crate::error::Error;
use crate::launch::App;
#[cfg(feature = "overlay")]
use crate::overlay::patch::Patched;
#[cfg(feature = "overlay")]
use crate::problem::Problem;
use crate::process::DataFolder;
use crate::site::{Outside, Settings, Site};
use crate::snapshot::Snapshot;

/// The command line of a site's binary.
#[derive(Debug, Parser)]
#[command(about = "A website in one binary, made with Kalgan", disable_version_flag = true)]
struct CommandLine {
    /// The same as the command `version`
    #[arg(short = 'V', long)]
    version: bool,
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What changes settings from outside, for every command.
#[derive(Debug, Clone, Args)]
struct Options {
    /// A YAML file of settings over those of the site
    #[cfg(feature = "source")]
    #[arg(long, global = true, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// One setting, stronger than files and variables, such as `--set i18n.negotiate=true`; may be repeated
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    pairs: Vec<String>,
    /// Short for `--set server.address=ADDRESS`
    #[arg(long, global = true)]
    address: Option<String>,
    /// Short for `--set server.port=PORT`; 0 takes a free one
    #[arg(long, global = true)]
    port: Option<String>,
    /// The site's folder, for development and `check` [default: `app` beside the Cargo.toml under `cargo run`, else `./app`]
    #[cfg(feature = "source")]
    #[arg(long, global = true, value_name = "DIR")]
    site: Option<PathBuf>,
    /// A folder laid out like the site's, whose files are put over those in the binary, also in production; SIGHUP reads it again
    #[cfg(feature = "overlay")]
    #[arg(long, global = true, value_name = "DIR")]
    overlay: Option<PathBuf>,
    /// The folder that `!credential` reads from [default: $CREDENTIALS_DIRECTORY]
    #[arg(long, global = true, value_name = "DIR")]
    credentials: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the site; this is what happens without a command
    Serve(serve::Command),
    /// Serve the site while it is worked on: build and restart it when its Rust files change
    #[cfg(feature = "overlay")]
    Dev(dev::Flags),
    /// Check the site's files and report every mistake
    #[cfg(feature = "source")]
    Check,
    /// List the routes, or explain which one answers a request
    Routes(routes::Flags),
    /// List the static files in the binary, or write them to a folder for NGINX
    #[command(subcommand)]
    Assets(assets::Command),
    /// Ask a running process whether requests should be sent to it, at `server.admin` or its own address or `--address`; exit code 0 or 1
    Healthcheck(healthcheck::Flags),
    /// Make what systemd and NGINX need for this site, of its own settings and routes
    #[command(subcommand)]
    Deploy(deploy::Command),
    /// Make a random key for the setting `security.secret_key`
    #[cfg(feature = "secrets")]
    Key,
    /// Bring the database up to date by the site's migrations
    #[cfg(feature = "db")]
    Migrate(migrate::Flags),
    /// Show the settings that count and where each comes from
    Settings,
    /// Show everything that is in the binary: files, routes, texts, settings and what it needs from outside
    Manifest(manifest::Flags),
    /// Show what differs between an earlier binary of the site and this one; the exit code is 1 where something does
    Diff(diff::Flags),
    /// Look at the machine that the site is deployed on and say what is wrong; the exit code is 1 where there is a problem
    Doctor(doctor::Flags),
    /// Show the versions of the site and of Kalgan, and the version tag of the static files
    Version,
}

/// Does what the command line says.
pub(crate) fn run(app: &Arc<App>, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let line = match CommandLine::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => {
            // Help goes to standard output and is no mistake; where even that is closed there is nobody to tell.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let command = match (line.version, line.command) {
        (true, _) => Command::Version,
        (false, command) => command.unwrap_or(Command::Serve(serve::Command::default())),
    };
    let serves = matches!(command, Command::Serve(_));
    match command.run(app, &line.options) {
        Ok(code) => code,
        Err(error) => {
            tell(&error);
            match error {
                Error::Setting(_) | Error::Site(_) if serves => ExitCode::from(WRONG_SETTINGS),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

/// `EX_CONFIG` of `sysexits(3)`, where a site does not start: trying again does not help, somebody has to change a setting first. Of commands
/// that a person types it would say no more than 1 does.
const WRONG_SETTINGS: u8 = 78;

/// Says why a command could not do what it was asked.
fn tell(error: &Error) {
    // Where standard error is closed there is nobody to tell.
    let _ = match error {
        // Its lines begin with the files in which the mistakes are.
        Error::Site(_) => writeln!(std::io::stderr(), "{error}"),
        _ => writeln!(std::io::stderr(), "error: {error}"),
    };
}

impl Command {
    fn run(self, app: &Arc<App>, options: &Options) -> Result<ExitCode, Error> {
        match self {
            Command::Serve(command) => command.run(app, options),
            #[cfg(feature = "overlay")]
            Command::Dev(flags) => dev::run(app, options, flags),
            #[cfg(feature = "source")]
            Command::Check => check::run(app, options),
            Command::Routes(flags) => routes::run(&*options.site(app)?, &flags),
            Command::Assets(command) => command.run(&options.snapshot(app)?),
            Command::Healthcheck(flags) => healthcheck::run(app, options, &flags),
            Command::Deploy(command) => command.run(app, options),
            #[cfg(feature = "secrets")]
            Command::Key => key::run(),
            #[cfg(feature = "db")]
            Command::Migrate(flags) => migrate::run(app, options, &flags),
            Command::Settings => settings::run(&*options.site(app)?),
            Command::Manifest(flags) => manifest::run(&options.snapshot(app)?, &flags),
            Command::Diff(flags) => Ok(diff::run(app, options, &flags)),
            Command::Doctor(flags) => doctor::run(app, options, &flags),
            Command::Version => version::run(&options.snapshot(app)?),
        }
    }
}

impl Options {
    /// The layers of settings that come from outside the binary.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] when `--set` has no `=`, [`Error::Site`] when the settings file has mistakes.
    fn outside(&self) -> Result<Outside, Error> {
        let mut flags = Vec::new();
        for pair in &self.pairs {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| Error::Setting(format!("`--set {pair}` names no value; write `--set KEY=VALUE`")))?;
            flags.push((key.trim().to_string(), value.to_string()));
        }
        let short = [("server.address", &self.address), ("server.port", &self.port)];
        flags.extend(short.into_iter().filter_map(|(key, value)| Some((key.to_string(), value.clone()?))));
        let outside = Outside { variables: variables(), flags, credentials: self.credentials(), ..Outside::default() };
        self.with_file(outside)
    }

    /// The settings as far as they can be known before the site's files are read, for the log of the start.
    fn first_settings(&self, app: &App) -> Result<Settings, Error> {
        Settings::load(&app.snapshot(), self.outside()?)
    }

    /// The flags that were given which change what the site is or which settings it has.
    fn given(&self) -> Vec<&'static str> {
        let mut given = Vec::new();
        let mut add = |name, is_given: bool| given.extend(is_given.then_some(name));
        add("--set", !self.pairs.is_empty());
        add("--address", self.address.is_some());
        add("--port", self.port.is_some());
        add("--credentials", self.credentials.is_some());
        #[cfg(feature = "source")]
        add("--settings", self.settings.is_some());
        #[cfg(feature = "overlay")]
        add("--overlay", self.overlay.is_some());
        given
    }

    /// The folder that `!credential` reads from, where there is one.
    fn credentials(&self) -> Option<PathBuf> {
        self.credentials.clone().or_else(|| std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from))
    }

    /// The site in the binary, with the overlay over it where one is given.
    ///
    /// # Errors
    ///
    /// [`Error::Site`] with all mistakes in the overlay.
    #[cfg(feature = "overlay")]
    fn snapshot(&self, app: &App) -> Result<Snapshot, Error> {
        Ok(self.patched(app)?.map_or_else(|| app.snapshot(), |patched| patched.snapshot))
    }

    /// What becomes of the overlay, where one is given.
    ///
    /// # Errors
    ///
    /// [`Error::Site`] with all mistakes in it.
    #[cfg(feature = "overlay")]
    fn patched(&self, app: &App) -> Result<Option<Patched>, Error> {
        let Some(folder) = &self.overlay else { return Ok(None) };
        let patched = app.patched(folder);
        match patched.problems.iter().any(Problem::is_error) {
            true => Err(Error::Site(patched.problems)),
            false => Ok(Some(patched)),
        }
    }

    #[cfg(not(feature = "overlay"))]
    fn snapshot(&self, app: &App) -> Result<Snapshot, Error> {
        Ok(app.snapshot())
    }

    /// The running state of that site, with the settings of all layers.
    fn site(&self, app: &App) -> Result<Arc<Site>, Error> {
        app.site_of(self.snapshot(app)?, self.outside()?)
    }

    /// Where the site in the binary comes from, for people.
    fn origin(&self) -> String {
        #[cfg(feature = "overlay")]
        if let Some(folder) = &self.overlay {
            return format!("from the binary with `{}` over it", folder.display());
        }
        "from the binary".to_string()
    }

    /// The site's folder: `cargo run` names the package's folder; no path of the machine that built the binary is in it.
    #[cfg(feature = "source")]
    fn folder(&self) -> PathBuf {
        let package = || std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        self.site.clone().unwrap_or_else(|| package().join("app"))
    }

    /// The folder that the process writes to: the setting `data.path`, else what systemd made for it, else in development a folder beside
    /// the site's, else one in the working directory.
    fn data(&self, settings: &Settings) -> Result<DataFolder, Error> {
        const FOLDER: &str = "data";
        if let Some(path) = settings.get::<Option<String>>("data.path")? {
            return Ok(DataFolder::new(path));
        }
        // Of several folders, which systemd separates by colons, the first is the process's own.
        if let Some(state) = std::env::var("STATE_DIRECTORY").ok().filter(|state| !state.is_empty()) {
            return Ok(DataFolder::new(state.split(':').next().unwrap_or_default()));
        }
        #[cfg(feature = "source")]
        if !settings.is_prod() {
            return Ok(DataFolder::new(self.folder().with_file_name(FOLDER)));
        }
        Ok(DataFolder::new(FOLDER))
    }

    /// These options as a command line, for a process that is to have the same.
    #[cfg(feature = "overlay")]
    fn arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        let mut add = |name: &str, value: OsString| {
            arguments.push({
                let mut argument = OsString::from(name);
                argument.push("=");
                argument.push(value);
                argument
            })
        };
        self.pairs.iter().for_each(|pair| add("--set", pair.into()));
        let texts = [("--address", &self.address), ("--port", &self.port)];
        texts.into_iter().for_each(|(name, text)| text.iter().for_each(|text| add(name, text.into())));
        let paths = [("--settings", &self.settings), ("--site", &self.site), ("--credentials", &self.credentials)];
        paths.into_iter().for_each(|(name, path)| path.iter().for_each(|path| add(name, path.into())));
        arguments
    }

    #[cfg(feature = "source")]
    fn with_file(&self, outside: Outside) -> Result<Outside, Error> {
        let Some(path) = &self.settings else { return Ok(outside) };
        let file = crate::source::settings::read_file(path).map_err(Error::Site)?;
        Ok(Outside { file, file_name: path.display().to_string(), ..outside })
    }

    #[cfg(not(feature = "source"))]
    fn with_file(&self, outside: Outside) -> Result<Outside, Error> {
        Ok(outside)
    }
}

/// The process's environment; a variable that is not UTF-8 cannot be a setting and is left out.
fn variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Prints the result of a command. A reader that has gone, as in `routes | head -1`, has had enough and is no mistake.
fn print(text: &str) -> Result<(), Error> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

/// A result as JSON with a line break at its end.
fn json(value: &impl Serialize) -> Result<String, Error> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n").map_err(|error| Error::Output(error.into()))
}

/// Columns as wide as their widest cell, two spaces between them.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Makes a folder, and those above it that are not there, for all to look into, whatever the umask of this process is.
fn make_folders(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    path.parent().map_or(Ok(()), make_folders)?;
    match std::fs::create_dir(path) {
        // Somebody else made it meanwhile.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made.and_then(|()| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))),
    }
}
