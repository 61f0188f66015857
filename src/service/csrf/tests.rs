use super::*;

#[test]
fn without_services_there_is_a_failure_and_no_panic() {
    let mut request = crate::testing::request("/");
    assert!(rotate(&request).is_ok() && token(&request).is_ok(), "the cookie is what cannot be sent");
    let mut response = crate::Response::text("x");
    let finished = futures_util::future::FutureExt::now_or_never(request.finish(&mut response)).unwrap();
    assert_eq!(finished.unwrap_err().status(), 503);
    assert!(futures_util::future::FutureExt::now_or_never(check(&mut request)).unwrap().is_ok(), "GET passes");
}
