use http::Request;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LAST_MODIFIED, RANGE, VARY};

use super::*;
use crate::server::tests::static_site::{self, FILE};
use crate::snapshot::{Changed, Snapshot, Text, Value};

/// The files of a site in production whose version is `v1`.
fn files(settings: &[(&'static str, &'static str)]) -> StaticFiles {
    prepared(static_site::snapshot(settings))
}

fn prepared(snapshot: Snapshot) -> StaticFiles {
    StaticFiles::new(&static_site::site(snapshot)).unwrap()
}

fn ask(files: &StaticFiles, request: http::request::Builder) -> Lookup {
    files.answer(&request.body(()).unwrap().into_parts().0)
}

fn get(files: &StaticFiles, target: &str) -> Lookup {
    ask(files, Request::get(target))
}

#[track_caller]
fn answered(lookup: Lookup) -> Response<Bytes> {
    match lookup {
        Lookup::Answer(response) => response,
        other => panic!("no answer: {other:?}"),
    }
}

fn is_missing(lookup: &Lookup) -> bool {
    matches!(lookup, Lookup::Refused(failure) if failure.status() == StatusCode::NOT_FOUND)
}

#[test]
fn names_may_be_encoded_once() {
    let files = files(&[]);
    for target in ["/static/a%20b.css", "/static/%C3%BC.css", "/static/%63ss/site.css", "/%73tatic/css/site.css"] {
        assert_eq!(answered(get(&files, target)).status(), StatusCode::OK, "{target}");
    }
}

/// B138, B139, B142
#[test]
fn nothing_but_a_file_is_ever_found() {
    let files = files(&[]);
    for target in [
        "/static/",
        "/static/css",
        "/static/css/",
        "/static/none.css",
        "/static/../static/css/site.css",
        "/static/%2e%2e/static/css/site.css",
        "/static/css%2Fsite.css",
        "/static/css%2fsite.css",
        "/static/docs%2F",
        "/static/docs%2Findex.html",
        "/static%2Fcss/site.css",
        "/static//css/site.css",
        "/static/./css/site.css",
        "/static/css/site.css%00",
        "/static/css%5Csite.css",
        "/static/css\\site.css",
        "/static/%252e%252e/x",
        "/static/a%2520b.css",
        "/static/%ff.css",
        "/static/css/site.css/",
        "/static/CSS/site.css",
        "/static//etc/passwd",
        "/static/%2Fetc%2Fpasswd",
        "/static/.env",
        "/static/docs//",
        "/static/docs/index.html/",
    ] {
        assert!(is_missing(&get(&files, target)), "{target}");
    }
    assert!(is_missing(&get(&files, &format!("/static/{}", "x/".repeat(30_000)))));
}

/// B29, B137, B140: an empty item let Kalgan 0.9 send any file of the machine.
#[test]
fn what_lies_below_no_static_folder_is_left_to_the_routes() {
    for target in ["/", "/static", "/statics/x", "//static/css/site.css", "/x/static/css/site.css", "*", "/robots.txt"]
    {
        assert!(matches!(get(&files(&[]), target), Lookup::NotStatic), "{target}");
    }
    // Empty items cover nothing, and without any item nothing is looked up.
    let others = files(&[("static.folders", " , /other/ ,")]);
    assert!(matches!(get(&others, "/static/css/site.css"), Lookup::NotStatic));
    assert!(matches!(get(&others, "//etc/passwd"), Lookup::NotStatic));
    assert!(is_missing(&get(&others, "/other/x")));
}

#[test]
fn a_folder_with_a_page_answers_with_it_and_leads_to_its_slash() {
    let files = files(&[]);
    let page = answered(get(&files, "/static/docs/"));
    assert_eq!((page.status(), &page.body()[..]), (StatusCode::OK, &b"<p>docs</p>"[..]));
    assert_eq!(answered(get(&files, "/static/docs/index.html")).body(), page.body());
    let leads = |target: &str| {
        let response = answered(get(&files, target));
        assert_eq!(
            (response.status(), &response.headers()[CACHE_CONTROL]),
            (StatusCode::PERMANENT_REDIRECT, &REVALIDATE)
        );
        response.headers()[LOCATION].to_str().unwrap().to_string()
    };
    assert_eq!(leads("/static/docs"), "./docs/");
    assert_eq!(leads("/static/docs?a=b&c"), "./docs/?a=b&c");
    assert_eq!(leads("/static/d%6Fcs?x=ü"), "./d%6Fcs/?x=%C3%BC");
    let posted = ask(&files, Request::post("/static/docs"));
    assert!(matches!(posted, Lookup::Refused(failure) if failure.status() == StatusCode::METHOD_NOT_ALLOWED));
}

