//! The site's Content-Security-Policy, amended so far that the script of live reload and its event stream are admitted, and no further
//! (Content Security Policy Level 3): what a policy would break in production it breaks in development too.
//!
//! A directive that counts for more than our script is never changed. Beside `script-src` or `default-src` comes a `script-src-elem`
//! with the same sources and ours, beside `default-src` a `connect-src`; so nothing else gains what is added.

use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderMap, HeaderValue};

/// What must be admitted: the addresses as sources, and a nonce for where addresses do not count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'w> {
    /// Host, and port if any, of the request.
    pub(super) host: &'w str,
    /// Path of the script.
    pub(super) script: &'w str,
    /// Path of the event stream.
    pub(super) events: &'w str,
    /// A nonce that nobody can guess.
    pub(super) nonce: &'w str,
}

/// Admits what is wanted by all policies of an answer. Gives the nonce that the script's tag must carry, if any.
pub(super) fn admit(headers: &mut HeaderMap, wanted: Wanted<'_>) -> Option<String> {
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        return None;
    }
    let lines: Option<Vec<&str>> =
        headers.get_all(CONTENT_SECURITY_POLICY).iter().map(|line| std::str::from_utf8(line.as_bytes()).ok()).collect();
    let mut policies: Vec<Policy> = lines?.iter().flat_map(|line| line.split(',')).map(Policy::parse).collect();
    policies.retain(|policy| !policy.directives.is_empty());
    // One tag carries one nonce, so that of the first policy that has one counts for all.
    let known = policies.iter().find_map(|policy| policy.sources(&SCRIPT)?.nonce());
    let nonce = known.map_or_else(|| wanted.nonce.to_string(), str::to_string);
    let mut is_needed = false;
    for policy in &mut policies {
        is_needed |= policy.admit_script(wanted, &nonce);
        policy.admit_address(&CONNECT, wanted.host, wanted.events);
    }
    headers.remove(CONTENT_SECURITY_POLICY);
    for policy in policies {
        let line = HeaderValue::try_from(policy.to_string());
        headers.append(CONTENT_SECURITY_POLICY, line.expect("made of what was a value, of hosts and of base 64"));
    }
    is_needed.then_some(nonce)
}

/// Directives that decide about something: the first that a policy has counts (section 6.8.4).
const SCRIPT: [&str; 3] = ["script-src-elem", "script-src", "default-src"];
const CONNECT: [&str; 2] = ["connect-src", "default-src"];

/// One policy: directives with their sources.
struct Policy {
    directives: Vec<(String, Sources)>,
}

#[derive(Clone)]
struct Sources(Vec<String>);

impl Policy {
    fn parse(text: &str) -> Policy {
        let directives = text.split(';').filter_map(|directive| {
            let mut tokens = directive.split_ascii_whitespace().map(str::to_string);
            Some((tokens.next()?, Sources(tokens.collect())))
        });
        Policy { directives: directives.collect() }
    }

    /// The place of the directive that decides; none where everything is admitted.
    fn deciding(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.directives.iter().position(|(known, _)| known.eq_ignore_ascii_case(name)))
    }

    fn sources(&self, names: &[&str]) -> Option<&Sources> {
        self.deciding(names).map(|place| &self.directives[place].1)
    }

    /// Adds a source for what the first of the names decides about, and for nothing else.
    fn add(&mut self, names: &[&str], source: String) {
        let Some(place) = self.deciding(names) else { return };
        let (name, sources) = &mut self.directives[place];
        if name.eq_ignore_ascii_case(names[0]) {
            sources.add(source);
        } else {
            let mut own = sources.clone();
            own.add(source);
            self.directives.push((names[0].to_string(), own));
        }
    }

    /// Whether the tag needs the nonce.
    fn admit_script(&mut self, wanted: Wanted<'_>, nonce: &str) -> bool {
        let Some(sources) = self.sources(&SCRIPT) else { return false };
        if sources.nonces().any(|known| known == nonce) {
            return true;
        }
        // Addresses do not count there, and neither does 'unsafe-inline', which a nonce would switch off.
        if sources.has("'strict-dynamic'") {
            self.add(&SCRIPT, format!("'nonce-{nonce}'"));
            return true;
        }
        self.admit_address(&SCRIPT, wanted.host, wanted.script);
        false
    }

    fn admit_address(&mut self, names: &[&str], host: &str, path: &str) {
        if self.sources(names).is_some_and(|sources| !sources.admits(host, path)) {
            self.add(names, source(host, path));
        }
    }
}

impl Sources {
    fn has(&self, keyword: &str) -> bool {
        self.0.iter().any(|source| source.eq_ignore_ascii_case(keyword))
    }

    fn add(&mut self, source: String) {
        // It counts only where it stands alone.
        self.0.retain(|known| !known.eq_ignore_ascii_case("'none'"));
        self.0.push(source);
    }

    fn nonces(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|source| {
            let (start, rest) = source.split_at_checked("'nonce-".len())?;
            let value = rest.strip_suffix('\'').filter(|value| !value.is_empty())?;
            let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=');
            (start.eq_ignore_ascii_case("'nonce-") && value.bytes().all(is_base64)).then_some(value)
        })
    }

    fn nonce(&self) -> Option<&str> {
        self.nonces().next()
    }

    /// Whether an address of this site is admitted for certain.
    fn admits(&self, host: &str, path: &str) -> bool {
        self.0.iter().any(|source| match source.to_ascii_lowercase().as_str() {
            "*" | "'self'" | "http:" => true,
            _ => admits(source, host, path),
        })
    }
}

/// Whether a source with a host admits an address of this site (section 6.7.2.8). One with a pattern in it may admit more than is
/// seen here; then the address is named once more.
fn admits(source: &str, host: &str, path: &str) -> bool {
    let rest = source
        .split_once("://")
        .map_or(Some(source), |(scheme, rest)| scheme.eq_ignore_ascii_case("http").then_some(rest));
    let Some(rest) = rest else { return false };
    let (source_host, source_path) = rest.find('/').map_or((rest, ""), |start| rest.split_at(start));
    let is_path =
        source_path.is_empty() || source_path == path || source_path.ends_with('/') && path.starts_with(source_path);
    source_host.eq_ignore_ascii_case(host) && is_path
}

/// An address of this site as a source. Over TLS `http:` admits `https:` too. A host that cannot be written as a source (an IPv6
/// address; whatever else a client may send) is met by `'self'` alone.
fn source(host: &str, path: &str) -> String {
    let is_plain = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
    let is_path = path.bytes().all(|byte| byte.is_ascii_graphic() && !b",;'\"".contains(&byte));
    if is_plain && is_path { format!("http://{host}{path}") } else { "'self'".to_string() }
}

impl std::fmt::Display for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (number, (name, sources)) in self.directives.iter().enumerate() {
            let separator = if number > 0 { "; " } else { "" };
            write!(f, "{separator}{name}")?;
            sources.0.iter().try_for_each(|source| write!(f, " {source}"))?;
        }
        Ok(())
    }
}
