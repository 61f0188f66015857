//! A start that is given up, because the process is asked to stop before it serves.

use std::future::Future;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

use crate::error::Error;
use crate::process::Unbroken;
use crate::server::Stop;

/// Whether the process is asked to stop.
pub(crate) struct AskedToStop {
    stop: Shared<BoxFuture<'static, Stop>>,
    unbroken: Unbroken,
}

/// Why a start has come to its end before the process could serve.
#[derive(Debug)]
pub(crate) enum Halt {
    Failed(Error),
    /// The process was asked to stop.
    Asked,
}

impl From<Error> for Halt {
    fn from(error: Error) -> Halt {
        Halt::Failed(error)
    }
}

impl From<Halt> for Error {
    /// For who has nobody who would ask.
    fn from(halt: Halt) -> Error {
        match halt {
            Halt::Failed(error) => error,
            Halt::Asked => Error::Service("the process was asked to stop before it served".to_string()),
        }
    }
}

impl AskedToStop {
    /// The future ends when the process is asked to stop.
    pub(crate) fn new(stop: impl Future<Output = Stop> + Send + 'static) -> AskedToStop {
        AskedToStop { stop: stop.boxed().shared(), unbroken: Unbroken::default() }
    }

    /// Ends when the process is asked to stop, at once when that was before.
    pub(crate) fn stop(&self) -> impl Future<Output = Stop> + Send + use<> {
        self.stop.clone()
    }

    /// What a part of the start notes in which it must not be given up.
    pub(crate) fn unbroken(&self) -> &Unbroken {
        &self.unbroken
    }

    /// Does a part of the start, or gives it up at its next `.await` when the process is asked to stop. One that is asked already does not
    /// begin with it.
    ///
    /// # Errors
    ///
    /// [`Halt::Failed`] where the part fails, [`Halt::Asked`] where it was given up.
    pub(crate) async fn or<T>(&self, part: impl Future<Output = Result<T, Error>>) -> Result<T, Halt> {
        let asked = async {
            self.stop().await;
            self.unbroken.between().await;
        };
        tokio::select! {
            biased;
            () = asked => Err(Halt::Asked),
            done = part => done.map_err(Halt::Failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::time::Duration;

    use tokio::sync::oneshot;
    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_start_is_given_up_but_for_what_must_be_done_whole() {
        let (stop, stopped) = oneshot::channel();
        let asked = AskedToStop::new(stopped.map(|_| Stop::AtOnce));
        assert_eq!(asked.or(ready(Ok(1))).await.unwrap(), 1);
        let mut done = false;
        let part = async {
            let whole = asked.unbroken().begin().await;
            stop.send(()).unwrap();
            sleep(Duration::from_secs(5)).await;
            done = true;
            drop(whole);
            pending().await
        };
        assert!(matches!(asked.or::<()>(part).await, Err(Halt::Asked)));
        assert!(done, "what had begun came to its end");
        let next = async { unreachable!("nothing begins after it") };
        assert!(matches!(asked.or::<()>(next).await, Err(Halt::Asked)));
    }
}
