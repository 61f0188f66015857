//! A request, complete: its body is read and its route is known.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use cookie::Cookie;
use http::request::Parts;
use http::{HeaderMap, Method, Uri, Version, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::forwarded::Scheme;
use super::marks::Marks;
use super::request_id::RequestId;
use super::shared::Shared;
use super::{Client, Failure, accept, cookies, form};
use crate::error::Error;
use crate::process::{AsProcess, Process};
use crate::site::{ReadyRoute, Settings, Site};

/// What a client asked for, with everything that the framework found out about it.
///
/// It is cheap to clone. A middleware gets it as `&mut Request` and may leave values and choose the language; a
/// controller gets it by value.
#[derive(Clone)]
pub struct Request(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    site: Arc<Site>,
    process: Process,
    id: RequestId,
    head: Parts,
    client: Client,
    /// The path where decoding changed it.
    decoded_path: Option<String>,
    query: Vec<(String, String)>,
    cookies: OnceLock<Vec<Cookie<'static>>>,
    body: Bytes,
    route: Option<Route>,
    language: Language,
    values: BTreeMap<String, serde_json::Value>,
    failure: Option<Failure>,
    /// What all clones have in common.
    shared: Arc<Shared>,
}

#[derive(Clone)]
struct Route {
    /// Where the route stands among the site's routes.
    index: usize,
    parameters: Vec<(Arc<str>, String)>,
}

/// The language of the answer and whether the client's `Accept-Language` decided it.
#[derive(Clone, Default)]
struct Language {
    /// The site's default where nobody has said one.
    code: Option<Arc<str>>,
    negotiated: bool,
}

/// What cannot be made into a request, with what there is of it for the log.
pub(crate) struct Unreadable {
    pub(crate) head: Parts,
    pub(crate) reason: Error,
}

/// The host that a request is for; see [`Request::host`].
pub(crate) fn host(head: &Parts) -> &str {
    let named = || head.headers.get(header::HOST).and_then(|host| std::str::from_utf8(host.as_bytes()).ok());
    head.uri.authority().map_or_else(|| named().unwrap_or_default(), |host| host.as_str())
}

impl Request {
    /// A request that the server has just received: no route, no body, the site's default language.
    ///
    /// # Errors
    ///
    /// [`Error::Request`] when path or query are not UTF-8 after percent-decoding.
    pub(crate) fn new(site: Arc<Site>, process: Process, head: Parts, client: Client) -> Result<Self, Box<Unreadable>> {
        let query = form::pairs(head.uri.query().unwrap_or_default().as_bytes(), "query");
        let (decoded_path, query) = match decode(head.uri.path()).and_then(|path| Ok((path, query?))) {
            Ok(read) => read,
            Err(reason) => return Err(Box::new(Unreadable { head, reason })),
        };
        Ok(Request(Arc::new(Inner {
            site,
            process,
            id: RequestId::default(),
            head,
            client,
            decoded_path,
            query,
            cookies: OnceLock::new(),
            body: Bytes::new(),
            route: None,
            language: Language::default(),
            values: BTreeMap::new(),
            failure: None,
            shared: Arc::default(),
        })))
    }

    /// What this request is called: 1 to 128 letters, digits, `.`, `_` and `-`. The answer has it in the header `X-Request-Id`, and every
    /// line of the log about the request has it too. It is taken from that header where a trusted proxy sends it, else made.
    pub fn id(&self) -> &str {
        self.0.id.as_str()
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.0.head.method
    }

    /// The request target as it was sent.
    pub fn uri(&self) -> &Uri {
        &self.0.head.uri
    }

    /// The protocol's version, shown as `HTTP/1.1`.
    pub fn version(&self) -> Version {
        self.0.head.version
    }

    /// The path, percent-decoded, without the query.
    pub fn path(&self) -> &str {
        self.0.decoded_path.as_deref().unwrap_or(self.0.head.uri.path())
    }

    /// The query as it was sent, without the question mark; empty where there is none.
    pub fn raw_query(&self) -> &str {
        self.0.head.uri.query().unwrap_or_default()
    }

    /// The last value of a name in the query, decoded; empty text for a name without a value.
    pub fn query(&self, name: &str) -> Option<&str> {
        form::last(&self.0.query, name)
    }

    /// All pairs of the query, decoded, in order.
    pub fn query_pairs(&self) -> &[(String, String)] {
        &self.0.query
    }

    /// All headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.head.headers
    }

    /// The first value of a header, whatever the case of its name; `None` also where it is not UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.head.headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
    }

    /// Whether the client prefers JSON to HTML (RFC 9110 section 12.5.1); one that does not say prefers HTML.
    pub fn prefers_json(&self) -> bool {
        let accepted = self.headers().get_all(header::ACCEPT);
        let accepted: Vec<&str> = accepted.iter().filter_map(|value| value.to_str().ok()).collect();
        !accepted.is_empty() && accept::prefers(&accepted.join(","), "application/json", "text/html")
    }

    /// The value of a cookie, percent-decoded. Where a name is sent twice the first counts, the one with the longer path (RFC 6265
    /// section 5.4).
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies().iter().find(|cookie| cookie.name() == name).map(Cookie::value)
    }

    /// All cookies that the client sent; those that are broken or not UTF-8 are left out.
    pub fn cookies(&self) -> &[Cookie<'static>] {
        self.0.cookies.get_or_init(|| cookies::read(&self.0.head.headers))
    }

    /// The cookie that the settings `cookie.<id>.*` describe, with everything they say, to be given a value and sent by
    /// [`Response::with_cookie`](crate::Response::with_cookie); its name is the id where they give none (B103).
    ///
    /// Kalgan 0.9 wrote `Cookie::new().set_from_settings(id).set_value(…)`.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where the settings say nothing of that id.
    ///
    /// ```
    /// # use kalgan::{Failure, Request, Response};
    /// fn choose(request: Request) -> Result<Response, kalgan::Error> {
    ///     let mut theme = request.cookie_from_settings("theme")?;
    ///     theme.set_value("dark");
    ///     Ok(Response::redirect("/").with_cookie(theme))
    /// }
    /// ```
    pub fn cookie_from_settings(&self, id: &str) -> Result<Cookie<'static>, Error> {
        cookies::in_settings(self.settings(), id)
    }

    /// The `User-Agent` header; empty where there is none (B55f).
    pub fn user_agent(&self) -> &str {
        self.header("user-agent").unwrap_or_default()
    }

    /// The `Referer` header; empty where there is none (B55h).
    pub fn referer(&self) -> &str {
        self.header("referer").unwrap_or_default()
    }

    /// The host, and port if any, that the client addressed: what a trusted proxy says of it (`server.trusted_proxies`), else from an
    /// absolute request target, else from the `Host` header (RFC 9112 section 3.2.2); empty where none is there.
    ///
    /// Any client can name any host. Where that matters, `server.hosts` says which are answered.
    pub fn host(&self) -> &str {
        self.0.client.host.as_deref().unwrap_or_else(|| host(&self.0.head))
    }

    /// How the visitor speaks to the site, `http` or `https`, as far as a trusted proxy says it (`server.trusted_proxies`); else `http`,
    /// which is how this process is spoken to.
    pub fn scheme(&self) -> &str {
        self.told_scheme().unwrap_or(Scheme::Http).as_str()
    }

    /// Whether a trusted proxy says that the visitor came by HTTPS.
    pub fn is_secure(&self) -> bool {
        self.0.client.is_secure()
    }

    /// The visitor's address: what a trusted proxy says (`server.trusted_proxies`), else that of the machine that is connected.
    ///
    /// `None` where it is not known: without such a proxy on a Unix socket, and where the proxy does not say it, says `unknown`, or
    /// something that is no address.
    pub fn client_address(&self) -> Option<IpAddr> {
        self.0.client.address
    }

    /// The address and port of the machine that is connected, be it a proxy or the visitor's; `None` on a Unix socket.
    pub fn peer_address(&self) -> Option<SocketAddr> {
        self.0.client.peer
    }

    /// The route that answers; `None` on an error page of an address without one.
    pub fn route(&self) -> Option<&ReadyRoute> {
        self.0.route.as_ref().and_then(|route| self.0.site.router.route(route.index))
    }

    /// Where the route that answers stands among the site's routes.
    pub(crate) fn route_index(&self) -> Option<usize> {
        self.0.route.as_ref().map(|route| route.index)
    }

    /// The name of the route that answers.
    pub fn route_name(&self) -> Option<&str> {
        self.route().map(|route| &*route.name)
    }

    /// The value of a parameter of the route's path, decoded, or of its host, in lower case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters().iter().find(|parameter| &*parameter.0 == name).map(|parameter| parameter.1.as_str())
    }

    /// All parameters of the route's host and path with their decoded values, in that order.
    pub fn parameters(&self) -> &[(Arc<str>, String)] {
        self.0.route.as_ref().map_or(&[], |route| &route.parameters)
    }

    /// The language of the answer: the route's, else the negotiated or default one.
    pub fn language(&self) -> &str {
        self.0.language.code.as_deref().unwrap_or(self.0.site.translator.default_language())
    }

    /// Chooses the language of the answer, for a middleware that knows it from elsewhere.
    pub fn set_language(&mut self, language: impl Into<Arc<str>>) {
        self.change().language = Language { code: Some(language.into()), negotiated: false };
    }

    /// The body's bytes; empty where there is none, and for a form with files, which `kalgan::upload` reads.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }

    /// Leaves a value for the middleware and the controller that follow, and for the template as `request.middleware.<name>` (B89).
    ///
    /// # Errors
    ///
    /// 500 when the value cannot be serialised.
    pub fn set(&mut self, name: impl Into<String>, value: impl Serialize) -> Result<(), Failure> {
        let name = name.into();
        let value = serde_json::to_value(value)
            .map_err(|error| Failure::new(500, format!("the value `{name}` cannot be kept: {error}")))?;
        self.change().values.insert(name, value);
        Ok(())
    }

    /// A value that a middleware left; `None` where none did or it is of another type.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.0.values.get(name)?).ok()
    }

    /// Leaves a value of any type, found again by its type; templates do not see it.
    pub fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T) {
        self.change().head.extensions.insert(value);
    }

    /// The value of this type that a middleware left.
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.head.extensions.get()
    }

    /// Notes that the answer has something in it that is made for it alone, such as a nonce or a token that is masked anew each time. For
    /// middleware and services; a controller has [`Response::for_once`](crate::Response::for_once), a template's function
    /// [`mark_for_once`](crate::mark_for_once).
    ///
    /// The answer then gets no entity tag and is never replaced by 304, so that no browser shows an old one with a nonce or a token that
    /// has become void. Compressed it is all the same: what is new in each answer cannot be guessed from many of them.
    pub fn mark_for_once(&self) {
        self.0.shared.marks.mark_for_once();
    }

    /// Notes that the answer must not be compressed, because it shows a lasting secret; see
    /// [`Response::uncompressed`](crate::Response::uncompressed).
    pub fn mark_uncompressed(&self) {
        self.0.shared.marks.mark_uncompressed();
    }

    /// Why an error page is asked for; `None` outside the controllers of `error.<code>`.
    pub fn failure(&self) -> Option<&Failure> {
        self.0.failure.as_ref()
    }

    /// The site's settings.
    pub fn settings(&self) -> &Settings {
        &self.0.site.settings
    }

    /// The message of an id in the request's language; the parameter `_lang` names another one (B133).
    pub fn trans(&self, id: &str, parameters: &[(&str, Cow<'_, str>)]) -> String {
        let language = chosen_language(parameters).unwrap_or(self.language());
        self.0.site.translator.translate(language, id, parameters).into_owned()
    }

    /// The address of a route; for a route with a path per language that of the request's language or of `_lang`.
    ///
    /// # Errors
    ///
    /// [`Error::Url`] when there is no such route, a parameter is missing or a value does not meet its requirement.
    pub fn url(&self, name: &str, parameters: &[(&str, Cow<'_, str>)]) -> Result<String, Error> {
        let language = chosen_language(parameters).unwrap_or(self.language());
        self.0.site.urls.build(name, Some(language), parameters)
    }

    /// The address of a route with scheme and host, for mails, feeds, and links to a route on another host.
    ///
    /// They are those of the setting `server.public_url`. Where it is not set they are those that the visitor used ([`Request::scheme`],
    /// [`Request::host`]); in production only if `server.hosts` says which hosts there are, because otherwise whoever sends a request could
    /// choose where the link in somebody else's mail leads, and if a trusted proxy says how the visitor came (`server.trusted_proxies`),
    /// because otherwise that link would begin with `http`. A route with a host of its own has that host, whose parameter is among the
    /// parameters.
    ///
    /// ```
    /// # fn example(request: kalgan::Request) -> Result<(), kalgan::Error> {
    /// let address = request.absolute_url("post", &[("slug", "first-steps".into())])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Request::url`], and in production where there is neither `server.public_url` nor both `server.hosts` and a trusted proxy that
    /// says the scheme, or where the route's host has a `*`.
    pub fn absolute_url(&self, name: &str, parameters: &[(&str, Cow<'_, str>)]) -> Result<String, Error> {
        let language = chosen_language(parameters).unwrap_or(self.language());
        let own = self.own_origin()?;
        self.0.site.urls.absolute(name, Some(language), parameters, own.as_deref())
    }

    /// Scheme and host by which the visitor came, where they may be written into an address.
    fn own_origin(&self) -> Result<Option<String>, Error> {
        let settings = self.settings();
        let is_needed = self.0.site.urls.origin().is_none() && !self.host().is_empty();
        let is_sure = |hosts: Vec<String>| !hosts.is_empty() && self.told_scheme().is_some();
        let may_be = is_needed && (!settings.is_prod() || is_sure(settings.get_vec("server.hosts")?));
        Ok(may_be.then(|| format!("{}://{}", self.scheme(), self.host())))
    }

    /// What a trusted proxy says of the scheme.
    pub(crate) fn told_scheme(&self) -> Option<Scheme> {
        self.0.client.scheme
    }

    pub(crate) fn marks(&self) -> Marks {
        self.0.shared.marks.get()
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }

    pub(crate) fn site(&self) -> &Arc<Site> {
        &self.0.site
    }

    pub(crate) fn values(&self) -> &BTreeMap<String, serde_json::Value> {
        &self.0.values
    }

    /// Whether the answer depends on the client's `Accept-Language`.
    pub(crate) fn language_was_negotiated(&self) -> bool {
        self.0.language.negotiated
    }

    pub(crate) fn set_negotiated_language(&mut self, language: &str) {
        self.change().language = Language { code: Some(language.into()), negotiated: true };
    }

    pub(crate) fn set_route(&mut self, index: usize, parameters: Vec<(Arc<str>, String)>) {
        self.change().route = Some(Route { index, parameters });
    }

    /// The language's code as it can be kept; none where the site has no languages.
    pub(crate) fn language_code(&self) -> Option<Arc<str>> {
        self.0.language.code.clone().or_else(|| self.0.site.translator.languages().default_code())
    }

    pub(crate) fn set_id(&mut self, id: RequestId) {
        self.change().id = id;
    }

    pub(crate) fn set_body(&mut self, body: Bytes) {
        self.change().body = body;
    }

    pub(crate) fn set_failure(&mut self, failure: Failure) {
        self.change().failure = Some(failure);
    }

    /// The parts, to be changed in place: while the framework and middleware change a request, nobody else holds it.
    fn change(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }
}

impl AsProcess for Request {
    fn process(&self) -> &Process {
        &self.0.process
    }
}

/// The decoded path, where decoding changes it.
fn decode(path: &str) -> Result<Option<String>, Error> {
    if !path.contains('%') {
        return Ok(None);
    }
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8();
    decoded.map(|path| Some(path.into_owned())).map_err(|_| Error::Request("the path is not UTF-8".to_string()))
}

fn chosen_language<'a>(parameters: &'a [(&str, Cow<'_, str>)]) -> Option<&'a str> {
    let found = parameters.iter().find(|parameter| parameter.0 == "_lang").map(|parameter| &*parameter.1);
    found.filter(|language| !language.is_empty())
}

impl fmt::Debug for Request {
    /// Without headers and body: they hold what a log must not show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("id", &self.id())
            .field("method", self.method())
            .field("path", &self.path())
            .field("route", &self.route_name())
            .field("parameters", &self.parameters())
            .field("language", &self.language())
            .finish_non_exhaustive()
    }
}
