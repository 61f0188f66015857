//! The live demo as a visitor uses it, in a real browser: an account, an entry with a picture, a forged form, another language.

use std::fs;

use serde_json::json;

use crate::browser::Browser;
use crate::server::Server;

/// A picture of one pixel.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 6,
    0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 13, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0xb8, 0x61, 0xa3, 0xf1,
    0x1f, 0, 5, 0xad, 2, 0x85, 0x57, 0xf5, 0xd9, 0x2b, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

/// The status of the answer that the page came with.
const STATUS: &str = "performance.getEntriesByType('navigation')[0].responseStatus";

/// Fills in fields by their ids and presses the button with this text.
fn send(browser: &mut Browser, fields: &[(&str, &str)], button: &str) {
    for (id, value) in fields {
        browser.value(&format!("document.getElementById({}).value = {}", json!(id), json!(value)));
    }
    press(browser, button);
}

fn press(browser: &mut Browser, button: &str) {
    let find =
        format!("[...document.querySelectorAll('button')].find(button => button.textContent == {})", json!(button));
    browser.wait_for(&format!("!!{find}"));
    browser.value(&format!("{find}.click()"));
}

fn wait_for_text(browser: &mut Browser, text: &str) {
    browser
        .wait_for(&format!("document.readyState == 'complete' && document.body.innerText.includes({})", json!(text)));
}

#[test]
fn a_visitor_signs_up_signs_the_guest_book_and_signs_out() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("a picture.png");
    fs::write(&picture, PIXEL).unwrap();
    let server = Server::start(&[]);
    let account = format!("{}/en/demo/account", server.origin);

    browser.open(&account);
    send(&mut browser, &[("name", "ann"), ("password", "short")], "Sign up");
    // What a script fills in the browser does not look at, so the site says what is wrong.
    wait_for_text(&mut browser, "a password at least 8 characters");
    assert_eq!(browser.value(STATUS), json!(422));
    send(&mut browser, &[("name", "ann"), ("password", "a long password")], "Sign up");
    wait_for_text(&mut browser, "Welcome, ann!");
    wait_for_text(&mut browser, "You are signed in as ann.");
    // What is shown once is not shown again.
    browser.open(&account);
    wait_for_text(&mut browser, "You are signed in as ann.");
    assert_eq!(browser.value("document.querySelectorAll('.notice').length"), json!(0));
    assert_eq!(browser.value("document.cookie"), json!(""), "no script can read a cookie of the site");

    press(&mut browser, "Sign out");
    wait_for_text(&mut browser, "You are signed out.");
    send(&mut browser, &[("name", "ann"), ("password", "a wrong password")], "Sign in");
    wait_for_text(&mut browser, "do not belong together");
    send(&mut browser, &[("name", "Ann"), ("password", "a long password")], "Sign in");
    wait_for_text(&mut browser, "You are signed in as ann.");

    browser.open(&format!("{}/en/demo/guest-book", server.origin));
    browser.choose_file("#picture", &picture);
    send(&mut browser, &[("name", "Ann <b>"), ("text", "First line\nsecond line")], "Sign the guest book");
    wait_for_text(&mut browser, "Thank you, Ann <b>!");
    browser.wait_for("document.querySelector('.entries img').complete");
    assert_eq!(browser.value("document.querySelector('.entries img').naturalWidth"), json!(1));

    let forge = "document.querySelector('[name=csrf_token]').value = 'forged'";
    browser.value(forge);
    send(&mut browser, &[("name", "Mallory"), ("text", "Not me")], "Sign the guest book");
    browser.wait_for(&format!("{STATUS} == 403"));
    browser.open(&format!("{}/en/demo/guest-book", server.origin));
    assert_eq!(browser.value("document.body.innerText.includes('Mallory')"), json!(false));

    browser.value("document.querySelector('.languages [hreflang=es]').click()");
    wait_for_text(&mut browser, "Libro de visitas");
    assert_eq!(browser.value("decodeURI(location.pathname)"), json!("/es/demo/libro-de-visitas"));
    assert_eq!(browser.value("document.querySelector('.entries img').alt"), json!("Imagen de Ann <b>"));
    browser.open(&format!("{}/es/demo/cuenta", server.origin));
    wait_for_text(&mut browser, "Has entrado como ann.");
    press(&mut browser, "Salir");
    wait_for_text(&mut browser, "Has salido.");
    browser.open(&account);
    browser.wait_for("!!document.getElementById('password')");
}
