//! The commands `deploy install`, `upgrade`, `rollback` and `uninstall`: flags become a wish, the plan for it is shown or carried out.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::Options;
use super::deploy::ChoiceFlags;
use crate::deploy::install::{self, Deployment, Description, Kind, Lock, Machine, Record, Wish};
use crate::deploy::{Choices, Layout, Subject};
use crate::error::Error;
use crate::launch::App;

/// Versions that are kept where nobody says how many.
const KEPT: usize = 3;

/// What all these commands take.
#[derive(Debug, Clone, Args)]
pub(super) struct Common {
    /// Show what would be done and change nothing; needs no root where nothing is deployed yet
    #[arg(long)]
    dry_run: bool,
    /// Put everything beneath DIR in the place of `/`, for an image of a machine; nothing is started or tested there
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Install {
    #[command(flatten)]
    choices: ChoiceFlags,
    /// Forget the choices of before, and take those of this command line and the defaults; secrets and files stay
    #[arg(long)]
    fresh: bool,
    /// Do not set up NGINX; later installs and upgrades keep to it
    #[arg(long, conflicts_with = "with_nginx")]
    no_nginx: bool,
    /// Set up NGINX after all
    #[arg(long)]
    with_nginx: bool,
    /// Replace what was changed by hand as well, and keep it beside its place as `.old`
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    credentials: Credentials,
    #[command(flatten)]
    common: Common,
}

/// Secrets that are put in place.
#[derive(Debug, Clone, Args)]
struct Credentials {
    /// Copy FILE to where `!credential ID` of the settings reads it; may be repeated
    #[arg(long = "credential", value_name = "ID=FILE", value_parser = credential)]
    files: Vec<(String, PathBuf)>,
}

#[derive(Debug, Args)]
pub(super) struct Upgrade {
    /// The binary of the new version
    #[arg(value_name = "NEW_BINARY")]
    binary: PathBuf,
    #[command(flatten)]
    again: Again,
    #[command(flatten)]
    credentials: Credentials,
}

#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// The version to go back to, by its name in `/opt/NAME/versions` [default: the one before this]
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
    #[command(flatten)]
    again: Again,
}

/// What changes the version of a deployment takes.
#[derive(Debug, Clone, Args)]
struct Again {
    /// Name of the deployment [default: that of the binary's folder, else that of the site's crate]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How many versions are kept
    #[arg(long, value_name = "N", default_value_t = KEPT)]
    keep: usize,
    /// Replace what was changed by hand as well, and keep it beside its place as `.old`
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
pub(super) struct Uninstall {
    /// Name of the deployment [default: that of the binary's folder, else that of the site's crate]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Remove choices, secrets and all that the site has written as well
    #[arg(long)]
    purge: bool,
    #[command(flatten)]
    common: Common,
}

/// Reads `ID=FILE`.
fn credential(text: &str) -> Result<(String, PathBuf), String> {
    let (id, file) = text.split_once('=').ok_or("write it as ID=FILE")?;
    let is_name = !id.is_empty() && !id.starts_with('.') && !id.contains('/');
    if is_name {
        Ok((id.to_string(), PathBuf::from(file)))
    } else {
        Err("the ID must be a plain file name".to_string())
    }
}

impl Install {
    pub(super) fn run(mut self, app: &App, options: &Options) -> Result<ExitCode, Error> {
        if options.credentials.is_some() {
            let text =
                "`--credentials` says nothing to `deploy install`: `--credential ID=FILE` puts a secret in place";
            return Err(Error::Deploy(text.to_string()));
        }
        let snapshot = options.snapshot(app)?;
        let is_named = self.choices.name.is_some();
        let name = name(app, self.choices.name.as_ref());
        self.choices.name = Some(name.clone());
        let (machine, _lock) = begin(name, &self.common)?;
        let record = Record::read(&machine.layout)?;
        let record = if self.fresh { record.map(Record::without_choices) } else { record };
        let earlier = record.as_ref().filter(|_| !self.fresh).map(Record::choices).transpose()?;
        let choices = self.choices.over(earlier, options, &Subject::new(snapshot, options.outside()?)?)?;
        let wish = Wish {
            kind: Kind::Install,
            binary: PathBuf::from("/proc/self/exe"),
            record: record.unwrap_or_default().choosing(&choices),
            credentials: self.credentials.files,
            nginx: (self.no_nginx || self.with_nginx || self.fresh).then_some(!self.no_nginx),
            force: self.force,
            is_named,
            dry_run: self.common.dry_run,
        };
        carry_out(&machine, wish, KEPT)
    }
}

impl Upgrade {
    pub(super) fn run(self, app: &App, options: &Options) -> Result<ExitCode, Error> {
        choose_nothing("upgrade", options)?;
        let (machine, _lock) = begin(self.again.name(app), &self.again.common)?;
        let wish = self.again.wish(&machine, Kind::Upgrade, self.binary)?;
        carry_out(&machine, Wish { credentials: self.credentials.files, ..wish }, self.again.keep)
    }
}

impl Rollback {
    pub(super) fn run(self, app: &App, options: &Options) -> Result<ExitCode, Error> {
        choose_nothing("rollback", options)?;
        let (machine, _lock) = begin(self.again.name(app), &self.again.common)?;
        let wish = self.again.wish(&machine, Kind::Rollback, install::earlier(&machine, self.to.as_deref())?)?;
        carry_out(&machine, wish, self.again.keep)
    }
}

impl Again {
    fn name(&self, app: &App) -> String {
        name(app, self.name.as_ref())
    }

