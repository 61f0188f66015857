//! `serve --trial`: everything that a start does, up to the point where it would be noticed.
//!
//! Settings, credentials, templates, services and the values of `App::state_from` are made as for a start, and wound up again. Left out is
//! what would take something from the process that serves meanwhile, or do a thing twice: no socket is opened or taken over, no migration is
//! applied, no hook of the start runs, no task of a service begins, no mail is sent.

use std::process::ExitCode;
use std::sync::Arc;

use super::{Options, admin, log, serve};
use crate::error::Error;
use crate::launch::{App, process};
use crate::site::Settings;

/// Tries whether the site would start.
///
/// # Errors
///
/// Those with which it would not.
pub(super) fn run(app: &Arc<App>, options: &Options, flags: &serve::Flags) -> Result<ExitCode, Error> {
    let _log = log::start(options.first_settings(app));
    let start = serve::start(app, options)?;
    let site = start.serving.site().clone();
    let place = place(&site.settings, flags)?;
    admin::address(&site.settings, flags)?;
    serve::connection_options(&site.settings)?;
    let runtime = serve::runtime(&site.settings)?;
    let data = options.data(&site.settings)?;
    // What the trial has to say is for whoever started it, not for the file; only that could be written.
    log::ready(&site.settings, data.clone())?;
    let (notes, workers) =
        runtime.block_on(async { Ok::<_, Error>((process::try_out(app, &site, data).await?, serve::workers())) })?;
    runtime.shutdown_background();
    let place = format!("it would listen on `{place}` with {workers}, or on what systemd hands over");
    let mut text = start.seen.greeting(&site, &place);
    notes.iter().for_each(|note| text.extend([note.as_str(), "\n"]));
    text.push_str("the trial went well: the site would start\n");
    super::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Where the site would listen if systemd handed nothing over.
fn place(settings: &Settings, flags: &serve::Flags) -> Result<String, Error> {
    let address = settings.get_string("server.address")?;
    serve::refuse_remote_development(settings, &address, flags)?;
    let port: u16 = settings.get("server.port")?;
    Ok(if address.starts_with("unix:") { address } else { format!("{address}:{port}") })
}
