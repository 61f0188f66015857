//! The policy in Chromium: what is written runs, what is injected does not, and the manual has nothing to complain about.

use serde_json::json;

use super::process;
use crate::browser::Browser;
use crate::server::Server;

const COLOUR: &str = "getComputedStyle(document.querySelector('QUERY')).color";

fn colour(browser: &mut Browser, query: &str) -> String {
    browser.value(&COLOUR.replace("QUERY", query)).as_str().unwrap_or_default().to_string()
}

#[test]
fn what_is_written_runs_and_what_is_injected_does_not() {
    let Some(mut browser) = Browser::start() else { return };
    for is_prod in ["environment.is_prod=true", "environment.is_prod=false"] {
        let server = process(&[is_prod]);
        browser.open(&format!("{}/constant", server.origin));
        assert_eq!(browser.value("[constant, raw, module, file]"), json!([true, 5, 12, true]), "{is_prod}");
        assert_eq!(
            ["h1", "h3", ".note"].map(|query| colour(&mut browser, query)),
            ["rgb(1, 2, 3)", "rgb(10, 11, 12)", "rgb(7, 8, 9)"]
        );
        assert_eq!(browser.value("getComputedStyle(document.querySelector('h2')).textIndent"), json!("7px"));
        assert_eq!(browser.value("getComputedStyle(document.querySelector('text')).fill"), json!("rgb(4, 5, 6)"));
        assert_eq!(browser.complaints(), [""; 0], "{is_prod}");

        browser.open(&format!("{}/computed", server.origin));
        assert_eq!(browser.value("[constant, computed, card, inside, asked]"), json!([true, 5, 5, 2, true]));
        assert_eq!(colour(&mut browser, "h2"), "rgb(13, 14, 15)");
        assert_eq!(browser.complaints(), [""; 0], "{is_prod}");

        browser.open(&format!("{}/string", server.origin));
        assert_eq!(browser.value("string.includes('<style nonce=')"), json!(true), "{is_prod}");
        assert_eq!(browser.complaints(), [""; 0], "{is_prod}");

        for page in ["injected", "html", "plain"] {
            browser.open(&format!("{}/{page}", server.origin));
            browser.value("document.querySelector('#go').click()");
            let complaints = browser.complaints();
            assert!(complaints.len() >= 4, "{complaints:?}");
            assert_eq!(browser.value("typeof window.injected"), json!("undefined"), "{page}");
            if page != "plain" {
                assert_eq!(browser.value("computed"), json!(5), "{page}");
            }
        }
        browser.open(&format!("{}/injected", server.origin));
        assert_eq!(colour(&mut browser, "h3"), "rgb(10, 11, 12)", "an injected style counts");
        browser.complaints();
        browser.open(&format!("{}/static/docs/", server.origin));
        assert_eq!(browser.value("docs"), json!(true), "a static file is its author's whole work");
        assert_eq!(browser.complaints(), [""; 0], "{is_prod}");
    }
}

#[test]
fn without_the_policy_what_is_injected_would_run() {
    let Some(mut browser) = Browser::start() else { return };
    let server = process(&["security.headers.content_security_policy=off"]);
    browser.open(&format!("{}/plain", server.origin));
    browser.wait_for("window.injected > 0");
}

#[test]
fn error_pages_show_their_style_and_the_manual_gives_no_complaint() {
    let Some(mut browser) = Browser::start() else { return };
    for is_prod in ["environment.is_prod=true", "environment.is_prod=false"] {
        let server = Server::start(&[is_prod]);
        let pages = [
            "/en",
            "/es",
            "/en/templates",
            "/en/security-headers",
            "/en/reference",
            "/en/demo/account",
            "/es/demo/contacto",
        ];
        for page in pages {
            browser.open(&format!("{}{page}", server.origin));
            assert_eq!(browser.complaints(), [""; 0], "{page} {is_prod}");
        }
        browser.open(&format!("{}/en", server.origin));
        browser.value("document.querySelector('#search').focus()");
        browser.write("cookie");
        browser.wait_for("document.querySelectorAll('.results a').length > 0");
        assert_eq!(browser.complaints(), [""; 0], "{is_prod}");
    }
    let server = process(&["environment.is_prod=true"]);
    browser.open(&format!("{}/fail", server.origin));
    let complaints = browser.complaints();
    assert!(complaints.iter().all(|text| !text.contains("Content Security Policy")), "{complaints:?}");
    assert_ne!(browser.value("getComputedStyle(document.body).fontFamily"), json!("\"Times New Roman\""));
}
