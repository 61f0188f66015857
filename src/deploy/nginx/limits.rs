//! How much and how long: the site's limits, and a location for each route that has others.
//!
//! NGINX chooses a location by the path alone. So one allows as much as any route that a path of it may be of, whatever its method or host:
//! the site itself holds each request to its own route's limits, and NGINX must never refuse what the site would take.

use super::pattern::Pattern;
use crate::error::Error;
use crate::site::Settings;
use crate::snapshot::{Limits, Route, Text};

/// By how many seconds NGINX waits longer than the site, so that the site's own answer is what the visitor gets.
const LONGER: u64 = 5;

/// What NGINX waits for a route that has no limit; it knows no "never".
const DAYS: &str = "24d";

/// How many seconds NGINX waits where `server.request_timeout` is 0. A process that hangs must not hold connections of all pages for days; a
/// route that may be silent for longer says so by a `request_timeout` of its own, 0 too.
const HOUR: u64 = 3600;

/// How many seconds a process may need beyond `server.shutdown_timeout` until the next one answers: hooks and tasks at the stop
/// (`WINDING_UP` of the unit), then the start.
const RESTART: u64 = 20;

/// The methods that NGINX may decide about itself: those that change nothing, and those that it never sends again by itself.
pub(super) const AS_USUAL: [&str; 6] = ["GET", "HEAD", "OPTIONS", "POST", "PATCH", "LOCK"];

/// Statuses that nobody is told: by `error_page` they lead all other methods to where nothing is sent again, the second without holding
/// the body first.
pub(super) const ONCE: u16 = 590;
pub(super) const ONCE_STREAMED: u16 = 591;

/// What requests may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowed {
    pub(super) body: u64,
    /// How many seconds NGINX waits, 0 for no limit.
    pub(super) time: u64,
    /// How many it waits at least: requests wait at the socket while a process restarts, however short they take afterwards.
    pub(super) least: u64,
}

/// A path whose requests may take something else than others.
#[derive(Debug)]
pub(super) struct Special<'r> {
    route: &'r Route,
    pattern: Pattern,
    allowed: Allowed,
    streams: bool,
}

impl Allowed {
    /// What the settings allow all requests.
    pub(super) fn of(settings: &Settings) -> Result<Self, Error> {
        let least = settings.get::<u64>("server.shutdown_timeout")? + RESTART;
        let allowed = Allowed { body: settings.get("server.max_body_size")?, time: 0, least };
        let time = match settings.get("server.request_timeout")? {
            0 => HOUR.max(least),
            seconds => allowed.waits(seconds),
        };
        Ok(Allowed { time, ..allowed })
    }

    /// How long NGINX waits for what the site takes so many seconds for at most.
    fn waits(self, seconds: u64) -> u64 {
        if seconds == 0 { 0 } else { self.least.max(seconds + LONGER) }
    }

    /// What a route allows. One that only shows something takes no body, whatever the settings say of all.
    fn of_route(self, route: &Route) -> Self {
        let limits = &route.limits;
        let shows = |method: &Text| matches!(&**method, "GET" | "HEAD" | "OPTIONS");
        let only_shows = route.methods.as_ref().is_some_and(|methods| methods.iter().all(shows));
        let default = if only_shows { 0 } else { self.body };
        let time = limits.request_timeout.map_or(self.time, |seconds| self.waits(seconds));
        Allowed { body: limits.max_body_size.unwrap_or(default), time, ..self }
    }

    fn or(self, other: Allowed) -> Self {
        let time = if self.time == 0 || other.time == 0 { 0 } else { self.time.max(other.time) };
        Allowed { body: self.body.max(other.body), time, ..self }
    }

    /// The directives that differ from what holds for all locations.
    pub(super) fn lines(self, common: Allowed) -> String {
        let mut text = String::new();
        if self.body != common.body {
            text.push_str(&format!("        client_max_body_size {};\n", self.size()));
        }
        if self.time != common.time {
            let patience = self.patience();
            text.push_str(&format!("        proxy_read_timeout {patience};\n        proxy_send_timeout {patience};\n"));
        }
        text
    }