#[test]
fn files_of_the_root_answer_for_themselves_and_leave_all_else_to_the_routes() {
    let files = files(&[("static.root", "root")]);
    for (target, body) in
        [("/robots.txt", "Disallow:"), ("/", "<p>home</p>"), ("/index.html", "<p>home</p>"), ("/help/", "<p>help</p>")]
    {
        assert_eq!(answered(get(&files, target)).body(), body, "{target}");
    }
    assert_eq!(answered(get(&files, "/help")).headers()[LOCATION], "./help/");
    for target in
        ["/robots", "/robots.txt/", "/help/x", "//robots.txt", "/%2Frobots.txt", "/help%2F", "/static", "*", "/x"]
    {
        assert!(matches!(get(&files, target), Lookup::NotStatic), "{target}");
    }
    assert_eq!(answered(get(&files, "/static/css/site.css")).status(), StatusCode::OK);
}

#[test]
fn each_kind_of_files_is_switched_off_for_itself() {
    let root_alone = files(&[("static.root", "root"), ("static.folders", "")]);
    assert_eq!(answered(get(&root_alone, "/robots.txt")).status(), StatusCode::OK);
    assert!(matches!(get(&root_alone, "/static/css/site.css"), Lookup::NotStatic));
    let no_root = files(&[("static.root", "")]);
    assert!(matches!(get(&no_root, "/robots.txt"), Lookup::NotStatic));
}

#[test]
fn a_folder_of_the_settings_that_has_a_page_leads_to_its_slash() {
    let mut snapshot = static_site::snapshot(&[]);
    snapshot.assets.to_mut().push(static_site::asset("static/index.html", "text/html; charset=utf-8", b"<p>all</p>"));
    let files = prepared(snapshot);
    assert_eq!(answered(get(&files, "/static")).headers()[LOCATION], "./static/");
    assert_eq!(answered(get(&files, "/static/")).body(), "<p>all</p>");
}

/// B137, B141
#[test]
fn files_are_for_reading() {
    let files = files(&[]);
    let ask = |method| ask(&files, Request::builder().method(method).uri("/static/css/site.css"));
    assert_eq!(answered(ask("HEAD")).status(), StatusCode::OK);
    let question = answered(ask("OPTIONS"));
    assert_eq!(
        (question.status(), &question.headers()[ALLOW]),
        (StatusCode::NO_CONTENT, &HeaderValue::from_static(METHODS))
    );
    for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE", "GETS"] {
        let Lookup::Refused(failure) = ask(method) else { panic!("{method}") };
        assert_eq!(
            (failure.status(), failure.headers().get("allow").and_then(|value| value.to_str().ok())),
            (StatusCode::METHOD_NOT_ALLOWED, Some(METHODS)),
            "{method}"
        );
    }
}

#[test]
fn a_limited_age_takes_the_place_of_asking_each_time() {
    let mut snapshot = static_site::snapshot(&[]);
    snapshot.settings.to_mut().push(static_site::setting("static.max_age", Value::Integer(60)));
    let limited = prepared(snapshot);
    let cache = |target: &str| answered(get(&limited, target)).headers()[CACHE_CONTROL].clone();
    assert_eq!(cache(FILE), "public, max-age=60");
    assert_eq!(cache(&format!("{FILE}?v1")), file::IMMUTABLE);
}

#[test]
fn bodies_are_slices_of_the_binary() {
    let files = files(&[]);
    let whole =
        |encoding: &str| answered(ask(&files, Request::get(FILE).header("accept-encoding", encoding))).into_body();
    for encoding in ["br", "gzip", "identity"] {
        assert_eq!(whole(encoding).as_ptr(), whole(encoding).as_ptr(), "{encoding}");
    }
    let part = answered(ask(&files, Request::get(FILE).header(RANGE, "bytes=5-9"))).into_body();
    assert_eq!(part.as_ptr(), whole("identity")[5..].as_ptr());
    let several = ask(&files, Request::get(FILE).header(RANGE, "bytes=5-9,900-"));
    let Lookup::Parts(several) = several else { panic!("{several:?}") };
    assert_eq!(several.body()[1].as_ptr(), part.as_ptr());
    let length: usize = several.body().iter().map(Bytes::len).sum();
    assert_eq!(several.headers()[CONTENT_LENGTH], length.to_string());
}

