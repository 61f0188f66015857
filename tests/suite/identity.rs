//! A site is the same whether it comes from the binary or from its folder: every answer, byte for byte.

use std::collections::BTreeSet;
use std::process::Command;

use crate::server::{Answer, Server};

/// What depends on the moment and not on the site.
const MOMENT: &[&str] = &["date", "x-request-id"];

/// The manual from its folder.
fn from_folder(settings: &[&str]) -> Server {
    Server::start(&[settings, &["environment.is_prod=false"]].concat())
}

/// The manual as it is in the binary: the process finds no folder.
fn from_binary(is_prod: &str) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kalgan"));
    command.env_remove("CARGO_MANIFEST_DIR").current_dir("/");
    Server::start_command(command, &[&format!("environment.is_prod={is_prod}"), "environment.live_reload=false"])
}

/// Every address that pages lead to, from the first page on, and some that do not exist. The forms of the demo have a token that is another
/// one each time, and the pages of development are in no binary.
fn addresses(server: &Server) -> BTreeSet<String> {
    let mut open = vec!["/".to_string(), "/en".to_string(), "/es".to_string(), "/robots.txt".to_string()];
    let mut known = BTreeSet::new();
    while let Some(address) = open.pop() {
        if !known.insert(address.clone()) {
            continue;
        }
        let answer = server.get(&address);
        if answer.header("content-type").starts_with("text/html") {
            let links = answer.body.split([' ', '\n', '>']).filter_map(|word| {
                let value = word.strip_prefix("href=\"").or_else(|| word.strip_prefix("src=\""))?;
                let value = value.split(['"', '#']).next().filter(|value| value.starts_with('/'))?;
                let is_same = !value.contains("/demo/") && !value.starts_with("/_kalgan/");
                is_same.then(|| value.replace("&amp;", "&"))
            });
            open.extend(links);
        }
    }
    known.extend(["/en/no-such-page", "/es/no-such-page", "/static/no.css", "/static/"].map(str::to_string));
    known
}

fn headers(answer: &Answer, without: &[&str]) -> Vec<(String, String)> {
    let names = answer.headers.iter().filter(|(name, _)| !MOMENT.contains(&name.as_str()));
    let names = names.filter(|(name, _)| !without.contains(&name.as_str()));
    names.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}

#[test]
fn the_folder_and_the_binary_give_the_same_bytes_and_headers() {
    let (folder, binary) = (from_folder(&["environment.live_reload=false"]), from_binary("false"));
    let addresses = addresses(&binary);
    assert!(addresses.len() > 40, "only {} addresses were found", addresses.len());
    for address in &addresses {
        for coding in ["identity", "gzip", "br"] {
            let asked = [("accept-encoding", coding), ("host", "localhost")];
            let ((one, its), (other, others)) = (folder.bytes(address, &asked), binary.bytes(address, &asked));
            assert_eq!(one.status, other.status, "{address}");
            assert_eq!(headers(&one, &[]), headers(&other, &[]), "{address}");
            assert!(its == others, "{address}: the bodies differ in {coding}");
        }
    }
}

/// Without the versions in addresses: 16 hexadecimal digits behind a question mark.
fn without_versions(body: &str) -> String {
    let mut pieces = body.split('?');
    let mut plain = pieces.next().unwrap_or_default().to_string();
    for piece in pieces {
        let is_version = piece.get(..16).is_some_and(|tag| tag.bytes().all(|byte| byte.is_ascii_hexdigit()));
        plain.push('?');
        plain.push_str(if is_version { &piece[16..] } else { piece });
    }
    plain
}

#[test]
fn production_differs_from_development_in_versions_and_error_pages_only() {
    let (folder, binary) = (from_folder(&["environment.live_reload=false"]), from_binary("true"));
    let addresses = addresses(&binary);
    let (mut pages, mut errors) = (0, 0);
    for address in addresses.iter().filter(|address| !address.starts_with("/static/")) {
        let (one, other) = (folder.get(address), binary.get(address));
        assert_eq!(one.status, other.status, "{address}");
        if one.status >= 400 {
            errors += 1;
            continue;
        }
        pages += 1;
        assert_eq!(without_versions(&one.body), without_versions(&other.body), "{address}");
        let without = ["etag", "content-length"];
        assert_eq!(headers(&one, &without), headers(&other, &without), "{address}");
    }
    assert!(pages > 30 && errors == 2, "{pages} pages and {errors} errors");
}
