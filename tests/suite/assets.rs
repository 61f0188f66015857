//! Static files as a browser asks for them.

use super::server::Server;

/// The address of a stylesheet as a page names it, with its version.
fn stylesheet(server: &Server) -> String {
    let page = server.get("/en").body;
    let end = page.find(".css?").expect("the page has a stylesheet with a version");
    let start = page[..end].rfind('"').unwrap() + 1;
    let rest = page[end..].find('"').unwrap();
    page[start..end + rest].to_string()
}

#[test]
fn the_address_in_a_page_lasts_and_the_bare_one_is_revalidated() {
    let server = Server::start(&["environment.is_prod=true"]);
    let address = stylesheet(&server);
    let bare = address.split('?').next().unwrap();
    let (versioned, plain, old) = (server.get(&address), server.get(bare), server.get(&format!("{bare}?old")));
    assert_eq!((versioned.status, plain.status, old.status), (200, 200, 200));
    assert_eq!(versioned.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!([plain.header("cache-control"), old.header("cache-control")], ["no-cache"; 2]);
    assert_eq!(versioned.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(versioned.header("content-length"), versioned.body.len().to_string());
    assert!(!plain.body.is_empty() && plain.body == versioned.body);
}

#[test]
fn a_browser_that_has_the_file_gets_none_and_one_that_lacks_a_part_gets_that() {
    let server = Server::start(&[]);
    let address = stylesheet(&server);
    let whole = server.get(&address);
    let known = server.get_with(&address, &[("if-none-match", whole.header("etag"))]);
    assert_eq!((known.status, known.body.as_str(), known.header("content-length")), (304, "", ""));
    assert_eq!(known.header("etag"), whole.header("etag"));
    let part = server.get_with(&address, &[("range", "bytes=3-5"), ("if-range", whole.header("etag"))]);
    assert_eq!((part.status, part.body.as_str()), (206, &whole.body[3..6]));
    assert_eq!(part.header("content-range"), format!("bytes 3-5/{}", whole.body.len()));
}

/// B142
#[test]
fn a_missing_file_is_the_sites_own_error_page() {
    let server = Server::start(&["environment.is_prod=true"]);
    let missing = server.get("/static/none.css");
    assert_eq!(missing.status, 404);
    assert!(missing.header("content-type").starts_with("text/html"), "{:?}", missing.headers);
}

/// B29, B144
#[test]
fn without_static_folders_no_file_is_served() {
    let server = Server::start(&[]);
    let address = stylesheet(&server);
    let bare = Server::start(&["static.folders="]);
    assert_eq!((server.get(&address).status, bare.get(&address).status), (200, 404));
}
