//! The life of a process around its requests: what it keeps is made before the first, and wound up after the last.
//!
//! 1. [`begin`] makes what the services keep, then what `main` gave to the app.
//! 2. [`ready`] runs the hooks of the start, when the site is there and before the first request. Where one fails, or the process is asked to
//!    stop before it serves ([`AskedToStop`]), nobody is served and only what has been begun is ended ([`wind_up`]).
//! 3. [`end`] runs when the last request has been answered, or none could be taken: hooks of the stop, then tasks, then what services hold
//!    open.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use tokio::time::{Instant, timeout_at};

use super::{App, AskedToStop, Halt};
use crate::error::{BoxError, Error, one_line, panic_text};
use crate::process::{DataFolder, Process, States};
use crate::server::Pipeline;
use crate::service::{self, Purpose};
use crate::site::Site;

/// Something that an app does when its process starts or stops.
pub(super) type Hook = dyn Fn(Process) -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync;

/// Makes a value of the app's own, and puts it in.
pub(super) type MakeState =
    dyn Fn(Process) -> BoxFuture<'static, Result<Box<dyn FnOnce(&mut States) + Send>, BoxError>> + Send + Sync;

/// What ends a process gets at least this long, however long the requests took.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);

/// The process, with all that it keeps.
///
/// # Errors
///
/// [`Halt::Failed`] as [`service::start`], and with what a function of [`App::state_from`] says; [`Halt::Asked`] where the process is asked to
/// stop meanwhile. What was begun has then been ended.
pub(crate) async fn begin(app: &App, site: &Arc<Site>, data: DataFolder, asked: &AskedToStop) -> Result<Process, Halt> {
    let services = asked.or(service::start(site, &data, Purpose::Serve(asked.unbroken()))).await?;
    let process = Process::new(site.settings.clone(), data, services);
    match asked.or(own_states(app, &process)).await {
        Ok(states) => process.set_states(states),
        Err(halt) => {
            wind_up(&process, LEAST_PATIENCE).await;
            return Err(halt);
        }
    }
    Ok(process)
}

/// Makes what [`begin`] makes, and ends it again. No migration is applied. Gives sentences for people about what a start would do.
///
/// # Errors
///
/// As [`begin`] where that fails. Where a start would apply migrations first, a value of [`App::state_from`] that cannot be made is none: it may have needed
/// them.
pub(crate) async fn try_out(app: &App, site: &Arc<Site>, data: DataFolder) -> Result<Vec<String>, Error> {
    let services = service::start(site, &data, Purpose::Trial).await?;
    let process = Process::new(site.settings.clone(), data, services);
    let notes = try_with(app, &process, site).await;
    wind_up(&process, LEAST_PATIENCE).await;
    notes
}

async fn try_with(app: &App, process: &Process, site: &Site) -> Result<Vec<String>, Error> {
    let service::Outlook { mut notes, applies_migrations } = service::outlook(process, site).await?;
    match own_states(app, process).await {
        Ok(states) => {
            process.set_states(states);
            drop(app.mounted(process));
        }
        Err(error) if applies_migrations => {
            let error = error.to_string();
            notes
                .push(format!("{}; a start makes it after the migrations, which it may have needed", one_line(&error)));
        }
        Err(error) => return Err(error),
    }
    Ok(notes)
}

/// The values of `main`, in its order.
async fn own_states(app: &App, process: &Process) -> Result<States, Error> {
    let mut states = app.take_states();
    for make in &app.state_makers {
        let put = attempt("a value of `App::state_from` cannot be made", || make(process.clone())).await?;
        put(&mut states);
    }
    Ok(states)
}

/// Lets tasks and hooks find the site that is served, and runs what is to be done before the first request.
///
/// # Errors
///
/// [`Halt::Failed`] with what a hook says, [`Halt::Asked`] where the process is asked to stop meanwhile. What was begun has then been ended.
pub(crate) async fn ready(
    app: &App,
    process: &Process,
    pipeline: &Arc<Pipeline>,
    asked: &AskedToStop,
) -> Result<(), Halt> {
    // The pipeline has the process, so the process must not keep the pipeline.
    let pipeline = Arc::downgrade(pipeline);
    process.set_site(move || pipeline.upgrade().map(|pipeline| pipeline.serving().site().clone()));
    service::run(process);
    // The last may have been asked for while it ran.
    let hooks = async {
        for hook in &app.start_hooks {
            asked.or(attempt("a hook of the start failed", || hook(process.clone()))).await?;
        }
        asked.or(future::ready(Ok(()))).await
    };
    if let Err(halt) = hooks.await {
        wind_up(process, LEAST_PATIENCE).await;
        return Err(halt);
    }
    process.set_serving(|process| async move { service::health::dependencies(&process).await }.boxed());
    Ok(())
}

/// Ends what was begun when all requests are answered; `left` is what is left of the time for stopping. Hooks and tasks have that long, or
/// five seconds, each of the two.
pub(crate) async fn end(app: &App, process: &Process, left: Duration) {
    process.tell_asked();
    let deadline = Instant::now() + left.max(LEAST_PATIENCE);
    for hook in &app.stop_hooks {
        let done = attempt("a hook of the stop failed", || hook(process.clone()));
        match timeout_at(deadline, done).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("{}", one_line(&error.to_string())),
            Err(_) => tracing::warn!("a hook of the stop did not end in time and was dropped"),
        }
    }
    wind_up(process, deadline.saturating_duration_since(Instant::now()).max(LEAST_PATIENCE)).await;
}

/// The longest that a process takes to stop, given the time that requests in flight get: hooks have their own time after it, then tasks,
/// and a little is left for what services hold open.
pub(crate) fn at_most(shutdown_timeout: Duration) -> Duration {
    shutdown_timeout + 3 * LEAST_PATIENCE
}

/// Ends tasks, then what services hold open.
async fn wind_up(process: &Process, patience: Duration) {
    for task in process.stop(patience).await {
        tracing::warn!(task, "a background task did not end within {} s and was dropped", patience.as_secs());
    }
    service::end(process).await;
}

/// Runs a function of the site's own; a panic in it is an error as any other.
async fn attempt<T>(
    what: &str,
    function: impl FnOnce() -> BoxFuture<'static, Result<T, BoxError>>,
) -> Result<T, Error> {
    let result = AssertUnwindSafe(async { function().await }).catch_unwind().await;
    let result = result.unwrap_or_else(|panic| Err(format!("a panic: {}", panic_text(&*panic)).into()));
    result.map_err(|error| Error::Service(format!("{what}: {error}")))
}
