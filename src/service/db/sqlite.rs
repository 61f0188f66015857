//! The pool of SQLite, which needs no server: the database that a site has when nobody sets another.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePoolOptions, SqliteSynchronous};

use super::config::{Config, wrong_url};
use crate::error::Error;
use crate::process::DataFolder;

/// The file in the process's folder where no setting names one.
const FILE: &str = "site.sqlite3";

/// The file of the database, whose folder is made when it is wanted for the first time: a site that never asks for its database
/// leaves nothing behind.
pub(super) struct File {
    path: PathBuf,
    /// Where the file lies in the process's own folder.
    data: Option<DataFolder>,
    is_folder_made: AtomicBool,
}

impl File {
    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it has been made already.
    pub(super) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Waits until no other process brings this database up to date. The lock is on a file beside the database, which stays; the system
    /// ends it when the value is dropped or the process ends.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where that file cannot be made or locked.
    pub(super) async fn lock(&self) -> Result<std::fs::File, Error> {
        let mut path = self.path.clone().into_os_string();
        path.push("-migrations.lock");
        let lock = move || {
            let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
            let locked = open.and_then(|file| file.lock().map(|()| file));
            locked.map_err(|error| Error::File(format!("`{}` cannot be locked: {error}", Path::new(&path).display())))
        };
        let locked = tokio::task::spawn_blocking(lock).await;
        locked.map_err(|error| Error::Service(format!("the database cannot be locked: {error}")))?
    }

    /// # Errors
    ///
    /// [`Error::File`] where the folder cannot be made.
    pub(super) fn make_folder(&self) -> Result<(), Error> {
        if self.is_folder_made.load(Ordering::Acquire) {
            return Ok(());
        }
        match (&self.data, self.path.parent()) {
            (Some(data), _) => drop(data.file(FILE)?),
            (None, Some(folder)) if !folder.as_os_str().is_empty() => {
                let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
                made.map_err(|error| {
                    let folder = folder.display();
                    Error::File(format!("the folder `{folder}` of the database cannot be made: {error}; set `db.path`"))
                })?;
            }
            _ => {}
        }
        self.is_folder_made.store(true, Ordering::Release);
        Ok(())
    }
}

/// A pool that opens its connections when they are asked for, and its file.
///
/// # Errors
///
/// [`Error::Setting`] where the address is none or that of a database in memory.
pub(super) fn pool(config: &Config, data: &DataFolder) -> Result<(SqlitePool, File), Error> {
    let (options, file) = options(config, data)?;
    let (timeout, is_written) = (config.timeout, !is_read_only(config));
    let pool = SqlitePoolOptions::new().max_connections(config.max_connections).acquire_timeout(timeout);
    // A file does not hang up as a server does.
    let pool = pool.test_before_acquire(false).after_connect(move |connection, _| {
        Box::pin(async move {
            if is_written {
                write_ahead(connection, timeout).await;
            }
            Ok(())
        })
    });
    Ok((pool.connect_lazy_with(options), file))
}

/// How to connect. Keys of other tables are checked. A change is on the disk before its statement ends (`synchronous`), so what a visitor was told is
/// kept survives a power failure; and who finds the file locked waits as long as for a connection.
pub(super) fn options(config: &Config, data: &DataFolder) -> Result<(SqliteConnectOptions, File), Error> {
    let (options, data) = match (&config.url, &config.path) {
        (Some(url), _) => {
            let options = SqliteConnectOptions::from_str(url).map_err(|error| wrong_url(&error))?;
            (options.create_if_missing(!url.contains("mode=")), None)
        }
        (None, Some(path)) => (file(PathBuf::from(path)), None),
        (None, None) => (file(data.path().join(FILE)), Some(data.clone())),
    };
    refuse_memory(config)?;
    let path = options.get_filename().to_path_buf();
    let options = options.foreign_keys(true).synchronous(SqliteSynchronous::Full).busy_timeout(config.timeout);
    Ok((options, File { path, data, is_folder_made: AtomicBool::new(false) }))
}

fn file(path: PathBuf) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).create_if_missing(true)
}

fn is_read_only(config: &Config) -> bool {
    config.url.as_deref().is_some_and(|url| url.contains("mode=ro") || url.contains("immutable="))
}

/// A pool opens and closes connections, and a database in memory is gone with them.
fn refuse_memory(config: &Config) -> Result<(), Error> {
    let url = config.url.as_deref().unwrap_or_default();
    let in_memory =
        url.contains(":memory:") || url.contains("mode=memory") || config.path.as_deref() == Some(":memory:");
    match in_memory {
        true => Err(Error::Setting(
            "a database in memory would be lost with each connection of the pool; set `db.path` to a file, or leave it out: \
             tests have a folder of their own"
                .to_string(),
        )),
        false => Ok(()),
    }
}

/// Lets readers and a writer work at the same time: the file's journal is a write-ahead log, which the file remembers.
///
/// Changing the journal of a new file needs it for oneself, and SQLite does not wait for that as it waits for other locks: so the
/// second of two that start together asks again.
///
/// Where it cannot be changed, it is left to the first statement to say what is wrong with the file.
async fn write_ahead(connection: &mut SqliteConnection, timeout: Duration) {
    let start = Instant::now();
    loop {
        match sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await {
            Err(sqlx::Error::Database(error)) if is_busy(&*error) && start.elapsed() < timeout => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            _ => return,
        }
    }
}

/// Whether somebody else has the file locked.
fn is_busy(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.code().and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| matches!(code & 0xff, 5 | 6))
}
