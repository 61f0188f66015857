//! The table: requests for one static file, and every field of the answer, by RFC 9110 and RFC 9111.

use super::subject::{Address, Case, Expected, Subject};
use Address::{Current, Other};

/// A date before all others, and one that comes after this text.
const LONG_AGO: &str = "Thu, 01 Jan 1970 00:00:01 GMT";
const LATER: &str = "Fri, 31 Dec 2100 23:59:59 GMT";

/// All cases.
pub fn all(subject: &Subject) -> Vec<Case> {
    [addresses(subject), encodings(subject), conditions(subject), dates(subject), ranges(subject), methods(subject)]
        .into_iter()
        .flatten()
        .collect()
}

fn get(query: &str, fields: &[(&'static str, &str)], expected: Expected) -> Case {
    ask("GET", query, fields, expected)
}

fn ask(method: &'static str, query: &str, fields: &[(&'static str, &str)], expected: Expected) -> Case {
    Case {
        name: format!("{method} {query} {fields:?}"),
        request: (method, query.to_string()),
        fields: fields.iter().map(|(name, value)| (*name, value.to_string())).collect(),
        expected,
    }
}

/// How long an address is kept (RFC 9111 section 5.2), and what lies beside the file.
fn addresses(file: &Subject) -> Vec<Case> {
    let whole = |address| file.whole(None, address);
    let current = format!("?{}", file.version);
    vec![
        get("", &[], whole(Other)),
        get(&current, &[], whole(Current)),
        get(&format!("?theme=dark&{}", file.version), &[], whole(Current)),
        get("?", &[], whole(Other)),
        get("?older", &[], whole(Other)),
        get(&format!("?{}x", file.version), &[], whole(Other)),
        get(&format!("{current}&more"), &[], whole(Other)),
        get(&current, &[("cache-control", "no-cache"), ("pragma", "no-cache")], whole(Current)),
        get(&format!("{}/", file.path), &[], file.page(404, &[])),
        get(&format!("{}x", file.path), &[], file.page(404, &[])),
        get(&format!("{}%00", file.path), &[], file.page(404, &[])),
        get("/static/../Cargo.toml", &[], file.page(404, &[])),
        get("/static/%2e%2e/Cargo.toml", &[], file.page(404, &[])),
        get("/static/%252e%252e/Cargo.toml", &[], file.page(404, &[])),
        get("/static/..%2fCargo.toml", &[], file.page(404, &[])),
        get("/static/..%5cCargo.toml", &[], file.page(404, &[])),
        get("/static//etc/passwd", &[], file.page(404, &[])),
        get("/static/%2fetc/passwd", &[], file.page(404, &[])),
        get("/static/.git", &[], file.page(404, &[])),
    ]
}

/// Which encoding is sent (RFC 9110 section 12.5.3): the groups are those that a client likes equally, the best first.
fn encodings(file: &Subject) -> Vec<Case> {
    const NONE: &[&[&str]] = &[];
    let rows: &[(&str, &[&[&str]])] = &[
        ("gzip, deflate, br, zstd", &[&["gzip", "br", "zstd"]]),
        ("gzip, deflate, br", &[&["gzip", "br"]]),
        ("gzip", &[&["gzip"]]),
        ("br", &[&["br"]]),
        ("zstd", &[&["zstd"]]),
        ("x-gzip", &[&["gzip"]]),
        ("GZip", &[&["gzip"]]),
        ("deflate", NONE),
        ("", NONE),
        ("*", &[&["gzip", "br", "zstd"]]),
        ("identity", NONE),
        ("gzip;q=0", NONE),
        ("gzip;q=0.5, br;q=0.4", &[&["gzip"], &["br"]]),
        ("br;q=0.4, gzip;q=0.5", &[&["gzip"], &["br"]]),
        ("gzip;q=0.001", &[&["gzip"]]),
        ("gzip;q=0.5, identity", NONE),
        ("gzip, identity;q=0.5", &[&["gzip"]]),
        ("identity;q=0, gzip", &[&["gzip"]]),
        ("*;q=0, gzip;q=0.1", &[&["gzip"]]),
        ("br;q=0, *", &[&["gzip", "zstd"]]),
        ("gzip;q=1.5, br;q=x, zstd", &[&["zstd"]]),
        (" gzip ;q=0.2 ,\tbr ; q=0.1", &[&["gzip"], &["br"]]),
        // Refused altogether: the field is disregarded (RFC 9110 section 12.1).
        ("identity;q=0", NONE),
        ("*;q=0", NONE),
    ];
    let case = |(wanted, groups): &(&str, &[&[&str]])| {
        get("", &[("accept-encoding", wanted)], file.whole(file.preferred(groups), Other))
    };
    let mut cases: Vec<Case> = rows.iter().map(case).collect();
    let both = file.preferred(&[&["gzip", "br"]]);
    cases.push(get("", &[("accept-encoding", "gzip"), ("accept-encoding", "br")], file.whole(both, Other)));
    cases
}

