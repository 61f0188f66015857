//! Times look-ups among 10, 100 and 1,000 routes: a look-up must not depend on how many there are.
//!
//! `cargo bench --bench router`

use std::borrow::Cow;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use http::Method;
use kalgan::site::Router;
use kalgan::snapshot::{Limits, Path, Place, Route, Text};

/// A route such as a site has: a third literal, a third with a parameter, a third with a requirement.
fn route(number: usize) -> Route {
    let (pattern, requirements) = match number % 3 {
        0 => (format!("/section-{number}/about"), Vec::new()),
        1 => (format!("/section-{number}/{{slug}}"), Vec::new()),
        _ => (format!("/section-{number}/{{id}}/edit"), vec![(Text::Borrowed("id"), Text::Borrowed("[0-9]+"))]),
    };
    Route {
        name: format!("route-{number}").into(),
        paths: vec![Path { language: None, pattern: pattern.into() }].into(),
        controller: Cow::Borrowed("page_controller::show"),
        middleware: Cow::Borrowed(&[]),
        host: None,
        methods: Some(vec![Text::Borrowed("GET")].into()),
        requirements: requirements.into(),
        language: None,
        limits: Limits::default(),
        place: Place::default(),
    }
}

/// An address that the route of that number answers.
fn address(number: usize) -> String {
    let end = ["about", "some-slug", "1234/edit"][number % 3];
    format!("/section-{number}/{end}")
}

fn look_ups(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("router");
    for count in [10, 100, 1_000] {
        let routes: Vec<Route> = (0..count).map(route).collect();
        let router = Router::new(&routes, &["en", "es"]).expect("the routes above are right");
        let literal = count / 2 / 3 * 3;
        let cases = [
            ("first", address(0)),
            ("literal in the middle", address(literal)),
            ("parameter in the middle", address(literal + 1)),
            ("requirement in the middle", address(literal + 2)),
            ("last", address(count - 1)),
            ("miss", "/section-x/about".to_string()),
        ];
        for (name, path) in cases {
            let id = BenchmarkId::new(name, count);
            group.bench_with_input(id, &path, |bencher, path| {
                bencher.iter(|| black_box(router.find(&Method::GET, "localhost", black_box(path))));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, look_ups);
criterion_main!(benches);
