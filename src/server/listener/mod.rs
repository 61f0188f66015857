//! The socket that the server listens on: an address and port, or a socket file.
//!
//! Each way that binding can fail becomes one line that names the address, the reason and what to do. Sockets that systemd opened
//! come in ready-made.

mod admin;
mod file;
#[cfg(feature = "overlay")]
mod shared;
mod socket;
mod systemd;

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener as StdTcpListener};
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener as StdUnixListener};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, UnixListener};

use super::Peer;
use crate::error::Error;
pub use admin::AdminAddress;
use file::{SocketFile, bind_file};
#[cfg(feature = "overlay")]
pub use shared::SharedSocket;
pub(super) use socket::Socket;
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

    /// The same, as if systemd had handed it over.
    #[cfg(test)]
    pub(super) fn of_systemd(self) -> Listener {
        Listener { holder: Holder::Systemd, ..self }
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
    bind_port_of(host, port).await.map_err(|why| {
        Error::Listen(format!("cannot listen on `{name}`, which `server.address` and `server.port` say: {why}"))
    })
}

/// Binds a port of a host without brackets. An error says what is wrong and what to do, but not which setting it is about.
async fn bind_port_of(host: &str, port: u16) -> Result<Bound, String> {
    let found = tokio::net::lookup_host((host, port)).await;
    let found =
        found.map_err(|error| format!("`{host}` is no known host name ({error}); take an address of this machine"))?;
    let bound = TcpListener::bind(&*found.collect::<Vec<_>>()).await.and_then(|listener| {
        let address = listener.local_addr()?;
        Ok(Bound::Tcp(listener, address))
    });
    bound.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            "a process listens there already; stop it or take another port (0 takes a free one)".to_owned()
        }
        ErrorKind::PermissionDenied => {
            "ports below 1024 need a privilege; take a higher one or give the process CAP_NET_BIND_SERVICE".to_owned()
        }
        ErrorKind::AddrNotAvailable => {
            format!("`{host}` does not belong to this machine; take an address that does, such as `127.0.0.1`")
        }
        _ => error.to_string(),
    })
}
