//! The router against a plain one that walks all routes with one anchored expression each, on random routes and paths.

use super::*;

/// Requirements as written, and as an expression without anchors; nothing is the default.
const REQUIREMENTS: &[(&str, &str)] = &[
    ("", "[^/]+"),
    ("[0-9]+", "[0-9]+"),
    ("^[a-c]*$", "[a-c]*"),
    ("en|es", "en|es"),
    (".+", ".+"),
    ("(a|b/c)?", "(?:a|b/c)?"),
    (r"\w{1,2}", r"\w{1,2}"),
    ("[^a]+", "[^a]+"),
];

const LITERALS: &[&str] = &["", "", "", "a", "b", "en", "a-", "é"];

const METHODS: &[&str] = &["GET", "POST", "HEAD", "OPTIONS"];

/// A small generator with a fixed seed (Knuth's MMIX), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    fn route(&mut self) -> Route {
        let mut pattern = String::new();
        let mut requirements = Vec::new();
        for _ in 0..=self.below(3) {
            pattern.push('/');
            for _ in 0..=self.below(2) {
                pattern.push_str(self.pick(LITERALS));
                if self.below(2) == 0 {
                    let name = format!("p{}", requirements.len());
                    pattern.push_str(&format!("{{{name}}}"));
                    requirements.push((Text::Owned(name), Text::Borrowed(self.pick(REQUIREMENTS).0)));
                }
            }
        }
        requirements.retain(|(_, text)| !text.is_empty());
        let methods = (self.below(2) == 0).then(|| vec![Text::Borrowed(self.pick(METHODS))].into());
        let language = (self.below(4) == 0).then_some(Text::Borrowed("p0"));
        let path = Path { language: None, pattern: pattern.into() };
        let name = self.below(1_000_000).to_string();
        Route {
            name: name.into(),
            paths: vec![path].into(),
            methods,
            language,
            requirements: requirements.into(),
            ..route("", "")
        }
    }

    fn path(&mut self) -> String {
        let units = ["a", "b", "en", "es", "1", "-", "/", "/", "/", "%2F", "%C3%A9", "c", ""];
        let body: String = (0..self.below(7)).map(|_| self.pick(&units)).collect();
        format!("/{body}")
    }
}

/// The meaning of a route in one expression.
fn expression(route: &Route) -> regex::Regex {
    let mut text = String::from("^");
    for piece in crate::pattern::pieces(&route.paths[0].pattern) {
        match piece {
            crate::pattern::Piece::Literal(literal) => text.push_str(&regex::escape(literal)),
            crate::pattern::Piece::Parameter(name) => {
                let written = route.requirements.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text);
                let plain = REQUIREMENTS.iter().find(|(known, _)| *known == written).unwrap().1;
                text.push_str(&format!("(?P<{name}>{plain})"));
            }
        }
    }
    regex::Regex::new(&(text + "$")).unwrap()
}

/// What walking all routes gives, as one line.
fn walked(routes: &[(Route, regex::Regex)], method: &str, path: &str) -> String {
    let slash = '\u{FFFF}';
    let decoded = path.replace("%2F", &slash.to_string()).replace("%C3%A9", "é");
    let mut allow: Vec<&str> = Vec::new();
    for (route, expression) in routes {
        let Some(groups) = expression.captures(&decoded) else { continue };
        let names: Vec<&str> = expression.capture_names().flatten().collect();
        let values: Vec<String> = names.iter().map(|name| groups[*name].replace(slash, "/")).collect();
        let by_parameter = route.language.is_some() && !names.is_empty();
        if by_parameter && !["en", "es"].contains(&values[0].as_str()) {
            continue;
        }
        let allowed: Vec<&str> = route.methods.iter().flat_map(|methods| methods.iter()).map(|name| &**name).collect();
        if route.methods.is_none() || allowed.contains(&method) || (method == "HEAD" && allowed.contains(&"GET")) {
            let parameters: String =
                names.iter().zip(&values).map(|(name, value)| format!(" {name}={value}")).collect();
            let literal = || route.language.as_ref().map(|language| format!(" [{language}]")).unwrap_or_default();
            let language = if by_parameter { format!(" [{}]", values[0]) } else { literal() };
            return format!("{}{parameters}{language}", route.name);
        }
        allow.extend(allowed.iter().flat_map(|name| if *name == "GET" { vec!["GET", "HEAD"] } else { vec![*name] }));
    }
    if allow.is_empty() {
        return "-".to_string();
    }
    allow.push("OPTIONS");
    let mut seen = Vec::new();
    allow.retain(|name| {
        !seen.contains(name) && {
            seen.push(*name);
            true
        }
    });
    format!("allow {}", allow.join(", "))
}

#[test]
fn random_routes_answer_as_walking_them_would() {
    let mut random = Random(20);
    let mut matched = 0;
    for round in 0..120 {
        let routes: Vec<Route> = (0..=random.below(15)).map(|_| random.route()).collect();
        let router = router(&routes);
        let routes: Vec<_> = routes.into_iter().map(|route| (route.clone(), expression(&route))).collect();
        for _ in 0..100 {
            let (path, method) = (random.path(), random.pick(METHODS));
            let expected = walked(&routes, method, &path);
            let patterns = || routes.iter().map(|(route, _)| &route.paths[0].pattern).collect::<Vec<_>>();
            assert_eq!(found(&router, method, &path), expected, "{method} {path} of {:?}", patterns());
            let answers = expected != "-" && !expected.starts_with("allow");
            matched += usize::from(answers);
            // Explaining compiles expressions, so it is compared less often.
            if round % 20 == 0 {
                let steps = router.explain(&Method::from_bytes(method.as_bytes()).unwrap(), "localhost", &path);
                let explained = steps.iter().any(|step| step.outcome == Outcome::Answers);
                assert_eq!(explained, answers, "{method} {path} of {:?}", patterns());
            }
        }
    }
    assert!(matched > 1_000, "random paths must often match something, not {matched} times");
}
