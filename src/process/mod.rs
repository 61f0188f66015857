//! What a running process has besides its site: the values that it keeps, the tasks that it runs, and the folder that it writes to.
//!
//! A [`Process`] is made once, when the process starts, and lives until it ends: an edit or a reload swaps the site under it and leaves
//! it alone. Requests carry it, and so does every background task. Which services put their values into it is the business of `launch`.

mod data;
mod readiness;
mod states;
mod tasks;
#[cfg(test)]
mod tests;
mod unbroken;

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::BoxFuture;

pub use data::DataFolder;
pub use readiness::Check;
pub(crate) use readiness::{Phase, Readiness, ShownCheck};
pub use states::States;
use tasks::{Stage, Tasks};
pub(crate) use unbroken::Unbroken;

use crate::error::Error;
use crate::metrics::Metrics;
use crate::site::{Context, Settings, Site, View};

/// The running process, outside of any one request. It is cheap to clone.
///
/// A controller gets it from its request, a background task and the hooks of an [`App`](crate::App) are handed it.
#[derive(Clone)]
pub struct Process(Arc<Inner>);

struct Inner {
    settings: Settings,
    data: DataFolder,
    /// What the framework's services keep.
    services: States,
    /// What `main` gave to the app; set once all of it is there.
    own: OnceLock<States>,
    tasks: Tasks,
    metrics: Arc<Metrics>,
    readiness: readiness::Watch,
    /// Gives the site that is served at the moment; set when there is one.
    site: OnceLock<Box<SiteFn>>,
}

type SiteFn = dyn Fn() -> Option<Arc<Site>> + Send + Sync;

/// Something that knows the process that it is in: a [`Request`](crate::Request), or the [`Process`] itself. What services offer takes
/// either, so it can be called from controllers and from background tasks alike.
pub trait AsProcess {
    /// The process.
    fn process(&self) -> &Process;
}

impl AsProcess for Process {
    fn process(&self) -> &Process {
        self
    }
}

impl Process {
    /// A process with what the framework's services keep.
    pub(crate) fn new(settings: Settings, data: DataFolder, services: States) -> Self {
        // Services that count something have begun to already.
        let metrics = services.get::<Arc<Metrics>>().cloned().unwrap_or_default();
        let (own, site, tasks) = (OnceLock::new(), OnceLock::new(), Tasks::default());
        let readiness = readiness::Watch::default();
        Process(Arc::new(Inner { settings, data, services, own, tasks, metrics, readiness, site }))
    }