#[test]
fn several_parts_of_an_encoded_file_are_sent_as_the_whole() {
    let request = Request::get(FILE).header(RANGE, "bytes=0-9,300-").header("accept-encoding", "gzip");
    let response = answered(ask(&files(&[]), request));
    assert_eq!(
        (response.status(), &response.headers()[CONTENT_ENCODING]),
        (StatusCode::OK, &HeaderValue::from_static("gzip"))
    );
}

#[test]
fn a_date_that_lies_ahead_is_none() {
    for (date, written) in
        [(Some(784_111_777), true), (None, false), (Some(u64::MAX), false), (Some(32_503_680_000), false)]
    {
        let files = prepared(Snapshot { date, ..static_site::snapshot(&[]) });
        assert_eq!(answered(get(&files, FILE)).headers().contains_key(LAST_MODIFIED), written, "{date:?}");
    }
}

#[test]
fn files_below_a_folder_that_the_build_had_and_the_operator_left_out_are_none_of_the_root() {
    let mut snapshot = static_site::snapshot(&[("static.root", "root")]);
    snapshot.assets.to_mut().iter_mut().for_each(|file| file.is_root &= !file.path.starts_with("help/"));
    let folders =
        Value::List(vec![Value::Text(Text::Borrowed("static")), Value::Text(Text::Borrowed("/help/"))].into());
    snapshot.settings.to_mut().push(static_site::setting("static.folders", folders));
    let outside = crate::site::Outside {
        flags: vec![("static.folders".to_string(), "static".to_string())],
        ..crate::site::Outside::default()
    };
    let files = StaticFiles::new(&static_site::site_with(snapshot, outside)).unwrap();
    assert!(matches!(get(&files, "/help/"), Lookup::NotStatic));
    assert_eq!(answered(get(&files, "/robots.txt")).status(), StatusCode::OK);
}

#[test]
fn a_file_without_encodings_does_not_vary() {
    let request = || Request::get("/static/ü.css").header("accept-encoding", "gzip, br");
    let response = answered(ask(&files(&[]), request()));
    assert!([VARY, CONTENT_ENCODING].iter().all(|name| !response.headers().contains_key(name)));
    assert_eq!(response.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
    let known = answered(ask(&files(&[]), request().header("if-none-match", &response.headers()[ETAG])));
    assert_eq!((known.status(), known.headers().contains_key(VARY)), (StatusCode::NOT_MODIFIED, false));
}

#[test]
fn after_an_edit_the_other_files_are_shared() {
    let snapshot = static_site::snapshot(&[]);
    let site = static_site::site(snapshot.clone());
    let old = StaticFiles::new(&site).unwrap();
    let revise = |change: fn(&mut Snapshot), names: &[&str]| {
        let mut snapshot = snapshot.clone();
        change(&mut snapshot);
        let assets: BTreeSet<String> = names.iter().map(|name| name.to_string()).collect();
        let changed = Changed { settings: true, assets, ..Changed::default() };
        let settings = crate::site::Settings::load(&snapshot, crate::site::Outside::default()).unwrap();
        let site = site.revised(&snapshot, &changed, settings, &|_| ()).unwrap();
        old.revised(&site, &changed.assets).unwrap()
    };
    let shared =
        |new: &StaticFiles| new.files.iter().filter(|file| old.files.iter().any(|old| Arc::ptr_eq(old, file))).count();
    let edited = revise(|snapshot| snapshot.assets.to_mut()[4].body = b"new".into(), &["static/css/site.css"]);
    assert_eq!((&answered(get(&edited, FILE)).body()[..], shared(&edited)), (&b"new"[..], 6));
    let fewer = revise(|snapshot| drop(snapshot.assets.to_mut().remove(0)), &["help/index.html"]);
    assert_eq!((&answered(get(&fewer, "/static/a%20b.css")).body()[..], shared(&fewer)), (&b"0123456789"[..], 6));
    let aged = revise(
        |snapshot| snapshot.settings.to_mut().push(static_site::setting("static.max_age", Value::Integer(60))),
        &[],
    );
    assert_eq!(
        (&answered(get(&aged, FILE)).headers()[CACHE_CONTROL], shared(&aged)),
        (&HeaderValue::from_static("public, max-age=60"), 0)
    );
}
