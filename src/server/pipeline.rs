//! What happens to a request between the socket and the answer, in this order:
//!
//! 1. it is told who asks ([`Serving::client`]), else 400 where trusted proxies contradict each other; and a static file is answered at
//!    once, where the address is one (it shadows routes, B85) and the host is known;
//! 2. the request is read: path and query must be understood, else 400, and the host known, else 421;
//! 3. its route is found, else 404 or 405; `OPTIONS` answers by itself;
//! 4. its language is decided: the route's, the negotiated one, or the default;
//! 5. its body is read, up to the limit, else 413, 400 or 408; a form with files is left to whoever takes it in step 6 ([`body::receive`]);
//! 6. the route's middleware run, and the controller inside them; a panic is a 500;
//! 7. a template that the answer names is rendered;
//! 8. whatever failed on the way becomes an error page ([`errors`]);
//! 9. services do what they do with every answer: a session is kept, a cookie is sent ([`Request::finish`]); then cookies are renewed;
//! 10. the answer gets the headers that every answer has ([`send`]), an entity tag and, where it is worth it, a coding ([`super::page`]).
//!
//! Where the site mounts warp filters, these are asked between 1 and 3, before its routes ([`mounted`](super::mounted)).
//!
//! All steps work on one [`Serving`], taken once, so a request never sees half of a change. Only who asks and what the request is called is
//! found before ([`Answer::arrival`]), by the [`Serving`] of that moment, and carried along: where a reload comes in between, the request
//! is still that of one visitor, as the old settings know it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, Method, header};
use tokio::time::timeout_at;

use super::assets::{Lookup, StaticFiles};
use super::body::{self, Incoming, RequestBody};
use super::counted::{self, Counters};
use super::health::Probe;
use super::mounted::Mounted;
use super::observed::{Arrival, Over, Replied, Told};
use super::rules::Rules;
use super::security_headers::SecurityHeaders;
use super::{Answer, Answered, Development, PREFIX, Peer, assets, broken, errors, send};
use crate::controller::{Dispatch, Endpoint, Endpoints, panic_failure};
use crate::error::Error;
use crate::http::cookies;
use crate::http::{Body, Client, Failure, Request, RequestId, RequestIds, Response, Unreadable};
use crate::metrics::{Connections, Group};
use crate::process::{AsProcess, Process};
use crate::site::{Found, Site};
#[cfg(any(test, feature = "overlay"))]
use crate::snapshot::Changed;

/// All that a request is answered from: one site and what was made from it.
pub struct Serving {
    pub(super) site: Arc<Site>,
    pub(super) endpoints: Arc<Endpoints>,
    files: Arc<StaticFiles>,
    pub(super) rules: Arc<Rules>,
    pub(super) security: Arc<SecurityHeaders>,
    /// What a process in development adds.
    pub(super) development: Option<Arc<dyn Development>>,
    /// Where its requests are counted.
    pub(super) counters: Counters,
}

/// By which a request is called, in the answer and where a trusted proxy asks.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers requests from the site that is current.
pub struct Pipeline {
    pub(super) current: ArcSwap<Serving>,
    process: Process,
    /// The site's own filters.
    mounted: Option<Mounted>,
    ids: RequestIds,
}

impl Serving {
    /// Prepares a site for serving with the functions of the binary.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] when a setting that the pipeline needs does not fit or names a controller that is not there.
    pub fn new(site: Arc<Site>, dispatch: &Dispatch) -> Result<Self, Error> {
        let (endpoints, files) = (Endpoints::new(&site, dispatch)?, StaticFiles::new(&site)?);
        let (rules, security) = (Arc::new(Rules::new(&site)?), Arc::new(SecurityHeaders::new(&site)?));
        let (endpoints, files, counters) = (Arc::new(endpoints), Arc::new(files), Counters::default());
        Ok(Serving { site, endpoints, files, rules, security, development: None, counters })
    }

    /// The same, with what a process in development adds.
    #[cfg(any(test, feature = "overlay"))]
    pub fn developed_by(mut self, development: Arc<dyn Development>) -> Self {
        self.development = Some(development);
        self
    }

    /// The site that is served.
    pub fn site(&self) -> &Arc<Site> {
        &self.site
    }

