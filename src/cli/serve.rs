//! The command `serve`.

#[cfg(feature = "overlay")]
use std::ffi::OsString;
use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use clap::Args;
use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use tokio::runtime::Runtime;

use super::admin::Answering;
#[cfg(feature = "overlay")]
use super::dev::Supervised;
use super::notify::{self, Notifier};
use super::signals::{Early, stop_asked};
use super::{Options, log, trial};
use crate::error::Error;
#[cfg(feature = "overlay")]
use crate::error::one_line;
#[cfg(feature = "overlay")]
use crate::launch::Developing;
use crate::launch::{App, AskedToStop, Halt, Load, process};
#[cfg(feature = "overlay")]
use crate::overlay::live::Hub;
use crate::process::{DataFolder, Process};
use crate::server::{self, Listener, Pipeline, Serving, Sockets, Stop};
use crate::site::{Settings, Site};

/// Without the command `dev` no process is started by it.
#[cfg(not(feature = "overlay"))]
#[derive(Debug)]
enum Supervised {}

#[derive(Debug, Default, Args)]
#[group(skip)]
pub(super) struct Command {
    #[command(flatten)]
    flags: Flags,
    /// Do everything that a start does but serve, and end: the exit code tells whether the site would start
    #[arg(long)]
    trial: bool,
}

/// What the command `dev` takes as well.
#[derive(Debug, Default, Args)]
#[group(skip)]
pub(super) struct Flags {
    /// Let a development process listen on other addresses than this machine's own
    #[arg(long)]
    allow_remote: bool,
}

#[cfg(feature = "overlay")]
impl Flags {
    /// These flags as a command line.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        self.allow_remote.then(|| "--allow-remote".into()).into_iter().collect()
    }
}

impl Command {
    /// Serves until the process is asked to stop by SIGTERM or SIGINT, then lets requests in flight finish; or tries whether it could.
    pub(super) fn run(&self, app: &Arc<App>, options: &Options) -> Result<ExitCode, Error> {
        match self.trial {
            true => trial::run(app, options, &self.flags),
            false => run(app, options, &self.flags).inspect_err(notify::failed),
        }
    }
}

fn run(app: &Arc<App>, options: &Options, flags: &Flags) -> Result<ExitCode, Error> {
    // Before any file is opened and any thread begun.
    let sockets = Sockets::from_environment()?;
    let signals = Early::receive()?;
    // It writes what is still waiting when this function ends.
    let _log = log::start(options.first_settings(app));
    if let Some(notice) = sockets.notice() {
        tracing::warn!("{notice}");
    }
    #[cfg(feature = "overlay")]
    if let Some(dev) = Supervised::connect()? {
        let around = Around { flags, dev: Some(&dev), sockets, signals };
        return run_by(app, options, around).inspect_err(|error| dev.failed(error));
    }
    run_by(app, options, Around { flags, dev: None, sockets, signals })
}

/// What a process finds around it when it starts.
struct Around<'a> {
    flags: &'a Flags,
    /// The command `dev` that has started it.
    dev: Option<&'a Supervised>,
    /// What systemd hands over.
    sockets: Sockets,
    signals: Early,
}

/// Serves, by itself or for the command `dev`.
fn run_by(app: &Arc<App>, options: &Options, around: Around<'_>) -> Result<ExitCode, Error> {
    let start = start(app, options)?;
    let site = start.serving.site().clone();
    log::ready(&site.settings, options.data(&site.settings)?)?.install();
    let runtime = runtime(&site.settings)?;
    let code = runtime.block_on(serve(app, start, options.data(&site.settings)?, around));
    // Requests have had their time; a controller that still blocks its thread must not keep the process.
    runtime.shutdown_background();
    code
}

