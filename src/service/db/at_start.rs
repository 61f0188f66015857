//! What becomes of the migrations when a process starts: `db.migrate_on_start`.
//!
//! 1. [`up_to_date`] brings the database up to date before anything else uses it, where that is wanted and the database can be reached.
//! 2. [`run`] does it later, when the server is back; where it is not wanted, it only tells what is missing, for a process
//!    that serves the old database is better than none.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Database;
use super::migrations::{Progress, State};
use crate::error::{Error, one_line};
use crate::process::{Process, Unbroken};
use crate::service::Outlook;
use crate::site::Site;

/// Between two tries to reach a server that is away.
const PAUSE: Duration = Duration::from_secs(2);

/// What is still to be done when the process serves.
#[derive(Debug, Default)]
pub(super) struct Later {
    is_wanted: AtomicBool,
}

/// Brings the database up to date, where the settings want it.
///
/// # Errors
///
/// [`Error::Service`] where a migration fails or was changed. A database that cannot be reached is no error.
pub(in crate::service) async fn up_to_date(database: &Database, site: &Site, unbroken: &Unbroken) -> Result<(), Error> {
    if !database.has_steps(&site.migrations) {
        return Ok(());
    }
    if !is_wanted(site)? {
        database.later.is_wanted.store(true, Ordering::Release);
        return Ok(());
    }
    match database.migrate(&site.migrations, unbroken, &mut tell).await {
        Ok(()) => tell_of_newer(database, site).await,
        Err(trouble) if trouble.is_outage => {
            tracing::warn!("the migrations wait for the database: {}", one_line(&trouble.error.to_string()));
            database.later.is_wanted.store(true, Ordering::Release);
        }
        Err(trouble) => return Err(trouble.error),
    }
    Ok(())
}

/// What [`up_to_date`] would do, without doing it.
///
/// # Errors
///
/// Those of [`up_to_date`], as far as they can be told before.
pub(in crate::service) async fn outlook(database: &Database, site: &Site) -> Result<Outlook, Error> {
    if !database.has_steps(&site.migrations) {
        return Ok(Outlook::default());
    }
    let is_wanted = is_wanted(site)?;
    let progress = match database.progress(&site.migrations).await {
        Ok(progress) => progress,
        Err(trouble) if is_wanted && !trouble.is_outage => return Err(trouble.error),
        Err(trouble) => {
            let note = format!("a start would not wait for the database, which cannot be asked: {}", trouble.error);
            return Ok(Outlook { notes: vec![one_line(&note).into_owned()], applies_migrations: false });
        }
    };
    if let Some(error) = database.obstacle(&progress).filter(|_| is_wanted) {
        return Err(error);
    }
    let pending = files(&progress, State::Pending);
    let notes = match (pending.is_empty(), is_wanted) {
        (true, _) => Vec::new(),
        (false, true) => vec![format!("a start would apply the migrations {pending}")],
        (false, false) => vec![lacking(&pending)],
    };
    Ok(Outlook { notes, applies_migrations: is_wanted && !pending.is_empty() })
}

/// The setting `db.migrate_on_start`, which is on in development.
fn is_wanted(site: &Site) -> Result<bool, Error> {
    const KEY: &str = "db.migrate_on_start";
    match site.settings.exists(KEY) {
        true => site.settings.get(KEY),
        false => Ok(!site.settings.is_prod()),
    }
}

/// Does what could not be done before, beside the requests.
pub(in crate::service) fn run(process: &Process) {
    let is_wanted =
        process.service::<Database>().is_some_and(|database| database.later.is_wanted.load(Ordering::Acquire));
    if is_wanted {
        let process_of_task = process.clone();
        process.spawn("migrations", async move {
            let unbroken = Unbroken::default();
            let stopping = async {
                process_of_task.stopping().await;
                unbroken.between().await;
            };
            tokio::select! {
                () = stopping => {}
                () = follow(&process_of_task, &unbroken) => {}
            }
        });
    }
}

/// Tries until the database can be reached.
async fn follow(process: &Process, unbroken: &Unbroken) {
    let (Some(database), Ok(site)) = (process.service::<Database>(), process.site()) else { return };
    loop {
        let done = match is_wanted(&site) {
            Ok(true) => database.migrate(&site.migrations, unbroken, &mut tell).await,
            _ => database.progress(&site.migrations).await.map(|progress| tell_of_pending(&progress)),
        };
        match done {
            Ok(()) => return tell_of_newer(database, &site).await,
            Err(trouble) if trouble.is_outage => tokio::time::sleep(PAUSE).await,
            Err(trouble) => return tracing::error!("{}", one_line(&trouble.error.to_string())),
        }
    }
}

/// A line for a step that was applied.
fn tell(file: &str, time: Duration) {
    tracing::info!("applied the migration `{file}` in {} ms", time.as_millis());
}

fn tell_of_pending(progress: &[Progress]) {
    let (pending, changed) = (files(progress, State::Pending), files(progress, State::Changed));
    if !pending.is_empty() {
        tracing::warn!("{}", lacking(&pending));
    }
    if !changed.is_empty() {
        tracing::warn!("migrations were changed after the database had had them: {changed}");
    }
}

/// The files of all steps with which the database is so far.
fn files(progress: &[Progress], state: State) -> String {
    let files = progress.iter().filter(|step| step.state == state).map(|step| format!("`{}`", step.file));
    files.collect::<Vec<_>>().join(", ")
}

fn lacking(pending: &str) -> String {
    format!("the database lacks migrations: {pending}; run the command `migrate`, or set `db.migrate_on_start`")
}

/// A line where the database has had steps of a newer release: the release before must run on it when the newer one is taken back.
async fn tell_of_newer(database: &Database, site: &Site) {
    let Ok(progress) = database.progress(&site.migrations).await else { return };
    let numbers = progress.iter().filter(|step| step.state == State::Unknown).map(|step| step.number.to_string());
    let numbers = numbers.collect::<Vec<_>>().join(", ");
    if !numbers.is_empty() {
        tracing::info!("the database is newer than this binary, which does not know the migrations {numbers}");
    }
}
