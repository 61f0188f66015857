//! What middleware may look like, and how those of a route lie around its controller (B88 to B93).
//!
//! They are layers: a request passes them from the first to the last, and the answer comes back from wherever it was made, the other way
//! round. One that looks at requests only is a step on the way in. The others are one mechanism: they get what is left of the way as a
//! [`Next`], and a function that looks at answers only is one whose call of it is written here.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use super::panics::caught;
use super::{Async, BoxFuture, ControllerFn, Plain, finish};
use crate::http::{IntoOutcome, IntoResponse, Outcome, Request, Response};

/// A function that runs before the controller, after it, or both; `Form` only tells the compiler which of the forms it has.
///
/// | Form | Runs |
/// |---|---|
/// | `fn(&mut Request) -> O`, `async fn(&mut Request) -> O` | before, where `O` is an [`IntoOutcome`] |
/// | `fn(&Request, Response) -> A`, `async fn(Request, Response) -> A` | after, where `A` is an [`IntoResponse`] |
/// | `async fn(&mut Request, Next<'_>) -> A` | around: [`Next::run`] is all that follows |
///
/// Those that run after see every answer of what stands behind them in the list: the controller's, that of a middleware that answered in
/// its place, and failures, whose page is made later ([`Response::failure`] tells). Middleware behind the one that answered do not run.
/// A panic in one is a failure with status 500, which those before it see.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware",
    note = "before the controller: `fn(&mut Request) -> O` or `async fn(&mut Request) -> O` where `O` is an `IntoOutcome`",
    note = "after it: `fn(&Request, Response) -> A` or `async fn(Request, Response) -> A` where `A` is an `IntoResponse`",
    note = "around it: `async fn(&mut Request, Next<'_>) -> A` where `A` is an `IntoResponse`",
    note = "the future of an `async fn` must be `Send`: no `Rc` and no lock guard may live across an `.await`"
)]
pub trait Middleware<Form>: Send + Sync + 'static {
    /// Makes one type of all forms.
    fn into_fn(self) -> MiddlewareFn;
}

/// Form of a plain middleware that looks at answers.
pub struct After<A>(PhantomData<fn() -> A>);
/// Form of an `async` middleware that looks at answers.
pub struct AsyncAfter<F>(PhantomData<fn() -> F>);
/// Form of a middleware around all that follows.
pub struct Around(());

/// A middleware of any form.
#[derive(Clone)]
pub struct MiddlewareFn(Layer);

#[derive(Clone)]
enum Layer {
    Before(Arc<dyn RunBefore>),
    Around(Arc<dyn RunAround>),
}

/// Makes one type of all middleware.
pub fn middleware<Form>(function: impl Middleware<Form>) -> MiddlewareFn {
    function.into_fn()
}

/// What follows a middleware on the way of a request: the middleware behind it, then the controller.
///
/// ```
/// use std::time::Instant;
///
/// use kalgan::{Next, Request, Response};
///
/// pub async fn time(request: &mut Request, next: Next<'_>) -> Response {
///     let start = Instant::now();
///     let response = next.run(request).await;
///     response.with_header("server-timing", format!("app;dur={}", start.elapsed().as_millis()))
/// }
/// # kalgan::controller::middleware(time);
/// ```
pub struct Next<'e> {
    middleware: &'e [MiddlewareFn],
    controller: &'e ControllerFn,
}

impl<'e> Next<'e> {
    pub(super) fn new(middleware: &'e [MiddlewareFn], controller: &'e ControllerFn) -> Self {
        Next { middleware, controller }
    }

    /// The answer of all that follows. It may be a failure, also that of a panic; `request` then holds what the others have left in it.
    pub async fn run(self, request: &mut Request) -> Response {
        caught(self.steps(request)).await.unwrap_or_else(Response::failed)
    }

    async fn steps(self, request: &mut Request) -> Response {
        for (number, middleware) in self.middleware.iter().enumerate() {
            match &middleware.0 {
                Layer::Before(before) => {
                    if let Outcome::Answer(response) = before.run(request).await {
                        return response;
                    }
                }
                Layer::Around(around) => {
                    let next = Next { middleware: &self.middleware[number + 1..], ..self };
                    return around.run(request, next).await;
                }
            }
        }
        finish(self.controller.answer(request.clone())).await
    }
}

/// A middleware that looks at requests, its form forgotten: a closure cannot say that its future borrows from both sides.
trait RunBefore: Send + Sync {
    fn run<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Outcome>;
}

/// A middleware that looks at answers, its form forgotten.
trait RunAround: Send + Sync {
    fn run<'a>(&'a self, request: &'a mut Request, next: Next<'a>) -> BoxFuture<'a, Response>;
}

/// A function that remembers its form.
struct Formed<M, Form>(M, PhantomData<fn(Form)>);

fn before<M, Form>(function: M) -> MiddlewareFn
where
    Formed<M, Form>: RunBefore + 'static,
{
    MiddlewareFn(Layer::Before(Arc::new(Formed(function, PhantomData))))
}

