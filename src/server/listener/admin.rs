//! The socket of `server.admin`, an address with its port in one text.

use std::net::IpAddr;
use std::path::Path;

use super::{Bound, Holder, Listener, UNIX_PREFIX, bind_file, bind_port_of};
use crate::error::Error;

/// An address as `server.admin` writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdminAddress {
    /// A host name or an IP address without brackets, and a port.
    Port(String, u16),
    /// The path of a socket file.
    File(String),
}

impl AdminAddress {
    /// Reads `HOST:PORT`, with an IPv6 address in brackets, or `unix:PATH`.
    ///
    /// # Errors
    ///
    /// What is wrong, to follow upon the name of the setting or flag that holds the address.
    pub fn parse(text: &str) -> Result<AdminAddress, String> {
        if let Some(path) = text.strip_prefix(UNIX_PREFIX) {
            return match path.is_empty() {
                true => Err("has no path; write `unix:` and the path of the socket file".to_string()),
                false => Ok(AdminAddress::File(path.to_string())),
            };
        }
        let advice = "write it as `127.0.0.1:9091`, `[::1]:9091` or `unix:PATH`";
        if text.contains("://") {
            return Err(format!("is `{text}`, which is more than an address; {advice}"));
        }
        let Some((host, port)) = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()) else {
            return Err(format!("is `{text}`, which has no host or no port; {advice}"));
        };
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if bare.is_none() && host.contains(':') {
            return Err(format!("is `{text}`, which has no port or no brackets; {advice}"));
        }
        let port = port.parse().map_err(|_| format!("is `{text}`, in which `{port}` is no port; {advice}"))?;
        Ok(AdminAddress::Port(bare.unwrap_or(host).to_string(), port))
    }

    /// The host; none for a socket file.
    pub fn host(&self) -> Option<&str> {
        match self {
            AdminAddress::Port(host, _) => Some(host),
            AdminAddress::File(_) => None,
        }
    }

    /// Whether a socket is bound here already.
    fn is_that_of(&self, listener: &Listener) -> bool {
        match (self, &listener.socket) {
            (AdminAddress::Port(host, port), Bound::Tcp(_, bound)) => {
                let address = host.parse::<IpAddr>().map(|address| address.to_canonical());
                let is_same =
                    |address: IpAddr| address == bound.ip() || address.is_unspecified() || bound.ip().is_unspecified();
                *port == bound.port() && address.is_ok_and(is_same)
            }
            (AdminAddress::File(path), Bound::Unix(_, file)) => {
                std::path::absolute(path).is_ok_and(|path| path == file.path)
            }
            _ => false,
        }
    }
}

impl Listener {
    /// Binds `server.admin`, of which `name` says where it was set. `main` is the socket that the site is served from, where that
    /// is to be compared.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where the address is that of the site; [`Error::Listen`] where it belongs to another machine or process, or may
    /// not be used.
    pub async fn bind_admin(address: &AdminAddress, main: Option<&Listener>, name: &str) -> Result<Listener, Error> {
        if let Some(main) = main.filter(|main| address.is_that_of(main)) {
            return Err(Error::Setting(format!(
                "{name} is the address that the site itself is served at (`{main}`); give it another port or file, which visitors do not \
                 reach"
            )));
        }
        let socket = match address {
            AdminAddress::File(path) => bind_file(Path::new(path)).await?,
            AdminAddress::Port(host, port) => bind_port_of(host, *port)
                .await
                .map_err(|why| Error::Listen(format!("{name} cannot be listened on: {why}")))?,
        };
        Ok(Listener { socket, holder: Holder::Nobody })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_ports_and_files_have_paths() {
        let port = |host: &str, port| Ok(AdminAddress::Port(host.to_string(), port));
        assert_eq!(AdminAddress::parse("127.0.0.1:9090"), port("127.0.0.1", 9090));
        assert_eq!(AdminAddress::parse("[::1]:9090"), port("::1", 9090));
        assert_eq!(AdminAddress::parse("localhost:0"), port("localhost", 0));
        assert_eq!(AdminAddress::parse("unix:/run/a b.sock"), Ok(AdminAddress::File("/run/a b.sock".to_string())));
        let wrong = [
            "127.0.0.1",
            ":9090",
            "9090",
            "::1",
            "::1:9090",
            "[::1]",
            "127.0.0.1:99999",
            "a:b",
            "http://a:1",
            "unix:",
            "",
        ];
        for text in wrong {
            assert!(AdminAddress::parse(text).is_err(), "`{text}` is none");
        }
    }

    #[tokio::test]
    async fn the_address_of_the_site_is_refused() {
        let main = Listener::bind("127.0.0.1", 0).await.unwrap();
        let port = main.address().unwrap().port();
        for host in ["127.0.0.1", "0.0.0.0"] {
            let address = AdminAddress::Port(host.to_string(), port);
            let error = Listener::bind_admin(&address, Some(&main), "`server.admin`").await.unwrap_err().to_string();
            assert!(error.contains("the site itself is served at"), "{error}");
        }
        let address = AdminAddress::Port("localhost".to_string(), port);
        let error = Listener::bind_admin(&address, Some(&main), "`server.admin`").await.unwrap_err().to_string();
        assert!(error.starts_with("`server.admin` cannot be listened on: a process listens there already"), "{error}");
        let other = AdminAddress::Port("127.0.0.1".to_string(), 0);
        assert!(Listener::bind_admin(&other, Some(&main), "`server.admin`").await.is_ok());
    }

    #[tokio::test]
    async fn the_file_of_the_site_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("site.sock").display().to_string();
        let main = Listener::bind(&format!("unix:{path}"), 0).await.unwrap();
        let error = Listener::bind_admin(&AdminAddress::File(path), Some(&main), "`server.admin`").await.unwrap_err();
        assert!(error.to_string().contains("the site itself is served at"), "{error}");
    }
}
