//! A listening socket that several processes serve from, one after the other: the command `dev` holds it, so that it is open while no
//! process of the site runs, and each process gets it as its standard input.

use std::fmt;
use std::io;
use std::net::TcpListener as StdTcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixListener as StdUnixListener;

#[cfg(not(target_vendor = "apple"))]
use rustix::net::sockopt::socket_acceptconn;
use rustix::net::{AddressFamily, getsockname};

use super::{Bound, Holder, Listener, SocketFile};
use crate::error::Error;

/// A bound socket that this process does not take connections from. Connections wait in its queue until another process takes them.
#[derive(Debug)]
pub struct SharedSocket {
    descriptor: OwnedFd,
    address: String,
    /// Removes the socket file when the last process that may serve is gone.
    _file: Option<SocketFile>,
}

impl SharedSocket {
    /// A descriptor of the socket for another process.
    ///
    /// # Errors
    ///
    /// When this process has no more descriptors.
    pub fn descriptor(&self) -> io::Result<OwnedFd> {
        self.descriptor.try_clone()
    }
}

impl fmt::Display for SharedSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl Listener {
    /// Takes no connections any more, but keeps the socket open for others.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] when the system does not hand the socket over.
    pub fn into_shared(self) -> Result<SharedSocket, Error> {
        let address = self.to_string();
        let shared = match self.socket {
            Bound::Tcp(listener, _) => listener.into_std().map(|listener| (OwnedFd::from(listener), None)),
            Bound::Unix(listener, file) => listener.into_std().map(|listener| (OwnedFd::from(listener), Some(file))),
        };
        let (descriptor, file) = shared.map_err(|error| Error::Listen(format!("cannot share `{address}`: {error}")))?;
        Ok(SharedSocket { descriptor, address, _file: file })
    }

    /// The socket that this process was given as its standard input. What is in its queue when this process stops is for the next one.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] where the standard input is no socket that listens.
    pub fn inherited() -> Result<Listener, Error> {
        let failed = |error: io::Error| {
            Error::Listen(format!(
                "the standard input is no socket to listen on ({error}); start the site with `serve`, or with `dev`, which hands over a socket"
            ))
        };
        let descriptor = io::stdin().as_fd().try_clone_to_owned().map_err(failed)?;
        let socket = adopt(descriptor).map_err(failed)?;
        Ok(Listener { socket, holder: Holder::Dev })
    }
}

fn adopt(descriptor: OwnedFd) -> io::Result<Bound> {
    // First, so that what is no socket at all is told as such.
    let family = getsockname(&descriptor)?.address_family();
    // Systems of Apple know no answer; there, taking the first connection would fail.
    #[cfg(not(target_vendor = "apple"))]
    if !socket_acceptconn(&descriptor)? {
        return Err(io::Error::other("it does not listen"));
    }
    if family == AddressFamily::UNIX {
        return Bound::of_unix(StdUnixListener::from(descriptor));
    }
    Bound::of_tcp(StdTcpListener::from(descriptor))
}

#[cfg(test)]
mod tests {
    use super::super::UNIX_PREFIX;
    use super::*;

    async fn shared(address: &str) -> SharedSocket {
        Listener::bind(address, 0).await.unwrap().into_shared().unwrap()
    }

    #[tokio::test]
    async fn a_connection_made_while_nobody_takes_any_is_taken_by_the_next_process() {
        let socket = shared("127.0.0.1").await;
        let address = socket.to_string();
        let client = tokio::net::TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
        let listener = Listener { socket: adopt(socket.descriptor().unwrap()).unwrap(), holder: Holder::Dev };
        let (_, peer) = listener.accept().await.unwrap();
        assert_eq!(peer.address, Some(client.local_addr().unwrap()));
        assert_eq!(listener.to_string(), address);
    }

    #[tokio::test]
    async fn a_socket_file_stays_until_its_maker_drops_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site.sock");
        let name = format!("{UNIX_PREFIX}{}", path.display());
        let socket = shared(&name).await;
        let bound = adopt(socket.descriptor().unwrap()).unwrap();
        let listener = Listener { socket: bound, holder: Holder::Dev };
        assert_eq!(listener.to_string(), name);
        drop(listener);
        assert!(path.exists());
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_does_not_listen_is_refused() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        assert!(adopt(OwnedFd::from(socket)).is_err());
        let file = std::fs::File::open("Cargo.toml").unwrap();
        assert!(adopt(OwnedFd::from(file)).is_err());
    }
}
