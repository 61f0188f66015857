//! Warp filters of the site's own (WebSockets, event streams), which come before its routes and see the real request.
//!
//! 1. A static file, the pages of development and a host that is not ours are none of their business ([`pipeline`](super::pipeline)).
//! 2. The filters are asked with a copy of the head and with the body on loan ([`loan`](super::loan)); what they answer is sent as it is, but for headers.
//! 3. Where they reject the request because of its path, method, headers or query, and have left the body alone, it goes to the routes.
//! 4. Any other rejection ends the request with the error page of its status.
//!
//! warp tells nobody what a rejection is, only its status and its text, so an answer that a filter gave is marked.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use hyper::upgrade::OnUpgrade;
use tokio::time::{Instant, timeout_at};
use tower_service::Service;
use warp::filters::BoxedFilter;
pub use warp::{Filter, Rejection, Reply};

use super::body::RequestBody;
use super::exchange::UntilShutdown;
use super::loan::{Loan, State};
use super::observed::{Replied, Told};
use super::pipeline::{Asking, NoFile, Serving};
use super::security_headers::Subject;
use super::{PREFIX, errors, page};
use crate::controller::panic_failure;
use crate::http::{Failure, Request};
use crate::metrics::Group;

/// All filters that a site mounts, as one.
#[derive(Debug, Clone)]
pub struct Mounted(BoxedFilter<(warp::reply::Response,)>);

/// What came of asking the filters.
enum Asked<B> {
    /// One of them has answered.
    Answered(warp::reply::Response),
    /// It is none of their business; here is the body.
    Passed(B),
    /// It ends here, with an error page.
    Refused(Failure),
}

/// The limits that hold for all requests.
struct Limits {
    body_size: u64,
    deadline: Instant,
}

/// Marks the answer that a filter gave, to tell it from what warp makes of a rejection.
#[derive(Clone, Copy)]
struct Given;

impl Mounted {
    /// A filter that makes a reply.
    pub fn new<F, R>(filter: F) -> Self
    where
        F: Filter<Extract = (R,), Error: Into<Rejection>> + Send + Sync + 'static,
        R: Reply + 'static,
    {
        let marked = |reply: R| {
            let mut response = reply.into_response();
            response.extensions_mut().insert(Given);
            response
        };
        Mounted(filter.map(marked).boxed())
    }

    /// This filter, and where it rejects another one.
    pub fn or(self, other: Mounted) -> Self {
        Mounted(self.0.or(other.0).unify().boxed())
    }

    /// Asks the filters.
    async fn ask<B>(&self, request: &Request, upgrade: Option<OnUpgrade>, body: B, limits: Limits) -> Asked<B>
    where
        B: RequestBody + 'static,
    {
        let loan = Loan::new(body, limits.body_size);
        let asking = warp::service(self.0.clone()).call(copy_of(request, upgrade, loan.borrowed()));
        let asked = timeout_at(limits.deadline, AssertUnwindSafe(asking).catch_unwind()).await;
        let mut response = match asked {
            Ok(Ok(Ok(response))) => response,
            Ok(Err(panic)) => return Asked::Refused(panic_failure(&*panic)),
            Err(_) => {
                return Asked::Refused(Failure::new(503, "a filter gave no answer within `server.request_timeout`"));
            }
        };
        if response.extensions_mut().remove::<Given>().is_some() {
            if is_event_stream(response.headers()) {
                response.extensions_mut().insert(UntilShutdown);
            }
            return Asked::Answered(response);
        }
        match loan.end() {
            (State::Untouched, Some(body)) if is_passed_on(response.status()) => Asked::Passed(body),
            (state, _) => Asked::Refused(refusal(response, state).await),
        }
    }
}

impl Serving {
    /// As [`Serving::answer_other`], where filters are asked before the routes.
    pub(super) async fn answer_mounted(
        self: Arc<Self>,
        mounted: Mounted,
        mut asking: Asking,
        body: impl RequestBody + 'static,
    ) -> Replied {
        let upgrade = asking.parts.extensions.remove();
        let mut request = match self.request(asking) {
            Ok(request) => request,
            Err(unreadable) => return errors::without_request(&self, *unreadable).await.into(),
        };
        if self.development.is_some() && request.uri().path().starts_with(PREFIX) {
            return self.answer_request(NoFile::Page, request, body).await;
        }
        let limits = Limits { body_size: self.rules.max_body_size, deadline: self.rules.deadline() };
        match mounted.ask(&request, upgrade, body, limits).await {
            Asked::Answered(mut answer) => {
                // What a connection goes on as is no page.
                if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
                    let subject = Subject::of(&request, answer.headers());
                    self.security.add(answer.headers_mut(), &self.site, &subject);
                }
                page::join_lines(answer.headers_mut());
                Replied::of_filter(answer)
            }
            Asked::Passed(body) => self.answer_request(NoFile::Page, request, body).await,
            Asked::Refused(failure) => {
                let response = errors::answer(&self, &mut request, failure).await;
                Replied { response, told: Told::of(&request, Group::Filters) }
            }
        }
    }
}

/// What warp sees: the head as it came and the body on loan; among the extensions the request as controllers see it.
fn copy_of<B>(request: &Request, upgrade: Option<OnUpgrade>, body: B) -> http::Request<B> {
    let mut copy = http::Request::new(body);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    copy.extensions_mut().insert(request.clone());
    if let Some(upgrade) = upgrade {
        copy.extensions_mut().insert(upgrade);
    }
    copy
}

/// Whether a rejection may be because of path, method, headers or query.
fn is_passed_on(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::BAD_REQUEST)
}

/// An event stream has no end of its own.
fn is_event_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

/// The failure that a rejection stands for.
async fn refusal(rejection: warp::reply::Response, state: State) -> Failure {
    match (rejection.status(), state) {
        (_, State::TooLarge) => Failure::new(413, "the body of the request is longer than `server.max_body_size`"),
        (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED, _) => Failure::new(
            500,
            "a filter rejected the request because of its path or method when the body was read already; in the filter, put `path` and the \
             method before what reads the body",
        ),
        (status, _) => {
            Failure::new(status.as_u16(), format!("a filter rejected the request: {}", text(rejection).await))
        }
    }
}

/// What warp says about a rejection.
async fn text(rejection: warp::reply::Response) -> String {
    let body: Result<Bytes, _> = rejection.into_body().collect().await.map(|body| body.to_bytes());
    body.map(|text| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
}