    /// `client_max_body_size`. A site that takes no body at all says so itself, because 0 is no limit here.
    pub(super) fn size(self) -> String {
        const K: u64 = 1024;
        match self.body.max(1) {
            bytes if bytes.is_multiple_of(K * K) => format!("{}m", bytes / (K * K)),
            bytes if bytes.is_multiple_of(K) => format!("{}k", bytes / K),
            bytes => bytes.to_string(),
        }
    }

    /// `proxy_read_timeout` and `proxy_send_timeout`.
    pub(super) fn patience(self) -> String {
        match self.time {
            0 => DAYS.to_string(),
            seconds => format!("{seconds}s"),
        }
    }
}

/// The paths of all routes with limits of their own, in the order of the routes. Hosts that NGINX does not answer for count no less: what
/// they allow on a path, they allow in vain.
pub(super) fn special<'r>(routes: &'r [Route], common: Allowed) -> Vec<Special<'r>> {
    let patterns = |route: &'r Route| route.paths.iter().map(move |path| Pattern::new(route, &path.pattern));
    let all: Vec<(Pattern, &Route)> =
        routes.iter().flat_map(|route| patterns(route).map(move |pattern| (pattern, route))).collect();
    let mut found: Vec<Special<'r>> = Vec::new();
    for (pattern, route) in all.iter().filter(|(_, route)| route.limits != Limits::default()) {
        let meeting = all.iter().filter(|(other, _)| other.may_meet(pattern));
        let allowed = meeting.map(|(_, route)| common.of_route(route)).reduce(Allowed::or).unwrap_or(common);
        let is_known = found.iter().any(|known| known.pattern.location("") == pattern.location(""));
        if allowed != common && !is_known {
            let streams = allowed.body > common.body && allowed.time == 0;
            found.push(Special { route, pattern: pattern.clone(), allowed, streams });
        }
    }
    found
}

/// The most that any route allows which takes a method that is sent once and no more.
pub(super) fn once(routes: &[Route], common: Allowed) -> Allowed {
    let is_other = |method: &Text| !AS_USUAL.contains(&&**method);
    let others =
        routes.iter().filter(|route| route.methods.as_ref().is_none_or(|methods| methods.iter().any(is_other)));
    others.map(|route| common.of_route(route)).fold(common, Allowed::or)
}

/// Whether a path may be of a route with limits of its own.
pub(crate) fn may_be_limited(routes: &[Route], path: &str) -> bool {
    let path = Pattern::of_path(path);
    let is_it = |route: &Route| route.paths.iter().any(|own| Pattern::new(route, &own.pattern).may_meet(&path));
    routes.iter().any(|route| route.limits != Limits::default() && is_it(route))
}

