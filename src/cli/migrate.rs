//! The command `migrate`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{Options, serve};
use crate::error::Error;
use crate::launch::App;
use crate::process::Unbroken;
use crate::service::db::{self, Database, State};
use crate::site::Site;

#[derive(Debug, Args)]
pub(super) struct Flags {
    /// Only list what would be applied
    #[arg(long)]
    dry_run: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Command {
    /// List all migrations and how far the database is with each
    Status,
}

/// Brings the database up to date, or tells how far it is. The exit code of `status` is 1 where a migration was changed after the
/// database had had it, or did not end.
pub(super) fn run(app: &Arc<App>, options: &Options, flags: &Flags) -> Result<ExitCode, Error> {
    let site = serve::site(app, options)?;
    let data = options.data(&site.settings)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::Service(format!("there is no runtime: {error}")))?;
    runtime.block_on(async {
        let Some(database) = db::start(&site.settings, &data)? else {
            return Err(Error::Setting("there is no database: set `db.url`, or `db.server` and `db.name`".to_string()));
        };
        let done = match (flags.command, flags.dry_run) {
            (Some(Command::Status), _) => status(&database, &site).await,
            (None, true) => pending(&database, &site).await,
            (None, false) => migrate(&database, &site).await,
        };
        database.close().await;
        done
    })
}

async fn migrate(database: &Database, site: &Site) -> Result<ExitCode, Error> {
    let mut count = 0;
    let mut tell = |file: &str, time: Duration| {
        count += 1;
        // A closed standard output is no reason to stop half-way.
        let _ = super::print(&format!("applied {file} in {} ms\n", time.as_millis()));
    };
    database.migrate(&site.migrations, &Unbroken::default(), &mut tell).await.map_err(|trouble| trouble.error)?;
    if count == 0 {
        super::print("the database is up to date\n")?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn pending(database: &Database, site: &Site) -> Result<ExitCode, Error> {
    let progress = database.progress(&site.migrations).await.map_err(|trouble| trouble.error)?;
    let files = progress.iter().filter(|step| step.state == State::Pending);
    let lines: String = files.map(|step| format!("would apply {}\n", step.file)).collect();
    super::print(if lines.is_empty() { "the database is up to date\n" } else { &lines })?;
    Ok(ExitCode::SUCCESS)
}

async fn status(database: &Database, site: &Site) -> Result<ExitCode, Error> {
    let progress = database.progress(&site.migrations).await.map_err(|trouble| trouble.error)?;
    let word = |state: State| match state {
        State::Applied => "applied",
        State::Pending => "pending",
        State::Changed => "changed since it was applied",
        State::Begun => "begun and not ended",
        State::Unknown => "applied, of another release",
    };
    let rows: Vec<[String; 3]> = progress
        .iter()
        .map(|step| [step.number.to_string(), word(step.state).to_string(), step.file.clone()])
        .collect();
    super::print(&if rows.is_empty() { "there are no migrations\n".to_string() } else { super::table(&rows) })?;
    let is_wrong = progress.iter().any(|step| matches!(step.state, State::Changed | State::Begun));
    Ok(if is_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
