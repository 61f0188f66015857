//! Puts the parts together: from what the build wrote, settings and flags to a process that serves.

mod asked;
mod at_start;
#[cfg(feature = "overlay")]
mod development;
#[cfg(feature = "overlay")]
mod patched;
pub(crate) mod process;
mod reload;

use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use crate::cli;
use crate::controller::{Dispatch, Resolver};
use crate::error::{BoxError, Error};
use crate::process::{Process, States};
use crate::server::{Filter, Mounted, Rejection, Reply};
use crate::site::{Outside, Settings, Site, Tera};
use crate::snapshot::Snapshot;
pub(crate) use asked::{AskedToStop, Halt};
#[cfg(feature = "overlay")]
pub(crate) use development::Developing;
pub(crate) use reload::{Hangups, Load, Reload};

/// A site that is ready to run: what the build froze, the functions of the binary, and what `main` adds.
///
/// [`site!`](crate::site!) makes one.
pub struct App {
    snapshot: fn() -> Snapshot,
    dispatch: Dispatch,
    tera: Vec<Box<TeraSetup>>,
    states: Mutex<States>,
    state_makers: Vec<Box<process::MakeState>>,
    start_hooks: Vec<Box<process::Hook>>,
    stop_hooks: Vec<Box<process::Hook>>,
    mounts: Vec<Box<Mount>>,
}

/// Makes a filter when the process is there.
type Mount = dyn Fn(Process) -> Mounted + Send + Sync;

type TeraSetup = dyn Fn(&mut Tera) + Send + Sync;

impl App {
    /// An app from the parts that generated code hands over.
    pub fn new(snapshot: fn() -> Snapshot, dispatch: Dispatch) -> Self {
        App {
            snapshot,
            dispatch,
            tera: Vec::new(),
            states: Mutex::default(),
            state_makers: Vec::new(),
            start_hooks: Vec::new(),
            stop_hooks: Vec::new(),
            mounts: Vec::new(),
        }
    }

