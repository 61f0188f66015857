//! Sockets that systemd has opened and hands over (`sd_listen_fds(3)`): they stay open while no process of the site runs, and
//! connections wait in them for the next one.
//!
//! The main socket is the one named `http`, or the only one that has another name than `admin`. A socket that would never be answered stops
//! the start, because its clients would wait without end.

use std::ffi::OsString;
use std::net::TcpListener as StdTcpListener;
use std::net::TcpStream as StdTcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener as StdUnixListener, UnixStream as StdUnixStream};

use listenfd::ListenFd;

use super::{Bound, Holder, Listener};
use crate::error::Error;

/// What `FileDescriptorName=` of a socket unit says for the site, and for what only its operator asks.
const MAIN: &str = "http";
const ADMIN: &str = "admin";

/// More sockets than anybody means; the number comes from outside, and room is made for as many.
const MOST: usize = 64;

/// The sockets that this process was given. None of them has been answered yet.
#[derive(Debug, Default)]
pub struct Sockets {
    handed: Vec<Handed>,
    /// What a person should know of sockets that are not for this process.
    notice: Option<String>,
}

#[derive(Debug)]
struct Handed {
    name: String,
    socket: Std,
}

#[derive(Debug)]
enum Std {
    Tcp(StdTcpListener),
    Unix(StdUnixListener),
}

impl Sockets {
    /// Takes what the variables `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES` say, once for a process: to be called at its start, before
    /// there are threads and other open files. The first two are unset by it, so that no child thinks that they are meant for it.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] where a variable makes no sense, a socket cannot be served from, or nobody would answer on one.
    pub fn from_environment() -> Result<Sockets, Error> {
        let variable = |name| std::env::var_os(name).map(OsString::into_string).transpose().unwrap_or_default();
        let (count, pid) = (variable("LISTEN_FDS"), variable("LISTEN_PID"));
        let Some(count) = count.filter(|count| !count.is_empty()) else { return Ok(Sockets::default()) };
        if let Some(pid) = pid.filter(|pid| !pid.is_empty() && *pid != std::process::id().to_string()) {
            return Ok(Sockets { notice: Some(for_another(&pid)), ..Sockets::default() });
        }
        let count = number("LISTEN_FDS", &count)?;
        if let Some(first) = variable("LISTEN_FDS_FIRST_FD") {
            number("LISTEN_FDS_FIRST_FD", &first)?;
        }
        let names = names(variable("LISTEN_FDNAMES").as_deref(), count)?;
        let mut found = ListenFd::from_env();
        let handed = names.into_iter().enumerate().map(|(index, name)| Handed::take(&mut found, index, name));
        Sockets::of(handed.collect::<Result<_, _>>()?)
    }

    /// Refuses what nobody would answer on.
    fn of(handed: Vec<Handed>) -> Result<Sockets, Error> {
        let main = match handed.iter().any(|one| one.name == MAIN) {
            true => handed.iter().filter(|one| one.name == MAIN).count(),
            false => handed.iter().filter(|one| one.name != ADMIN).count(),
        };
        let admin = handed.iter().filter(|one| one.name == ADMIN).count();
        if main > 1 || admin > 1 || main + admin < handed.len() {
            let names: Vec<_> = handed.iter().map(|one| format!("`{}`", one.name)).collect();
            return Err(Error::Listen(format!(
                "systemd hands over {} sockets ({}), but a process serves from one, and answers its operator on one named `admin`; give the \
                 service one `ListenStream=` with `FileDescriptorName=http`, and at most one more with `FileDescriptorName=admin`",
                handed.len(),
                names.join(", ")
            )));
        }
        Ok(Sockets { handed, notice: None })
    }

    /// What is to be told a person when the log is there: sockets that were meant for another process.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Takes the socket that the site is served from; none where there is none. The runtime must be there.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] when the system does not let it be used.
    pub fn take_main(&mut self) -> Result<Option<Listener>, Error> {
        let name = self.handed.iter().map(|one| one.name.clone()).find(|name| name != ADMIN);
        name.map_or(Ok(None), |name| self.take(&name))
    }

    /// Takes the socket with a name, such as `admin`; none where there is none. The runtime must be there.
    ///
    /// # Errors
    ///
    /// As [`Sockets::take_main`].
    pub fn take(&mut self, name: &str) -> Result<Option<Listener>, Error> {
        let found = self.handed.iter().position(|one| one.name == name);
        found.map(|index| self.handed.swap_remove(index).listener()).transpose()
    }
}

impl Handed {
    fn take(found: &mut ListenFd, index: usize, name: String) -> Result<Handed, Error> {
        // A socket of another kind stays where it is, so it can be tried as both.
        let socket = match (found.take_tcp_listener(index), found.take_unix_listener(index)) {
            (Ok(Some(socket)), _) => Std::Tcp(socket),
            (_, Ok(Some(socket))) => Std::Unix(socket),
            _ => {
                return Err(Error::Listen(format!(
                    "the socket `{name}` that systemd hands over is neither a TCP socket nor a Unix stream socket; write its address as \
                     `ListenStream=` in the socket unit"
                )));
            }
        };
        if socket.is_connection() {
            return Err(Error::Listen(format!(
                "systemd hands over a connection (`{name}`), not a socket to take connections from; set `Accept=no` in the socket unit"
            )));
        }
        Ok(Handed { name, socket })
    }