    fn wish(&self, machine: &Machine, kind: Kind, binary: PathBuf) -> Result<Wish, Error> {
        let record = Record::read(&machine.layout)?;
        Ok(Wish {
            kind,
            binary,
            record: record.ok_or_else(|| nothing(machine))?,
            credentials: Vec::new(),
            nginx: None,
            force: self.force,
            is_named: self.name.is_some(),
            dry_run: self.common.dry_run,
        })
    }
}

impl Uninstall {
    pub(super) fn run(self, app: &App, options: &Options) -> Result<ExitCode, Error> {
        choose_nothing("uninstall", options)?;
        let (machine, _lock) = begin(name(app, self.name.as_ref()), &self.common)?;
        let record = Record::read(&machine.layout)?;
        if record.is_none() && !machine.layout.on_disk(machine.layout.home()).exists() {
            return Err(nothing(&machine));
        }
        let plan = install::plan_removal(&machine, record.as_ref(), self.purge)?;
        if self.common.dry_run {
            return show(&plan.lines());
        }
        plan.run(&machine, &tell)?;
        tell(&format!("`{}` is no longer deployed", machine.layout.name()));
        install::stays(&machine).iter().for_each(|line| tell(line));
        Ok(ExitCode::SUCCESS)
    }
}

/// The command `deploy describe`: what this binary is and needs, for the one that deploys it. The choices come from standard input.
pub(super) fn describe(app: &App, options: &Options) -> Result<ExitCode, Error> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut text);
    read.map_err(|error| Error::Deploy(format!("the choices cannot be read: {error}")))?;
    let choices: Choices = serde_json::from_str(&text)
        .map_err(|error| Error::Deploy(format!("the choices cannot be understood: {error}")))?;
    let subject = Subject::new(options.snapshot(app)?, choices.beneath(options.outside()?))?;
    let description = serde_json::to_string(&Description::new(&subject, &choices)?)
        .map_err(|error| Error::Deploy(format!("what this binary is cannot be told: {error}")))?;
    super::print(&description)?;
    Ok(ExitCode::SUCCESS)
}

/// The name of the deployment that a command is about.
pub(super) fn name(app: &App, given: Option<&String>) -> String {
    given.cloned().or_else(install::own_name).unwrap_or_else(|| app.snapshot().name.to_string())
}

/// Makes sure that nobody takes a command for one that changes the choices of a deployment.
///
/// # Errors
///
/// [`Error::Deploy`] where a flag says what is to be chosen.
fn choose_nothing(command: &str, options: &Options) -> Result<(), Error> {
    match options.given().first() {
        None => Ok(()),
        Some(flag) => Err(Error::Deploy(format!(
            "`{flag}` says nothing to `deploy {command}`, which keeps to the choices of before: `deploy install` is for other ones"
        ))),
    }
}

/// The machine, which nobody else deploys to from here on, once it has been checked.
fn begin(name: String, common: &Common) -> Result<(Machine, Option<Lock>), Error> {
    Choices { name: name.clone(), ..Choices::default() }.check()?;
    let stop = stop_asked()?;
    let layout = Layout::new(name);
    let layout = match &common.root {
        Some(root) => {
            let absolute = std::path::absolute(root);
            layout.rooted(absolute.map_err(|error| Error::File(format!("`{}`: {error}", root.display())))?)
        }
        None => layout,
    };
    let machine = Machine::new(layout, common.root.is_none(), install::real(Arc::clone(&stop)), stop);
    install::check_machine(&machine, common.dry_run)?;
    let lock = (!common.dry_run).then(|| Lock::take(&machine)).transpose()?;
    Ok((machine, lock))
}

/// A flag that is set when somebody asks the process to stop: from here on the signals no longer end it at once, because what was begun
/// must be taken back. A closed terminal asks too.
fn stop_asked() -> Result<Arc<AtomicBool>, Error> {
    let wrong = |error: std::io::Error| Error::Deploy(format!("signals cannot be received: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(wrong)?;
    let flag = Arc::new(AtomicBool::new(false));
    let (mut interrupt, mut terminate, mut hangup) = {
        let _context = runtime.enter();
        let listen = |kind| signal(kind).map_err(wrong);
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?, listen(SignalKind::hangup())?)
    };
    let asked = Arc::clone(&flag);
    thread::spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                }
                asked.store(true, Ordering::Relaxed);
            }
        });
    });
    Ok(flag)
}

fn nothing(machine: &Machine) -> Error {
    let (name, path) = (machine.layout.name(), machine.layout.choices());
    Error::Deploy(format!(
        "nothing is deployed as `{name}` (there is no `{}`): begin with `deploy install`, or give the name with `--name`",
        path.display()
    ))
}

fn carry_out(machine: &Machine, wish: Wish, keep: usize) -> Result<ExitCode, Error> {
    let is_dry = wish.dry_run;
    let deployment = Deployment::plan(machine, wish)?;
    if is_dry {
        return show(&deployment.lines());
    }
    deployment.run(machine, keep, &tell)?.iter().for_each(|line| tell(line));
    Ok(ExitCode::SUCCESS)
}

fn show(lines: &[String]) -> Result<ExitCode, Error> {
    lines.iter().try_for_each(|line| super::print(&format!("{line}\n")))?;
    Ok(ExitCode::SUCCESS)
}

/// A closed standard output is no reason to stop half-way.
fn tell(line: &str) {
    let _ = super::print(&format!("{line}\n"));
}