impl Special<'_> {
    /// By which status a request leaves the location that is sent once and no more.
    pub(super) fn once(&self) -> u16 {
        if self.streams { ONCE_STREAMED } else { ONCE }
    }

    /// The location's first line.
    pub(super) fn head(&self, mount: &str) -> String {
        format!("    location {} {{", self.pattern.location(mount))
    }

    /// The location, with what every location of the site has in it.
    pub(super) fn location(&self, common: Allowed, mount: &str, pass: &str) -> String {
        let mut text = format!("    # Route `{}`.\n", super::comment(&self.route.name));
        text.push_str(&format!("{}\n", self.head(mount)));
        text.push_str(&self.allowed.lines(common));
        if self.streams {
            text.push_str(
                "        # Large bodies without a time limit are streamed: they need not lie on this server's disk first.\n        \
                 proxy_request_buffering off;\n",
            );
        }
        text.push_str(&format!("{pass}\n    }}\n"));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Path;

    const COMMON: Allowed = Allowed { body: 1000, time: 65, least: 0 };

    fn route(path: &'static str, body: Option<u64>, time: Option<u64>) -> Route {
        Route {
            name: path.into(),
            paths: vec![Path { language: None, pattern: path.into() }].into(),
            host: None,
            controller: "c".into(),
            middleware: Vec::new().into(),
            methods: None,
            requirements: Vec::new().into(),
            language: None,
            limits: Limits { max_body_size: body, request_timeout: time },
            place: Default::default(),
        }
    }

    fn texts(routes: &[Route]) -> Vec<String> {
        special(routes, COMMON)
            .iter()
            .map(|special| special.location(COMMON, "", "        proxy_pass http://x;"))
            .collect()
    }

    #[test]
    fn a_route_with_limits_has_a_location_and_others_have_none() {
        let found = texts(&[route("/a", Some(2048), Some(5)), route("/b", None, None)]);
        assert_eq!(found.len(), 1);
        for line in ["location = /a {", "client_max_body_size 2k;", "proxy_read_timeout 10s;", "proxy_pass http://x;"] {
            assert!(found[0].contains(line), "{line}: {}", found[0]);
        }
        assert!(!found[0].contains("buffering"));
    }

    #[test]
    fn nginx_never_refuses_what_another_route_of_the_path_takes() {
        // The stricter one comes first, and a request that is not its own goes to the other.
        assert!(texts(&[route("/a/{id}", Some(10), None), route("/{x}/{y}", None, None)]).is_empty());
        let found = texts(&[route("/a/{id}", Some(10), None), route("/{x}/{y}", Some(5000), Some(0))]);
        assert!(
            found.iter().all(|text| text.contains("client_max_body_size 5000;") && text.contains(DAYS)),
            "{found:?}"
        );
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_form_and_its_page_have_the_limit_of_the_form() {
        let page = Route { methods: Some(vec!["GET".into()].into()), ..route("/form", None, None) };
        let form =
            Route { name: "send".into(), methods: Some(vec!["POST".into()].into()), ..route("/form", Some(500), None) };
        let found = texts(&[page, form]);
        assert!(found.len() == 1 && found[0].contains("client_max_body_size 500;"), "{found:?}");
    }

    #[test]
    fn a_path_is_limited_by_the_routes_that_it_may_be_of() {
        let routes = [route("/", Some(10), None), route("/a/{id}", None, Some(10)), route("/b", None, None)];
        assert_eq!(
            ["/", "/a/1", "/b", "/a", "/c"].map(|path| may_be_limited(&routes, path)),
            [true, true, false, false, false]
        );
        assert!(may_be_limited(&[route("/{any}", Some(10), None)], "/"), "where it is not easily told");
    }

    #[test]
    fn what_is_sent_once_has_the_limits_of_the_routes_that_may_take_it() {
        let of = |method: &'static str, route: Route| Route { methods: Some(vec![method.into()].into()), ..route };
        let shows = of("GET", route("/events", None, Some(0)));
        let sends = of("POST", route("/form", Some(9000), None));
        assert_eq!(once(&[shows, sends], COMMON), COMMON);
        let found = once(&[of("PUT", route("/a", Some(5000), None)), route("/b", None, Some(300))], COMMON);
        assert_eq!((found.body, found.time), (5000, 305));
        assert_eq!(once(&[of("DELETE", route("/a", Some(10), Some(1)))], COMMON), COMMON, "never less than others");
    }

    /// A request may wait for a whole restart, though the site answers quickly once it runs.
    #[test]
    fn nginx_waits_no_less_than_a_restart_may_take() {
        let common = Allowed { least: 50, ..COMMON };
        let text = |time| {
            let routes = [route("/a", Some(2048), Some(time))];
            special(&routes, common).iter().map(|special| special.location(common, "", "")).collect::<String>()
        };
        assert!(text(5).contains("proxy_read_timeout 50s;"), "{}", text(5));
        assert!(text(300).contains("proxy_read_timeout 305s;"), "{}", text(300));
        assert!(text(0).contains(DAYS), "{}", text(0));
    }

    #[test]
    fn none_and_nothing_are_not_mixed_up() {
        assert_eq!(Allowed { body: 0, ..COMMON }.size(), "1");
        assert_eq!(Allowed { body: 10 << 20, ..COMMON }.size(), "10m");
        assert_eq!(Allowed { time: 0, ..COMMON }.patience(), DAYS);
        assert!(texts(&[route("/a", Some(9000), Some(0))])[0].contains("proxy_request_buffering off;"));
    }
}
