//! NGINX's file of the site, held against what the site itself does.
//!
//! The file is read as NGINX reads it ([`parse`]); which of its directives count for a request is found as NGINX finds it ([`site`]).

mod measures;
mod parse;
mod site;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::{Examination, Trouble};
use crate::deploy;
use crate::snapshot::{Route, Text};
use measures::{size, time, trusts};
use site::{Place, Site};

/// What NGINX takes where nobody says: `client_max_body_size` and the times for proxies and for idle connections to them.
const BODY_SIZE: &str = "1m";
const TIMEOUT: &str = "60s";

/// Whether there is a file that the other checks can look at.
pub(super) fn is_there(examination: &Examination) -> bool {
    found(examination).is_some()
}

/// Whether there is a file, and it can be read.
pub(super) fn file(examination: &Examination) -> Vec<Trouble> {
    match Site::find(examination) {
        Ok(Some(site)) if site.servers().is_empty() => {
            let found = format!("no `server` in `{}` hands requests to the site", site.path.display());
            vec![Trouble::problem(found, "print one with `deploy nginx`")]
        }
        Ok(Some(_)) => Vec::new(),
        Err(trouble) => vec![trouble],
        Ok(None) => {
            let found = format!("no file of NGINX has the upstream `kalgan_{}`", examination.layout.name());
            let is_wanted = examination.chosen.is_some();
            let make = if is_wanted { Trouble::problem } else { Trouble::skipped };
            vec![make(found, "print one with `deploy nginx`, or name yours by `--nginx FILE`".to_string())]
        }
    }
}

/// Whether it is what this binary would print for the choices of the deployment.
pub(super) fn build(examination: &Examination) -> Vec<Trouble> {
    let Some((site, choices)) = found(examination).zip(examination.chosen.as_ref()) else { return Vec::new() };
    let files = examination.printed(|subject| deploy::nginx(subject, choices));
    let printed = match files {
        Ok(files) => files.into_iter().find(|file| file.path == examination.layout.site_available()),
        Err(trouble) => return vec![trouble],
    };
    let Some(printed) = printed.filter(|printed| printed.text != site.text) else { return Vec::new() };
    let pairs = site.text.lines().zip(printed.text.lines()).enumerate();
    let line = pairs.skip_while(|(_, (one, other))| one == other).map(|(number, _)| number + 1).next();
    let line = line.unwrap_or_else(|| site.text.lines().count().min(printed.text.lines().count()) + 1);
    let found =
        format!("`{}` is not what this binary prints: line {line} is the first that differs", site.path.display());
    vec![Trouble::warning(found, "compare it with `deploy nginx`; `deploy upgrade` writes it anew")]
}

/// Whether NGINX lets bodies through that the site takes.
pub(super) fn body_size(examination: &Examination) -> Vec<Trouble> {
    let too_small = |place: &Place<'_>, wanted: u64, what: &str| {
        let written = place.value("client_max_body_size").unwrap_or(BODY_SIZE);
        // 0 is no limit.
        let allowed = size(written).filter(|size| *size > 0)?;
        (allowed < wanted).then(|| {
            let found = format!("`client_max_body_size` is {written} where {what} takes bodies of {wanted} bytes");
            Trouble::problem(found, format!("`client_max_body_size {wanted};`"))
        })
    };
    let whole = examination.number("server.max_body_size");
    at_each(
        examination,
        |place| too_small(place, whole, "the site"),
        |place, route| {
            let wanted = route.limits.max_body_size.filter(|_| has_body(route))?;
            too_small(place, wanted, &format!("the route `{}`", route.name))
        },
    )
}

/// Whether NGINX waits as long as the site may take.
pub(super) fn timeouts(examination: &Examination) -> Vec<Trouble> {
    let too_short = |place: &Place<'_>, seconds: u64, what: &str| {
        let written = place.value("proxy_read_timeout").unwrap_or(TIMEOUT);
        let (waits, takes) = (time(written)?, seconds.saturating_mul(1000));
        let found = format!("`proxy_read_timeout` is {written}, and {what} may take {seconds} seconds");
        let advice =
            format!("`proxy_read_timeout {}s;`, so that the site's own answer is what a visitor gets", seconds + 5);
        match waits.cmp(&takes) {
            // 0 is no limit of the site's; then that of NGINX is the one that counts.
            _ if seconds == 0 => None,
            std::cmp::Ordering::Less => Some(Trouble::problem(found, advice)),
            std::cmp::Ordering::Equal => Some(Trouble::warning(found, advice)),
            std::cmp::Ordering::Greater => None,
        }
    };
    let whole = examination.number("server.request_timeout");
    at_each(
        examination,
        |place| too_short(place, whole, "an answer"),
        |place, route| {
            too_short(place, route.limits.request_timeout?, &format!("an answer of the route `{}`", route.name))
        },
    )
}

