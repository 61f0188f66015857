use crate::controller::{Endpoint, controller, middleware};
use crate::error::BoxError;
use crate::http::{Body, Failure, StatusCode};

use super::*;

/// Writes down who was there, in the order in which they were.
fn noted(request: &mut Request, name: &str) {
    let before: String = request.get("steps").unwrap_or_default();
    request.set("steps", format!("{before}{name} ")).unwrap();
}

fn answered(response: Response, name: &str) -> Response {
    response.with_added_header("steps", name)
}

fn plain_before(request: &mut Request) {
    noted(request, "plain");
}
async fn async_before(request: &mut Request) -> Result<Outcome, Failure> {
    tokio::task::yield_now().await;
    noted(request, "async");
    Ok(Outcome::Continue)
}
fn refusing(request: &mut Request) -> Option<Response> {
    noted(request, "refusing");
    Some(Response::text("refused").with_status(403))
}
fn failing(_: &mut Request) -> Result<(), BoxError> {
    Err("no entry".into())
}
fn panicking(_: &mut Request) {
    panic!("in the middleware")
}

fn plain_after(request: &Request, response: Response) -> Response {
    assert!(request.get::<String>("steps").is_some(), "it sees what others have left");
    answered(response, "plain")
}
async fn async_after(_: Request, response: Response) -> Result<Response, Failure> {
    tokio::task::yield_now().await;
    Ok(answered(response, "async"))
}
fn replacing(_: &Request, response: Response) -> Result<Response, Failure> {
    match response.failure() {
        Some(failure) => Ok(Response::text(format!("instead of {}", failure.chain()))),
        None => Err(Failure::new(503, "later").with_header("retry-after", "1")),
    }
}
fn panicking_after(_: &Request, _: Response) -> Response {
    panic!("after the controller")
}

async fn around(request: &mut Request, next: Next<'_>) -> Response {
    noted(request, "in");
    let response = next.run(request).await;
    noted(request, "out");
    let steps: String = request.get("steps").unwrap();
    answered(response, "around").with_header("around", steps.trim_end())
}
async fn shut(_: &mut Request, _: Next<'_>) -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}

fn answering(request: Request) -> String {
    request.get("steps").unwrap_or_default()
}

fn endpoint(middleware: Vec<MiddlewareFn>) -> Endpoint {
    Endpoint { middleware, controller: controller(answering) }
}

fn steps(response: &Response) -> Vec<&str> {
    response.headers().get_all("steps").iter().map(|value| value.to_str().unwrap()).collect()
}

fn text(response: &Response) -> &str {
    match response.body() {
        Body::Bytes(bytes) => std::str::from_utf8(bytes).unwrap(),
        _ => "",
    }
}

async fn answer(endpoint: &Endpoint) -> Response {
    endpoint.answer(&mut crate::testing::request("/a")).await
}

#[tokio::test]
async fn they_run_in_the_listed_order_and_see_the_answer_in_the_reverse_one() {
    // B88, B89, B90; what B93 says is missing is here.
    let all = vec![
        middleware(async_after),
        middleware(plain_before),
        middleware(around),
        middleware(plain_after),
        middleware(async_before),
    ];
    let response = answer(&endpoint(all)).await;
    assert_eq!(text(&response), "plain in async ");
    assert_eq!(steps(&response), ["plain", "around", "async"]);
    assert_eq!(response.header("around"), Some("plain in async out"));
}

#[tokio::test]
async fn a_refusal_is_seen_by_those_before_it_alone() {
    // B91: the refusal is the answer, and the controller is not asked.
    let all = vec![middleware(plain_after), middleware(around), middleware(refusing), middleware(async_after)];
    let response = answer(&endpoint(all)).await;
    assert_eq!((response.status().as_u16(), text(&response)), (403, "refused"));
    assert_eq!(steps(&response), ["around", "plain"]);
    assert_eq!(response.header("around"), Some("in refusing out"));
}

#[tokio::test]
async fn one_that_does_not_go_on_answers_alone() {
    let all = vec![middleware(plain_before), middleware(plain_after), middleware(shut), middleware(async_after)];
    let response = answer(&endpoint(all)).await;
    assert_eq!((response.status().as_u16(), steps(&response)), (503, vec!["plain"]));
}

#[tokio::test]
async fn failures_are_seen_and_may_be_replaced() {
    // B92: an error is a failure with status 500.
    let response = answer(&endpoint(vec![middleware(async_after), middleware(failing)])).await;
    assert_eq!((response.failure().unwrap().to_string().as_str(), steps(&response)), ("500: no entry", vec!["async"]));
    let response = answer(&endpoint(vec![middleware(replacing), middleware(failing)])).await;
    assert_eq!((response.failure().is_none(), text(&response)), (true, "instead of no entry"));
    let response = answer(&endpoint(vec![middleware(async_after), middleware(replacing)])).await;
    let failure = response.failure().unwrap();
    assert_eq!((failure.status().as_u16(), failure.headers()["retry-after"].as_bytes()), (503, &b"1"[..]));
}

#[tokio::test]
async fn a_panic_is_a_failure_that_those_before_it_see() {
    for (panicking, reason) in [
        (middleware(panicking), "a panic: in the middleware"),
        (middleware(panicking_after), "a panic: after the controller"),
    ] {
        let response = answer(&endpoint(vec![middleware(async_after), panicking])).await;
        let failure = response.failure().unwrap();
        assert_eq!((failure.status().as_u16(), failure.chain().as_str()), (500, reason));
        assert_eq!(steps(&response), ["async"]);
    }
    let inside = controller(|| -> Response { panic!("in the controller") });
    let response = answer(&Endpoint { middleware: vec![middleware(async_after)], controller: inside }).await;
    assert_eq!(
        (response.failure().unwrap().chain().as_str(), steps(&response)),
        ("a panic: in the controller", vec!["async"])
    );
}

#[tokio::test]
async fn one_that_answers_with_the_unit_takes_the_answer_away() {
    fn silence(_: &Request, _: Response) {}
    let response = answer(&endpoint(vec![middleware(silence)])).await;
    assert_eq!((response.status().as_u16(), text(&response)), (204, ""));
}
