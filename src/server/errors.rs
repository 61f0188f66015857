//! From a failure to an error page: the site's own controller, the framework's plain page, or the page for developers.

use http::{Method, StatusCode, header};
use tokio::time::timeout_at;

use super::pipeline::{self, Serving};
use super::send::Exchange;
use super::{developers, failure, send};
use crate::controller::{caught, finish};
use crate::error::{one_line, shortened};
use crate::http::{Failure, Request, Response, Unreadable, cookies, host};
use crate::problem::Problem;

/// The answer to a request that failed. It never fails itself: when the site's error page does, the plain page is sent.
pub(super) async fn answer(serving: &Serving, request: &mut Request, failure: Failure) -> warp::reply::Response {
    log(request.method(), request.path(), &failure);
    if request.route().is_none() {
        serving.decide_language_by_path(request);
    }
    request.set_failure(failure.clone());
    let response = match own_page(serving, request, &failure).await {
        Some(response) => response,
        None if serving.rules.development_pages => {
            // What a client got wrong is no mistake in a file, and looking for those takes time on a large site.
            let mistakes = match failure.status().is_server_error() {
                true => mistakes(serving).await,
                false => Vec::new(),
            };
            developers::page(request, &failure, serving.development.as_deref(), mistakes)
        }
        None => failure::visitor_page(request, &failure),
    };
    let mut response = with_failure_headers(response, &failure);
    if let Err(second) = serving.finish(&mut response, request).await {
        // The page is sent all the same: it tells of the first failure, which may well have led to the second.
        log(request.method(), request.path(), &second);
    }
    match send::answer(response, request, serving).await {
        Ok(answer) => answer,
        Err(second) => {
            log(request.method(), request.path(), &second);
            let page = with_failure_headers(failure::visitor_page(request, &failure), &failure);
            send::framework_page(page, Exchange::of(serving, request)).await
        }
    }
}

/// The answer to what is not even a request: its path or query cannot be read, so no controller may see it.
pub(super) async fn without_request(serving: &Serving, unreadable: Unreadable) -> warp::reply::Response {
    let failure = Failure::from_error(unreadable.reason);
    log(&unreadable.head.method, unreadable.head.uri.path(), &failure);
    let page = match serving.rules.development_pages {
        true => Response::text(failure.chain()).with_status(failure.status().as_u16()).with_cache("no-store"),
        false => failure::plain_page(failure.status()),
    };
    let head = &unreadable.head;
    let (method, headers, host) = (&head.method, &head.headers, host(head));
    send::framework_page(page, Exchange { serving, method, headers, host, request: None }).await
}

/// The page of the controller that `error.<code>` names, with the failure's status where it left 200 (B147).
async fn own_page(serving: &Serving, request: &Request, failure: &Failure) -> Option<Response> {
    if serving.rules.development_pages {
        return None;
    }
    let controller = serving.endpoints.error(failure.status().as_u16())?;
    let work = caught(async { finish(controller.answer(request.clone())).await });
    let answered = timeout_at(serving.rules.deadline(), work).await.unwrap_or_else(|_| {
        Err(Failure::new(503, "the controller of the error page did not answer within `server.request_timeout`"))
    });
    let rendered = answered.and_then(|response| {
        let response = response.with_cookies_written(cookies::are_secure(request));
        match response.failure() {
            Some(failure) => Err(failure.clone()),
            None => pipeline::render(request, response),
        }
    });
    match rendered {
        Ok(response) if response.status() == StatusCode::OK => Some(response.with_status(failure.status().as_u16())),
        Ok(response) => Some(response),
        Err(second) => {
            log(request.method(), request.path(), &second);
            None
        }
    }
}

/// All mistakes in the site's files. Looking for them may take longer than a thread that answers requests may be kept.
async fn mistakes(serving: &Serving) -> Vec<Problem> {
    let Some(development) = serving.development.clone() else { return Vec::new() };
    // A panic there has been logged.
    tokio::task::spawn_blocking(move || development.problems()).await.unwrap_or_default()
}

/// The error page with the headers of the failure, where it does not have them itself; cookies are added.
fn with_failure_headers(mut response: Response, failure: &Failure) -> Response {
    for name in failure.headers().keys() {
        let headers = response.headers_mut();
        if *name == header::SET_COOKIE || !headers.contains_key(name) {
            for value in failure.headers().get_all(name) {
                headers.append(name, value.clone());
            }
        }
    }
    response
}

/// One line per failure; the reason is for the operator, so it goes here and not into the answer.
fn log(method: &Method, path: &str, failure: &Failure) {
    let (status, chain) = (failure.status().as_u16(), failure.chain());
    let reason = one_line(&chain);
    let (method, path, reason) = (shortened(method.as_str()), &*shortened(path), shortened(&reason));
    if status >= 500 {
        tracing::error!(status, %method, path, "{reason}");
    } else {
        tracing::info!(status, %method, path, "{reason}");
    }
}