/// Whether NGINX keeps connections to the site open, and closes them before the site does.
pub(super) fn keep_alive(examination: &Examination) -> Vec<Trouble> {
    let Some(site) = found(examination) else { return Vec::new() };
    let upstream = site.upstream();
    if upstream.value("keepalive").is_none() {
        let found = format!(
            "the upstream in `{}` has no `keepalive`, so each request needs a new connection",
            site.path.display()
        );
        return vec![Trouble::warning(found, "`keepalive 32;`")];
    }
    let mut troubles = Vec::new();
    let idle = examination.number("server.idle_timeout");
    let written = upstream.value("keepalive_timeout").unwrap_or(TIMEOUT);
    if time(written).is_some_and(|time| time >= idle.saturating_mul(1000)) {
        let found = format!(
            "NGINX keeps idle connections for {written}, and the site closes them after {idle} seconds (`server.idle_timeout`)"
        );
        troubles.push(Trouble::problem(
            found,
            "some requests meet a connection that is being closed: make NGINX's time the shorter one",
        ));
    }
    let closes = |place: &Place<'_>| {
        // What NGINX says where nobody says otherwise. A variable is for WebSockets, and empty for the rest.
        let connection = header(place, "Connection").unwrap_or("close");
        place.value("proxy_http_version").is_none_or(|version| version == "1.0") || connection == "close"
    };
    if site.servers().iter().map(|server| server.at(&top(examination))).any(|place| site.asks(&place) && closes(&place))
    {
        let found = "NGINX closes each connection to the site after one request";
        troubles.push(Trouble::warning(found, "`proxy_http_version 1.1;` and `proxy_set_header Connection \"\";`"));
    }
    troubles
}

/// Whether the site is told who asks, and how.
pub(super) fn headers(examination: &Examination) -> Vec<Trouble> {
    const NEEDED: [(&str, &str); 4] = [
        ("Host", "$host"),
        ("X-Forwarded-For", "$remote_addr"),
        ("X-Forwarded-Proto", "$scheme"),
        ("X-Forwarded-Host", "$host"),
    ];
    let Some(site) = found(examination) else { return Vec::new() };
    let mut troubles = Vec::new();
    for place in site.servers().iter().map(|server| server.at(&top(examination))).filter(|place| site.asks(place)) {
        // One header may say the same as those three (RFC 7239).
        let says_all = header(&place, "Forwarded").is_some_and(|it| !it.is_empty());
        let missing = |name: &str| header(&place, name).is_none_or(str::is_empty) && !(says_all && name != "Host");
        troubles.extend(NEEDED.iter().filter(|(name, _)| missing(name)).map(|(name, value)| {
            let found = format!("NGINX does not tell the site `{name}`");
            Trouble::problem(found, format!("`proxy_set_header {name} {value};` where `proxy_pass` is"))
        }));
    }
    without_repetition(troubles)
}

/// Whether the site believes NGINX what it says of visitors.
pub(super) fn trusted_proxies(examination: &Examination) -> Vec<Trouble> {
    const KEY: &str = "server.trusted_proxies";
    let Some(site) = found(examination) else { return Vec::new() };
    let trusted = examination.subject.settings.get_vec(KEY).unwrap_or_default();
    let untrusted = |address: &str| -> Option<String> {
        if address.starts_with("unix:") {
            return (!trusted.iter().any(|it| it == "unix")).then(|| "unix".to_string());
        }
        let address: Option<IpAddr> = match address.strip_prefix("localhost") {
            Some(_) => Some(Ipv4Addr::LOCALHOST.into()),
            None => address.parse::<SocketAddr>().map(|it| it.ip()).or_else(|_| address.parse()).ok(),
        };
        // NGINX asks a process on this machine from the very address; from where it asks another machine is not known here.
        let address = address.filter(IpAddr::is_loopback)?;
        (!trusts(&trusted, address)).then(|| address.to_string())
    };
    let Some(untrusted) = site.addresses().into_iter().find_map(untrusted) else { return Vec::new() };
    let found = format!("`{KEY}` does not have `{untrusted}`, so the site takes NGINX for every visitor");
    vec![Trouble::problem(found, format!("`KALGAN__SERVER__TRUSTED_PROXIES={untrusted}`"))]
}

