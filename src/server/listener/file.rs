//! The file of a socket: made where nobody uses it, and removed by whoever has made it.

use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::{Bound, UNIX_PREFIX};
use crate::error::Error;

/// Binds a socket file. One that no process listens on any more is replaced.
pub(super) async fn bind_file(path: &Path) -> Result<Bound, Error> {
    let failed = |text: String| Error::Listen(format!("cannot listen on `{UNIX_PREFIX}{}`: {text}", path.display()));
    if path.as_os_str().is_empty() {
        return Err(failed("the path is missing; write `unix:` and the path of the socket file".to_owned()));
    }
    remove_stale(path).await.map_err(failed)?;
    let listener = UnixListener::bind(path).map_err(|error| {
        failed(match error.kind() {
            ErrorKind::NotFound => {
                "the folder does not exist; create it, in a unit file with `RuntimeDirectory=`".to_owned()
            }
            ErrorKind::PermissionDenied => "the folder may not be written by this user; change its owner".to_owned(),
            ErrorKind::AddrInUse => "another process has just begun to listen there; stop it".to_owned(),
            ErrorKind::InvalidInput => "the path is too long for a socket; take one under 108 bytes".to_owned(),
            _ => error.to_string(),
        })
    })?;
    let file = SocketFile::new(path).map_err(|error| failed(error.to_string()))?;
    Ok(Bound::Unix(listener, file))
}

/// Removes what a process that ended without cleaning up has left, and nothing else: a file of another kind stays, and so does a
/// socket that somebody still answers on.
async fn remove_stale(path: &Path) -> Result<(), String> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.to_string()),
        Ok(found) if !found.file_type().is_socket() => {
            return Err("a file that is no socket is in the way; remove it or take another path".to_owned());
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(|error| format!("the old socket file cannot be removed: {error}"))
        }
        Err(error) => Err(format!("the socket file that is there cannot be tried: {error}; remove it")),
        Ok(_) => Err("another process listens there; stop it or take another path".to_owned()),
    }
}

/// The file of a listener. Who has made it removes it with the listener, unless another process has put its own there since.
#[derive(Debug)]
pub(super) struct SocketFile {
    pub(super) path: PathBuf,
    /// Device and inode, for the process that has made the file.
    pub(super) made: Option<(u64, u64)>,
}

impl SocketFile {
    fn new(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let found = std::fs::symlink_metadata(&path)?;
        Ok(SocketFile { path, made: Some((found.dev(), found.ino())) })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let Some(made) = self.made else { return };
        let ours = std::fs::symlink_metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == made);
        if ours {
            // A file that is left behind does no harm: the next start replaces it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
