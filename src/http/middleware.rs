//! What a middleware decides.

use super::{IntoResponse, Response};
use crate::error::BoxError;

/// What happens after a middleware (B88 to B92).
#[derive(Debug)]
pub enum Outcome {
    /// The next middleware runs, and after the last one the controller.
    Continue,
    /// This is the answer; neither further middleware nor the controller runs.
    Answer(Response),
}

impl Outcome {
    /// Answers in the controller's place.
    pub fn answer(response: impl IntoResponse) -> Self {
        Outcome::Answer(response.into_response())
    }
}

/// Something that is an [`Outcome`] or can be made into one: `()` continues, `None` continues and `Some` answers, and an
/// `Err` answers with its error page.
pub trait IntoOutcome {
    /// Makes the outcome.
    fn into_outcome(self) -> Outcome;
}

impl IntoOutcome for Outcome {
    fn into_outcome(self) -> Outcome {
        self
    }
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Outcome {
        Outcome::Continue
    }
}

impl IntoOutcome for Option<Response> {
    fn into_outcome(self) -> Outcome {
        self.map_or(Outcome::Continue, Outcome::Answer)
    }
}

impl<T: IntoOutcome, E: Into<BoxError>> IntoOutcome for Result<T, E> {
    fn into_outcome(self) -> Outcome {
        match self {
            Ok(outcome) => outcome.into_outcome(),
            Err(error) => Outcome::answer(Err::<Response, E>(error)),
        }
    }
}
