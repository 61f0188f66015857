//! A client for tests of a site: the whole way of a request, from the address to the bytes of the answer, without a socket.
//!
//! ```no_run
//! # fn site() -> kalgan::App { unimplemented!() }
//! // in the site's own crate: `kalgan::testing::client(kalgan::site!())`
//! let client = kalgan::testing::client(site());
//! let answer = client.get("/posts/7").send();
//! assert_eq!(answer.status(), 200);
//! assert!(answer.text().contains("<h1>Post 7</h1>"));
//! ```

mod answer;
mod call;
mod hidden;
mod jar;
mod multipart;
mod request;
mod visitor;

use std::borrow::Cow;
use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;

pub use answer::Answer;
pub use call::Call;
pub use request::RequestBuilder;
pub use visitor::Visitor;

use crate::controller::Dispatch;
use crate::error::Error;
use crate::http::Request;
use crate::launch::{self, App, AskedToStop, process};
use crate::process::{DataFolder, Process, States};
use crate::server::{Pipeline, Serving};
use crate::site::Outside;
use crate::snapshot::Snapshot;

/// A client of one site that is not listening anywhere. It may be shared by tests that run at the same time; each client has a process of
/// its own, so what tests with clients of their own do to it does not meet.
pub struct Client {
    app: App,
    pipeline: Arc<Pipeline>,
    process: Process,
    runtime: Option<Runtime>,
}

/// The setting that production cannot do without, with the value that clients have where a test says nothing of it.
const SECRET_KEY: (&str, &str) = ("security.secret_key", "a key for tests, known to everybody");

/// Runs a site's binary with a command line, whose first item is the name of the program; without a command it serves until the process
/// is asked to stop. For tests that need a real socket, such as those with a browser: run it in a process of its own.
///
/// Gives the exit code of [`kalgan::run`](crate::run).
pub fn run<I>(app: App, arguments: I) -> ExitCode
where
    I: IntoIterator<Item: Into<OsString>>,
{
    launch::run_with(app, arguments.into_iter().map(Into::into).collect::<Vec<_>>())
}

/// A client of a site with the settings of its files, in development; the process's environment has no say.
///
/// # Panics
///
/// With the error's text when the site cannot be made.
pub fn client(app: App) -> Client {
    client_with(app, &[("environment.is_prod", "false")])
}

/// A client of a site with these settings over those of its files. `security.secret_key` has a value for tests where they do not say it.
///
/// # Panics
///
/// With the error's text when the site cannot be made.
pub fn client_with(app: App, settings: &[(&str, &str)]) -> Client {
    Client::new(app, settings).unwrap_or_else(|error| panic!("the site cannot be made: {error}"))
}

impl Client {
    fn new(app: App, settings: &[(&str, &str)]) -> Result<Self, Error> {
        let mut flags: Vec<_> = settings.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        if !settings.iter().any(|(key, _)| *key == SECRET_KEY.0) {
            flags.push((SECRET_KEY.0.to_string(), SECRET_KEY.1.to_string()));
        }
        let site = app.site(Outside { flags, ..Outside::default() })?;
        // A worker of its own, so that background tasks go on between two calls.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| Error::Listen(format!("there is no runtime: {error}")))?;
        let data = match site.settings.get::<Option<String>>("data.path")? {
            Some(path) => DataFolder::new(path),
            None => DataFolder::temporary()?,
        };
        let serving = Serving::new(site.clone(), app.dispatch())?;
        let (process, pipeline) = runtime.block_on(async {
            let asked = AskedToStop::new(std::future::pending());
            let process = process::begin(&app, &site, data, &asked).await?;
            let pipeline = Arc::new(Pipeline::new(serving, process.clone()).mounting(app.mounted(&process)));
            process::ready(&app, &process, &pipeline, &asked).await?;
            Ok::<_, Error>((process, pipeline))
        })?;
        Ok(Client { app, pipeline, process, runtime: Some(runtime) })
    }

    /// The process that the client's site runs in: its state, its services, its folder for data.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Runs a future in the client's process, such as one that asks a service for what a request has left there.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.as_ref().expect("it is there until the client is dropped").block_on(future)
    }

    /// A GET request to a path, with its query if any.
    pub fn get(&self, address: &str) -> Call<'_> {
        self.call("GET", address)
    }

    /// A POST request to a path.
    pub fn post(&self, address: &str) -> Call<'_> {
        self.call("POST", address)
    }

    /// A request of any method to a path.
    ///
    /// # Panics
    ///
    /// When `method` has characters that no method has.
    pub fn call(&self, method: &str, address: &str) -> Call<'_> {
        Call::new(self, None, method, address)
    }

    /// A visitor, who keeps cookies.
    pub fn visitor(&self) -> Visitor<'_> {
        Visitor::new(self)
    }

    /// A request that the test hands to a controller or a middleware itself; a GET request to a path, with its query if any. It is of the
    /// client's site and process, so routes, settings, messages and services are there (B168).
    pub fn request(&self, address: &str) -> RequestBuilder<'_> {
        RequestBuilder::new(self, address)
    }

    /// As [`Client::request`], to the address of a route.
    ///
    /// # Panics
    ///
    /// When there is no such route, or a parameter is missing or does not fit.
    pub fn request_to(&self, route: &str, parameters: &[(&str, &str)]) -> RequestBuilder<'_> {
        RequestBuilder::new(self, &self.address(route, parameters))
    }

    /// The address of a route; for one with a path per language, of the default language or of the parameter `_lang`.
    ///
    /// # Panics
    ///
    /// When there is no such route, or a parameter is missing or does not fit.
    pub fn address(&self, route: &str, parameters: &[(&str, &str)]) -> String {
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, Cow::Borrowed(*value))).collect();
        let language = parameters.iter().find(|(name, _)| *name == "_lang").map(|(_, language)| &**language);
        let address = self.pipeline.serving().site().urls.build(route, language, &parameters);
        address.unwrap_or_else(|error| panic!("{error}"))
    }
}

impl Drop for Client {
    /// The process stops as one does that serves: its hooks run, its tasks are awaited for five seconds.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.block_on(process::end(&self.app, &self.process, Duration::ZERO));
            runtime.shutdown_background();
        }
    }
}

/// A GET request to a site without anything, for tests of controllers and middleware that need neither routes nor services; for others
/// there is [`Client::request`].
///
/// # Panics
///
/// When the address cannot be sent.
pub fn request(address: &str) -> Request {
    let app = App::new(empty, Dispatch::default());
    let site = app.site(Outside::default()).unwrap_or_else(|error| panic!("the empty site cannot be made: {error}"));
    let parts = call::parts(&http::Method::GET, address, &http::HeaderMap::new());
    let data = DataFolder::temporary().unwrap_or_else(|error| panic!("{error}"));
    let process = Process::new(site.settings.clone(), data, States::default());
    let nobody = crate::http::Client::direct(None);
    Request::new(site, process, parts, nobody).unwrap_or_else(|error| panic!("`{address}`: {}", error.reason))
}

pub(crate) fn empty() -> Snapshot {
    Snapshot {
        name: "test".into(),
        release: "0".into(),
        is_prod: false,
        version: "0".into(),
        date: None,
        settings: Vec::new().into(),
        routes: Vec::new().into(),
        languages: Vec::new().into(),
        templates: Vec::new().into(),
        assets: Vec::new().into(),
        migrations: Vec::new().into(),
    }
}
