use http::Method;

use super::*;
use crate::site::tests::route;
use crate::site::{Found, Router};

fn requiring(name: &'static str, pattern: &'static str, parameter: &'static str, requirement: &'static str) -> Route {
    let requirements = vec![(Text::Borrowed(parameter), Text::Borrowed(requirement))];
    Route { requirements: requirements.into(), ..route(name, pattern) }
}

fn per_language(name: &'static str, paths: &[(&'static str, &'static str)]) -> Route {
    let paths = paths.iter().map(|(language, pattern)| Path {
        language: Some(Text::Borrowed(*language)),
        pattern: Text::Borrowed(*pattern),
    });
    Route { paths: paths.collect(), ..route(name, "") }
}

fn routes() -> Vec<Route> {
    vec![
        route("home", "/"),
        route("user", "/user/{id}"),
        requiring("number", "/number/{id}", "id", "[0-9]+"),
        requiring("file", "/file/{path}", "path", ".+"),
        requiring("any", "/{path}", "path", ".*"),
        route("pair", "/p/{a}-{b}.html"),
        route("umlaut", "/über uns/100%/?"),
        per_language("about", &[("en", "/about"), ("es", "/acerca/{x}")]),
        per_language("german", &[("de", "/impressum")]),
        Route { language: Some(Text::Borrowed("locale")), ..route("page", "/{locale}/page") },
    ]
}

fn urls(public_url: &str) -> Urls {
    Urls::new(&routes(), Languages::new(["de", "en", "es"], "en"), PublicUrl::parse(public_url).unwrap()).unwrap()
}

fn build(name: &str, parameters: &[(&str, &str)]) -> Result<String, String> {
    let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, Cow::Borrowed(*value))).collect();
    urls("").build(name, None, &parameters).map_err(|error| error.to_string())
}

/// B80, B162
#[test]
fn values_are_encoded_by_rfc_3986() {
    for (name, parameters, address) in [
        ("home", vec![], "/"),
        ("user", vec![("id", "5"), ("extra", "x")], "/user/5"),
        ("user", vec![("id", "a b/ñ?#%&+=:@")], "/user/a%20b%2F%C3%B1%3F%23%25&+=:@"),
        ("user", vec![("id", "{id}")], "/user/%7Bid%7D"),
        ("file", vec![("path", "a/b c/d")], "/file/a/b%20c/d"),
        ("pair", vec![("a", "{b}"), ("b", "x")], "/p/%7Bb%7D-x.html"),
        ("umlaut", vec![], "/%C3%BCber%20uns/100%25/%3F"),
        ("any", vec![("path", "")], "/"),
    ] {
        assert_eq!(build(name, &parameters).as_deref(), Ok(address));
    }
}

#[test]
fn an_address_neither_leaves_the_site_nor_climbs() {
    assert_eq!(build("any", &[("path", "/evil.example")]).unwrap(), "/%2Fevil.example");
    assert_eq!(build("user", &[("id", "..")]).unwrap(), "/user/%2E%2E");
    assert_eq!(build("file", &[("path", "a/../b/.")]).unwrap(), "/file/a/%2E%2E/b/%2E");
    assert_eq!(build("user", &[("id", "a/..")]).unwrap(), "/user/a%2F%2E%2E");
}

/// B80, B162
#[test]
fn what_cannot_be_written_is_an_error_that_says_what_is_missing() {
    // B80: in Kalgan 0.9 the sentence became the address.
    for (name, parameters, error) in [
        ("usr", vec![], "there is no route `usr`; did you mean `user`?"),
        ("something else", vec![], "there is no route `something else`"),
        ("user", vec![], "route `user` needs the parameter `id`"),
        ("user", vec![("id", "")], "route `user` cannot take `` as `id`, which must match `[^/]+`"),
        ("number", vec![("id", "5a")], "route `number` cannot take `5a` as `id`, which must match `[0-9]+`"),
        ("german", vec![], "route `german` has no path for the language ``, nor for the default one"),
    ] {
        assert_eq!(build(name, &parameters).unwrap_err(), error);
    }
    let long = "x".repeat(100_000);
    assert!(build("number", &[("id", &long)]).unwrap_err().len() < 200);
}

