//! From names to functions: what controllers and middleware may look like, and which one answers for a route.
//!
//! The build writes a [`Dispatch`] that names every function which the site's routes and settings name, so the compiler has
//! proved that they exist. At start, [`Endpoints`] puts them in the routes' order, so a request looks nothing up by name.

mod middleware;
mod panics;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::Error;
use crate::hint::nearest;
use crate::http::{Failure, IntoResponse, Outcome, Request, Response};
use crate::site::{ReadyRoute, Settings, Site};

pub use middleware::{
    After, Around, AsyncAfter, AsyncAround, AsyncMiddleware, Middleware, MiddlewareFn, Next, middleware,
};
pub(crate) use panics::{caught, failure as panic_failure};

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

type AnswerFn = dyn Fn(Request) -> Answering + Send + Sync;

/// A controller of any form.
#[derive(Clone)]
pub struct ControllerFn(Arc<AnswerFn>);

/// Makes one type of all controllers.
pub fn controller<Form>(function: impl Controller<Form>) -> ControllerFn {
    ControllerFn(Arc::new(move |request| function.answer(request)))
}

impl ControllerFn {
    /// Answers a request.
    pub fn answer(&self, request: Request) -> Answering {
        (self.0)(request)
    }
}

impl fmt::Debug for ControllerFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ControllerFn")
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

/// The response of a controller, waited for where it is not there yet.
pub(crate) async fn finish(answering: Answering) -> Response {
    match answering {
        Answering::Ready(response) => response,
        Answering::Pending(response) => response.await,
    }
}

/// What answers for a route.
#[derive(Debug)]
pub struct Endpoint {
    /// Run around the controller, the first one outermost.
    pub middleware: Vec<MiddlewareFn>,
    /// Answers when no middleware has.
    pub controller: ControllerFn,
}

impl Endpoint {
    /// Answers a request; a panic in the site's code gives a failure with status 500.
    pub async fn answer(&self, request: &mut Request) -> Response {
        Next::new(&self.middleware, &self.controller).run(request).await
    }
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
        let common = common_middleware(&site.settings)?;
        let routes = site.router.routes().map(|route| Endpoint {
            middleware: middleware_names(&common, route).map(|name| dispatch.middleware(name)).collect(),
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

/// The middleware of all routes, which the setting `router.middleware` lists, by their paths below `crate::middleware`.
///
/// # Errors
///
/// [`Error::Setting`] where the setting is no list of texts.
pub(crate) fn common_middleware(settings: &Settings) -> Result<Vec<String>, Error> {
    const KEY: &str = "router.middleware";
    let names = if settings.exists(KEY) { settings.get(KEY)? } else { Vec::new() };
    Ok(names.iter().map(|name: &String| name.replace('/', "::")).collect())
}

/// All middleware of a route, the first one outermost: those of all routes, then its own. Each runs once, where it stands first.
pub(crate) fn middleware_names<'r>(common: &'r [String], route: &'r ReadyRoute) -> impl Iterator<Item = &'r str> {
    let own = route.middleware.iter().map(|name| &**name);
    common.iter().map(String::as_str).chain(own.filter(|name| !common.iter().any(|known| known == name)))
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
