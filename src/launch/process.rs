//! The life of a process around its requests: what it keeps is made before the first, and wound up after the last.
//!
//! 1. [`begin`] makes what the services keep, then what `main` gave to the app.
//! 2. [`ready`] runs the hooks of the start, when the site is there and before the socket is open.
//! 3. [`end`] runs when the last request has been answered: hooks of the stop, then tasks, then what services hold open.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::App;
use crate::error::{BoxError, Error, one_line};
use crate::process::{DataFolder, Process, States};
use crate::server::Pipeline;
use crate::service;
use crate::site::Site;

/// Something that an app does when its process starts or stops.
pub(super) type Hook = dyn Fn(Process) -> BoxFuture<'static, Result<(), BoxError>> + Send + Sync;

/// Makes a value of the app's own, and puts it in.
pub(super) type MakeState =
    dyn Fn(Process) -> BoxFuture<'static, Result<Box<dyn FnOnce(&mut States) + Send>, BoxError>> + Send + Sync;

/// Tasks get at least this long, however long the requests took.
const LEAST_PATIENCE: Duration = Duration::from_secs(5);

/// The process, with all that it keeps.
///
/// # Errors
///
/// As [`service::start`], and [`Error::Service`] with what a function of [`App::state_from`] says.
pub(crate) async fn begin(app: &App, site: &Arc<Site>, data: DataFolder) -> Result<Process, Error> {
    let services = service::start(site, &data).await?;
    let process = Process::new(site.settings.clone(), data, services);
    let mut states = app.take_states();
    for make in &app.state_makers {
        let put = make(process.clone()).await;
        put.map_err(|error| Error::Service(format!("a value of `App::state_from` cannot be made: {error}")))?(
            &mut states,
        );
    }
    process.set_states(states);
    Ok(process)
}

/// Lets tasks and hooks find the site that is served, and runs what is to be done before the first request.
///
/// # Errors
///
/// [`Error::Service`] with what a hook says.
pub(crate) async fn ready(app: &App, process: &Process, pipeline: &Arc<Pipeline>) -> Result<(), Error> {
    // The pipeline has the process, so the process must not keep the pipeline.
    let pipeline = Arc::downgrade(pipeline);
    process.set_site(move || pipeline.upgrade().map(|pipeline| pipeline.serving().site().clone()));
    service::run(process);
    for hook in &app.start_hooks {
        hook(process.clone()).await.map_err(|error| Error::Service(format!("a hook of the start failed: {error}")))?;
    }
    Ok(())
}

/// Winds up when all requests are answered; `left` is what is left of the time for stopping.
pub(crate) async fn end(app: &App, process: &Process, left: Duration) {
    let patience = left.max(LEAST_PATIENCE);
    for hook in &app.stop_hooks {
        match tokio::time::timeout(patience, hook(process.clone())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("a hook of the stop failed: {}", one_line(&error.to_string())),
            Err(_) => tracing::warn!("a hook of the stop did not end within {} s", patience.as_secs()),
        }
    }
    for task in process.stop(patience).await {
        tracing::warn!(task, "a background task did not end within {} s and was dropped", patience.as_secs());
    }
    service::end(process).await;
}
