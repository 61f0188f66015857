//! The command `dev`: builds and restarts the site when its Rust files change, without closing the socket that it listens on.
//!
//! 1. [`program`]: which binary runs, and how cargo makes it; [`inputs`]: the files that it is made of; [`changes`]: which were saved.
//! 2. [`mod@supervise`]: what is done then. [`cargo`] builds and tells what the compiler found ([`diagnostics`]); [`process`] runs the site.
//! 3. [`supervised`]: the other side, in the site's process. [`messages`] is what both tell each other; [`notice`], the terminal.
//!
//! This process binds the socket and takes no connection from it. Each process of the site gets it as its standard input, so that the
//! old and the new one can serve side by side for a moment, and connections wait in its queue while there is none. Edits of the
//! site's folder are left to the overlay in the site's process: they need no build.

mod cargo;
mod changes;
mod diagnostics;
mod inputs;
mod messages;
mod notice;
mod process;
mod program;
mod supervise;
mod supervised;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Options, serve};
use crate::error::Error;
use crate::launch::App;
use crate::server::Listener;
use crate::site::Settings;
use changes::Changes;
use inputs::Inputs;
use process::{Launch, PrivateFolder};
use program::Program;
use supervise::{Event, Supervisor};
pub(super) use supervised::Supervised;

#[derive(Debug, Args)]
pub(super) struct Flags {
    #[command(flatten)]
    serve: serve::Flags,
    /// More arguments for `cargo build`, such as `-- --features blog`
    #[arg(last = true, value_name = "CARGO")]
    cargo: Vec<OsString>,
}

/// Builds and serves until the process is asked to stop.
pub(super) fn run(app: &Arc<App>, options: &Options, flags: Flags) -> Result<ExitCode, Error> {
    let settings = serve::site(app, options)?.settings.clone();
    if settings.is_prod() {
        return Err(Error::Setting(
            "`dev` is for development, and `environment.is_prod` is true; give `--set environment.is_prod=false`, or use `serve`"
                .to_owned(),
        ));
    }
    let folder = options.folder();
    if !folder.is_dir() {
        return Err(Error::File(format!(
            "the site's folder `{}` is not there; start `dev` in the package's folder, or name the site's with `--site DIR`",
            folder.display()
        )));
    }
    let program = Program::running()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::Listen(format!("`dev` cannot be started: {error}")))?;
    runtime.block_on(supervise(program, &settings, options, flags))
}

async fn supervise(program: Program, settings: &Settings, options: &Options, flags: Flags) -> Result<ExitCode, Error> {
    let launch = launch(settings, options, &flags.serve).await?;
    let mut signals = Signals::listen()?;
    let changes = Changes::watch(Inputs::new(&program.folder, &program.dep_info()));
    let made = std::fs::metadata(&program.executable).and_then(|data| data.modified()).ok();
    let (mut supervisor, events) = Supervisor::new(program, flags.cargo, launch);
    let tell = {
        let events = supervisor.events();
        move |files: Vec<PathBuf>| events.send(Event::Changed(files)).is_ok()
    };
    // The binary may have been started by itself, long after it was built.
    let newer = made.map_or_else(Vec::new, |made| changes.sources_after(made));
    if !newer.is_empty() {
        tell(newer);
    }
    changes.follow(tell);
    supervisor.run(events, signals.next()).await;
    tokio::select! {
        () = supervisor.end() => Ok(ExitCode::SUCCESS),
        // Whoever asks twice does not want to wait: what still runs is killed as it is dropped.
        () = signals.next() => Ok(ExitCode::from(INTERRUPTED)),
    }
}

/// What a shell gives for a process that ended by Ctrl+C.
const INTERRUPTED: u8 = 130;

async fn launch(settings: &Settings, options: &Options, flags: &serve::Flags) -> Result<Launch, Error> {
    let address = settings.get_string("server.address")?;
    serve::refuse_remote_development(settings, &address, flags)?;
    let socket = Listener::bind(&address, settings.get("server.port")?).await?.into_shared()?;
    let no_folder = |error| {
        Error::File(format!("no folder can be made among the temporary files ({error}); see the variable `TMPDIR`"))
    };
    let mut arguments: Vec<OsString> = vec!["serve".into()];
    arguments.extend(options.arguments());
    arguments.extend(flags.arguments());
    Ok(Launch {
        arguments,
        site: options.folder(),
        socket,
        shutdown_timeout: settings.get("server.shutdown_timeout").map(Duration::from_secs)?,
        folder: PrivateFolder::new().map_err(no_folder)?,
    })
}

/// The signals that end `dev`: of a person, of a service manager, and of a terminal that was closed.
struct Signals([Signal; 3]);

impl Signals {
    fn listen() -> Result<Signals, Error> {
        let listen = |kind| signal(kind).map_err(|error| Error::Listen(format!("signals cannot be received: {error}")));
        let (interrupt, terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
        Ok(Signals([interrupt, terminate, listen(SignalKind::hangup())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
