//! Passwords and tokens in controllers and tests of a site (B161, B163).

use kalgan::testing::client_with;
use kalgan::{password, token};

use super::process_site::app;

#[test]
fn a_password_is_hashed_and_verified_by_a_request_and_by_the_process_b161() {
    let client = client_with(app(), &[("password.concurrency", "1")]);
    let request = client.request("/sign-in").build();
    let hash = client.block_on(password::hash(&request, "correct horse")).unwrap();
    let verified = client.block_on(password::verify(client.process(), "correct horse", &hash)).unwrap();
    assert!(verified.is_right && !verified.needs_rehash);
    assert!(!client.block_on(password::verify(&request, "wrong", &hash)).unwrap().is_right);
    assert!(!client.block_on(password::verify_nothing(&request, "correct horse")).unwrap().is_right);
}

#[test]
fn a_token_fits_into_an_address_b163() {
    let token = token::url_safe(32).unwrap();
    let client = client_with(app(), &[]);
    let echo: serde_json::Value = client.get(&format!("/echo?{token}")).send().json();
    assert!(token::equals(echo["query"].as_str().unwrap(), &token));
    assert!(token::generate(20).unwrap().bytes().all(|byte| byte.is_ascii_alphanumeric()));
}