/// Whether the addresses that are to be answered from the folder of exported files are.
pub(super) fn static_addresses(examination: &Examination) -> Vec<Trouble> {
    let Some((site, folder)) = found(examination).zip(examination.static_root()) else { return Vec::new() };
    let mut troubles = Vec::new();
    for server in site.servers() {
        for asset in &*examination.subject.snapshot.assets {
            let place = server.files_at(&format!("{}{}", top(examination), asset.path));
            let first = asset.path.split('/').next().unwrap_or(&asset.path);
            let prefix = if asset.is_root { format!("/{}", asset.path) } else { format!("/{first}/") };
            let reads =
                place.value("root").is_some_and(|root| root.trim_end_matches('/') == folder.trim_end_matches('/'));
            if !reads || site.asks(&place) {
                let found = format!("NGINX does not read `{prefix}` from `{folder}`, where its files are exported to");
                troubles.push(Trouble::warning(found, "compare NGINX's file with `deploy nginx`"));
            }
        }
    }
    without_repetition(troubles)
}

fn found(examination: &Examination) -> Option<Site> {
    // What is wrong with the file is told by the first check.
    Site::find(examination).ok().flatten()
}

/// The path of the site's top as NGINX sees it, with a slash at its end: `server.public_url` may say that it lies below another one.
fn top(examination: &Examination) -> String {
    let address = examination.subject.settings.get::<Option<String>>("server.public_url").ok().flatten();
    let address = address.as_deref().and_then(|it| it.split_once("://")).map_or("", |(_, rest)| rest);
    let path = address.split_once('/').map_or("", |(_, path)| path).trim_matches('/');
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    if path.is_empty() { "/".to_string() } else { format!("/{path}/") }
}

/// Looks at what holds for all of the site in each server, and at each path of each route.
fn at_each(
    examination: &Examination,
    at_all: impl Fn(&Place<'_>) -> Option<Trouble>,
    at_route: impl Fn(&Place<'_>, &Route) -> Option<Trouble>,
) -> Vec<Trouble> {
    let Some(site) = found(examination) else { return Vec::new() };
    let mut troubles = Vec::new();
    for server in site.servers() {
        troubles.extend(plain(examination).and_then(|path| at_all(&server.at(&path))));
        for route in &*examination.subject.snapshot.routes {
            let paths = route.paths.iter().filter_map(|path| example(&path.pattern, &route.requirements));
            let paths = paths.map(|path| format!("{}{}", top(examination), path.trim_start_matches('/')));
            troubles.extend(paths.filter_map(|path| at_route(&server.at(&path), route)));
        }
    }
    without_repetition(troubles)
}

/// A path that has no limits but those of the site, as NGINX sees it; none where some route may have others for all of them.
fn plain(examination: &Examination) -> Option<String> {
    // The longer ones are for sites with routes that begin with parameters.
    const PATHS: [&str; 4] = ["/", "/kalgan", "/kalgan/doctor", "/kalgan/doctor/looks/here"];
    let routes = &*examination.subject.snapshot.routes;
    let path = PATHS.into_iter().find(|path| !deploy::may_be_limited(routes, path))?;
    Some(format!("{}{}", top(examination), path.trim_start_matches('/')))
}

fn has_body(route: &Route) -> bool {
    let Some(methods) = &route.methods else { return true };
    methods.iter().any(|method| !["GET", "HEAD", "OPTIONS", "TRACE"].contains(&&**method))
}

/// A path that a pattern matches; none where no simple text meets what its parameters require.
fn example(pattern: &str, requirements: &[(Text, Text)]) -> Option<String> {
    const TEXTS: [&str; 6] = ["1", "a", "en", "x1", "2026-01-01", "abcdef0123456789"];
    let mut path = String::new();
    for (number, part) in pattern.split('{').enumerate() {
        let Some((name, rest)) = part.split_once('}').filter(|_| number > 0) else {
            path.push_str(part);
            continue;
        };
        let requirement = requirements.iter().find(|(of, _)| of == name).map(|(_, it)| format!("^(?:{it})$"));
        let fits = match requirement {
            None => Some(TEXTS[0]),
            Some(requirement) => {
                let requirement = regex::Regex::new(&requirement).ok()?;
                TEXTS.into_iter().find(|text| requirement.is_match(text))
            }
        };
        path.push_str(fits?);
        path.push_str(rest);
    }
    Some(path)
}

/// The value that a header gets at a place.
fn header<'s>(place: &Place<'s>, name: &str) -> Option<&'s str> {
    let all = place.all("proxy_set_header");
    let found = all.iter().find(|it| it.arguments.first().is_some_and(|it| it.eq_ignore_ascii_case(name)));
    found.and_then(|it| it.arguments.get(1)).map(String::as_str)
}

fn without_repetition(troubles: Vec<Trouble>) -> Vec<Trouble> {
    let mut once: Vec<Trouble> = Vec::new();
    for trouble in troubles {
        if !once.contains(&trouble) {
            once.push(trouble);
        }
    }
    once
}