    /// What serves a site that was revised from this one, with the functions of the binary. What was made from parts of the site that
    /// have not changed is shared.
    ///
    /// # Errors
    ///
    /// As [`Serving::new`].
    #[cfg(any(test, feature = "overlay"))]
    pub fn revised(&self, site: Arc<Site>, dispatch: &Dispatch, changed: &Changed) -> Result<Self, Error> {
        let endpoints = match changed.routes || changed.settings {
            true => Arc::new(Endpoints::new(&site, dispatch)?),
            false => Arc::clone(&self.endpoints),
        };
        let rules = if changed.settings { Arc::new(Rules::new(&site)?) } else { Arc::clone(&self.rules) };
        let security = match changed.settings {
            true => Arc::new(SecurityHeaders::new(&site)?),
            false => Arc::clone(&self.security),
        };
        let files = match changed.settings || !Arc::ptr_eq(&site.assets, &self.site.assets) {
            true => Arc::new(self.files.revised(&site, &changed.assets)?),
            false => Arc::clone(&self.files),
        };
        let counters = if changed.routes { Counters::default() } else { self.counters.clone() };
        Ok(Serving { site, endpoints, files, rules, security, development: self.development.clone(), counters })
    }
}

impl Answer for Pipeline {
    fn answer(&self, parts: Parts, body: Incoming, arrival: &Arrival) -> Answered {
        // A file needs the site for the moment of the look-up only, so it is borrowed.
        let mut serving = self.current.load();
        if let Some(development) = &serving.development {
            development.refresh(&self.current);
            serving = self.current.load();
        }
        match serving.file(&parts, &arrival.client) {
            Ok(answer) => Answered::AtOnce(answer),
            Err(NoFile::Page) if let Some(mounted) = &self.mounted => {
                let asking = Asking { parts, arrival: arrival.clone(), process: self.process.clone() };
                let serving = Guard::into_inner(serving);
                Answered::ByFilter(Box::pin(serving.answer_mounted(mounted.clone(), asking, body)))
            }
            Err(other) => {
                let asking = Asking { parts, arrival: arrival.clone(), process: self.process.clone() };
                Answered::Later(Box::pin(Guard::into_inner(serving).answer_other(other, asking, body)))
            }
        }
    }

    fn arrival(&self, head: &Parts, peer: Peer) -> Arrival {
        self.process.metrics().requests.in_flight.up();
        self.arriving(head, peer)
    }

    fn over(&self, request: &Over<'_>) {
        counted::count(&self.process.metrics().requests, request);
        request.log();
    }

    fn connections(&self) -> Arc<Connections> {
        Arc::clone(&self.process.metrics().connections)
    }
}

impl Pipeline {
    /// A pipeline that answers from this site, in this process, until another site is put in its place.
    pub fn new(serving: Serving, process: Process) -> Self {
        serving.begin_counting(process.metrics());
        Pipeline { current: ArcSwap::from_pointee(serving), process, mounted: None, ids: RequestIds::new() }
    }

    /// What is known of a request when it comes.
    fn arriving(&self, head: &Parts, peer: Peer) -> Arrival {
        let serving = self.current.load();
        let told = serving.is_trusted(peer).then(|| head.headers.get(X_REQUEST_ID)).flatten();
        let given = told.and_then(RequestId::given);
        Arrival { id: given.unwrap_or_else(|| self.ids.next()), client: serving.client(head, peer) }
    }

    /// The same, with filters that are asked before the site's routes.
    pub fn mounting(mut self, mounted: Option<Mounted>) -> Self {
        self.mounted = mounted;
        self
    }

    /// The whole way of a request that comes from no connection.
    pub async fn answer_whole(
        &self,
        parts: Parts,
        body: impl RequestBody + 'static,
        peer: Peer,
    ) -> warp::reply::Response {
        let serving = self.serving();
        let arrival = self.arriving(&parts, peer);
        let file = serving.file(&parts, &arrival.client);
        let id = arrival.id.to_header();
        let asking = |parts| Asking { parts, arrival, process: self.process.clone() };
        let mut response = match file {
            Ok(answer) => answer.map(Into::into),
            Err(NoFile::Page) if let Some(mounted) = &self.mounted => {
                serving.answer_mounted(mounted.clone(), asking(parts), body).await.response
            }
            Err(other) => serving.answer_other(other, asking(parts), body).await.response,
        };
        response.headers_mut().insert(X_REQUEST_ID, id);
        response
    }

    /// What requests are answered from at this moment.
    pub fn serving(&self) -> Arc<Serving> {
        self.current.load_full()
    }

    /// Answers all requests that come from here on from another site; those in flight end with theirs.
    pub fn replace(&self, serving: Serving) {
        serving.begin_counting(self.process.metrics());
        self.current.store(Arc::new(serving));
    }
}

