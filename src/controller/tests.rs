use http::StatusCode;

use super::*;
use crate::error::BoxError;

fn bare() -> &'static str {
    "bare"
}
fn plain(request: Request) -> String {
    request.path().to_string()
}
fn borrowing(request: &Request) -> Response {
    Response::text(request.path())
}
fn fallible(_: Request) -> Result<Response, BoxError> {
    Err("refused".into())
}
async fn asynchronous(request: Request) -> Response {
    tokio::task::yield_now().await;
    Response::text(request.path())
}
async fn asynchronous_fallible(request: Request) -> Result<String, Failure> {
    tokio::task::yield_now().await;
    request.query("id").map(str::to_string).ok_or_else(|| Failure::new(404, "no id"))
}
async fn with_impl(_: Request) -> impl IntoResponse {
    StatusCode::ACCEPTED
}

fn request() -> Request {
    crate::testing::request("/a?id=7")
}

async fn status_and_text(controller: &ControllerFn) -> (u16, String) {
    let response = match controller.answer(request()) {
        Answering::Ready(response) => response,
        Answering::Pending(response) => response.await,
    };
    let text = match response.body() {
        crate::http::Body::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        _ => String::new(),
    };
    (response.status().as_u16(), text)
}

/// B86, B87
#[tokio::test]
async fn every_form_of_a_controller_is_taken() {
    let cases = [
        (controller(bare), 200, "bare"),
        (controller(plain), 200, "/a"),
        (controller(borrowing), 200, "/a"),
        (controller(fallible), 500, ""),
        (controller(asynchronous), 200, "/a"),
        (controller(asynchronous_fallible), 200, "7"),
        (controller(with_impl), 202, ""),
    ];
    for (number, (controller, status, text)) in cases.iter().enumerate() {
        assert_eq!(status_and_text(controller).await, (*status, text.to_string()), "case {number}");
    }
}

/// B83, B84
#[tokio::test]
async fn a_resolver_is_asked_for_what_the_table_lacks() {
    fn resolver(_: &Request, name: &str) -> Result<Response, String> {
        if name == "old::show" { Ok(Response::text("old")) } else { Err(format!("no {name}")) }
    }
    let mut dispatch = Dispatch::new([("new::show", controller(bare))], []);
    assert_eq!(status_and_text(&dispatch.controller("old::show")).await.0, 500);
    dispatch.set_resolver(resolver);
    assert_eq!(status_and_text(&dispatch.controller("new::show")).await.1, "bare");
    assert_eq!(status_and_text(&dispatch.controller("old::show")).await.1, "old");
    assert_eq!(status_and_text(&dispatch.controller("absent")).await.0, 500);
}

/// B92
#[tokio::test]
async fn a_middleware_that_is_not_in_the_binary_never_lets_a_request_pass() {
    let dispatch = Dispatch::new([], []);
    let endpoint = Endpoint { middleware: vec![dispatch.middleware("guard")], controller: controller(bare) };
    let response = endpoint.answer(&mut request()).await;
    assert_eq!(response.failure().unwrap().chain(), "there is no middleware `guard` in this binary; build it again");
}

#[test]
fn a_site_that_wants_a_resolver_does_not_start_without_one() {
    let app = || crate::App::new(wanting, Dispatch::new([], []));
    fn wanting() -> crate::snapshot::Snapshot {
        use crate::snapshot::{Place, Setting, Value};
        let place = Place { file: "config/app.yaml".into(), line: 2, column: 3 };
        let setting = Setting { key: "router.resolver".into(), value: Value::Bool(true), only: None, place };
        crate::snapshot::Snapshot { settings: vec![setting].into(), ..crate::testing::empty() }
    }
    let site = app().site(crate::site::Outside::default()).unwrap();
    let error = Endpoints::new(&site, &Dispatch::default()).unwrap_err().to_string();
    assert!(error.contains("router.resolver") && error.ends_with("with `App::resolver`"), "{error}");
    let mut dispatch = Dispatch::default();
    dispatch.set_resolver(|_, name| Err(name.to_string()));
    assert!(Endpoints::new(&site, &dispatch).is_ok());
}
