//! The command `deploy`: what systemd and NGINX need for this site, made of its own settings and routes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::{Options, install};
use crate::deploy::{self, Choices, File, Layout, Socket, Subject, Tls};
use crate::error::Error;
use crate::launch::App;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print NGINX's file of the site and the page that it shows while no process answers
    Nginx(Flags),
    /// Print the units of the site for systemd
    Systemd(Flags),
    /// Put this binary in place as a service behind NGINX; repeated, it changes what is other and nothing else
    ///
    /// What fails is taken back. The choices are kept in `/etc/NAME/deploy.json` and need not be given again.
    Install(install::Install),
    /// Let another binary of the site take over; where it does not get ready, the one before goes on
    Upgrade(install::Upgrade),
    /// Let the version before this one, or an earlier one, take over again
    Rollback(install::Rollback),
    /// Stop the site and remove what was put in place; secrets, choices and what the site has written stay
    Uninstall(install::Uninstall),
    /// What this binary is and needs, for the one that deploys it
    #[command(hide = true)]
    Describe,
}

#[derive(Debug, Args)]
pub(super) struct Flags {
    #[command(flatten)]
    choices: ChoiceFlags,
    /// Write the files below DIR, each at its path on the server, instead of printing them
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// The choices of a deployment as a command line gives them; what it leaves out is decided by [`ChoiceFlags::over`].
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ChoiceFlags {
    /// Name of units, folders and sockets [default: that of the site's crate]
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// Host that NGINX answers for, the main one first; may be repeated [default: every host]
    #[arg(long = "domain", value_name = "HOST", num_args = 1..)]
    pub(super) domains: Vec<String>,
    /// Certificate and key for HTTPS, as absolute paths
    #[arg(long, num_args = 2, value_names = ["CERT", "KEY"])]
    pub(super) tls: Vec<String>,
    /// How NGINX reaches the site [default: unix]
    #[arg(long, value_name = "KIND")]
    pub(super) socket: Option<SocketKind>,
    /// How many processes serve the site [default: the setting `server.instances`]
    #[arg(long, value_name = "N")]
    pub(super) instances: Option<u16>,
    /// Let NGINX serve the static files from a folder, to which `assets export` writes them [default without DIR: /opt/NAME/public]
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "")]
    pub(super) static_root: Option<String>,
    /// Group of NGINX's workers, which may connect to the socket file [default: www-data]
    #[arg(long, value_name = "GROUP")]
    pub(super) proxy_group: Option<String>,
    /// Let controllers talk to others over the network; servers that the settings name are reachable anyway
    #[arg(long)]
    pub(super) network: bool,
}

/// [`Socket`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SocketKind {
    /// A socket file that only NGINX may open
    Unix,
    /// A port of this machine
    Tcp,
}

/// What makes the files of one command.
type Make = fn(&Subject, &Choices) -> Result<Vec<File>, Error>;

impl Command {
    /// Does what the command line says.
    pub(super) fn run(self, app: &App, options: &Options) -> Result<ExitCode, Error> {
        let (flags, make): (_, Make) = match self {
            Command::Nginx(flags) => (flags, deploy::nginx),
            Command::Systemd(flags) => (flags, deploy::systemd),
            Command::Install(flags) => return flags.run(app, options),
            Command::Upgrade(flags) => return flags.run(app, options),
            Command::Rollback(flags) => return flags.run(app, options),
            Command::Uninstall(flags) => return flags.run(app, options),
            Command::Describe => return install::describe(app, options),
        };
        let subject = Subject::new(options.snapshot(app)?, options.outside()?)?;
        let choices = flags.choices.over(None, options, &subject)?;
        let files = make(&subject, &choices)?;
        match &flags.output {
            Some(folder) => write(&files, folder, &Layout::of(&choices))?,
            None => super::print(&printed(&files))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl ChoiceFlags {
    /// The choices of a command line over earlier ones, complete and checked.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where one cannot be written into a file as it is.
    pub(super) fn over(
        &self,
        earlier: Option<Choices>,
        options: &Options,
        subject: &Subject,
    ) -> Result<Choices, Error> {
        let mut choices =
            earlier.unwrap_or(Choices { instances: subject.settings.get("server.instances")?, ..Choices::default() });
        replace(&mut choices.name, self.name.clone());
        if choices.name.is_empty() {
            choices.name = subject.snapshot.name.to_string();
        }
        if !self.domains.is_empty() {
            choices.domains.clone_from(&self.domains);
        }
        if let [certificate, key] = &*self.tls {
            choices.tls = Some(Tls { certificate: certificate.clone(), key: key.clone() });
        }
        replace(&mut choices.socket, self.socket.map(SocketKind::into));
        let public = || Layout::new(&choices.name).public().display().to_string();
        if let Some(folder) = &self.static_root {
            choices.static_root = Some(if folder.is_empty() { public() } else { folder.clone() });
        }
        replace(&mut choices.proxy_group, self.proxy_group.clone());
        choices.network |= self.network;
        choices.settings.extend(options.outside()?.flags);
        options.keep_paths(&mut choices)?;
        replace(&mut choices.instances, self.instances);
        choices.check()?;
        Ok(choices)
    }
}

impl From<SocketKind> for Socket {
    fn from(kind: SocketKind) -> Self {
        match kind {
            SocketKind::Unix => Socket::Unix,
            SocketKind::Tcp => Socket::Tcp,
        }
    }
}

impl Options {
    /// The settings file and the overlay of this command line, which the units are to have too.
    fn keep_paths(&self, choices: &mut Choices) -> Result<(), Error> {
        #[cfg(feature = "source")]
        keep(&mut choices.settings_file, self.settings.as_deref())?;
        #[cfg(feature = "overlay")]
        keep(&mut choices.overlay, self.overlay.as_deref())?;
        let _ = choices;
        Ok(())
    }
}

/// A path as another folder's process would write it.
#[cfg(feature = "source")]
fn keep(kept: &mut Option<String>, path: Option<&Path>) -> Result<(), Error> {
    let Some(path) = path else { return Ok(()) };
    let absolute = std::path::absolute(path);
    let absolute = absolute.map_err(|error| Error::File(format!("`{}`: {error}", path.display())))?;
    *kept = Some(absolute.display().to_string());
    Ok(())
}

fn replace<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// All files one after the other, each below a line with its path.
fn printed(files: &[File]) -> String {
    let texts: Vec<_> =
        files.iter().map(|file| format!("# ---- {} ----\n{}", file.path.display(), file.text)).collect();
    texts.join("\n")
}

/// Writes each file at its path below a folder. A page of maintenance that is there is left alone: it is the operator's to change.
fn write(files: &[File], folder: &Path, layout: &Layout) -> Result<(), Error> {
    for file in files {
        let path = folder.join(file.path.strip_prefix("/").unwrap_or(&file.path));
        if file.path == layout.maintenance() && path.exists() {
            continue;
        }
        let failed = |error| Error::File(format!("`{}` cannot be written: {error}", path.display()));
        super::make_folders(path.parent().unwrap_or(folder)).map_err(failed)?;
        fs::write(&path, &file.text).map_err(failed)?;
        fs::set_permissions(&path, Permissions::from_mode(file.mode)).map_err(failed)?;
        super::print(&format!("{}\n", path.display()))?;
    }
    Ok(())
}