/// What a process runs in, with the threads that the settings say.
pub(super) fn runtime(settings: &Settings) -> Result<Runtime, Error> {
    let workers = match settings.exists("server.number_of_workers") {
        true => settings.get("server.number_of_workers")?,
        false => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    runtime.map_err(|error| Error::Listen(format!("the worker threads cannot be started: {error}")))
}

/// The site that [`run`] would serve at first.
#[cfg(any(feature = "overlay", feature = "db"))]
pub(super) fn site(app: &Arc<App>, options: &Options) -> Result<Arc<Site>, Error> {
    Ok(start(app, options)?.serving.site().clone())
}

/// What a process begins with.
pub(super) struct Start {
    pub(super) serving: Serving,
    /// Who watches it.
    pub(super) seen: Seen,
    /// Makes it anew from all that may have changed outside; none where edits are followed anyway.
    load: Option<Arc<Load>>,
}

/// The people who see what is served.
pub(super) struct Seen {
    /// Where the site was read from.
    origin: String,
    /// Tells open pages of builds; none where there are no pages that listen.
    #[cfg(feature = "overlay")]
    hub: Option<Hub>,
}

/// What answers requests: in development it is made of the site's folder, else of the binary and the overlay.
pub(super) fn start(app: &Arc<App>, options: &Options) -> Result<Start, Error> {
    #[cfg(feature = "overlay")]
    if options.overlay.is_none()
        && let outside = options.outside()?
        && !Settings::load(&app.snapshot(), outside.clone())?.is_prod()
        && let folder = options.folder()
        && folder.is_dir()
    {
        let (serving, hub) = Developing::start(app, &folder, outside)?;
        let seen = Seen { origin: format!("from `{}`", folder.display()), hub: Some(hub) };
        return Ok(Start { serving, seen, load: None });
    }
    let load = {
        let (app, options) = (app.clone(), options.clone());
        move || from_binary(&app, &options)
    };
    let serving = load()?;
    #[cfg(feature = "overlay")]
    refuse_two_folders(&serving, options)?;
    let seen = Seen {
        origin: options.origin(),
        #[cfg(feature = "overlay")]
        hub: None,
    };
    Ok(Start { serving, seen, load: Some(Arc::new(load)) })
}

/// What serves the site in the binary, with the overlay over it where one is given, and the settings from outside.
fn from_binary(app: &App, options: &Options) -> Result<Serving, Error> {
    let outside = options.outside()?;
    #[cfg(feature = "overlay")]
    if let (Some(folder), Some(patched)) = (&options.overlay, options.patched(app)?) {
        for line in patched.problems.iter().map(ToString::to_string) {
            line.lines().for_each(|line| tracing::warn!("{}", one_line(line)));
        }
        let serving = Serving::new(app.site_of(patched.snapshot, outside)?, app.dispatch())?;
        tracing::info!("overlay `{}`: {}", folder.display(), patched.summary);
        return Ok(serving);
    }
    Serving::new(app.site(outside)?, app.dispatch())
}

/// In development the site's own folder is edited; what an overlay over that would mean nobody could tell.
#[cfg(feature = "overlay")]
fn refuse_two_folders(serving: &Serving, options: &Options) -> Result<(), Error> {
    let folder = options.folder();
    if options.overlay.is_none() || serving.site().settings.is_prod() || !folder.is_dir() {
        return Ok(());
    }
    Err(Error::Setting(format!(
        "`--overlay` is put over the binary, but a process in development serves from the folder `{}`; leave `--overlay` out, or set \
         `environment.is_prod: true`",
        folder.display()
    )))
}

async fn serve(app: &App, start: Start, data: DataFolder, mut around: Around<'_>) -> Result<ExitCode, Error> {
    let site = start.serving.site().clone();
    // Before anybody can know that the process is there.
    let asked_to_stop = AskedToStop::new(stop_asked(site.settings.is_prod())?);
    let options = connection_options(&site.settings)?;
    let begun = begin(app, start.serving, data, (&mut around, &asked_to_stop)).await;
    let Begun { listener, admin, process, pipeline } = match begun {
        Ok(begun) => begun,
        Err(Halt::Failed(error)) => return Err(error),
        Err(Halt::Asked) => {
            tracing::info!("asked to stop before the process served: what was begun has been ended");
            return Ok(ExitCode::SUCCESS);
        }
    };
    let alone = tell(around.dev, start.seen.greeting(&site, &listener.to_string()), &start.seen)?;
    let notifier = Notifier::new(format!("serving {listener}, {}", workers()));
    let edits = tokio::spawn(Arc::clone(&pipeline).follow_edits());
    let hangups = around.signals.follow_reopen();
    let closed = hangups.follow(Arc::clone(&pipeline), start.load, |reload| notifier.reload(&reload));
    notify::watch();
    notifier.ready();
    let asked = OnceLock::new();
    let stop = async {
        let stop = tokio::select! {
            stop = asked_to_stop.stop() => stop,
            () = closed => Stop::AtOnce,
            () = alone => Stop::AtOnce,
        };
        let _ = asked.set(Instant::now());
        process.tell_asked();
        notifier.stopping(process::at_most(options.shutdown_timeout));
        stop
    };
    let cut = server::serve(listener, options, pipeline.clone(), stop).await;
    edits.abort();
    if cut > 0 {
        tracing::warn!("{cut} connections were cut: they were not done within `server.shutdown_timeout`");
    }
    notifier.winding_up();
    let since = asked.get().map_or(Duration::ZERO, Instant::elapsed);
    process::end(app, &process, options.shutdown_timeout.saturating_sub(since)).await;
    // Hooks and tasks have the site until here: a mail that is still to be sent may want a template.
    drop(pipeline);
    admin.end().await;
    Ok(ExitCode::SUCCESS)
}

/// What is there when the first request can be answered.
struct Begun {
    listener: Listener,
    admin: Answering,
    process: Process,
    pipeline: Arc<Pipeline>,
}

/// Makes all that a process serves with, unless it is asked to stop before. What was begun by then is ended.
async fn begin(
    app: &App,
    serving: Serving,
    data: DataFolder,
    (around, asked): (&mut Around<'_>, &AskedToStop),
) -> Result<Begun, Halt> {
    let settings = serving.site().settings.clone();
    // First of all: where the address is taken, nothing has been begun that would have to be wound up. Clients that come already wait.
    let listener = asked.or(around.listener(&settings)).await?;
    let admin = asked.or(around.admin(&settings, &listener)).await?;
    match begin_process(app, serving, data, (&admin, asked)).await {
        Ok((process, pipeline)) => Ok(Begun { listener, admin, process, pipeline }),
        Err(halt) => {
            admin.end().await;
            Err(halt)
        }
    }
}

async fn begin_process(
    app: &App,
    serving: Serving,
    data: DataFolder,
    (admin, asked): (&Answering, &AskedToStop),
) -> Result<(Process, Arc<Pipeline>), Halt> {
    let process = process::begin(app, serving.site(), data, asked).await?;
    admin.set_process(&process);
    let mounted = app.mounted(&process);
    let pipeline = Arc::new(Pipeline::new(serving, process.clone()).mounting(mounted));
    process::ready(app, &process, &pipeline, asked).await?;
    Ok((process, pipeline))
}

/// How many threads answer requests, in words.
pub(super) fn workers() -> String {
    match tokio::runtime::Handle::current().metrics().num_workers() {
        1 => "1 worker".to_string(),
        count => format!("{count} workers"),
    }
}

impl Around<'_> {
    /// The socket that the site is served from: what the process was given, else what `server.address` says. Its connections wait until the
    /// process answers.
    async fn listener(&mut self, settings: &Settings) -> Result<Listener, Error> {
        if let Some(dev) = self.dev {
            return inherited(dev);
        }
        if let Some(listener) = self.sockets.take_main()? {
            if let Some(address) = listener.address() {
                refuse_remote_development(settings, &address.ip().to_canonical().to_string(), self.flags)?;
            }
            return Ok(listener);
        }
        let address = settings.get_string("server.address")?;
        refuse_remote_development(settings, &address, self.flags)?;
        Listener::bind(&address, settings.get("server.port")?).await
    }

    /// What answers the operator: at the socket that the process was given for that, else at `server.admin`.
    async fn admin(&mut self, settings: &Settings, main: &Listener) -> Result<Answering, Error> {
        Answering::start(settings, &mut self.sockets, main, (self.flags, self.dev.is_some())).await
    }
}

/// The socket of the command `dev`.
#[cfg(feature = "overlay")]
fn inherited(_dev: &Supervised) -> Result<Listener, Error> {
    Listener::inherited()
}

#[cfg(not(feature = "overlay"))]
fn inherited(dev: &Supervised) -> Result<Listener, Error> {
    match *dev {}
}

/// Tells whoever looks at the terminal, or the command `dev`, that the process serves. Gives what ends when `dev` does.
fn tell(dev: Option<&Supervised>, greeting: String, seen: &Seen) -> Result<BoxFuture<'static, ()>, Error> {
    #[cfg(feature = "overlay")]
    if let Some(dev) = dev {
        let hub = seen.hub.clone();
        let alone = dev.ready(greeting, move |progress| {
            if let Some(hub) = &hub {
                hub.set_build(progress.into());
            }
        })?;
        return Ok(alone.boxed());
    }
    let _ = (dev, seen);
    // A closed standard output is no reason not to serve.
    let _ = super::print(&greeting);
    Ok(future::pending().boxed())
}