impl Serving {
    /// Who asks, by the head of a request and its peer: the visitor, where a trusted proxy says who that is.
    pub(crate) fn client(&self, parts: &Parts, peer: Peer) -> Client {
        self.rules.proxies.client(parts, peer.address)
    }

    /// Whether a peer is a trusted proxy, whose headers count.
    pub(crate) fn is_trusted(&self, peer: Peer) -> bool {
        self.rules.proxies.is_trusted(peer.address)
    }

    /// Step 1: the answer for a static file, or what the request is for instead.
    fn file(&self, parts: &Parts, client: &Client) -> Result<http::Response<Bytes>, NoFile> {
        if client.is_contradictory {
            let reason = "`Forwarded` and `X-Forwarded-…` say different things of the visitor; the proxy in front must write the one and \
                          remove the other";
            return Err(NoFile::Contradictory(Failure::new(400, reason)));
        }
        if !self.rules.knows_host(parts, client) {
            return Err(NoFile::OtherHost);
        }
        match self.files.answer(parts) {
            Lookup::Answer(answer) => Ok(self.security.with_transport(answer, client)),
            Lookup::Parts(parts) => Err(NoFile::Parts(Box::new(self.security.with_transport(parts, client)))),
            Lookup::Refused(failure) => Err(NoFile::Refused(failure)),
            Lookup::NotStatic => Err(NoFile::Page),
        }
    }

    /// Steps 2 to 10, for what is no slice of a file.
    async fn answer_other(self: Arc<Self>, other: NoFile, asking: Asking, body: impl RequestBody) -> Replied {
        match self.request(asking) {
            Ok(request) => self.answer_request(other, request, body).await,
            Err(unreadable) => errors::without_request(&self, *unreadable).await.into(),
        }
    }

    /// Step 2.
    pub(super) fn request(&self, asking: Asking) -> Result<Request, Box<Unreadable>> {
        let Asking { parts, arrival, process } = asking;
        let mut request = Request::new(self.site.clone(), process, parts, arrival.client)?;
        request.set_id(arrival.id);
        Ok(request)
    }

    /// Steps 3 to 10.
    pub(super) async fn answer_request(
        self: Arc<Self>,
        other: NoFile,
        mut request: Request,
        body: impl RequestBody,
    ) -> Replied {
        let group = match other {
            NoFile::Parts(_) | NoFile::Refused(_) => Some(Group::Static),
            NoFile::Contradictory(_) => Some(Group::Unrouted),
            NoFile::OtherHost | NoFile::Page => None,
        };
        let response = match other {
            NoFile::OtherHost => self.answer_other_host(&request).await,
            NoFile::Refused(failure) | NoFile::Contradictory(failure) => Err(failure),
            NoFile::Parts(parts) => return Replied::of_file(assets::streamed(*parts)),
            NoFile::Page => match self.answer_of_development(&request) {
                Some(response) => Ok(response),
                None => self.respond(&mut request, body).await,
            },
        };
        let answer = match response {
            Ok(response) => self.finish_and_send(response, &request).await,
            Err(failure) => Err(failure),
        };
        let response = match answer {
            Ok(answer) => answer,
            Err(failure) => errors::answer(&self, &mut request, failure).await,
        };
        let group = group.unwrap_or_else(|| self.group(&request));
        Replied { response, told: Told::of(&request, group) }
    }

    /// Steps 9 and 10.
    async fn finish_and_send(
        &self,
        mut response: Response,
        request: &Request,
    ) -> Result<warp::reply::Response, Failure> {
        self.finish(&mut response, request).await?;
        send::answer(response, request, self).await
    }

    /// Step 9. Cookies are renewed last, because one that is set by somebody else is not.
    pub(super) async fn finish(&self, response: &mut Response, request: &Request) -> Result<(), Failure> {
        let finished = request.finish(response).await;
        self.rules.renewal.renew(request, response);
        finished
    }

    fn answer_of_development(&self, request: &Request) -> Option<Response> {
        let development = self.development.as_ref()?;
        request.uri().path().starts_with(PREFIX).then(|| development.answer(request)).flatten()
    }

    /// Steps 3 to 7.
    async fn respond(&self, request: &mut Request, body: impl RequestBody) -> Result<Response, Failure> {
        let endpoint = match self.route(request)? {
            Routed::Endpoint(endpoint) => endpoint,
            Routed::Answer(response) => return Ok(response),
            Routed::Probe(probe) => return Ok(probe.answer(request.process()).await),
        };
        let limits = self.rules.limits(request.route());
        body::receive(request, body, limits).await?;
        let run = timeout_at(limits.deadline, run(endpoint, request)).await;
        let response = run.map_err(|_| body::late(request))??;
        render(request, response)
    }

