use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};

use super::*;
use crate::controller::{Dispatch, controller};
use crate::http::Response;
use crate::server::tests::static_site;
use crate::server::{Peer, Pipeline, Serving};
use crate::site::Context;
use crate::snapshot::{Inline, Language, Limits, Links, Path, Place, Route, Snapshot, Table, Template, Text, Value};

fn route(name: &'static str, file: &'static str) -> Route {
    Route {
        name: name.into(),
        paths: vec![Path { language: None, pattern: format!("/{name}").into() }].into(),
        controller: name.into(),
        middleware: Vec::new().into(),
        host: None,
        methods: Some(vec![Text::Borrowed("GET")].into()),
        requirements: Vec::new().into(),
        language: None,
        limits: Limits::default(),
        place: Place { file: file.into(), line: 3, column: 1 },
    }
}

fn template(name: &'static str, source: &'static str, links: Links) -> Template {
    Template { name: name.into(), source: source.into(), links, inline: Inline::NONE }
}

/// A site with routes of two files; `mute` shows a template without messages, `spoken` one whose parent has one.
fn snapshot() -> Snapshot {
    let speaking = Links { has_messages: true, ..Links::NONE };
    let child = Links { templates: vec![Text::Borrowed("base.html")].into(), ..Links::NONE };
    let messages = Table::Static(&[("hello", "Hello")]);
    Snapshot {
        settings: vec![static_site::setting("environment.is_prod", Value::Bool(false))].into(),
        routes: vec![route("mute", "routes/a.yaml"), route("spoken", "routes/b/c.yaml")].into(),
        languages: vec![Language { code: "en".into(), messages }].into(),
        templates: vec![
            template("base.html", "{{ 'hello'|trans }}{% block body %}{% endblock %}", speaking),
            template("mute.html", "nothing", Links::NONE),
            template("spoken.html", "{% extends 'base.html' %}", child),
        ]
        .into(),
        ..static_site::snapshot(&[])
    }
}

fn site(broken: &[&str]) -> Arc<Site> {
    let mut site = Arc::into_inner(static_site::site(snapshot())).unwrap();
    site.broken = broken.iter().map(|file| Problem::error(*file, "cannot be read")).collect();
    Arc::new(site)
}

/// The status of an address, and the files of the mistakes that are its reason.
async fn ask(broken: &[&str], target: &str) -> (u16, String) {
    let dispatch = Dispatch::new(
        ["mute", "spoken"]
            .map(|name| (name, controller(move || Response::render(format!("{name}.html"), Context::new())))),
        [],
    );
    let pipeline = Pipeline::new(Serving::new(site(broken), &dispatch).unwrap(), static_site::process());
    let parts = Request::get(target).header("host", "a").body(()).unwrap().into_parts().0;
    let answer = pipeline.answer_whole(parts, Full::new(Bytes::new()), Peer { address: None }).await;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn pages_of_a_site_without_broken_files_are_shown() {
    assert_eq!(ask(&[], "/mute").await, (200, "nothing".to_string()));
    assert_eq!(ask(&[], "/spoken").await, (200, "Hello".to_string()));
    assert_eq!(ask(&[], "/none").await.0, 404);
}

#[tokio::test]
async fn a_broken_file_hinders_the_pages_that_it_has_to_do_with() {
    for (file, mute, spoken, none) in [
        ("config/app.yaml", 500, 500, 500),
        ("settings.yaml", 500, 500, 500),
        ("routes/a.yaml", 500, 200, 500),
        ("routes/b/c.yaml", 200, 500, 500),
        ("routes/d.yaml", 200, 200, 500),
        ("i18n/en/a.yaml", 200, 500, 404),
        ("static/a.css", 200, 200, 404),
        ("routes.yaml", 200, 200, 404),
    ] {
        for (target, status) in [("/mute", mute), ("/spoken", spoken), ("/none", none)] {
            let (answered, page) = ask(&[file], target).await;
            assert_eq!(answered, status, "{file} {target}");
            assert_eq!(page.contains(&format!(">{file}</span>")), status == 500, "{file} {target}");
        }
    }
}

#[tokio::test]
async fn only_the_mistakes_that_hinder_a_page_are_its_reason() {
    let (_, page) = ask(&["i18n/en/a.yaml", "routes/b/c.yaml", "static/a.css"], "/spoken").await;
    assert!(page.contains("routes/b/c.yaml") && !page.contains("static/a.css"), "{page}");
}

#[test]
fn paths_of_settings_may_be_written_in_several_ways() {
    for (path, folder, expected) in [
        ("routes/a.yaml", "./routes/", true),
        ("a/routes/b.yaml", "a//routes", true),
        ("routes.yaml", "routes.yaml", true),
        ("routes2/a.yaml", "routes", false),
        ("routes", "routes/a", false),
    ] {
        assert_eq!(lies_in(path, folder), expected, "{path} {folder}");
    }
}