impl Seen {
    /// One line that says what is served, in which mode, from where.
    pub(super) fn greeting(&self, site: &Site, place: &str) -> String {
        let mode = if site.settings.is_prod() { "production" } else { "development" };
        format!("{} {} in {mode}, {}: {place}\n", site.name, site.release, self.origin)
    }
}

/// A development process shows its files and requests to whoever asks, so it answers this machine only.
pub(super) fn refuse_remote_development(settings: &Settings, address: &str, flags: &Flags) -> Result<(), Error> {
    let bare = address.trim_start_matches('[').trim_end_matches(']');
    let local = address.starts_with("unix:")
        || address.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if settings.is_prod() || flags.allow_remote || local {
        return Ok(());
    }
    Err(Error::Listen(format!(
        "a development process listens on this machine only, not on `{address}`; set `environment.is_prod: true`, or give \
         `--allow-remote` if others may see its error pages"
    )))
}

pub(super) fn connection_options(settings: &Settings) -> Result<server::Options, Error> {
    let seconds = |key: &str| settings.get(key).map(Duration::from_secs);
    Ok(server::Options {
        header_timeout: seconds("server.header_timeout")?,
        idle_timeout: seconds("server.idle_timeout")?,
        max_header_size: settings.get("server.max_header_size")?,
        max_connections: settings.get("server.max_connections")?,
        shutdown_timeout: seconds("server.shutdown_timeout")?,
    })
}
