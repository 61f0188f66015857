//! The Content-Security-Policy that is made of templates: compared with what is rendered, and in a real browser.

mod browsers;
mod rendered;

use std::process::{Command, ExitCode};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kalgan::controller::{Dispatch, controller};
use kalgan::testing::{self, Client};
use kalgan::warp::{self, Filter};
use kalgan::{App, BoxError, Failure, Request, Response, context, mail};
use regex::Regex;
use sha2::{Digest, Sha256};

use crate::pages::read;
use crate::server::Server;

/// What somebody would like to have run: each part says so by a variable or a colour.
const MARKUP: &str = "<script>window.injected = 1;</script><script nonce=\"guess\">window.injected = 2;</script>\
                      <img src=\"data:,\" onerror=\"window.injected = 3\"><a href=\"javascript:window.injected=4\" id=\"go\">go</a>\
                      <style>h3 { color: rgb(66, 66, 66) }</style>";

/// Through this [`the_process_of_a_site`] gets its command line.
const ARGUMENTS: &str = "KALGAN_TEST_ARGUMENTS";

fn app() -> App {
    let controllers = [("page::letter", controller(letter)), ("page::show", controller(show))];
    App::new(|| read("policy"), Dispatch::new(controllers, [])).mount(|_| {
        warp::path!("filter").and(warp::ext::get::<Request>()).map(|request: Request| {
            let page = request.render("computed.html", context! { "number" => 5, "colour" => "red" }).unwrap();
            warp::reply::with_header(warp::reply::html(page), "cache-control", "public, max-age=600")
        })
    })
}

fn show(request: Request) -> Result<Response, Failure> {
    let values = context! { "number" => 5, "colour" => "rgb(13, 14, 15)", "markup" => MARKUP };
    Ok(match request.parameter("name").unwrap_or_default() {
        "own" => Response::render("constant.html", values)
            .with_header("content-security-policy", "img-src 'none'; frame-ancestors *")
            .with_header("referrer-policy", "no-referrer"),
        "public" => Response::render("computed.html", values).with_cache("public, max-age=600"),
        "html" => {
            let nonce = request.csp_nonce().map_err(Failure::from_error)?;
            Response::html(format!("<p><script nonce=\"{nonce}\">window.computed = 5;</script>{MARKUP}"))
        }
        "both" => {
            let part = request.render("constant.html", values.clone()).map_err(Failure::from_error)?;
            let other = request.render("other.html", values).map_err(Failure::from_error)?;
            Response::html(part + &other)
        }
        "json" => Response::json(&1),
        "data" => {
            let page = request.render("computed.html", values).map_err(Failure::from_error)?;
            Response::json(&page.len()).with_cache("public, max-age=600")
        }
        // As if it came from a cache.
        "kept" => {
            request.admit("constant.html");
            Response::html("<script>window.constant = true;</script>")
        }
        "redirect" => Response::redirect("/constant"),
        "fail" => return Err(Failure::new(500, "on purpose")),
        "docs" => Response::html("<p>no template"),
        name => Response::render(format!("{name}.html"), values),
    })
}

/// Sends a page by mail.
async fn letter(request: Request) -> Result<Response, BoxError> {
    let values = context! { "number" => 5, "colour" => "red" };
    let letter = mail::letter().to("ana@example.com").subject("A page").render(&request, "computed", values)?;
    letter.send(&request).await?;
    Ok(Response::html("<p>sent").with_cache("public, max-age=600"))
}

fn client(settings: &[(&str, &str)]) -> Client {
    testing::client_with(app(), &[&[("environment.is_prod", "true")], settings].concat())
}

/// A process of this very test program that serves the site.
fn process(settings: &[&str]) -> Server {
    let mut command = Command::new("sh");
    let script =
        format!("{ARGUMENTS}=\"$*\" exec \"$0\" security_headers::the_process_of_a_site --exact --ignored --nocapture");
    command.args(["-c", &script]).arg(std::env::current_exe().unwrap());
    command.args(["--site", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sites/policy/app")]);
    Server::start_command(command, settings)
}

#[test]
#[ignore = "it is the process that the other tests here start"]
fn the_process_of_a_site() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let code = testing::run(app(), std::iter::once("site").chain(arguments.split(' ')));
    // What a test would print at its end nobody reads.
    std::process::exit(i32::from(code != ExitCode::SUCCESS));
}

/// One inline element of a page as browsers read it.
#[derive(Debug)]
struct Inline {
    /// `script` or `style`.
    name: String,
    attributes: String,
    text: String,
}

/// The inline scripts and styles of a page; those of scripts that are data or come from elsewhere are left out.
fn inline(page: &str) -> Vec<Inline> {
    let elements = Regex::new(r"(?s)<(script|style)\b([^>]*)>(.*?)</(?:script|style)>").unwrap();
    let all = elements.captures_iter(page).map(|found| Inline {
        name: found[1].to_string(),
        attributes: found[2].to_string(),
        text: found[3].replace("\r\n", "\n"),
    });
    all.filter(|element| !element.attributes.contains("src=") && !element.attributes.contains("application/json"))
        .collect()
}

impl Inline {
    fn hash(&self) -> String {
        format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(&self.text)))
    }

    fn nonce(&self) -> Option<String> {
        let value = self.attributes.split_once("nonce=")?.1.trim_start_matches('"');
        let nonce = value.split(|end: char| end == '"' || end.is_ascii_whitespace()).next()?;
        Some(format!("'nonce-{nonce}'"))
    }

    /// Whether a policy admits it.
    fn is_admitted(&self, policy: &str) -> bool {
        let sources = sources(policy, &format!("{}-src", self.name));
        sources.contains(&self.hash()) || self.nonce().is_some_and(|nonce| sources.contains(&nonce))
    }
}

/// The sources of a directive.
fn sources(policy: &str, directive: &str) -> Vec<String> {
    let mut directives = policy.split(';').map(|directive| directive.split_whitespace());
    let found = directives.find_map(|mut words| (words.next() == Some(directive)).then_some(words));
    found.into_iter().flatten().map(str::to_string).collect()
}
