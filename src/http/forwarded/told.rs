//! What the headers of a request say of its visitor, read from the right, where the trusted proxies wrote.
//!
//! A list is never read beyond what is believed, so a quotation mark that a visitor left open cannot hide what a proxy put behind it.

use std::net::IpAddr;

use http::uri::Authority;
use http::{HeaderMap, HeaderName, header};

use super::Scheme;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Most proxies that a request may pass. More is no way that somebody built.
const MOST_PROXIES: usize = 32;

/// Most bytes of one item of a list. The longest that makes sense holds a host of 255 bytes and three addresses.
const LONGEST: usize = 1024;

/// Most bytes of a host with its port.
const LONGEST_HOST: usize = 261;

/// What is believed of a visitor.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Told<'h> {
    pub(super) address: Option<IpAddr>,
    pub(super) scheme: Option<Scheme>,
    pub(super) host: Option<&'h str>,
}

impl<'h> Told<'h> {
    /// What the header `Forwarded` says (RFC 7239); `None` where it is not there or empty.
    pub(super) fn by_forwarded(headers: &'h HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> Option<Self> {
        let mut elements = items(headers, header::FORWARDED, last_unquoted_comma).take(MOST_PROXIES).peekable();
        elements.peek()?;
        let mut told = Told::default();
        for element in elements {
            let element = Element::parse(element).unwrap_or_default();
            told.address = element.node.and_then(node);
            told.scheme = element.proto.and_then(scheme).or(told.scheme);
            told.host = element.host.and_then(valid_host).or(told.host);
            if !told.address.is_some_and(&is_trusted) {
                return Some(told);
            }
        }
        Some(told)
    }

    /// What `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` say; `None` where none of them is there, or all are empty.
    ///
    /// The last two count to the left as far as the first is believed; many proxies write one value for all.
    pub(super) fn by_x_forwarded(headers: &'h HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> Option<Self> {
        let values = |name| items(headers, name, last_comma).take(MOST_PROXIES);
        let mut told = Told::default();
        let mut believed = 1;
        for value in values(X_FORWARDED_FOR) {
            told.address = node(value);
            if !told.address.is_some_and(&is_trusted) {
                break;
            }
            believed += 1;
        }
        told.scheme = values(X_FORWARDED_PROTO).take(believed).filter_map(scheme).last();
        told.host = values(X_FORWARDED_HOST).take(believed).filter_map(valid_host).last();
        let names = [X_FORWARDED_FOR, X_FORWARDED_PROTO, X_FORWARDED_HOST];
        names.into_iter().any(|name| values(name).next().is_some()).then_some(told)
    }

    /// Whether two accounts are one.
    pub(super) fn agrees_with(&self, other: &Told) -> bool {
        let has_host_of = match (self.host, other.host) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            (one, other) => one == other,
        };
        has_host_of && self.address == other.address && self.scheme == other.scheme
    }
}

/// One element of `Forwarded`: what one proxy says. Quotation marks are gone from its values.
#[derive(Debug, Default)]
struct Element<'h> {
    node: Option<&'h str>,
    proto: Option<&'h str>,
    host: Option<&'h str>,
}

impl<'h> Element<'h> {
    /// Reads pairs such as `for="[2001:db8::1]:4711";proto=https`; `None` where it is anything else, or one name comes twice.
    fn parse(text: &'h str) -> Option<Self> {
        let mut element = Element::default();
        let mut rest = text;
        loop {
            let (pair, others) = split_unquoted(rest);
            if !pair.trim().is_empty() {
                let (name, value) = pair.split_once('=')?;
                element.set(name.trim(), value.trim())?;
            }
            match others {
                Some(others) => rest = others,
                None => return Some(element),
            }
        }
    }

    fn set(&mut self, name: &str, value: &'h str) -> Option<()> {
        let place = [("for", &mut self.node), ("proto", &mut self.proto), ("host", &mut self.host)]
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        let Some((_, place)) = place else { return Some(()) };
        place.replace(unquoted(value)?).is_none().then_some(())
    }
}

/// The items of a list that may be spread over several lines (RFC 9110 section 5.3), the last one first, without those that are empty. One
/// that is no text or too long is given as a text that nothing can read.
fn items(headers: &HeaderMap, name: HeaderName, last_comma: LastComma) -> impl Iterator<Item = &str> {
    const UNREADABLE: &str = "?";
    let lines = headers.get_all(name).iter().rev();
    let items = lines.flat_map(move |line| items_of_line(line.as_bytes(), last_comma));
    items.map(<[u8]>::trim_ascii).filter(|item| !item.is_empty()).map(|item| match std::str::from_utf8(item) {
        Ok(text) if text.is_ascii() && text.len() <= LONGEST => text,
        _ => UNREADABLE,
    })
}

/// Finds the last comma of a line that divides two items.
type LastComma = fn(&[u8]) -> Option<usize>;

fn items_of_line(line: &[u8], last_comma: LastComma) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let comma = last_comma(line);
        rest = comma.map(|comma| &line[..comma]);
        Some(&line[comma.map_or(0, |comma| comma + 1)..])
    })
}

fn last_comma(line: &[u8]) -> Option<usize> {
    line.iter().rposition(|byte| *byte == b',')
}

/// The last comma outside quotation marks, looked for from the right.
fn last_unquoted_comma(line: &[u8]) -> Option<usize> {
    let mut is_quoted = false;
    for (place, byte) in line.iter().enumerate().rev() {
        match byte {
            b'"' if !is_quoted || !is_escaped(&line[..place]) => is_quoted = !is_quoted,
            b',' if !is_quoted => return Some(place),
            _ => {}
        }
    }
    None
}

/// Whether what follows this text within quotation marks is escaped.
fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// What comes before the first semicolon outside quotation marks, and what comes behind it if there is one.
fn split_unquoted(text: &str) -> (&str, Option<&str>) {
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b';' if !is_quoted => return (&text[..place], Some(&text[place + 1..])),
            _ => {}
        }
    }
    (text, None)
}

/// A value without the quotation marks around it; `None` where it has one of them only, or an escape, which no address needs.
fn unquoted(value: &str) -> Option<&str> {
    let text = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    (!text.contains(['"', '\\'])).then_some(text)
}

/// The address of a node (RFC 7239 section 6), with or without a port, an IPv6 address with or without brackets; `None` for one that is
/// `unknown`, hidden behind a name (`_proxy7`), or nothing of all that.
fn node(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (address, port) = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (address, port) = bracketed.split_once(']')?;
            (IpAddr::V6(address.parse().ok()?), port)
        }
        None => {
            let (address, _) = text.split_once(':')?;
            (IpAddr::V4(address.parse().ok()?), &text[address.len()..])
        }
    };
    is_port(port).then(|| address.to_canonical())
}

/// A port behind its colon, as a number or as a name that hides it; or nothing.
fn is_port(text: &str) -> bool {
    let is_of_port = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| !port.is_empty() && port.bytes().all(is_of_port))
}

/// A scheme; that of a WebSocket is the one of its handshake (RFC 6455 section 3).
fn scheme(text: &str) -> Option<Scheme> {
    let is = |known: &[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(text));
    if is(&["https", "wss"]) {
        return Some(Scheme::Https);
    }
    is(&["http", "ws"]).then_some(Scheme::Http)
}

/// A host with or without a port.
fn valid_host(text: &str) -> Option<&str> {
    let is_of_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    let is_host = text.len() <= LONGEST_HOST && text.bytes().all(is_of_host);
    let authority: Authority = text.parse().ok().filter(|_| is_host)?;
    (!authority.host().is_empty()).then_some(text)
}