/// `If-Match` and `If-None-Match` (RFC 9110 section 13.1), and what a 304 carries (section 15.4.5).
fn conditions(file: &Subject) -> Vec<Case> {
    let (gzip, best) = (file.preferred(&[&["gzip"]]), file.preferred(&[&["gzip", "br"]]));
    let (tag, gzip_tag, best_tag) = (file.tag(None), file.tag(gzip), file.tag(best));
    let known = |address| file.unchanged(None, address);
    let whole = || file.whole(None, Other);
    let failed = || file.refused(412, &[]);
    let mut cases = vec![
        get("", &[("if-none-match", &tag)], known(Other)),
        get(&format!("?{}", file.version), &[("if-none-match", &tag)], known(Current)),
        get("", &[("if-none-match", &format!("W/{tag}"))], known(Other)),
        get("", &[("if-none-match", &format!("\"x\", W/\"y,z\" ,{tag}"))], known(Other)),
        get("", &[("if-none-match", "\"x\""), ("if-none-match", &tag)], known(Other)),
        get("", &[("if-none-match", "*")], known(Other)),
        get("", &[("if-none-match", "\"x\"")], whole()),
        get("", &[("if-none-match", "\"a,*,b\"")], whole()),
        get("", &[("if-none-match", tag.trim_matches('"'))], whole()),
        get("", &[("if-none-match", "")], whole()),
        get("", &[("if-none-match", &gzip_tag), ("accept-encoding", "gzip")], file.unchanged(gzip, Other)),
        get("", &[("if-none-match", &best_tag), ("accept-encoding", "gzip, br")], file.unchanged(best, Other)),
        get("", &[("if-none-match", &tag), ("range", "bytes=0-1")], known(Other)),
        get("", &[("if-match", &tag)], whole()),
        get("", &[("if-match", "*")], whole()),
        get("", &[("if-match", &format!("\"x\", {tag}"))], whole()),
        get("", &[("if-match", "\"x\"")], failed()),
        get("", &[("if-match", &format!("W/{tag}"))], failed()),
        get("", &[("if-match", "\"x\""), ("if-none-match", &tag)], failed()),
        get("", &[("if-match", &tag), ("if-none-match", &tag)], known(Other)),
        get("", &[("if-match", "\"x\""), ("range", "bytes=0-1")], failed()),
        ask("HEAD", "", &[("if-none-match", &tag)], known(Other)),
        ask("HEAD", "", &[("if-match", "\"x\"")], empty(failed())),
    ];
    if best.is_some() {
        // A tag of another encoding is one of another representation.
        cases.push(get("", &[("if-none-match", &tag), ("accept-encoding", "gzip, br")], file.whole(best, Other)));
        cases.push(get("", &[("if-none-match", &best_tag)], whole()));
        cases.push(get("", &[("if-match", &best_tag)], failed()));
    }
    cases
}

/// Conditions with a date, which count only where the file has one.
fn dates(file: &Subject) -> Vec<Case> {
    let whole = || file.whole(None, Other);
    let own = file.date.as_deref().unwrap_or(LATER);
    let has_date = file.date.is_some();
    let known = || if has_date { file.unchanged(None, Other) } else { whole() };
    let failed = || if has_date { file.refused(412, &[]) } else { whole() };
    vec![
        get("", &[("if-modified-since", own)], known()),
        get("", &[("if-modified-since", LATER)], known()),
        get("", &[("if-modified-since", LONG_AGO)], whole()),
        get("", &[("if-modified-since", "yesterday")], whole()),
        get("", &[("if-modified-since", own), ("if-none-match", "\"x\"")], whole()),
        get("", &[("if-modified-since", LONG_AGO), ("if-none-match", "*")], file.unchanged(None, Other)),
        get("", &[("if-unmodified-since", own)], whole()),
        get("", &[("if-unmodified-since", LONG_AGO)], failed()),
        get("", &[("if-unmodified-since", "never")], whole()),
        get("", &[("if-unmodified-since", LONG_AGO), ("if-match", "*")], whole()),
    ]
}

