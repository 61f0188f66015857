//! From names to functions: what controllers and middleware may look like, and which one answers for a route.
//!
//! The build writes a [`Dispatch`] that names every function which the site's routes and settings name, so the compiler has
//! proved that they exist. At start, [`Endpoints`] puts them in the routes' order, so a request looks nothing up by name.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::Error;
use crate::hint::nearest;
use crate::http::{Failure, IntoOutcome, IntoResponse, Outcome, Request, Response};
use crate::site::{Settings, Site};

/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A controller's answer: there already, or still being made.
pub enum Answering {
    /// A plain function has answered.
    Ready(Response),
    /// An `async` function is at work.
    Pending(BoxFuture<'static, Response>),
}

/// A function that answers a request; `Form` only tells the compiler which of the forms it has.
///
/// The forms are `fn() -> A`, `fn(Request) -> A`, `fn(&Request) -> A` (as in Kalgan 0.9, B87) and
/// `async fn(Request) -> A`, where `A` is an [`IntoResponse`]. A plain function runs on the worker and must not block.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a controller",
    note = "a controller is `fn(Request) -> A` or `async fn(Request) -> A` where `A` is an `IntoResponse`",
    note = "the future of an `async fn` must be `Send`: no `Rc`, no lock guard and no template context may live across an `.await`"
)]
pub trait Controller<Form>: Send + Sync + 'static {
    /// Answers a request.
    fn answer(&self, request: Request) -> Answering;
}

/// Form of a plain controller without a parameter.
pub struct Bare<A>(PhantomData<fn() -> A>);
/// Form of a plain controller.
pub struct Plain<A>(PhantomData<fn() -> A>);
/// Form of a plain controller that borrows the request.
pub struct Borrowing<A>(PhantomData<fn() -> A>);
/// Form of an `async` controller.
pub struct Async<F>(PhantomData<fn() -> F>);

impl<C, A> Controller<Bare<A>> for C
where
    C: Fn() -> A + Send + Sync + 'static,
    A: IntoResponse,
{
    fn answer(&self, _: Request) -> Answering {
        Answering::Ready(self().into_response())
    }
}

impl<C, A> Controller<Plain<A>> for C
where
    C: Fn(Request) -> A + Send + Sync + 'static,
    A: IntoResponse,
{
    fn answer(&self, request: Request) -> Answering {
        Answering::Ready(self(request).into_response())
    }
}

impl<C, A> Controller<Borrowing<A>> for C
where
    C: Fn(&Request) -> A + Send + Sync + 'static,
    A: IntoResponse,
{
    fn answer(&self, request: Request) -> Answering {
        Answering::Ready(self(&request).into_response())
    }
}

impl<C, F> Controller<Async<F>> for C
where
    C: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output: IntoResponse> + Send + 'static,
{
    fn answer(&self, request: Request) -> Answering {
        let answer = self(request);
        Answering::Pending(Box::pin(async { answer.await.into_response() }))
    }
}

/// A function that runs before the controller; `Form` only tells the compiler which of the forms it has.
///
/// The forms are `fn(&mut Request) -> O` and `async fn(&mut Request) -> O`, where `O` is an [`IntoOutcome`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware",
    note = "a middleware is `fn(&mut Request) -> O` or `async fn(&mut Request) -> O` where `O` is an `IntoOutcome`",
    note = "the future of an `async fn` must be `Send`: no `Rc` and no lock guard may live across an `.await`"
)]
pub trait Middleware<Form>: Send + Sync + 'static {
    /// Looks at a request and decides.
    fn run<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Outcome>;
}

impl<M, O> Middleware<Plain<O>> for M
where
    M: Fn(&mut Request) -> O + Send + Sync + 'static,
    O: IntoOutcome,
{
    fn run<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Outcome> {
        // Inside the future, so that a panic is met where the future's is.
        Box::pin(async move { self(request).into_outcome() })
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
    fn run<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { self.call(request).await.into_outcome() })
    }
}

type AnswerFn = dyn Fn(Request) -> Answering + Send + Sync;

/// A middleware whose form is forgotten: a closure cannot say that its future borrows from both sides.
trait AnyMiddleware: Send + Sync {
    fn run<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Outcome>;
}

struct Formed<M, Form>(M, PhantomData<fn(Form)>);

impl<Form, M: Middleware<Form>> AnyMiddleware for Formed<M, Form> {
    fn run<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Outcome> {
        self.0.run(request)
    }
}

/// A controller of any form.
#[derive(Clone)]
pub struct ControllerFn(Arc<AnswerFn>);

/// A middleware of any form.
#[derive(Clone)]
pub struct MiddlewareFn(Arc<dyn AnyMiddleware>);

/// Makes one type of all controllers.
pub fn controller<Form>(function: impl Controller<Form>) -> ControllerFn {
    ControllerFn(Arc::new(move |request| function.answer(request)))
}

/// Makes one type of all middleware.
pub fn middleware<Form: 'static>(function: impl Middleware<Form>) -> MiddlewareFn {
    MiddlewareFn(Arc::new(Formed(function, PhantomData)))
}

impl ControllerFn {
    /// Answers a request.
    pub fn answer(&self, request: Request) -> Answering {
        (self.0)(request)
    }
}

impl MiddlewareFn {
    /// Looks at a request and decides.
    pub fn run<'a>(&'a self, request: &'a mut Request) -> BoxFuture<'a, Outcome> {
        self.0.run(request)
    }
}

impl fmt::Debug for ControllerFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ControllerFn")
    }
}

impl fmt::Debug for MiddlewareFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MiddlewareFn")
    }
}

