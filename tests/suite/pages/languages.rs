//! In which language an answer is, and whether it says that the client chose it.

use super::{depends_on_language, production};

/// B78, B133
#[test]
fn the_language_of_a_page_is_the_routes_the_clients_or_the_default() {
    let (plain, negotiating) = (production(&[]), production(&[("i18n.negotiate", "true")]));
    let spanish = production(&[("i18n.language.default", "es"), ("i18n.negotiate", "true")]);
    // A route that says its language is never negotiated.
    for (address, language) in [("/en", "en"), ("/es", "es"), ("/es/about", "es"), ("/en/about", "en"), ("/shop", "es")]
    {
        for client in [&plain, &negotiating] {
            let page = client.get(address).language("es, en;q=0.5").send();
            assert!(page.text().starts_with(&format!("<html lang=\"{language}\">")), "{address}: {}", page.text());
            assert!(!depends_on_language(&page), "{address}");
        }
    }
    for (client, wanted, language, depends) in [
        (&plain, "es", "en", false),
        (&negotiating, "es-MX, en;q=0.5", "es", true),
        (&negotiating, "fr", "en", true),
        (&negotiating, "", "en", true),
        (&negotiating, "%%;q=x,,", "en", true),
        (&spanish, "fr", "es", true),
    ] {
        let page = client.get("/plain").language(wanted).send();
        assert!(page.text().starts_with(&format!("<html lang=\"{language}\">")), "{wanted}: {}", page.text());
        assert_eq!(depends_on_language(&page), depends, "{wanted}");
    }
}

#[test]
fn texts_and_addresses_follow_the_language() {
    let page = production(&[]).get("/es").send();
    assert!(
        page.text().contains("Hola Ann &amp; Tom") && page.text().contains("/item/5 /es /static"),
        "{}",
        page.text()
    );
    assert!(page.text().contains("<p class=\"route\">home /es es</p>"), "{}", page.text());
}

/// B78
#[test]
fn a_path_whose_language_is_unknown_is_not_found() {
    assert_eq!(production(&[]).get("/fr/about").send().status(), 404);
}

#[test]
fn an_error_page_has_the_language_of_its_path_else_the_clients() {
    let client =
        production(&[("error.404", "errors::lost"), ("error.405", "errors::lost"), ("error.421", "errors::lost")]);
    for (address, wanted, language, depends) in [
        ("/es/nowhere", "en", "es", false),
        ("/en/nowhere", "es", "en", false),
        ("/nowhere", "es", "es", true),
        ("/nowhere", "fr", "en", true),
        ("/static/absent.css", "es", "es", true),
        ("/ESP/nowhere", "fr", "en", true),
    ] {
        let page = client.get(address).language(wanted).send();
        let text = if language == "es" { "<h1>Perdido</h1>" } else { "<h1>Lost</h1>" };
        assert!(page.status() == 404 && page.text().starts_with(text), "{address}: {}", page.text());
        assert!(page.text().contains(&format!("<p lang=\"{language}\">{address}</p>")), "{address}: {}", page.text());
        assert_eq!(depends_on_language(&page), depends, "{address}");
    }
}

#[test]
fn an_error_on_a_route_keeps_the_routes_language() {
    let client = production(&[("error.404", "errors::lost"), ("i18n.language.default", "es")]);
    let page = client.get("/answer/no-file").language("en").send();
    assert!(page.text().starts_with("<h1>Perdido</h1>"), "{}", page.text());
}

#[test]
fn a_host_that_is_not_ours_gets_its_page_in_the_paths_language() {
    let client = production(&[("error.421", "errors::lost"), ("server.hosts", "example.com")]);
    let page = client.get("/es").send();
    assert_eq!((page.status(), page.text().lines().next()), (421, Some("<h1>Perdido</h1><p lang=\"es\">/es</p>")));
}