/// `Range` and `If-Range` (RFC 9110 sections 14 and 13.1.5).
fn ranges(file: &Subject) -> Vec<Case> {
    let gzip = file.preferred(&[&["gzip"]]);
    let length = file.body.len();
    let last = length - 1;
    let tag = file.tag(None);
    let whole = || file.whole(None, Other);
    let none = || file.refused(416, &[("content-range", &format!("bytes */{length}"))]);
    let part = |first, last| file.part(None, first, last);
    let many = (0..17).map(|place| format!("{0}-{0}", place * 7)).collect::<Vec<_>>().join(",");
    let mut cases = Vec::new();
    for (range, expected) in [
        ("bytes=0-0".to_string(), part(0, 0)),
        ("bytes=3-6".to_string(), part(3, 6)),
        (format!("bytes={}-", length - 5), part(length - 5, last)),
        ("bytes=-3".to_string(), part(length - 3, last)),
        ("bytes=0-".to_string(), part(0, last)),
        (format!("bytes=-{}", length + 9), part(0, last)),
        (format!("bytes=5-{}", length + 9), part(5, last)),
        ("Bytes=0-1".to_string(), part(0, 1)),
        ("bytes=0-1, 1-4".to_string(), part(0, 4)),
        (format!("bytes=0-1, {length}-"), part(0, 1)),
        ("bytes=0-1,-1".to_string(), file.parts(&[(0, 1), (last, last)])),
        (format!("bytes={last}-,2-3"), file.parts(&[(last, last), (2, 3)])),
        (format!("bytes={length}-"), none()),
        ("bytes=-0".to_string(), none()),
        (format!("bytes={length}-,-0"), none()),
        ("bytes=5-2".to_string(), whole()),
        ("bytes=".to_string(), whole()),
        ("bytes=x-1".to_string(), whole()),
        ("lines=0-1".to_string(), whole()),
        (format!("bytes=0-{},{}-", length / 2 - 60, length / 2 + 60), whole()),
        (format!("bytes={many}"), whole()),
    ] {
        cases.push(get("", &[("range", &range)], expected));
    }
    let ranged = |field: &str, expected| get("", &[("range", "bytes=0-1"), ("if-range", field)], expected);
    cases.extend([
        get("", &[("range", "bytes=0-1"), ("range", "bytes=0-1")], whole()),
        get("", &[("range", "bytes=0-1"), ("accept-encoding", "gzip")], file.part(gzip, 0, 1)),
        get("", &[("if-range", &tag)], whole()),
        ranged(&tag, part(0, 1)),
        ranged(&format!("W/{tag}"), whole()),
        ranged("\"x\"", whole()),
        ranged(LATER, whole()),
        ask("HEAD", "", &[("range", "bytes=0-1")], head(whole())),
    ]);
    if gzip.is_some() {
        // The first bytes of one encoding and the rest of another make no file.
        let fields = [("range", "bytes=0-1"), ("if-range", &*tag), ("accept-encoding", "gzip")];
        cases.push(get("", &fields, file.whole(gzip, Other)));
        // The encodings share their date.
        cases.push(ranged(file.date.as_deref().unwrap_or(LATER), whole()));
    }
    cases
}

/// What files answer to (RFC 9110 section 9).
fn methods(file: &Subject) -> Vec<Case> {
    let allow = [("allow", "GET, HEAD, OPTIONS")];
    let refused = |method| ask(method, "", &[], file.page(405, &allow));
    let smallest = file.preferred(&[&["gzip", "br", "zstd"]]);
    let mut options = file.page(204, &allow);
    options.body = Some(Vec::new());
    vec![
        ask("HEAD", "", &[], head(file.whole(None, Other))),
        ask("HEAD", &format!("?{}", file.version), &[], head(file.whole(None, Current))),
        ask("HEAD", "", &[("accept-encoding", "gzip, br, zstd")], head(file.whole(smallest, Other))),
        ask("OPTIONS", "", &[], options),
        refused("POST"),
        refused("PUT"),
        refused("DELETE"),
        refused("PATCH"),
        // Conditions do not count where the method is refused (RFC 9110 section 13.2.1).
        ask("DELETE", "", &[("if-none-match", "*")], file.page(405, &allow)),
    ]
}

/// The same answer without its body.
fn head(whole: Expected) -> Expected {
    Expected { body: Some(Vec::new()), ..whole }
}

/// To HEAD, the length of a body of no bytes is not told.
fn empty(mut refused: Expected) -> Expected {
    refused.fields.remove("content-length");
    refused
}
