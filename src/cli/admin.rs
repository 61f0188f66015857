//! The second address of `serve`, which only the operator asks: `server.admin`, or the socket named `admin` that systemd hands over.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, pending};
use tokio::task::JoinHandle;

use super::serve::{Flags, refuse_remote_development};
use crate::error::Error;
use crate::metrics::Gathered;
use crate::process::Process;
use crate::server::{self, Admin, AdminAddress, Listener, Sockets};
use crate::service;
use crate::site::Settings;

/// The setting.
const KEY: &str = "server.admin";

/// How often a process of the command `dev` tries to take the address over from the one before, which holds it until it ends.
const AGAIN: Duration = Duration::from_millis(200);

/// The attempt that should have succeeded if it were only for the process before.
const LATE: u32 = 50;

/// What `server.admin` says; none where it is not set.
///
/// # Errors
///
/// [`Error::Setting`] where it is no address, [`Error::Listen`] where a process in development would let others in.
pub(super) fn address(settings: &Settings, flags: &Flags) -> Result<Option<AdminAddress>, Error> {
    let Some(text) = settings.get::<Option<String>>(KEY)? else { return Ok(None) };
    let address =
        AdminAddress::parse(&text).map_err(|wrong| Error::Setting(format!("{} {wrong}", settings.name(KEY))))?;
    if let Some(host) = address.host() {
        refuse_remote_development(settings, host, flags)?;
    }
    Ok(Some(address))
}

/// What answers at the address; nothing where there is none. It ends with this value.
pub(super) struct Answering {
    admin: Admin,
    task: Option<JoinHandle<()>>,
}

impl Drop for Answering {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Answering {
    /// Answers from here on: alive, but not ready.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where `server.admin` is no address or that of the site, [`Error::Listen`] where it cannot be listened on.
    pub(super) async fn start(
        settings: &Settings,
        sockets: &mut Sockets,
        main: &Listener,
        (flags, is_dev): (&Flags, bool),
    ) -> Result<Answering, Error> {
        let admin = Admin::new(gather);
        let (address, name) = (address(settings, flags)?, settings.name(KEY));
        if let Some(listener) = sockets.take("admin")? {
            if let Some(address) = listener.address() {
                refuse_remote_development(settings, &address.ip().to_canonical().to_string(), flags)?;
            }
            if address.is_some() {
                tracing::info!("{name} does not count: the socket that systemd hands over takes its place");
            }
            return Ok(Answering::by(admin.clone(), answer(listener, admin)));
        }
        let Some(address) = address else { return Ok(Answering { admin, task: None }) };
        match Listener::bind_admin(&address, Some(main), &name).await {
            Ok(listener) => Ok(Answering::by(admin.clone(), answer(listener, admin))),
            Err(Error::Listen(_)) if is_dev => Ok(Answering::by(admin.clone(), answer_when_free(address, name, admin))),
            Err(error) => Err(error),
        }
    }

    fn by(admin: Admin, answering: impl Future<Output = ()> + Send + 'static) -> Answering {
        Answering { admin, task: Some(tokio::spawn(answering)) }
    }

    /// Says which process it is.
    pub(super) fn set_process(&self, process: &Process) {
        self.admin.set_process(process.clone());
    }

    /// Closes the socket. Connections end with the process.
    pub(super) async fn end(mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // It was aborted, which is no news.
            let _ = task.await;
        }
    }
}

fn gather(process: Process) -> BoxFuture<'static, Gathered> {
    async move { service::gather(&process).await }.boxed()
}

async fn answer(listener: Listener, admin: Admin) {
    tracing::info!("health checks and figures: {listener}");
    server::serve(listener, Admin::options(), Arc::new(admin), pending()).await;
}

/// As [`answer`], as soon as the process before has ended.
async fn answer_when_free(address: AdminAddress, name: String, admin: Admin) {
    for attempt in 1_u32.. {
        tokio::time::sleep(AGAIN).await;
        match Listener::bind_admin(&address, None, &name).await {
            Ok(listener) => return answer(listener, admin).await,
            Err(error) if attempt == LATE => tracing::warn!("{error}; it is tried again and again"),
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_ends_with_its_value() {
        let (held, ended) = tokio::sync::oneshot::channel::<()>();
        let answering = Answering::by(Admin::new(gather), async move {
            pending::<()>().await;
            drop(held);
        });
        drop(answering);
        assert!(ended.await.is_err(), "nobody holds the other end any more");
    }
}
