use std::borrow::Cow;

use http::Method;

use super::*;
use crate::site::tests::route;
use crate::snapshot::{List, Path, Text};

mod reference;

fn methods(names: &[&'static str]) -> Option<List<Text>> {
    Some(names.iter().map(|name| Text::Borrowed(*name)).collect())
}

/// A route with a requirement for each of some parameters.
fn requiring(name: &'static str, pattern: &'static str, requirements: &[(&'static str, &'static str)]) -> Route {
    let requirements = requirements.iter().map(|(name, text)| (Text::Borrowed(*name), Text::Borrowed(*text)));
    Route { requirements: requirements.collect(), ..route(name, pattern) }
}

fn router(routes: &[Route]) -> Router {
    Router::new(routes, &["en", "es"]).unwrap()
}

/// What a look-up gives, as one line.
fn found(router: &Router, method: &str, path: &str) -> String {
    match router.find(&Method::from_bytes(method.as_bytes()).unwrap(), "localhost", path) {
        Found::Route(found) => {
            let parameters = found.parameters.iter().map(|(name, value)| format!(" {name}={value}"));
            let language = found.language.map(|language| format!(" [{language}]")).unwrap_or_default();
            format!("{}{}{language}", found.route.name, parameters.collect::<String>())
        }
        Found::WrongMethod { allow } => format!("allow {allow}"),
        Found::NotFound => "-".to_string(),
        Found::BadPath => "bad".to_string(),
    }
}

fn get(router: &Router, path: &str) -> String {
    found(router, "GET", path)
}

/// B69, B77
#[test]
fn the_first_declared_route_answers_whichever_kind_it_is() {
    // B69: an index by literals must not prefer them.
    let router = router(&[
        requiring("number", "/{id}", &[("id", "[0-9]+")]),
        requiring("rest", "/a/{rest}", &[("rest", ".+")]),
        route("literal", "/a/b"),
        route("any", "/{x}"),
        route("seven", "/7"),
    ]);
    assert_eq!(get(&router, "/7"), "number id=7");
    assert_eq!(get(&router, "/a/b"), "rest rest=b");
    assert_eq!(get(&router, "/a"), "any x=a");
}

/// B70, B74, B75
#[test]
fn a_path_is_compared_whole_and_with_its_letter_case_and_slashes() {
    let router = router(&[route("two", "/two"), route("root", "/"), route("empty", "/a//b"), route("bare", "bare")]);
    for path in ["/two/", "/Two", "//two", "/x/../two", "/two/x", "", "/bare", "/a/b"] {
        assert_eq!(get(&router, path), "-", "{path}");
    }
    for (path, name) in [("/two", "two"), ("/", "root"), ("/a//b", "empty"), ("bare", "bare")] {
        assert_eq!(get(&router, path), name);
    }
}

/// B71, B73
#[test]
fn a_parameter_may_stand_anywhere_in_a_segment() {
    // B71, B73: with going back, which Kalgan 0.9 did not do.
    let router = router(&[
        route("page", "/p/{name}.html"),
        route("pair", "/m/{a}-{b}"),
        requiring("adjacent", "/x/{letters}{digits}", &[("letters", "[a-z]+"), ("digits", "[0-9]+")]),
        requiring("middle", "/mid/{rest}/end", &[("rest", ".+")]),
    ]);
    assert_eq!(get(&router, "/p/a.html.html"), "page name=a.html");
    assert_eq!(get(&router, "/p/.html"), "-");
    assert_eq!(get(&router, "/m/a-b-c"), "pair a=a-b b=c");
    assert_eq!(get(&router, "/x/ab12"), "adjacent letters=ab digits=12");
    assert_eq!(get(&router, "/mid/a/end/end"), "middle rest=a/end");
    assert_eq!(get(&router, "/mid//end"), "-");
}

/// B72, B73
#[test]
fn a_requirement_matches_the_whole_value_whatever_it_is_made_of() {
    let router = router(&[
        requiring("words", "/w/{x}", &[("x", "en|english")]),
        requiring("anchors", "/a/{x}", &[("x", "^[0-9]+$")]),
        requiring("groups", "/g/{x}/{y}", &[("x", "(a)|(?P<x>b)"), ("y", r"(\w)+")]),
        requiring("empty", "/e/{x}", &[("x", "[0-9]*")]),
        requiring("each", "/n/{x}-{y}", &[("x", "a|b"), ("y", "^c|d$")]),
    ]);
    assert_eq!(get(&router, "/w/english"), "words x=english");
    assert_eq!(get(&router, "/w/engl"), "-");
    assert_eq!(get(&router, "/a/12"), "anchors x=12");
    assert_eq!(get(&router, "/a/12a"), "-");
    assert_eq!(get(&router, "/g/b/añ"), "groups x=b y=añ");
    assert_eq!(get(&router, "/e/"), "empty x=");
    assert_eq!(get(&router, "/e"), "-");
    assert_eq!(get(&router, "/n/b-d"), "each x=b y=d");
    assert_eq!(get(&router, "/n/b-cd"), "-");
}

/// B58, B74
#[test]
fn decoded_text_is_compared_and_only_an_encoded_slash_does_not_separate() {
    let router = router(&[
        route("about", "/über-uns"),
        route("file", "/file/{name}"),
        requiring("all", "/all/{rest}", &[("rest", ".+")]),
        route("percent", "/100%"),
    ]);
    assert_eq!(get(&router, "/%C3%BCber%2Duns"), "about");
    assert_eq!(get(&router, "/über-uns"), "about");
    assert_eq!(get(&router, "/file/a%2Fb"), "file name=a/b");
    assert_eq!(get(&router, "/file/a%252Fb"), "file name=a%2Fb");
    assert_eq!(get(&router, "/file/a/b"), "-");
    assert_eq!(get(&router, "/all/a%2Fb/c"), "all rest=a/b/c");
    assert_eq!(get(&router, "/file%2Fx"), "-");
    assert_eq!(get(&router, "/100%25"), "percent");
    for path in ["/%", "/%zz", "/file/%ff", "/file/%EF%BF%BF"] {
        assert_eq!(get(&router, path), "bad", "{path}");
    }
}

/// B76, B77
#[test]
fn methods_are_part_of_the_match_and_others_are_told() {
    let router = router(&[
        Route { methods: methods(&["GET"]), ..route("read", "/item/{id}") },
        Route { methods: methods(&["POST", "PURGE"]), ..route("write", "/item/{id}") },
        Route { methods: methods(&[]), ..route("never", "/never") },
        route("every", "/every"),
    ]);
    assert_eq!(found(&router, "POST", "/item/1"), "write id=1");
    assert_eq!(found(&router, "HEAD", "/item/1"), "read id=1");
    assert_eq!(found(&router, "PURGE", "/item/1"), "write id=1");
    assert_eq!(found(&router, "DELETE", "/item/1"), "allow GET, HEAD, POST, PURGE, OPTIONS");
    assert_eq!(found(&router, "OPTIONS", "/item/1"), "allow GET, HEAD, POST, PURGE, OPTIONS");
    assert_eq!(found(&router, "GET", "/never"), "allow OPTIONS");
    assert_eq!(found(&router, "OPTIONS", "/every"), "every");
    assert_eq!(found(&router, "DELETE", "/other"), "-");
}

#[test]
fn the_language_is_that_of_the_path_else_the_text_else_the_parameters_value() {
    // B78
    let paths = [("en", "/about"), ("es", "/acerca")]
        .map(|(language, pattern)| Path { language: Some(Cow::Borrowed(language)), pattern: Cow::Borrowed(pattern) });
    let router = router(&[
        Route { paths: paths.to_vec().into(), ..route("about", "") },
        Route { language: Some(Cow::Borrowed("es")), ..route("spanish", "/hola") },
        Route { language: Some(Cow::Borrowed("locale")), ..route("home", "/{locale}/home") },
        Route { language: Some(Cow::Borrowed("locale")), ..route("mixed", "/{locale}.{page}") },
    ]);
    assert_eq!(get(&router, "/acerca"), "about [es]");
    assert_eq!(get(&router, "/hola"), "spanish [es]");
    assert_eq!(get(&router, "/en/home"), "home locale=en [en]");
    assert_eq!(get(&router, "/fr/home"), "-");
    assert_eq!(get(&router, "/es.x"), "mixed locale=es page=x [es]");
    assert_eq!(get(&router, "/fr.x"), "-");
    let home = Route { language: Some(Cow::Borrowed("locale")), ..route("home", "/{locale}/home") };
    assert_eq!(get(&Router::new(&[home], &[]).unwrap(), "/fr/home"), "home locale=fr [fr]");
}

#[test]
fn a_wrong_requirement_is_a_problem_at_its_route() {
    let routes = [requiring("user", "/{id}", &[("id", "[")]), requiring("huge", "/{id}", &[("id", r"\w{9999}{99}")])];
    let Err(Error::Site(problems)) = Router::new(&routes, &[]) else { panic!("accepted") };
    assert_eq!(problems.len(), 2);
    assert_eq!(problems[0].file, "routes/main.yaml");
    assert!(problems[0].message.starts_with("route `user`: the requirement of `id` is not a regular expression"));
}

#[test]
fn every_step_of_a_look_up_can_be_explained() {
    let router = router(&[
        route("other", "/b"),
        requiring("number", "/a/{id}", &[("id", "[0-9]+")]),
        Route { language: Some(Cow::Borrowed("locale")), ..route("locale", "/a/{locale}") },
        Route { methods: methods(&["POST"]), ..route("write", "/a/{x}") },
        route("read", "/a/{x}"),
        requiring("late", "/{x}", &[("x", ".+")]),
    ]);
    let steps = router.explain(&Method::GET, "localhost", "/a/b%2Fc");
    let lines: Vec<String> = steps.iter().map(|step| format!("{} {}", step.route.name, step.outcome)).collect();
    assert_eq!(
        lines,
        [
            "other has another path",
            "number `b/c` does not match the requirement of `id`",
            "locale `b/c`, the value of `locale`, is not a language of the site",
            "write has other methods",
            "read answers",
            "late would match, but an earlier route answers",
        ]
    );
    assert_eq!(router.explain(&Method::GET, "localhost", "/%").len(), 6);
    assert!(router.explain(&Method::GET, "localhost", "/%").iter().all(|step| step.outcome == Outcome::BadPath));
}

/// B82
#[test]
fn hostile_paths_and_patterns_only_cost_their_length() {
    let names: Vec<String> = (0..100).map(|number| format!("{{p{number}}}")).collect();
    let many: &'static str = Box::leak(format!("/{}", names.join("-")).into_boxed_str());
    let router = router(&[
        requiring("doubled", "/d/{x}", &[("x", "(a+)+b")]),
        requiring("rest", "/r/{x}", &[("x", "(.*)*/x")]),
        route("many", many),
        route("deep", "/{a}/{b}/{c}"),
    ]);
    let long = 100_000;
    for path in ["/d/a", "/r/", "/%2F", "//", "/é", "/-"].map(|unit| unit.repeat(long / unit.len())) {
        assert_eq!(get(&router, &path), "-", "{}", &path[..10.min(path.len() - 1)]);
    }
    let value = "a".repeat(long);
    assert_eq!(get(&router, &format!("/1/2/{value}")), format!("deep a=1 b=2 c={value}"));
    assert_eq!(get(&router, "/1/2/%00"), "deep a=1 b=2 c=\0");
}

fn for_host(name: &'static str, host: &'static str, pattern: &'static str) -> Route {
    Route { host: Some(Cow::Borrowed(host)), ..route(name, pattern) }
}

#[test]
fn a_route_for_another_host_is_as_if_it_were_not_there() {
    let router = router(&[
        Route { methods: methods(&["POST"]), ..for_host("write", "admin.example.com", "/page") },
        for_host("admin", "admin.example.com", "/page"),
        Route {
            requirements: vec![(Cow::Borrowed("tenant"), Cow::Borrowed("[a-z]+"))].into(),
            ..for_host("tenant", "{tenant}.example.com", "/page/{id}")
        },
        Route { language: Some(Cow::Borrowed("lang")), ..for_host("language", "{lang}.example.org", "/page") },
        Route { methods: methods(&["PUT"]), ..route("other", "/other") },
        for_host("only", "admin.example.com", "/only"),
    ]);
    let find = |host: &str, path: &str| match router.find(&Method::GET, host, path) {
        Found::Route(found) => {
            let parameters: Vec<_> = found.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
            format!("{} {} {}", found.route.name, parameters.join(" "), found.language.as_deref().unwrap_or("-"))
        }
        Found::WrongMethod { allow } => allow,
        Found::NotFound => "404".to_string(),
        Found::BadPath => "400".to_string(),
    };
    assert_eq!(find("Admin.Example.com:8080", "/page"), "admin  -");
    assert_eq!(find("Ab.example.com", "/page/7"), "tenant tenant=ab id=7 -");
    assert_eq!(find("a1.example.com", "/page/7"), "404");
    assert_eq!(find("es.example.org", "/page"), "language lang=es es");
    assert_eq!(find("de.example.org", "/page"), "404");
    // Not 405: the route that has this path is not there for other hosts.
    assert_eq!(find("example.com", "/only"), "404");
    assert_eq!(find("example.com", "/other"), "PUT, OPTIONS");
    let steps = router.explain(&Method::GET, "example.com", "/only");
    assert_eq!(steps.last().unwrap().outcome, Outcome::Host);
}
