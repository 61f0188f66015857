//! The socket that the server listens on: an address and port, or a socket file.
//!
//! Each way that binding can fail becomes one line that names the address, the reason and what to do. Sockets that systemd opened
//! come in ready-made.

mod admin;
#[cfg(feature = "overlay")]
mod shared;
mod systemd;

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener as StdTcpListener};
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener as StdUnixListener};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::Peer;
use crate::error::Error;
pub use admin::AdminAddress;
#[cfg(feature = "overlay")]
pub use shared::SharedSocket;
pub use systemd::Sockets;

/// What `server.address` starts with where it names a socket file.
const UNIX_PREFIX: &str = "unix:";

/// A bound socket. Its [`Display`](fmt::Display) is the address that a person can open, or `unix:PATH`.
#[derive(Debug)]
pub struct Listener {
    socket: Bound,
    holder: Holder,
}

/// Who else holds the socket, so that connections in its queue are not lost when this process stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// Nobody: when this process closes it, it is gone.
    Nobody,
    /// The command `dev`, which has the next process ready when it asks this one to stop.
    #[cfg(feature = "overlay")]
    Dev,
    /// systemd, which starts the next process when this one has ended.
    Systemd,
}

#[derive(Debug)]
enum Bound {
    Tcp(TcpListener, SocketAddr),
    Unix(UnixListener, SocketFile),
}

impl Listener {
    /// Binds `server.address` and `server.port`. The address is an IPv4 or IPv6 address (with or without brackets), a host name, or
    /// `unix:PATH`; the port counts for the first three only, and 0 takes a free one.
    ///
    /// A socket file that no process listens on any more is replaced, and removed when the listener is dropped. Its permissions are
    /// those that the process's umask leaves.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] where the address is none, belongs to another machine or process, or may not be used.
    pub async fn bind(address: &str, port: u16) -> Result<Listener, Error> {
        let socket = match address.strip_prefix(UNIX_PREFIX) {
            Some(path) => bind_file(Path::new(path)).await,
            None => bind_port(address, port).await,
        };
        socket.map(|socket| Listener { socket, holder: Holder::Nobody })
    }

    /// The address and port that connections are taken on; none for a socket file.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Bound::Tcp(_, address) => Some(*address),
            Bound::Unix(..) => None,
        }
    }

    /// Whether connections that wait in the queue are lost when this process closes the socket.
    pub(super) fn is_alone(&self) -> bool {
        self.holder == Holder::Nobody
    }

    /// Whether connections wait for a process that is only started when this one has ended.
    pub(super) fn outlives_process(&self) -> bool {
        self.holder == Holder::Systemd
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<(Socket, Peer)> {
        match &self.socket {
            Bound::Tcp(listener, _) => {
                let (stream, address) = listener.accept().await?;
                // Answers are written whole, so waiting for more to send only delays them. A socket that refuses still works.
                let _ = stream.set_nodelay(true);
                let address = SocketAddr::new(address.ip().to_canonical(), address.port());
                Ok((Socket::Tcp(stream), Peer { address: Some(address) }))
            }
            Bound::Unix(listener, ..) => {
                let (stream, _) = listener.accept().await?;
                Ok((Socket::Unix(stream), Peer { address: None }))
            }
        }
    }
}

impl Bound {
    /// A socket that listens already.
    fn of_tcp(listener: StdTcpListener) -> io::Result<Bound> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok(Bound::Tcp(TcpListener::from_std(listener)?, address))
    }

    /// As [`Bound::of_tcp`]; whoever has made its file removes it.
    fn of_unix(listener: StdUnixListener) -> io::Result<Bound> {
        listener.set_nonblocking(true)?;
        let path = path_of(&listener.local_addr()?);
        Ok(Bound::Unix(UnixListener::from_std(listener)?, SocketFile { path, made: None }))
    }
}

/// The path of a socket file. Linux also knows names that are no files; they are written with an `@`, as systemd does.
fn path_of(address: &UnixAddr) -> PathBuf {
    #[cfg(target_os = "linux")]
    if let Some(name) = address.as_abstract_name() {
        return PathBuf::from(format!("@{}", String::from_utf8_lossy(name)));
    }
    address.as_pathname().map_or_else(PathBuf::new, PathBuf::from)
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            Bound::Tcp(_, address) => write!(f, "http://{address}"),
            Bound::Unix(_, file) => write!(f, "{UNIX_PREFIX}{}", file.path.display()),
        }
    }
}

async fn bind_port(address: &str, port: u16) -> Result<Bound, Error> {
    let host = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
    if host.is_empty() {
        return Err(Error::Listen("`server.address` is empty; set it to an address such as `127.0.0.1`".to_owned()));
    }
    if host.parse::<SocketAddr>().is_ok() {
        return Err(Error::Listen(format!(
            "`server.address` is `{host}`, which carries a port; leave the port to `server.port`"
        )));
    }
    let name = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let addresses: Vec<SocketAddr> = match tokio::net::lookup_host((host, port)).await {
        Ok(found) => found.collect(),
        Err(error) => {
            return Err(Error::Listen(format!(
                "cannot listen on `{name}`: `{host}` is no known host name ({error}); set `server.address` to an address of this machine"
            )));
        }
    };
    let bound = TcpListener::bind(&*addresses).await.and_then(|listener| {
        let address = listener.local_addr()?;
        Ok(Bound::Tcp(listener, address))
    });
    bound.map_err(|error| refused(&name, &error))
}

fn refused(name: &str, error: &io::Error) -> Error {
    let advice = match error.kind() {
        ErrorKind::AddrInUse => {
            "another process listens there; stop it or set `server.port` to another port (0 takes a free one)".to_owned()
        }
        ErrorKind::PermissionDenied => {
            "ports below 1024 need a privilege; set `server.port` to a higher one or give the process CAP_NET_BIND_SERVICE"
                .to_owned()
        }
        ErrorKind::AddrNotAvailable => {
            "the address does not belong to this machine; set `server.address` to one that does".to_owned()
        }
        _ => format!("{error}; check `server.address` and `server.port`"),
    };
    Error::Listen(format!("cannot listen on `{name}`: {advice}"))
}

async fn bind_file(path: &Path) -> Result<Bound, Error> {
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
struct SocketFile {
    path: PathBuf,
    /// Device and inode, for the process that has made the file.
    made: Option<(u64, u64)>,
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

/// One accepted connection. One type for both kinds, so that hyper is compiled once.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Socket::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_write(cx, buffer),
            Socket::Unix(stream) => Pin::new(stream).poll_write(cx, buffer),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, buffers),
            Socket::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, buffers),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Sockets keep nothing back.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Socket::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