fn around<M, Form>(function: M) -> MiddlewareFn
where
    Formed<M, Form>: RunAround + 'static,
{
    MiddlewareFn(Layer::Around(Arc::new(Formed(function, PhantomData))))
}

impl<M, O> Middleware<Plain<O>> for M
where
    M: Fn(&mut Request) -> O + Send + Sync + 'static,
    O: IntoOutcome + 'static,
{
    fn into_fn(self) -> MiddlewareFn {
        before::<M, Plain<O>>(self)
    }
}

impl<M, O> RunBefore for Formed<M, Plain<O>>
where
    M: Fn(&mut Request) -> O + Send + Sync,
    O: IntoOutcome,
{
    fn run<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Outcome> {
        // Inside the future, so that a panic is met where the future's is.
        Box::pin(async move { self.0(request).into_outcome() })
    }
}

/// An `async fn(&mut Request)`: its future borrows the request, which only a trait with that lifetime can say.
pub trait AsyncMiddleware<'a>: Send + Sync + 'static {
    /// What the future gives.
    type Outcome: IntoOutcome;
    /// The future.
    type Future: Future<Output = Self::Outcome> + Send + 'a;
    /// Calls the function.
    fn call(&self, request: &'a mut Request) -> Self::Future;
}

impl<'a, M, F> AsyncMiddleware<'a> for M
where
    M: Fn(&'a mut Request) -> F + Send + Sync + 'static,
    F: Future<Output: IntoOutcome> + Send + 'a,
{
    type Outcome = F::Output;
    type Future = F;

    fn call(&self, request: &'a mut Request) -> F {
        self(request)
    }
}

impl<M> Middleware<Async<()>> for M
where
    M: for<'a> AsyncMiddleware<'a>,
{
    fn into_fn(self) -> MiddlewareFn {
        before::<M, Async<()>>(self)
    }
}

impl<M> RunBefore for Formed<M, Async<()>>
where
    M: for<'a> AsyncMiddleware<'a>,
{
    fn run<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { self.0.call(request).await.into_outcome() })
    }
}

impl<M, A> Middleware<After<A>> for M
where
    M: Fn(&Request, Response) -> A + Send + Sync + 'static,
    A: IntoResponse + 'static,
{
    fn into_fn(self) -> MiddlewareFn {
        around::<M, After<A>>(self)
    }
}

impl<M, A> RunAround for Formed<M, After<A>>
where
    M: Fn(&Request, Response) -> A + Send + Sync,
    A: IntoResponse,
{
    fn run<'a>(&'a self, request: &'a mut Request, next: Next<'a>) -> BoxFuture<'a, Response> {
        Box::pin(async move {
            let response = next.run(request).await;
            self.0(request, response).into_response()
        })
    }
}

impl<M, F> Middleware<AsyncAfter<F>> for M
where
    M: Fn(Request, Response) -> F + Send + Sync + 'static,
    F: Future<Output: IntoResponse> + Send + 'static,
{
    fn into_fn(self) -> MiddlewareFn {
        around::<M, AsyncAfter<F>>(self)
    }
}

impl<M, F> RunAround for Formed<M, AsyncAfter<F>>
where
    M: Fn(Request, Response) -> F + Send + Sync,
    F: Future<Output: IntoResponse> + Send,
{
    fn run<'a>(&'a self, request: &'a mut Request, next: Next<'a>) -> BoxFuture<'a, Response> {
        Box::pin(async move {
            let response = next.run(request).await;
            self.0(request.clone(), response).await.into_response()
        })
    }
}

/// An `async fn(&mut Request, Next<'_>)`: its future borrows both.
pub trait AsyncAround<'a>: Send + Sync + 'static {
    /// What the future gives.
    type Answer: IntoResponse;
    /// The future.
    type Future: Future<Output = Self::Answer> + Send + 'a;
    /// Calls the function.
    fn call(&self, request: &'a mut Request, next: Next<'a>) -> Self::Future;
}

impl<'a, M, F> AsyncAround<'a> for M
where
    M: Fn(&'a mut Request, Next<'a>) -> F + Send + Sync + 'static,
    F: Future<Output: IntoResponse> + Send + 'a,
{
    type Answer = F::Output;
    type Future = F;

    fn call(&self, request: &'a mut Request, next: Next<'a>) -> F {
        self(request, next)
    }
}

impl<M> Middleware<Around> for M
where
    M: for<'a> AsyncAround<'a>,
{
    fn into_fn(self) -> MiddlewareFn {
        around::<M, Around>(self)
    }
}

impl<M> RunAround for Formed<M, Around>
where
    M: for<'a> AsyncAround<'a>,
{
    fn run<'a>(&'a self, request: &'a mut Request, next: Next<'a>) -> BoxFuture<'a, Response> {
        Box::pin(async move { self.0.call(request, next).await.into_response() })
    }
}

impl fmt::Debug for MiddlewareFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MiddlewareFn")
    }
}

impl fmt::Debug for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("middleware", &self.middleware.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