    /// Steps 3 and 4.
    fn route(&self, request: &mut Request) -> Result<Routed<'_>, Failure> {
        let router = &self.site.router;
        // Most sites have no hosts, and need not look for the header.
        let host = if router.has_hosts() { request.host() } else { "" };
        let found = router.find(request.method(), host, request.uri().path());
        let found = match found {
            Found::Route(found) => found,
            Found::BadPath => {
                return Err(Failure::new(400, "the path is not percent-encoded UTF-8 (RFC 3986 section 2.1)"));
            }
            Found::NotFound if let Some(probe) = self.probe(request)? => return Ok(Routed::Probe(probe)),
            Found::NotFound => {
                broken::check_unrouted(&self.site)?;
                return Err(Failure::new(404, format!("no route answers `{}`", request.path())));
            }
            Found::WrongMethod { allow } => {
                broken::check_unrouted(&self.site)?;
                if request.method() == Method::OPTIONS {
                    return Ok(Routed::Answer(Response::empty().with_header("allow", allow)));
                }
                return Err(
                    Failure::new(405, format!("this address answers to {allow} only")).with_header("allow", &allow)
                );
            }
        };
        match found.language {
            Some(language) => request.set_language(language),
            None if self.rules.negotiate => self.negotiate(request),
            None => {}
        }
        request.set_route(found.index, found.parameters);
        broken::check_route(&self.site, found.route)?;
        let endpoint = self.endpoints.route(found.index);
        endpoint.map(Routed::Endpoint).ok_or_else(|| Failure::new(500, "the route has no endpoint"))
    }

    fn negotiate(&self, request: &mut Request) {
        let translator = &self.site.translator;
        if translator.languages().iter().len() < 2 {
            return;
        }
        let wanted = request.header(header::ACCEPT_LANGUAGE.as_str()).unwrap_or_default();
        let language = translator.negotiate(wanted).unwrap_or(translator.default_language());
        request.set_negotiated_language(language);
    }

    /// The language of an error page without a route: that of the path's first part if it is one, else the negotiated one.
    pub(super) fn decide_language_by_path(&self, request: &mut Request) {
        let first = request.path().split('/').nth(1).unwrap_or_default();
        let known = self.site.translator.languages().iter().find(|language| *language == first).map(str::to_string);
        match known {
            Some(language) => request.set_language(language),
            None => self.negotiate(request),
        }
    }
}

/// A request as it comes from a connection, and the process that it comes to.
pub(super) struct Asking {
    pub(super) parts: Parts,
    pub(super) arrival: Arrival,
    pub(super) process: Process,
}

/// What a request is for that is not answered by one slice of a static file.
pub(super) enum NoFile {
    /// A host that is not ours.
    OtherHost,
    /// An error page: of who asks there are two accounts.
    Contradictory(Failure),
    /// Several parts of a file, which warp sends one after the other.
    Parts(Box<http::Response<Vec<Bytes>>>),
    /// An error page: the file is not there, or the method is not one for files.
    Refused(Failure),
    /// Something that the site's routes decide about.
    Page,
}

/// What the search for a route came to.
enum Routed<'s> {
    Endpoint(&'s Endpoint),
    Answer(Response),
    /// What `/healthz` or `/readyz` asks.
    Probe(Probe),
}

/// Step 6: middleware and controller. A failure keeps the headers that middleware gave the answer.
async fn run(endpoint: &Endpoint, request: &mut Request) -> Result<Response, Failure> {
    let response = endpoint.answer(request).await.with_cookies_written(cookies::are_secure(request));
    match response.failure() {
        Some(failure) => Err(failure.clone().with_headers(response.headers())),
        None => Ok(response),
    }
}

/// Step 7: a response that names a template becomes one that has its text.
pub(super) fn render(request: &Request, response: Response) -> Result<Response, Failure> {
    response.map_template(|page| {
        broken::check_template(request.site(), &page.template)?;
        let rendered = std::panic::catch_unwind(AssertUnwindSafe(|| request.render(&page.template, page.context)));
        let rendered = rendered.map_err(|panic| panic_failure(&*panic))?;
        rendered.map(|html| Body::Bytes(html.into())).map_err(Failure::from_error)
    })
}
