//! The side of the site's process: it serves from the socket that `dev` holds, reports to it, and stops when it is gone.

use std::io::Write;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::PathBuf;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::UnixStream;

use super::messages::{self, Progress, Report};
use crate::error::Error;

/// The connection to the `dev` that has started this process.
#[derive(Debug)]
pub(crate) struct Supervised {
    stream: StdUnixStream,
}

impl Supervised {
    /// Connects to the `dev` that has started this process; `None` where it was started in another way.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] where the environment names a socket that nobody answers on.
    pub(crate) fn connect() -> Result<Option<Supervised>, Error> {
        let Some(path) = std::env::var_os(messages::SOCKET).filter(|path| !path.is_empty()).map(PathBuf::from) else {
            return Ok(None);
        };
        match StdUnixStream::connect(&path) {
            Ok(stream) => Ok(Some(Supervised { stream })),
            Err(error) => Err(Error::Listen(format!(
                "the variable `{}` names `{}`, where no `dev` answers ({error}); unset it to serve without",
                messages::SOCKET,
                path.display()
            ))),
        }
    }

    /// Reports why this process ends.
    pub(crate) fn failed(mut self, reason: &Error) {
        // The terminal shows the reason as well.
        let _ = self.stream.write_all(messages::line(&Report::Failed(reason.to_string())).as_bytes());
    }

    /// Reports that connections are taken from now on. Gives a future that ends when `dev` is gone; until then it passes on what `dev`
    /// tells about builds.
    ///
    /// # Errors
    ///
    /// [`Error::Listen`] where `dev` is gone already.
    pub(crate) fn ready(
        &self,
        greeting: String,
        told: impl Fn(Progress) + Send + 'static,
    ) -> Result<impl Future<Output = ()> + Send + 'static, Error> {
        let failed = |error| Error::Listen(format!("the connection to `dev` does not work: {error}"));
        let mut stream = self.stream.try_clone().map_err(failed)?;
        stream.write_all(messages::line(&Report::Ready(greeting)).as_bytes()).map_err(failed)?;
        stream.set_nonblocking(true).map_err(failed)?;
        let stream = UnixStream::from_std(stream).map_err(failed)?;
        Ok(async move {
            let mut lines = BufReader::new(stream).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                // Another release of Kalgan, which `dev` may have been started with before this one was built, may say more.
                if let Ok(progress) = serde_json::from_str(&line) {
                    told(progress);
                }
            }
        })
    }
}
