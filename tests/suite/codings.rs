//! The manual's pages over a real socket: asked for again, and compressed.

use std::io::Read;

use regex::Regex;

use super::server::{Answer, Server};

/// The addresses of all pages of the manual in a language that are the same each time: those of the demo have a token in their forms.
fn pages(server: &Server, language: &str) -> Vec<String> {
    let start = server.get(&format!("/{language}"));
    let links = Regex::new(&format!("href=\"(/{language}[^\"?#]*)\"")).unwrap();
    let mut pages: Vec<_> = links.captures_iter(&start.body).map(|link| link[1].to_string()).collect();
    pages.retain(|page| !page.contains("/demo/"));
    pages.sort();
    pages.dedup();
    assert!(pages.len() > 10, "{pages:?}");
    pages
}

fn plain(answer: &Answer, bytes: &[u8]) -> String {
    let mut plain = String::new();
    match answer.header("content-encoding") {
        "gzip" => flate2::read::GzDecoder::new(bytes).read_to_string(&mut plain),
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_string(&mut plain),
        coding => panic!("the coding is `{coding}`"),
    }
    .unwrap();
    plain
}

#[test]
fn every_page_is_the_same_in_every_coding() {
    let server = Server::start(&[]);
    for page in ["en", "es"].iter().flat_map(|language| pages(&server, language)) {
        let whole = server.get(&page);
        assert_eq!((whole.status, whole.header("content-encoding")), (200, ""), "{page}");
        for (wanted, coding) in [("gzip, deflate, br, zstd", "gzip"), ("br", "br"), ("gzip;q=0.5, br;q=0.7", "br")] {
            let asked = [("accept-encoding", wanted)];
            let ((sent, bytes), head) = (server.bytes(&page, &asked), server.head_with(&page, &asked));
            assert_eq!((sent.status, sent.header("content-encoding")), (200, coding), "{page} {wanted}");
            assert_eq!(plain(&sent, &bytes), whole.body, "{page} {wanted}");
            assert_eq!(sent.header("content-length"), bytes.len().to_string(), "{page} {wanted}");
            assert!(bytes.len() * 2 < whole.body.len(), "{page}: {} bytes of {}", bytes.len(), whole.body.len());
            for field in ["content-length", "content-encoding", "content-type", "etag", "vary", "cache-control"] {
                assert_eq!(head.header(field), sent.header(field), "{page} {wanted}: {field}");
            }
        }
    }
}

/// Without live reload, for which the pages of each process are marked as its own.
const STILL: &str = "environment.live_reload=false";

#[test]
fn two_servers_know_each_others_pages() {
    let (first, second) = (Server::start(&[STILL]), Server::start(&[STILL, "server.compression=false"]));
    for page in pages(&first, "en") {
        let known = first.get_with(&page, &[("accept-encoding", "br")]);
        let asked = [("if-none-match", known.header("etag")), ("accept-encoding", "br")];
        for answer in [second.get_with(&page, &asked), second.head_with(&page, &asked)] {
            assert_eq!((answer.status, &*answer.body), (304, ""), "{page}");
            assert_eq!(answer.header("etag"), known.header("etag"), "{page}");
            assert_eq!((answer.header("content-type"), answer.header("content-length")), ("", ""), "{page}");
            assert!(!answer.header("date").is_empty(), "{page}");
        }
    }
}
