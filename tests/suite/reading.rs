//! The manual in a browser: search, keyboard, dark colours, and small screens.

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::server::Server;

const ADDRESSES: [&str; 5] = ["/en", "/en/routing", "/es/plantillas", "/en/reference", "/es/desde-kalgan-0.9"];

#[test]
fn pages_fit_a_phone_and_a_wide_screen() {
    let (server, Some(mut browser)) = (Server::start(&[]), Browser::start()) else { return };
    for width in [320, 390, 800, 1400] {
        browser.show_as(width, 844, false);
        for address in ADDRESSES {
            browser.open(&format!("{}{address}", server.origin));
            let overflow = browser.value("document.documentElement.scrollWidth - innerWidth").as_i64();
            assert!(overflow <= Some(0), "{address} is {overflow:?} pixels too wide for {width}");
        }
    }
}

#[test]
fn the_entry_of_a_page_is_in_sight_in_the_menu() {
    let (server, Some(mut browser)) = (Server::start(&[]), Browser::start()) else { return };
    browser.show_as(1440, 900, false);
    for address in ["/en/routing", "/en/logs", "/en/inspecting", "/es/referencia"] {
        browser.open(&format!("{}{address}", server.origin));
        assert_eq!(browser.value(IN_SIGHT), json!(true), "{address}");
    }
    browser.open(&format!("{}/en", server.origin));
    let closed = browser.value("document.querySelectorAll('#pages details:not([open])').length");
    assert_eq!(closed, json!(0), "the first page is in no chapter, so it shows all");
}

/// Whether the entry of the open page is within the menu and the window, without scrolling.
const IN_SIGHT: &str = "(() => {
  const [menu, entry] = ['#pages', '#pages [aria-current]'].map((query) => document.querySelector(query).getBoundingClientRect());
  return entry.height > 0 && entry.top >= menu.top && entry.bottom <= Math.min(menu.bottom, innerHeight);
})()";

#[test]
fn tables_of_long_names_are_not_cut_where_there_is_room() {
    let (server, Some(mut browser)) = (Server::start(&[]), Browser::start()) else { return };
    browser.show_as(1440, 900, false);
    let tables = "[...document.querySelectorAll('.scroll')].map((table) => table.scrollWidth <= table.clientWidth)";
    for address in ["/en/health-and-metrics", "/es/salud-y-m%C3%A9tricas", "/en/reference", "/es/referencia"] {
        browser.open(&format!("{}{address}", server.origin));
        let fit = browser.value(tables);
        assert!(fit.as_array().is_some_and(|all| all.len() > 2 && !all.contains(&json!(false))), "{address}: {fit}");
    }
}

#[test]
fn text_and_ground_differ_enough_in_both_schemes() {
    let (server, Some(mut browser)) = (Server::start(&[]), Browser::start()) else { return };
    let mut grounds = Vec::new();
    for dark in [false, true] {
        browser.show_as(1280, 900, dark);
        browser.open(&format!("{}/en/templates", server.origin));
        let pairs = browser.value(CONTRASTS);
        for pair in pairs.as_array().unwrap() {
            assert!(pair["ratio"].as_f64() >= Some(4.5), "dark: {dark}, {pair}");
        }
        assert!(pairs.as_array().unwrap().len() > 8, "{pairs}");
        grounds.push(browser.value("getComputedStyle(document.documentElement).backgroundColor"));
    }
    assert_ne!(grounds[0], grounds[1], "dark colours are not taken");
}

/// For an element of each kind, how text and ground differ (WCAG 2.2, contrast ratio).
const CONTRASTS: &str = r#"(() => {
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => numbers(colour).slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return (numbers(colour)[3] ?? 1) > 0 || !element.parentElement ? colour : ground(element.parentElement);
  };
  const kinds = ["p", "a", "h1", "h2", ".lead", "th", "td code", ".comment", ".string", ".keyword", ".name", ".number", ".tag",
    ".pages a", ".pages a[aria-current]", ".pages summary", ".languages a", ".contents a", "figcaption", ".foot", ".steps small"];
  return kinds.flatMap((kind) => [...document.querySelectorAll(kind)].slice(0, 1).map((element) => {
    const [a, b] = [light(getComputedStyle(element).color), light(ground(element))];
    return { kind, ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
  }));
})()"#;

#[test]
fn the_search_finds_and_is_driven_by_keys() {
    let (server, Some(mut browser)) = (Server::start(&[]), Browser::start()) else { return };
    browser.show_as(1280, 900, false);
    browser.open(&format!("{}/es/rutas", server.origin));
    assert_eq!(browser.value("document.querySelector('.search').hidden"), json!(false));
    browser.press("/");
    assert_eq!(browser.value("document.activeElement.id"), json!("search"));
    browser.write("peticion");
    browser.wait_for("document.querySelectorAll('.results a').length > 0");
    let first = browser.value("document.querySelector('.results b').textContent");
    assert!(first.as_str().unwrap_or_default().contains("Peticiones"), "{first}");
    assert!(browser.value("document.querySelector('.search [role=status]').textContent").as_str() > Some(""));
    browser.press("Escape");
    assert_eq!(browser.value("document.querySelectorAll('.results a').length"), json!(0));
    browser.write(" cookie");
    browser.wait_for("document.querySelectorAll('.results a').length > 0");
    browser.press("ArrowDown");
    let target = browser.value("document.activeElement.pathname");
    assert!(target.as_str().unwrap_or_default().starts_with("/es/"), "{target}");
    browser.press("Enter");
    browser.wait_for(&format!("location.pathname == {target}"));
}

#[test]
fn the_search_says_when_it_finds_nothing() {
    let (server, Some(mut browser)) = (Server::start(&[]), Browser::start()) else { return };
    browser.open(&format!("{}/en", server.origin));
    browser.value("document.querySelector('#search').focus()");
    browser.write("xyzzy");
    browser.wait_for("document.querySelector('.search [role=status]').textContent == 'Nothing found'");
}

#[test]
fn keys_reach_the_text_and_the_menu() {
    let (server, Some(mut browser)) = (Server::start(&[]), Browser::start()) else { return };
    browser.show_as(390, 844, false);
    browser.open(&format!("{}/en/routing", server.origin));
    browser.press("Tab");
    assert_eq!(browser.value("document.activeElement.className"), json!("skip"));
    assert_eq!(browser.value("getComputedStyle(document.activeElement).outlineStyle"), json!("solid"));
    browser.press("Enter");
    browser.wait_for("document.activeElement.id == 'main'");
    let seen = "document.querySelector('#pages').checkVisibility()";
    assert_eq!(browser.value(seen), json!(false));
    browser.value("document.querySelector('.head .menu-button').focus()");
    browser.press("Enter");
    assert_eq!(browser.value(seen), json!(true));
    browser.press("Escape");
    assert_eq!(browser.value(seen), json!(false));
}

#[test]
fn without_scripts_nothing_is_dead() {
    let server = Server::start(&[]);
    let page: Value = json!(server.get("/en").body);
    let page = page.as_str().unwrap_or_default();
    assert!(page.contains("<search class=\"search\" hidden"), "the field shows before its script is there");
}