    /// The value of a type that `main` gave to [`App::state`](crate::App::state); `None` where it gave none.
    ///
    /// ```
    /// # use kalgan::Request;
    /// struct Prices(Vec<u32>);
    ///
    /// fn cheapest(request: &Request) -> Option<u32> {
    ///     request.process().state::<Prices>()?.0.iter().min().copied()
    /// }
    /// # use kalgan::AsProcess;
    /// ```
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.own.get()?.get()
    }

    /// The settings with which the process started. A request has those of the site that answers it, which a reload may have changed.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The folder for what the process writes.
    pub fn data(&self) -> &DataFolder {
        &self.0.data
    }

    /// Runs a task beside the requests. When the process is asked to stop, requests in flight are answered first, then the hooks of the
    /// stop run, then the future of [`Process::stopping`] ends, and then the process waits for its tasks: until `server.shutdown_timeout`
    /// is over, but at least five seconds. A task that has not ended by then is dropped at its next `.await`. A panic in it is logged and
    /// ends nothing else.
    ///
    /// `name` is for the log.
    ///
    /// # Panics
    ///
    /// Outside the process's runtime: hooks, controllers and tasks are inside.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(name, task);
    }

    /// Does something again and again, with a pause of this length before the first time and between the end of one and the beginning of the
    /// next, until the process stops. One that is under way then is awaited, as [`Process::spawn`] says. A panic is logged; the next
    /// time comes all the same. A pause is at least a millisecond long.
    ///
    /// ```no_run
    /// use std::time::Duration;
    /// # async fn remove_old_drafts(process: &kalgan::Process) {}
    ///
    /// fn app(app: kalgan::App) -> kalgan::App {
    ///     app.on_start(|process| async move {
    ///         process.every("old drafts", Duration::from_secs(3600), |process| async move {
    ///             remove_old_drafts(&process).await;
    ///         });
    ///         Ok::<(), kalgan::Error>(())
    ///     })
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Process::spawn`].
    pub fn every<F>(&self, name: &'static str, pause: Duration, task: impl Fn(Process) -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send,
    {
        let (process, pause) = (self.clone(), pause.max(Duration::from_millis(1)));
        self.spawn(name, async move {
            while tokio::time::timeout(pause, process.stopping()).await.is_err() {
                // The call itself may panic, too.
                tasks::caught(name, async { task(process.clone()).await }).await;
            }
        });
    }

    /// Ends when the process has been asked to stop and its requests have been answered; at once when that was before.
    ///
    /// For what serves the requests: a queue that takes work from them goes on until then.
    pub async fn stopping(&self) {
        self.0.tasks.reached(Stage::Stopping).await;
    }

    /// Ends as soon as the process has been asked to stop, while requests are still being answered; at once when that was before.
    ///
    /// For an answer or a connection that would go on for ever, such as a WebSocket: it has until `server.shutdown_timeout` to say goodbye.
    pub async fn asked_to_stop(&self) {
        self.0.tasks.reached(Stage::Asked).await;
    }

    /// The text that a template makes, outside of any request: for a mail that a task sends, say. It sees the variables of its context
    /// and `language`, but no `request`. An empty language is the site's default.
    ///
    /// # Errors
    ///
    /// [`Error::Template`] where there is no such template or it fails, or while the process is still starting.
    pub fn render(&self, template: &str, language: &str, context: Context) -> Result<String, Error> {
        let site = self.site()?;
        let language = if language.is_empty() { site.translator.default_language() } else { language };
        let view = View { language, values: Arc::new(|_: &str| None) };
        site.renderer.render(template, context, &view)
    }

    /// The site that is served at the moment.
    pub(crate) fn site(&self) -> Result<Arc<Site>, Error> {
        let site = self.0.site.get().and_then(|site| site());
        site.ok_or_else(|| Error::Service("the site is not served yet".to_string()))
    }

    /// What the process counts.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.0.metrics
    }

    /// Says, once, that the process serves from now on, and how the services are asked that its requests depend on.
    pub(crate) fn set_serving(&self, ask: impl Fn(Process) -> BoxFuture<'static, Vec<Check>> + Send + Sync + 'static) {
        self.0.readiness.serve(ask);
    }

    /// Whether requests should be sent to this process. What its services answered holds for a second, and many who ask at the same time
    /// are told the same.
    pub(crate) async fn readiness(&self) -> Readiness {
        match self.0.tasks.is_asked() {
            true => Readiness::in_phase(Phase::Stopping),
            false => self.0.readiness.readiness(self).await,
        }
    }

    /// The value that a service keeps.
    pub(crate) fn service<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.services.get()
    }

    /// Says, once, what `main` gave to the app.
    pub(crate) fn set_states(&self, states: States) {
        // A second call has nothing to add: all of them are collected first.
        let _ = self.0.own.set(states);
    }

    /// Says, once, where the site that is served is to be found.
    pub(crate) fn set_site(&self, site: impl Fn() -> Option<Arc<Site>> + Send + Sync + 'static) {
        let _ = self.0.site.set(Box::new(site));
    }

    /// Tells everybody who waits for it that the process was asked to stop.
    pub(crate) fn tell_asked(&self) {
        self.0.tasks.tell_asked();
    }

    /// Asks all tasks to end, and waits so long for them. Gives the names of those that did not.
    pub(crate) async fn stop(&self, patience: Duration) -> Vec<&'static str> {
        self.0.tasks.stop(patience).await
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("data", &self.0.data).finish_non_exhaustive()
    }
}
