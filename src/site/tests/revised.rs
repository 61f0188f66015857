//! What a site shares with the one before an edit, and that it is the site which would be made anew.

use super::*;
use crate::snapshot::Changed;

fn full() -> Snapshot {
    let number: (Text, Text) = ("id".into(), "[0-9]+".into());
    Snapshot {
        settings: vec![setting("environment.is_prod", Value::Bool(false))].into(),
        routes: vec![
            Route { requirements: vec![number].into(), ..route("show", "/show/{id}") },
            Route { language: Some("locale".into()), ..route("page", "/{locale}/page") },
        ]
        .into(),
        languages: vec![language("en", &[("hello", "Hello")]), language("es", &[("hello", "Hola")])].into(),
        templates: vec![template("page.html", "{{ 'hello'|trans }} {{ 'show'|url(id=5) }} {{ '/a.css'|asset }}")]
            .into(),
        assets: vec![asset("static/a.css", "one"), asset("static/b.css", "two")].into(),
        ..snapshot()
    }
}

/// A site and what becomes of it by an edit.
fn revised(change: impl FnOnce(&mut Snapshot) -> Changed) -> (Site, Site) {
    let mut snapshot = full();
    let old = site(snapshot.clone());
    let changed = change(&mut snapshot);
    let new = old.revised(&snapshot, &changed, settings(&snapshot), &|_| ()).unwrap();
    (old, new)
}

/// Which parts two sites share.
fn shared((old, new): &(Site, Site)) -> [bool; 4] {
    [
        Arc::ptr_eq(&old.router, &new.router),
        Arc::ptr_eq(&old.translator, &new.translator),
        Arc::ptr_eq(&old.urls, &new.urls),
        Arc::ptr_eq(&old.assets, &new.assets),
    ]
}

fn page(site: &Site, language: &str) -> String {
    let view = View { language, values: Arc::new(|_: &str| None) };
    site.renderer.render("page.html", Context::new(), &view).unwrap()
}

fn names(names: &[&str]) -> std::collections::BTreeSet<String> {
    names.iter().map(|name| name.to_string()).collect()
}

#[test]
fn an_edit_of_a_template_shares_all_else() {
    let sites = revised(|snapshot| {
        snapshot.templates.to_mut()[0] = template("page.html", "new");
        Changed { templates: names(&["page.html"]), ..Changed::default() }
    });
    assert_eq!(shared(&sites), [true; 4]);
    assert_eq!(
        (page(&sites.0, "en").as_str(), page(&sites.1, "en").as_str()),
        ("Hello /show/5 /static/a.css?one", "new")
    );
}

#[test]
fn an_edit_of_one_language_leaves_the_other_and_the_routes_alone() {
    let sites = revised(|snapshot| {
        snapshot.languages.to_mut()[1] = language("es", &[("hello", "Buenas")]);
        // What is not named as changed is not looked at.
        snapshot.languages.to_mut()[0] = language("en", &[("hello", "Hi")]);
        Changed { languages: names(&["es"]), ..Changed::default() }
    });
    assert_eq!(shared(&sites), [true, false, true, true]);
    assert_eq!(page(&sites.1, "es"), "Buenas /show/5 /static/a.css?one");
    assert_eq!(page(&sites.1, "en"), "Hello /show/5 /static/a.css?one");
}

#[test]
fn languages_come_and_go() {
    let sites = revised(|snapshot| {
        snapshot.languages.to_mut()[1] = language("fr", &[("hello", "Salut")]);
        Changed { languages: names(&["es", "fr"]), ..Changed::default() }
    });
    assert_eq!(shared(&sites), [false, false, false, true]);
    assert_eq!(page(&sites.1, "fr"), "Salut /show/5 /static/a.css?one");
    let find = |path| matches!(sites.1.router.find(&http::Method::GET, "localhost", path), Found::Route(_));
    assert!(find("/fr/page") && !find("/es/page"));
}

