//! Nothing of a reason, a file, a header or the environment leaves a production process with an error page.

use kalgan::testing::{Answer, Client};

use super::functions::REASON;
use super::production;

/// Pieces of what may not be told: of reasons, of the site's files, of this program, and of the request.
const INSIDE: [&str; 20] = [
    REASON,
    "panic",
    "Private wording",
    "nobody.set",
    "broken",
    ".html",
    "templates",
    "config/",
    "app.yaml",
    "main.yaml",
    "src/",
    ".rs",
    "page::home",
    "hunter2",
    "os error",
    "invalid digit",
    "no route",
    "server.",
    "visible-header",
    "visible-cookie",
];

/// Status line, headers and body of an answer as one text.
fn whole(answer: &Answer) -> String {
    let headers =
        answer.headers().iter().map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    format!("{}\n{}\n{}", answer.status(), headers.collect::<String>(), String::from_utf8_lossy(answer.body()))
}

fn ask(client: &Client, address: &str, accept: &str) -> String {
    let call = client.call("PUT", address).header("accept", accept).header("x-a", "visible-header");
    whole(&call.cookie("c", "visible-cookie").body("application/json", "{").send())
}

/// B146
#[test]
fn an_error_page_in_production_tells_nothing() {
    let own = [("error.404", "errors::panics"), ("error.410", "errors::broken"), ("error.500", "errors::no_file")];
    let limited = [("server.hosts", "example.com")];
    for client in [production(&[]), production(&own), production(&limited)] {
        for accept in ["text/html", "application/json"] {
            for address in ADDRESSES {
                let answer = ask(&client, address, accept);
                let told: Vec<_> = INSIDE.iter().filter(|piece| answer.contains(**piece)).collect();
                assert!(told.is_empty(), "{address} tells {told:?}:\n{answer}");
                for (name, value) in std::env::vars().filter(|(_, value)| value.len() > 8) {
                    assert!(!answer.contains(&value), "{address} tells the variable {name}:\n{answer}");
                }
            }
        }
    }
}

const ADDRESSES: [&str; 24] = [
    "/nowhere",
    "/%FF",
    "/en?%FF",
    "/item/5",
    "/static/absent.css",
    "/input/json",
    "/answer/text",
    "/fail/forbidden",
    "/fail/number?n=x",
    "/fail/file",
    "/fail/url",
    "/fail/missing-parameter",
    "/fail/text",
    "/fail/panic",
    "/fail/template",
    "/fail/no-template",
    "/fail/filter",
    "/fail/setting",
    "/fail/header",
    "/fail-later/panic",
    "/fail-later/block",
    "/fail-later/gone",
    "/guarded/text?do=fail",
    "/guarded/text?do=panic",
];

/// The test above would pass if these words were never there at all.
#[test]
fn development_tells_what_production_does_not() {
    let client = super::development(&[]);
    let told: String = ADDRESSES.iter().map(|address| ask(&client, address, "text/html")).collect();
    for piece in [REASON, "panic", "nobody", ".html", "os error", "invalid digit", "no route", "visible-header"] {
        assert!(told.contains(piece), "`{piece}` is nowhere in development either");
    }
}
