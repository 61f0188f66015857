//! What a Content-Security-Policy is written with: the setting, and addresses as its sources. The build, which reads templates, and the
//! server, which sends policies, must mean the same by both.

use std::fmt::Write;

/// The setting that says what the policy of pages is.
pub const POLICY: &str = "security.headers.content_security_policy";

/// Whether that setting asks for the policy that is made of the templates.
pub fn is_auto(setting: &str) -> bool {
    setting.trim() == "auto"
}

/// The source for an address on another origin; none for the site's own, and for one whose host is not written in so many words.
///
/// It is the whole address without its query, because a path may be all that makes a host with files of many people safe. Where something
/// follows that is not written here, the address is not whole, and it is the folder that is written.
pub fn source(written: &str, is_whole: bool) -> Option<String> {
    let (scheme, rest) = split_scheme(written)?;
    let (host, path) = rest.find(['/', '?', '#']).map_or((rest, ""), |start| rest.split_at(start));
    let is_host = !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
    // Behind the host of an unfinished address something must stand that ends it.
    if !is_host || (!is_whole && path.is_empty()) {
        return None;
    }
    let end = path.find(['?', '#']);
    let path = match end {
        Some(end) => &path[..end],
        None if is_whole => path,
        None => path.rfind('/').map_or("", |last| &path[..=last]),
    };
    Some(format!("{scheme}{}{}", host.to_ascii_lowercase(), encoded(path)))
}

/// The scheme as it begins a source, and what follows; none for an address without a host, or one that is no address of the web.
fn split_scheme(address: &str) -> Option<(&'static str, &str)> {
    let begins = |start: &'static str| {
        let (head, rest) = address.split_at_checked(start.len())?;
        head.eq_ignore_ascii_case(start).then_some(rest)
    };
    if let Some(rest) = begins("https://") {
        return Some(("https://", rest));
    }
    // Without a scheme a source means that of the page, or a safer one.
    begins("http://").map(|rest| ("http://", rest)).or_else(|| begins("//").map(|rest| ("", rest)))
}

/// The path as it may stand in a policy, in which `;` and `,` mean something.
fn encoded(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte.is_ascii_graphic() && !b";,'\"".contains(&byte) {
            true => encoded.push(char::from(byte)),
            false => write!(encoded, "%{byte:02X}").expect("writing to a string cannot fail"),
        }
    }
    encoded
}