    /// Keeps a value for as long as the process lives; controllers, hooks and tasks find it by its type ([`Process::state`]). Of two values
    /// of one type the later counts.
    ///
    /// What changes while the process runs has its own lock or atomic inside; the value itself is shared.
    pub fn state<T: Send + Sync + 'static>(self, value: T) -> Self {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).insert(value);
        self
    }

    /// Keeps a value that is made when the process starts, after the framework's services: from settings, say, or from what is in the
    /// database. Where it cannot be made the process does not start. `serve --trial` makes it too, while another process may serve.
    pub fn state_from<T, E, F>(mut self, make: impl Fn(Process) -> F + Send + Sync + 'static) -> Self
    where
        T: Send + Sync + 'static,
        E: Into<BoxError>,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.state_makers.push(Box::new(move |process| {
            let made = make(process);
            Box::pin(async move {
                let value = made.await.map_err(Into::into)?;
                let put: Box<dyn FnOnce(&mut States) + Send> = Box::new(move |states| states.insert(value));
                Ok(put)
            })
        }));
        self
    }

    /// Does something when the process is about to serve: its services and values are there, no request has been answered yet. Several run in
    /// order. Where one fails the process does not start. Where it is asked to stop meanwhile, the hook is dropped at its next `.await`, and
    /// those of [`App::on_stop`] do not run.
    pub fn on_start<E, F>(mut self, hook: impl Fn(Process) -> F + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.start_hooks.push(hook_of(hook));
        self
    }

    /// Does something when the process stops: its last request has been answered, its tasks and services are still there. Several run in
    /// order; what one says goes to the log.
    pub fn on_stop<E, F>(mut self, hook: impl Fn(Process) -> F + Send + Sync + 'static) -> Self
    where
        E: Into<BoxError>,
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.stop_hooks.push(hook_of(hook));
        self
    }

    /// Mounts a filter of [`kalgan::warp`](crate::warp), for what routes and controllers are not made for: a WebSocket (Kalgan's feature
    /// `websocket`), an event stream, a piece of another program. The function is handed the process, with all its values; several filters
    /// are asked in order.
    ///
    /// Filters come after static files and before routes, and see the request as it is. Among its extensions is the
    /// [`Request`](crate::Request) that a controller would get, without body and route: `warp::ext::get::<kalgan::Request>()` gives it, for
    /// its client address, cookies or session.
    ///
    /// - What a filter answers is sent as it is. An event stream (`text/event-stream`) ends when the process is asked to stop.
    /// - A filter that rejects the request because of its path, method, headers or query passes it on to the routes. So `path` comes first in
    ///   it, and what reads the body last: a body that has been read cannot be passed on.
    /// - Any other rejection, such as that of a body that is no JSON, ends the request with the error page of its status.
    /// - `server.max_body_size` and `server.request_timeout` hold, the latter until the answer begins.
    /// - A WebSocket counts as a connection for as long as it is open. It has no time limits of its own; when the process is asked to stop
    ///   ([`Process::asked_to_stop`]) it gets until `server.shutdown_timeout`.
    ///
    /// ```
    /// use kalgan::warp::{self, Filter};
    ///
    /// fn app(app: kalgan::App) -> kalgan::App {
    ///     app.mount(|process| {
    ///         let origin = process.settings().get_string("server.public_url").unwrap_or_default();
    ///         warp::path!("origin").and(warp::get()).map(move || origin.clone())
    ///     })
    /// }
    /// ```
    pub fn mount<F, R>(mut self, make: impl Fn(Process) -> F + Send + Sync + 'static) -> Self
    where
        F: Filter<Extract = (R,), Error: Into<Rejection>> + Send + Sync + 'static,
        R: Reply + 'static,
    {
        self.mounts.push(Box::new(move |process| Mounted::new(make(process))));
        self
    }

    /// All filters of the app as one; none where it mounts none.
    pub(crate) fn mounted(&self, process: &Process) -> Option<Mounted> {
        self.mounts.iter().map(|mount| mount(process.clone())).reduce(Mounted::or)
    }

    /// Changes the template engine before the templates are loaded: filters, functions and tests that need a value of the
    /// program's own, or another way of escaping (B129). May be called several times; the calls run in order.
    ///
    /// In production each runs once. In development they run again after an edit of messages, routes, settings or static files, and the
    /// engine that they changed is copied for each page, so a function that counts something shares its counter by an `Arc`.
    ///
    /// Plain functions need none of this: name them in the settings `tera.filters`, `tera.functions` and `tera.tests`.
    pub fn tera(mut self, setup: impl Fn(&mut Tera) + Send + Sync + 'static) -> Self {
        self.tera.push(Box::new(setup));
        self
    }

    /// Asks this function, as in Kalgan 0.9, for a controller that is not in the binary's table (B83). With the setting
    /// `router.resolver: true` the build puts none there, so the function finds them all.
    pub fn resolver(mut self, resolver: Resolver) -> Self {
        self.dispatch.set_resolver(resolver);
        self
    }

    /// The site as the build froze it.
    pub fn snapshot(&self) -> Snapshot {
        (self.snapshot)()
    }

    /// The values that `main` gave; they can be taken once.
    fn take_states(&self) -> States {
        std::mem::take(&mut *self.states.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    /// The running state of the site with the settings from all layers.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] when settings do not fit, [`Error::Site`] when the site cannot run with them.
    pub(crate) fn site(&self, outside: Outside) -> Result<Arc<Site>, Error> {
        self.site_of(self.snapshot(), outside)
    }

    /// As [`App::site`], of another snapshot than the one of the binary.
    pub(crate) fn site_of(&self, snapshot: Snapshot, outside: Outside) -> Result<Arc<Site>, Error> {
        let settings = Settings::load(&snapshot, outside)?;
        Site::new(snapshot, settings, &|tera| self.customise(tera)).map(Arc::new)
    }

    /// Registers the site's own filters, functions and tests.
    pub(crate) fn customise(&self, tera: &mut Tera) {
        self.tera.iter().for_each(|setup| setup(tera));
    }
}

fn hook_of<E, F>(hook: impl Fn(Process) -> F + Send + Sync + 'static) -> Box<process::Hook>
where
    E: Into<BoxError>,
    F: Future<Output = Result<(), E>> + Send + 'static,
{
    Box::new(move |process| {
        let done = hook(process);
        Box::pin(async move { done.await.map_err(Into::into) })
    })
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

/// Runs a site's binary: reads the command line and does what it says; without a command, serves.
///
/// Gives the process's exit code: 0 when it did what was asked or was asked to stop, 1 when it could not (one message on
/// standard error says why), 2 when the command line cannot be understood. A site that cannot start because settings do not fit ends with 78
/// (`EX_CONFIG`): trying again does not help.
pub fn run(app: App) -> ExitCode {
    run_with(app, std::env::args_os())
}

/// As [`run`], with another command line than the process's; its first item is the name of the program.
pub(crate) fn run_with(app: App, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    cli::run(&Arc::new(app), arguments)
}