    fn listener(self) -> Result<Listener, Error> {
        let bound = match self.socket {
            Std::Tcp(socket) => Bound::of_tcp(socket),
            Std::Unix(socket) => Bound::of_unix(socket),
        };
        let socket = bound.map_err(|error| {
            Error::Listen(format!("the socket `{}` that systemd hands over cannot be used: {error}", self.name))
        })?;
        Ok(Listener { socket, holder: Holder::Systemd })
    }
}

impl Std {
    /// Whether somebody is at the other end: a socket that listens has nobody there.
    fn is_connection(&self) -> bool {
        match self {
            Std::Tcp(socket) => {
                socket.try_clone().is_ok_and(|copy| StdTcpStream::from(OwnedFd::from(copy)).peer_addr().is_ok())
            }
            Std::Unix(socket) => {
                socket.try_clone().is_ok_and(|copy| StdUnixStream::from(OwnedFd::from(copy)).peer_addr().is_ok())
            }
        }
    }
}

/// A number of sockets or of a descriptor.
fn number(variable: &str, text: &str) -> Result<usize, Error> {
    let number = text.parse().ok().filter(|number| *number <= MOST);
    number.ok_or_else(|| {
        Error::Listen(format!("the variable `{variable}` is `{text}`, not a number up to {MOST}; it is systemd that sets it, leave it to it"))
    })
}

/// A name for each socket: systemd gives all of them or none.
fn names(list: Option<&str>, count: usize) -> Result<Vec<String>, Error> {
    let Some(list) = list.filter(|list| !list.is_empty()) else { return Ok(vec!["unknown".to_owned(); count]) };
    let names: Vec<_> = list.split(':').map(str::to_owned).collect();
    match names.len() == count {
        true => Ok(names),
        false => Err(Error::Listen(format!(
            "the variable `LISTEN_FDNAMES` has {} names (`{list}`) for {count} sockets; it is systemd that sets it, leave it to it",
            names.len()
        ))),
    }
}

fn for_another(pid: &str) -> String {
    format!(
        "systemd hands its sockets to the process {pid}, but this is {}, so they are left alone and `server.address` counts; let `ExecStart=` \
         name the binary itself, or begin its line in the script with `exec`",
        std::process::id()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handed(name: &str) -> Handed {
        let socket = Std::Tcp(StdTcpListener::bind("127.0.0.1:0").unwrap());
        Handed { name: name.to_owned(), socket }
    }

    fn sockets(names: &[&str]) -> Result<Sockets, Error> {
        Sockets::of(names.iter().map(|name| handed(name)).collect())
    }

    #[tokio::test]
    async fn the_main_socket_is_found_by_its_name_or_because_it_is_alone() {
        for names in [&["http"][..], &["unknown"], &["admin", "http"], &["site.socket", "admin"]] {
            let mut sockets = sockets(names).unwrap();
            let main = sockets.handed.iter().find(|one| one.name != "admin").unwrap();
            let Std::Tcp(socket) = &main.socket else { panic!("they are all TCP") };
            let address = socket.local_addr().unwrap();
            let admin = sockets.take("admin").unwrap();
            assert_eq!(admin.is_some(), names.contains(&"admin"), "{names:?}");
            let main = sockets.take_main().unwrap().unwrap();
            assert_eq!(main.to_string(), format!("http://{address}"), "{names:?}");
            assert!(sockets.take_main().unwrap().is_none() && sockets.take("http").unwrap().is_none());
        }
        let mut only_admin = sockets(&["admin"]).unwrap();
        assert!(only_admin.take_main().unwrap().is_none() && only_admin.take("admin").unwrap().is_some());
    }

    #[test]
    fn a_socket_that_nobody_would_answer_on_is_refused() {
        for names in [&["unknown", "unknown"][..], &["http", "http"], &["http", "other"], &["admin", "admin", "http"]] {
            let error = sockets(names).unwrap_err().to_string();
            assert!(error.contains("FileDescriptorName=http"), "{names:?}: {error}");
        }
    }

    #[test]
    fn a_connection_is_told_from_a_socket_that_listens() {
        let listener = StdTcpListener::bind("127.0.0.1:0").unwrap();
        let client = StdTcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let listening = Std::Tcp(listener);
        assert!(!listening.is_connection());
        assert!(Std::Tcp(StdTcpListener::from(OwnedFd::from(client))).is_connection());
        let (one, _other) = StdUnixStream::pair().unwrap();
        assert!(Std::Unix(StdUnixListener::from(OwnedFd::from(one))).is_connection());
    }

    #[test]
    fn variables_that_make_no_sense_are_refused() {
        assert!(number("LISTEN_FDS", "2").is_ok());
        for text in ["", "two", "-1", "65", "99999999999999999999"] {
            assert!(number("LISTEN_FDS", text).unwrap_err().to_string().contains("LISTEN_FDS"), "{text}");
        }
        assert_eq!(names(Some("http:admin"), 2).unwrap(), ["http", "admin"]);
        assert_eq!(names(None, 1).unwrap(), ["unknown"]);
        assert!(names(Some("http"), 2).is_err());
    }
}
