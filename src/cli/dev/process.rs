//! A process of the site: started with the shared socket as its standard input, listened to, and ended.

use std::ffi::OsString;
use std::fs::{DirBuilder, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::FusedFuture;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};

use super::messages::{self, Progress, Report};
use crate::cli::notify;
use crate::server::SharedSocket;

/// How much longer than requests in flight get a process may take to end, for its hooks and its tasks; then it is killed.
const GRACE: Duration = Duration::from_secs(15);

/// How long to wait for the last words of a process that has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What every process of the site is started with.
#[derive(Debug)]
pub(super) struct Launch {
    /// The command line: `serve` and the flags that `dev` was given.
    pub(super) arguments: Vec<OsString>,
    /// The site's folder.
    pub(super) site: PathBuf,
    /// The socket that is served from.
    pub(super) socket: SharedSocket,
    /// The time that requests in flight get when a process is asked to stop.
    pub(super) shutdown_timeout: Duration,
    /// Where the sockets lie by which processes report.
    pub(super) folder: PrivateFolder,
}

/// A running process of the site. When it is dropped, the process is asked to stop.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) number: u64,
    /// What it runs.
    pub(super) binary: Option<Identity>,
    progress: mpsc::UnboundedSender<Progress>,
    _stop: oneshot::Sender<()>,
}

/// What happens to a process.
#[derive(Debug)]
pub(super) enum Happening {
    /// It takes connections. With the line that tells a person what is served.
    Ready(String),
    /// It is gone. With the reason.
    Ended(String),
}

impl Process {
    /// Starts a process. The future must be run for it to be attended to; it ends when the process has.
    pub(super) fn start(
        launch: &Launch,
        executable: &Path,
        number: u64,
        tell: impl Fn(Happening) + Send + Sync + 'static,
    ) -> io::Result<(Process, impl Future<Output = ()> + Send + 'static)> {
        let reports = launch.folder.path.join(format!("{number}.sock"));
        let listener = UnixListener::bind(&reports)?;
        let mut command = Command::new(executable);
        command.args(&launch.arguments).env(messages::SOCKET, &reports).stdin(Stdio::from(launch.socket.descriptor()?));
        notify::FOR_THIS_PROCESS.iter().for_each(|variable| {
            command.env_remove(variable);
        });
        // In a process group of its own: so Ctrl+C reaches `dev` alone, which asks the process to stop.
        command.process_group(0).kill_on_drop(true);
        let binary = Identity::of(executable);
        let child = command.spawn()?;
        let (progress, told) = mpsc::unbounded_channel();
        let (stop, stop_asked) = oneshot::channel();
        let limit = launch.shutdown_timeout + GRACE;
        let attended = async move {
            let reason = attend(child, converse(listener, told, &tell), stop_asked, limit).await;
            tell(Happening::Ended(reason));
        };
        Ok((Process { number, binary, progress, _stop: stop }, attended))
    }

    /// Tells the process how the build of its successor goes.
    pub(super) fn tell(&self, progress: &Progress) {
        // A process that has just ended needs no news.
        let _ = self.progress.send(progress.clone());
    }
}

/// Waits for the end of a process, which comes by itself or because it is asked for; gives the reason.
async fn attend(
    mut child: Child,
    reports: impl Future<Output = Option<String>>,
    stop: oneshot::Receiver<()>,
    limit: Duration,
) -> String {
    let (mut reports, mut stop) = (std::pin::pin!(reports.fuse()), std::pin::pin!(stop));
    let mut reason = None;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            _ = &mut stop => break end(&mut child, limit).await,
            failed = &mut reports, if !reports.is_terminated() => reason = failed,
        }
    };
    if !reports.is_terminated() {
        reason = tokio::time::timeout(LAST_WORDS, reports).await.ok().flatten();
    }
    reason.unwrap_or_else(|| ending(status))
}

fn ending(status: io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => status.to_string(),
        Err(error) => format!("it cannot be waited for: {error}"),
    }
}

async fn end(child: &mut Child, limit: Duration) -> io::Result<ExitStatus> {
    let number = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    if let Some(number) = number {
        // It fails where the process has just ended by itself.
        let _ = kill_process(number, Signal::TERM);
    }
    match tokio::time::timeout(limit, child.wait()).await {
        Ok(status) => status,
        Err(_) => {
            child.start_kill()?;
            child.wait().await
        }
    }
}

/// Hears what a process reports and tells it of builds, until it is gone. Gives the reason for which it could not serve.
async fn converse(
    listener: UnixListener,
    mut told: mpsc::UnboundedReceiver<Progress>,
    tell: &impl Fn(Happening),
) -> Option<String> {
    let (stream, _) = listener.accept().await.ok()?;
    drop(listener);
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    let mut reason = None;
    loop {
        tokio::select! {
            line = lines.next_line() => match line.ok().flatten().map(|line| serde_json::from_str(&line)) {
                Some(Ok(Report::Ready(greeting))) => tell(Happening::Ready(greeting)),
                Some(Ok(Report::Failed(why))) => reason = Some(why),
                Some(Err(_)) => {}
                None => return reason,
            },
            Some(progress) = told.recv() => {
                // The process is about to end; what it still has to say is read.
                let _ = writer.write_all(messages::line(&progress).as_bytes()).await;
            }
        }
    }
}

/// Tells one binary from another at the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    file: (u64, u64),
    length: u64,
    modified: (i64, i64),
}

impl Identity {
    /// The binary at a path; `None` where there is none.
    pub(super) fn of(path: &Path) -> Option<Identity> {
        let of = |data: Metadata| Identity {
            file: (data.dev(), data.ino()),
            length: data.len(),
            modified: (data.mtime(), data.mtime_nsec()),
        };
        std::fs::metadata(path).ok().map(of)
    }
}

/// The longest path of a folder for temporary files in which there is room for sockets.
const LONGEST_PATH: usize = 70;

/// A folder that only this user may look into; removed with all that is in it when it is dropped.
#[derive(Debug)]
pub(super) struct PrivateFolder {
    path: PathBuf,
}

impl PrivateFolder {
    /// Makes a folder among the temporary files.
    ///
    /// # Errors
    ///
    /// Those of making a folder.
    pub(super) fn new() -> io::Result<PrivateFolder> {
        // The path of a socket has room for about 100 bytes.
        if std::env::temp_dir().as_os_str().len() > LONGEST_PATH {
            let message = format!("the path of a socket in `{}` would be too long", std::env::temp_dir().display());
            return Err(io::Error::other(message));
        }
        let mut number = 0;
        loop {
            let name = format!("kalgan-dev-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match DirBuilder::new().mode(0o700).create(&path) {
                // What a process of the same number left behind, or somebody has put there, is not touched.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                made => return made.map(|()| PrivateFolder { path }),
            }
        }
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        // A folder that is left behind among the temporary files does no harm.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
