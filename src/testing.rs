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

use std::ffi::OsString;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HOST};
use http::{HeaderMap, HeaderValue, Method};
use http_body_util::{BodyExt, Full};
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::controller::Dispatch;
use crate::error::Error;
use crate::http::Request;
use crate::launch::{self, App, process};
use crate::process::{DataFolder, Process, States};
use crate::server::{Asking, Peer, Pipeline, Serving, as_sent};
use crate::site::Outside;
use crate::snapshot::Snapshot;

/// A client of one site that is not listening anywhere. It may be shared by tests that run at the same time.
pub struct Client {
    app: App,
    pipeline: Arc<Pipeline>,
    process: Process,
    runtime: Option<Runtime>,
}

/// A request that is being put together.
pub struct Call<'c> {
    client: &'c Client,
    method: Method,
    address: String,
    headers: HeaderMap,
    body: Bytes,
}

/// An answer, complete.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

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

/// A client of a site with these settings over those of its files.
///
/// # Panics
///
/// With the error's text when the site cannot be made.
pub fn client_with(app: App, settings: &[(&str, &str)]) -> Client {
    Client::new(app, settings).unwrap_or_else(|error| panic!("the site cannot be made: {error}"))
}

impl Client {
    fn new(app: App, settings: &[(&str, &str)]) -> Result<Self, Error> {
        let flags = settings.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
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
            let process = process::begin(&app, &site, data).await?;
            let pipeline = Arc::new(Pipeline::new(serving, process.clone()));
            process::ready(&app, &process, &pipeline).await?;
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
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_else(|_| panic!("`{method}` is not a method"));
        let headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost"))]);
        Call { client: self, method, address: address.to_string(), headers, body: Bytes::new() }
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

impl Call<'_> {
    /// Sets a header.
    ///
    /// # Panics
    ///
    /// When name or value cannot be sent.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name =
            http::HeaderName::from_bytes(name.as_bytes()).unwrap_or_else(|_| panic!("`{name}` is no header name"));
        self.headers.insert(name, text(value));
        self
    }

    /// Adds a cookie.
    pub fn cookie(mut self, name: &str, value: &str) -> Self {
        self.headers.append(COOKIE, text(&format!("{name}={value}")));
        self
    }

    /// Sets the languages that the visitor wants, such as `es, en;q=0.5`.
    pub fn language(mut self, wanted: &str) -> Self {
        self.headers.insert(ACCEPT_LANGUAGE, text(wanted));
        self
    }

    /// Sends a form.
    ///
    /// # Panics
    ///
    /// When the value is not one of names and texts.
    pub fn form(self, fields: &impl Serialize) -> Self {
        let body = serde_html_form::to_string(fields).unwrap_or_else(|error| panic!("not a form: {error}"));
        self.body("application/x-www-form-urlencoded", body)
    }

    /// Sends a JSON document.
    ///
    /// # Panics
    ///
    /// When the value cannot be serialised.
    pub fn json(self, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).unwrap_or_else(|error| panic!("not JSON: {error}"));
        self.body("application/json", body)
    }

    /// Sends bytes of a media type.
    pub fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.headers.insert(CONTENT_TYPE, text(media_type));
        self.body = body.into();
        self
    }

    /// Sends the request and waits for the whole answer. Redirections are not followed.
    ///
    /// # Panics
    ///
    /// When the address cannot be sent, or a stream of the answer breaks off.
    pub fn send(self) -> Answer {
        let request = http::Request::builder().method(self.method).uri(&self.address).body(());
        let (mut parts, ()) = request.unwrap_or_else(|error| panic!("`{}`: {error}", self.address)).into_parts();
        parts.headers = self.headers;
        let method = parts.method.clone();
        let serving = self.client.pipeline.serving();
        let asking = Asking { parts, peer: Peer { address: None }, process: self.client.process.clone() };
        self.client.block_on(async {
            let answer = serving.answer(asking, Full::new(self.body)).await;
            let (parts, body) = as_sent(&method, answer).into_parts();
            let body = body.collect().await.unwrap_or_else(|error| panic!("the answer broke off: {error}"));
            Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.to_bytes() }
        })
    }
}

impl Answer {
    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body's bytes as they are sent: in a coding of `content-encoding` where the call had an `accept-encoding`, else as they are.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as text.
    ///
    /// # Panics
    ///
    /// When it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_else(|error| panic!("the body is not text: {error}"))
    }
}

fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| panic!("`{}` cannot be sent in a header", value.escape_debug()))
}

/// A GET request to a site without anything, for tests of controllers and middleware alone.
///
/// # Panics
///
/// When the address cannot be sent.
pub fn request(address: &str) -> Request {
    let app = App::new(empty, Dispatch::default());
    let site = app.site(Outside::default()).unwrap_or_else(|error| panic!("the empty site cannot be made: {error}"));
    let request = http::Request::builder().uri(address).body(());
    let (parts, ()) = request.unwrap_or_else(|error| panic!("`{address}`: {error}")).into_parts();
    let data = DataFolder::temporary().unwrap_or_else(|error| panic!("{error}"));
    let process = Process::new(site.settings.clone(), data, States::default());
    Request::new(site, process, parts, None).unwrap_or_else(|error| panic!("`{address}`: {}", error.reason))
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
