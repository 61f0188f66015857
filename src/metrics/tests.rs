//! Counting, and the limits of what can be counted.

use std::time::Duration;

use super::requests::Route;
use super::*;

/// What was counted for a route.
fn counts(route: &Route) -> Vec<(&'static str, String, u64)> {
    route.counts().collect()
}

fn of(method: &'static str, status: &str, count: u64) -> (&'static str, String, u64) {
    (method, status.to_string(), count)
}

#[test]
fn requests_are_counted_by_route_method_and_status() {
    let requests = Requests::default();
    let table = requests.table(["home", "shop"]);
    let shop = table.route(1).unwrap();
    shop.count("GET", Some(200), Duration::from_millis(3));
    shop.count("GET", Some(200), Duration::from_millis(3));
    shop.count("POST", Some(303), Duration::from_secs(60));
    assert_eq!(counts(shop), [of("GET", "200", 2), of("POST", "303", 1)]);
    assert_eq!(counts(table.route(0).unwrap()), []);
    assert!(table.route(2).is_none());
    let names: Vec<_> = requests.routes().iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, ["(filters)", "(health)", "(static)", "(unrouted)", "home", "shop"]);
}

#[test]
fn a_site_with_other_routes_goes_on_counting_by_name() {
    let requests = Requests::default();
    requests.table(["home", "shop"]).route(1).unwrap().count("GET", Some(200), Duration::ZERO);
    let reloaded = requests.table(["news", "shop", "home"]);
    reloaded.route(1).unwrap().count("GET", Some(200), Duration::ZERO);
    assert_eq!(counts(reloaded.route(1).unwrap()), [of("GET", "200", 2)]);
    assert_eq!(requests.routes().len(), 4 + 3);
}

#[test]
fn a_client_cannot_make_up_labels() {
    let route = Route::default();
    for method in ["BREW", "PROPFIND", "get", ""] {
        route.count(method, Some(405), Duration::ZERO);
    }
    for status in 100..=999 {
        route.count("GET", Some(status), Duration::ZERO);
    }
    route.count("POST", None, Duration::ZERO);
    let counts = counts(&route);
    assert!(counts.contains(&of("POST", "none", 1)), "{counts:?}");
    assert!(counts.contains(&of("other", "405", 4)), "{counts:?}");
    let statuses: Vec<_> = counts.iter().filter(|(method, ..)| *method == "GET").collect();
    assert_eq!(statuses.len(), 63);
    assert!(statuses.contains(&&of("GET", "404", 1)));
    assert!(statuses.contains(&&of("GET", "other", 400)), "{statuses:?}");
    let sum: u64 = statuses.iter().map(|(.., count)| count).sum();
    assert_eq!(sum, 900);
}

#[test]
fn a_time_falls_into_the_bucket_whose_bound_it_does_not_exceed() {
    let histogram = Histogram::default();
    for time in [Duration::ZERO, Duration::from_micros(500), Duration::from_nanos(500_001), Duration::from_secs(11)] {
        histogram.observe(time);
    }
    let times = histogram.times();
    assert_eq!(times.count, 4);
    assert_eq!(times.buckets[0], (0.0005, 2));
    assert_eq!(times.buckets[1], (0.001, 1));
    assert_eq!(times.buckets.last(), Some(&(f64::INFINITY, 1)));
    assert!((times.sum - 11.001).abs() < 0.0001, "{}", times.sum);
}

#[test]
fn bounds_in_seconds_and_in_nanoseconds_are_the_same() {
    let histogram = Histogram::default();
    for bound in histogram::BOUNDS {
        histogram.observe(Duration::from_secs_f64(bound));
    }
    assert!(histogram.times().buckets.iter().all(|(bound, count)| *count == u64::from(bound.is_finite())));
}

#[test]
fn many_threads_count_at_the_same_time() {
    let requests = Requests::default();
    let route = Arc::clone(requests.table(["home"]).route(0).unwrap());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..1000).for_each(|_| route.count("GET", Some(200), Duration::ZERO)));
        }
    });
    assert_eq!(counts(&route), [of("GET", "200", 4000)]);
}

#[cfg(feature = "metrics")]
#[test]
fn the_format_is_the_one_that_is_asked_for() {
    use exposition::{Format, expose};
    assert_eq!(Format::for_accept(""), Format::OpenMetrics);
    assert_eq!(Format::for_accept("*/*"), Format::OpenMetrics);
    let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    assert_eq!(Format::for_accept(prometheus), Format::OpenMetrics);
    assert_eq!(Format::for_accept("text/plain"), Format::Prometheus);
    let metrics = Arc::new(Metrics::default());
    metrics.requests.of(&Group::Static).count("GET", Some(304), Duration::ZERO);
    let gathered = Gathered { name: "a \"site\"\n".to_string(), ..Gathered::default() };
    let open = expose(Arc::clone(&metrics), gathered.clone(), Format::OpenMetrics);
    assert!(
        open.contains("kalgan_http_requests_total{route=\"(static)\",method=\"GET\",status=\"304\"} 1\n"),
        "{open}"
    );
    assert!(open.contains("kalgan_build_info{name=\"a \\\"site\\\"\\n\","), "{open}");
    assert!(open.ends_with("# EOF\n"), "{open}");
    let old = expose(metrics, gathered, Format::Prometheus);
    assert!(old.contains("kalgan_http_requests_total{route=\"(static)\",method=\"GET\",status=\"304\"} 1\n"), "{old}");
    assert!(!old.contains("# EOF"), "{old}");
}
