//! The command `serve`.

use std::net::IpAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::{Options, log};
use crate::error::Error;
use crate::launch::App;
#[cfg(feature = "overlay")]
use crate::launch::Developing;
use crate::server::{self, Listener, Pipeline, Serving};
use crate::site::{Settings, Site};

#[derive(Debug, Default, Args)]
pub(super) struct Flags {
    /// Let a development process listen on other addresses than this machine's own
    #[arg(long)]
    allow_remote: bool,
}

/// Serves until the process is asked to stop by SIGTERM or SIGINT, then lets requests in flight finish.
pub(super) fn run(app: &Arc<App>, options: &Options, flags: &Flags) -> Result<ExitCode, Error> {
    log::start();
    let (serving, origin) = serving(app, options)?;
    let site = serving.site();
    let workers = match site.settings.exists("server.number_of_workers") {
        true => site.settings.get("server.number_of_workers")?,
        false => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    let runtime = runtime.map_err(|error| Error::Listen(format!("the worker threads cannot be started: {error}")))?;
    let code = runtime.block_on(serve(serving, &origin, flags));
    // Requests have had their time; a controller that still blocks its thread must not keep the process.
    runtime.shutdown_background();
    code
}

/// What answers requests, and where it was read from: in development the site's folder, else the binary.
fn serving(app: &Arc<App>, options: &Options) -> Result<(Serving, String), Error> {
    let outside = options.outside()?;
    #[cfg(feature = "overlay")]
    if !Settings::load(&app.snapshot(), outside.clone())?.is_prod() {
        let folder = options.folder();
        if folder.is_dir() {
            let serving = Developing::start(app, &folder, outside)?;
            return Ok((serving, format!("from `{}`", folder.display())));
        }
    }
    let serving = Serving::new(app.site(outside)?, app.dispatch())?;
    Ok((serving, "from the binary".to_string()))
}

async fn serve(serving: Serving, origin: &str, flags: &Flags) -> Result<ExitCode, Error> {
    let site = serving.site().clone();
    let address = site.settings.get_string("server.address")?;
    refuse_remote_development(&site, &address, flags)?;
    let options = connection_options(&site.settings)?;
    let pipeline = Pipeline::new(serving);
    let listener = Listener::bind(&address, site.settings.get("server.port")?).await?;
    let stop = stop_asked()?;
    // A closed standard output is no reason not to serve.
    let _ = super::print(&greeting(&site, origin, &listener));
    let pipeline = Arc::new(pipeline);
    let edits = tokio::spawn(Arc::clone(&pipeline).follow_edits());
    let cut = server::serve(listener, options, pipeline, stop).await;
    edits.abort();
    if cut > 0 {
        tracing::warn!("{cut} connections were cut: their requests did not finish within `server.shutdown_timeout`");
    }
    Ok(ExitCode::SUCCESS)
}

/// One line that says what is served, in which mode, from where.
fn greeting(site: &Site, origin: &str, listener: &Listener) -> String {
    let mode = if site.settings.is_prod() { "production" } else { "development" };
    format!("{} {} in {mode}, {origin}: {listener}\n", site.name, site.release)
}

/// A development process shows its files and requests to whoever asks, so it answers this machine only.
fn refuse_remote_development(site: &Site, address: &str, flags: &Flags) -> Result<(), Error> {
    let bare = address.trim_start_matches('[').trim_end_matches(']');
    let local = address.starts_with("unix:")
        || address.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if site.settings.is_prod() || flags.allow_remote || local {
        return Ok(());
    }
    Err(Error::Listen(format!(
        "a development process listens on this machine only, not on `{address}`; set `environment.is_prod: true`, or give \
         `serve --allow-remote` if others may see its error pages"
    )))
}

fn connection_options(settings: &Settings) -> Result<server::Options, Error> {
    let seconds = |key: &str| settings.get(key).map(Duration::from_secs);
    Ok(server::Options {
        header_timeout: seconds("server.header_timeout")?,
        idle_timeout: seconds("server.idle_timeout")?,
        max_header_size: settings.get("server.max_header_size")?,
        max_connections: settings.get("server.max_connections")?,
        shutdown_timeout: seconds("server.shutdown_timeout")?,
    })
}

/// A future that ends when the process is asked to stop; from here on the signals no longer end it at once.
fn stop_asked() -> Result<impl Future<Output = ()> + Send + 'static, Error> {
    let listen = |kind| signal(kind).map_err(|error| Error::Listen(format!("signals cannot be received: {error}")));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
