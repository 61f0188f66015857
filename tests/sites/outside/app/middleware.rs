pub mod guard {
    use kalgan::{Outcome, Request, Response};

    /// Answers in the controller's place when the query asks for it.
    pub async fn keep_out(request: &mut Request) -> Outcome {
        match request.query("out") {
            Some(_) => Outcome::answer(Response::text("kept out").with_status(403)),
            None => Outcome::Continue,
        }
    }
}