#[test]
fn the_language_chooses_the_path_and_fills_its_parameter() {
    let urls = urls("");
    let x = [("x", Cow::Borrowed("1"))];
    assert_eq!(urls.build("about", Some("es"), &x).unwrap(), "/acerca/1");
    assert_eq!(urls.build("about", Some("es-MX"), &x).unwrap(), "/acerca/1");
    assert_eq!(urls.build("about", Some("de"), &x).unwrap(), "/about");
    assert_eq!(urls.build("about", None, &x).unwrap(), "/about");
    assert_eq!(urls.build("german", Some("de"), &[]).unwrap(), "/impressum");
    assert_eq!(urls.build("page", Some("es"), &[]).unwrap(), "/es/page");
    assert_eq!(urls.build("page", Some("es"), &[("locale", Cow::Borrowed("de"))]).unwrap(), "/de/page");
    assert!(urls.build("page", None, &[]).is_err());
}

#[test]
fn the_public_address_goes_in_front() {
    let urls = urls("https://example.com:8443/mount/");
    assert_eq!(urls.build("home", None, &[]).unwrap(), "/mount/");
    assert_eq!(
        urls.absolute("user", None, &[("id", Cow::Borrowed("5"))], Some("http://request.example")).unwrap(),
        "https://example.com:8443/mount/user/5"
    );
    assert_eq!((urls.origin(), urls.mount()), (Some("https://example.com:8443"), "/mount"));
    let error = super::tests::urls("").absolute("home", None, &[], None).unwrap_err().to_string();
    assert!(error.contains("needs the setting `server.public_url`"), "{error}");
    for wrong in
        ["example.com", "ftp://example.com", "/mount", "https://user@example.com", "https://example.com?x", "https://"]
    {
        let error = PublicUrl::parse(wrong).unwrap_err();
        assert!(error.starts_with(&format!("is `{wrong}`, but must begin with")), "{error}");
    }
}

#[test]
fn the_router_finds_every_address_again_with_the_same_values() {
    // Without the route that takes every path and is declared before some.
    let routes: Vec<Route> = routes().into_iter().filter(|route| route.name != "any").collect();
    let router = Router::new(&routes, &["de", "en", "es"]).unwrap();
    let hostile = ["a", "a/b", "ñ", "%2F", "%", "a b", "?x#y", "..", "{id}", "\0", "\u{202e}", "-"];
    for name in ["user", "file", "pair"] {
        for value in hostile {
            let parameters = [("id", value), ("path", value), ("a", value), ("b", "x")];
            let address = build(name, &parameters).unwrap();
            let Found::Route(found) = router.find(&Method::GET, "localhost", &address) else {
                panic!("{address} is not found")
            };
            assert_eq!(found.route.name, name, "{address}");
            for (parameter, found) in &found.parameters {
                let given = parameters.iter().find(|(name, _)| *name == &**parameter).unwrap().1;
                assert_eq!(found, given, "{address}");
            }
        }
    }
}

#[test]
fn an_absolute_address_has_the_host_of_its_route() {
    let for_host = |name, host: &'static str| Route { host: Some(host.into()), ..route(name, "/page") };
    let routes =
        [for_host("fixed", "admin.example.com"), for_host("tenant", "{tenant}.example.com"), for_host("any", "*.a.b")];
    let public = PublicUrl::parse("https://example.com:8443/shop").unwrap();
    let urls = Urls::new(&routes, super::tests::urls("").languages, public).unwrap();
    let absolute = |name, parameters: &[(&str, Cow<str>)]| urls.absolute(name, None, parameters, None);
    assert_eq!(absolute("fixed", &[]).unwrap(), "https://admin.example.com:8443/shop/page");
    assert_eq!(urls.build("fixed", None, &[]).unwrap(), "/shop/page");
    let acme = [("tenant", Cow::Borrowed("Acme"))];
    assert_eq!(absolute("tenant", &acme).unwrap(), "https://acme.example.com:8443/shop/page");
    assert!(absolute("tenant", &[]).unwrap_err().to_string().contains("needs the parameter `tenant`"));
    assert!(absolute("any", &[]).is_err());
}