/// A resolver in the manner of Kalgan 0.9 (B83): one function that gets the request and the controller's name.
pub type Resolver = fn(&Request, &str) -> Result<Response, String>;

/// All functions that a site's routes and settings name, by their paths below `crate::controller` and `crate::middleware`.
#[derive(Debug, Clone, Default)]
pub struct Dispatch {
    controllers: HashMap<&'static str, ControllerFn>,
    middleware: HashMap<&'static str, MiddlewareFn>,
    resolver: Option<Resolver>,
}

impl Dispatch {
    /// The functions by name.
    pub fn new(
        controllers: impl IntoIterator<Item = (&'static str, ControllerFn)>,
        middleware: impl IntoIterator<Item = (&'static str, MiddlewareFn)>,
    ) -> Self {
        Dispatch {
            controllers: controllers.into_iter().collect(),
            middleware: middleware.into_iter().collect(),
            resolver: None,
        }
    }

    /// Asks this function for controllers that are not in the table.
    pub(crate) fn set_resolver(&mut self, resolver: Resolver) {
        self.resolver = Some(resolver);
    }

    /// The names of all controllers; `None` where a resolver finds more when it is asked.
    #[cfg(feature = "overlay")]
    pub(crate) fn controllers(&self) -> Option<Vec<&'static str>> {
        self.resolver.is_none().then(|| self.controllers.keys().copied().collect())
    }

    /// The names of all middleware.
    #[cfg(feature = "overlay")]
    pub(crate) fn middleware_names(&self) -> Vec<&'static str> {
        self.middleware.keys().copied().collect()
    }

    /// Whether there is a controller of that name; a resolver tells only when it is asked.
    pub(crate) fn has_controller(&self, name: &str) -> bool {
        self.resolver.is_some() || self.controllers.contains_key(name)
    }

    /// Whether there is a middleware of that name.
    #[cfg_attr(
        not(feature = "overlay"),
        expect(dead_code, reason = "only what is edited can name one that is not there")
    )]
    pub(crate) fn has_middleware(&self, name: &str) -> bool {
        self.middleware.contains_key(name)
    }

    fn controller(&self, name: &str) -> ControllerFn {
        if let Some(found) = self.controllers.get(name) {
            return found.clone();
        }
        let name = name.to_string();
        match self.resolver {
            Some(resolver) => controller(move |request: &Request| resolver(request, &name)),
            None => controller(move || absent("controller", &name)),
        }
    }

    fn middleware(&self, name: &str) -> MiddlewareFn {
        let found = self.middleware.get(name).cloned();
        let name = name.to_string();
        found.unwrap_or_else(|| middleware(move |_: &mut Request| Outcome::answer(absent("middleware", &name))))
    }
}

fn absent(kind: &str, name: &str) -> Failure {
    Failure::new(500, format!("there is no {kind} `{name}` in this binary; build it again"))
}

/// What answers for a route.
#[derive(Debug)]
pub struct Endpoint {
    /// Run first, in this order.
    pub middleware: Vec<MiddlewareFn>,
    /// Answers when no middleware has.
    pub controller: ControllerFn,
}

/// What answers for each route and for each error, made once from a site and the functions of the binary.
#[derive(Debug)]
pub struct Endpoints {
    routes: Vec<Endpoint>,
    errors: HashMap<u16, ControllerFn>,
}

impl Endpoints {
    /// Finds the functions of all routes and of the settings `error.<code>` (B147).
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where a setting from outside names an error page that there is not, or a controller that is not in the
    /// binary, and where `router.resolver` asks for a resolver that `main` does not give.
    pub fn new(site: &Site, dispatch: &Dispatch) -> Result<Self, Error> {
        if dispatch.resolver.is_none() && site.settings.get_bool("router.resolver")? {
            let setting = site.settings.name("router.resolver");
            return Err(Error::Setting(format!(
                "{setting} asks for a resolver; give one in `main` with `App::resolver`"
            )));
        }
        let routes = site.router.routes().map(|route| Endpoint {
            middleware: route.middleware.iter().map(|name| dispatch.middleware(name)).collect(),
            controller: dispatch.controller(&route.controller),
        });
        let codes = site.settings.below("error").filter(|code| *code != "custom_in_dev");
        let errors: Result<_, Error> = codes.map(|code| error_page(&site.settings, code, dispatch)).collect();
        Ok(Endpoints { routes: routes.collect(), errors: errors? })
    }

    /// What answers for the route at this place among the site's routes.
    pub fn route(&self, index: usize) -> Option<&Endpoint> {
        self.routes.get(index)
    }

    /// The site's own controller for an error page.
    pub fn error(&self, status: u16) -> Option<&ControllerFn> {
        self.errors.get(&status)
    }
}

/// The controller of one setting `error.<code>`. The build has checked those of the site's files; this is for the others.
fn error_page(settings: &Settings, code: &str, dispatch: &Dispatch) -> Result<(u16, ControllerFn), Error> {
    let key = format!("error.{code}");
    let name = settings.get_string(&key)?.replace('/', "::");
    let wrong = |reason: String| Error::Setting(format!("{} {reason}", settings.name(&key)));
    let status = code.parse().ok().filter(|status| (400..600).contains(status));
    let status =
        status.ok_or_else(|| wrong("is not for the status code of an error: those go from 400 to 599".to_string()))?;
    if !dispatch.has_controller(&name) {
        let near = nearest(&name, dispatch.controllers.keys().copied()).map(|near| format!("; did you mean `{near}`?"));
        return Err(wrong(format!(
            "names the controller `{name}`, which is not in this binary{}",
            near.unwrap_or_default()
        )));
    }
    Ok((status, dispatch.controller(&name)))
}

#[cfg(test)]
mod tests;