#[test]
fn an_edit_of_the_routes_makes_router_and_addresses_again() {
    let sites = revised(|snapshot| {
        let routes = snapshot.routes.to_mut();
        let mut moved = routes.remove(1);
        moved.place.line = 40;
        let word: (Text, Text) = ("id".into(), "[a-z]+".into());
        routes[0].requirements = vec![word].into();
        routes.insert(0, route("first", "/first"));
        routes.push(moved);
        Changed { routes: true, ..Changed::default() }
    });
    assert_eq!(shared(&sites), [false, true, false, true]);
    let found = |path: &str| match sites.1.router.find(&http::Method::GET, "localhost", path) {
        Found::Route(found) => format!("{} {} {}", found.index, found.route.name, found.route.place.line),
        _ => "none".to_string(),
    };
    assert_eq!(["/first", "/show/5", "/show/a", "/es/page"].map(found), ["0 first 1", "none", "1 show 1", "2 page 40"]);
    let url = |name, id: &'static str| sites.1.urls.build(name, Some("en"), &[("id", id.into())]);
    assert_eq!((url("first", "").unwrap().as_str(), url("page", "").unwrap().as_str()), ("/first", "/en/page"));
    assert!(url("show", "5").is_err() && url("show", "a").is_ok());
}

#[test]
fn an_edit_of_a_static_file_makes_their_addresses_again() {
    let sites = revised(|snapshot| {
        snapshot.assets.to_mut()[0] = asset("static/a.css", "three");
        Changed { assets: names(&["static/a.css"]), ..Changed::default() }
    });
    assert_eq!(shared(&sites), [true, true, true, false]);
    assert_eq!(page(&sites.1, "en"), "Hello /show/5 /static/a.css?three");
}

#[test]
fn an_edit_of_a_setting_makes_again_what_reads_it() {
    for (key, value, expected, shown) in [
        ("shop.name", "x", [true; 4], "Hello /show/5 /static/a.css?one"),
        ("i18n.language.default", "es", [true, false, false, true], "Hola /show/5 /static/a.css?one"),
        ("server.public_url", "http://a/b", [true, true, false, true], "Hello /b/show/5 /static/a.css?one"),
        ("server.public_url", "http://a", [true, true, false, true], "Hello /show/5 /static/a.css?one"),
        ("static.path", "/cdn", [true, true, true, false], "Hello /show/5 /cdn/a.css?one"),
    ] {
        let sites = revised(|snapshot| {
            snapshot.settings.to_mut().push(setting(key, text(value)));
            Changed { settings: true, ..Changed::default() }
        });
        assert_eq!(shared(&sites), expected, "{key}");
        assert_eq!(page(&sites.1, ""), shown, "{key}");
    }
}

#[test]
fn what_cannot_be_made_is_an_error_and_leaves_the_site_as_it_was() {
    let mut snapshot = full();
    let old = site(snapshot.clone());
    let wrong: (Text, Text) = ("id".into(), "(".into());
    snapshot.routes.to_mut()[0].requirements = vec![wrong].into();
    let changed = Changed { routes: true, ..Changed::default() };
    let error = old.revised(&snapshot, &changed, settings(&snapshot), &|_| ()).unwrap_err();
    assert!(matches!(error, Error::Site(_)), "{error}");
    assert_eq!(page(&old, "en"), "Hello /show/5 /static/a.css?one");
}

/// B126
#[test]
fn production_compiles_all_templates_again_and_refuses_a_broken_one() {
    let snapshot = Snapshot { settings: Vec::new().into(), ..full() };
    let old = site(snapshot.clone());
    let broken = Snapshot { templates: vec![template("page.html", "{{ ")].into(), ..snapshot.clone() };
    let changed = Changed { templates: names(&["page.html"]), ..Changed::default() };
    assert!(old.revised(&broken, &changed, settings(&snapshot), &|_| ()).is_err());
    let mended = Snapshot { templates: vec![template("page.html", "new")].into(), ..snapshot };
    let new = old.revised(&mended, &changed, settings(&mended), &|_| ()).unwrap();
    assert_eq!(page(&new, "en"), "new");
}
