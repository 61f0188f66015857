//! A visitor who looks at everything: pages in both languages, static files, an upload, an account.

use crate::client::{Answer, Client};
use crate::load::{BOOK, Form};

/// A picture of one pixel.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 6,
    0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 13, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0xb8, 0x61, 0xa3, 0xf1,
    0x1f, 0, 5, 0xad, 2, 0x85, 0x57, 0xf5, 0xd9, 0x2b, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

/// Visits everything.
///
/// # Panics
///
/// Where the site is not as it should be.
pub async fn everything(client: Client) {
    pages(&client).await;
    files(&client).await;
    upload(&client).await;
    sign_in(&client).await;
    limits(&client).await;
}

async fn get(client: &Client, path: &str, headers: &[(&str, &str)]) -> Answer {
    client.send("GET", path, headers, b"").await.unwrap_or_else(|error| panic!("{path}: {error}"))
}

async fn pages(client: &Client) {
    for (language, word) in [("en", "Getting started"), ("es", "Primeros pasos")] {
        let page = get(client, &format!("/{language}"), &[]).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains(&format!("lang=\"{language}\"")) && page.text().contains(word), "{}", page.text());
        assert!(!page.header("x-request-id").is_empty(), "{:?}", page.headers);
        assert!(page.header("strict-transport-security").starts_with("max-age="), "{:?}", page.headers);
        assert!(!page.header("content-security-policy").is_empty(), "{:?}", page.headers);
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        let packed = get(client, &format!("/{language}"), &[("Accept-Encoding", "gzip")]).await;
        assert_eq!(packed.header("content-encoding"), "gzip");
        assert!(packed.header("vary").to_ascii_lowercase().contains("accept-encoding"), "{:?}", packed.headers);
        let again = get(client, &format!("/{language}"), &[("If-None-Match", page.header("etag"))]).await;
        assert_eq!(again.status, 304, "a page that has not changed is not sent again");
    }
    assert_eq!(get(client, "/en/nowhere", &[]).await.status, 404);
}

async fn files(client: &Client) {
    let home = get(client, "/en", &[]).await.text();
    let style = home.split('"').find(|part| part.contains(".css?")).expect("a page has a stylesheet").to_string();
    let plain = get(client, &style, &[]).await;
    assert_eq!(plain.status, 200);
    assert!(plain.header("cache-control").contains("immutable"), "{:?}", plain.headers);
    assert!(plain.header("content-type").starts_with("text/css"), "{:?}", plain.headers);
    let again = get(client, &style, &[("If-None-Match", plain.header("etag"))]).await;
    assert_eq!(again.status, 304);
    let icon = get(client, "/robots.txt", &[]).await;
    assert_eq!(icon.status, 200, "a file at the top of the site");
}

async fn upload(client: &Client) {
    let form = Form::open(client).await.expect("the guest book opens");
    let answer = form.send(client, "with a picture", Some(PIXEL)).await.expect("the form is answered");
    assert_eq!(answer.status, 303, "{}", answer.text());
    let book = get(client, BOOK, &[]).await.text();
    let picture =
        book.split('"').find(|part| part.starts_with("/demo/guest-book/")).expect("the book shows the picture");
    assert_eq!(get(client, picture, &[]).await.body, PIXEL);
}

async fn sign_in(client: &Client) {
    let name = format!("visitor{}", std::process::id());
    let mut visitor = Visitor::default();
    let page = visitor.get(client, "/en/demo/account").await;
    let fields = format!("name={name}&password=a+long+password&csrf_token={}", token(&page));
    let answer = visitor.post(client, "/en/demo/sign-up", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(answer.header("set-cookie").contains("Secure"), "{:?}", answer.headers);
    let page = visitor.get(client, "/en/demo/account").await;
    assert!(page.text().contains(&format!("signed in as {name}")), "{}", page.text());
}

async fn limits(client: &Client) {
    // More than the site's 10 MiB, which NGINX knows.
    let answer = client.send("POST", "/en/demo/contact", &[], &vec![b'x'; (10 << 20) + 1]).await;
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 413));
}

/// A browser's cookies.
#[derive(Default)]
struct Visitor {
    cookies: std::collections::BTreeMap<String, String>,
}

impl Visitor {
    async fn get(&mut self, client: &Client, path: &str) -> Answer {
        let cookies = self.header();
        let answer = get(client, path, &[("Cookie", &cookies)]).await;
        self.keep(&answer);
        answer
    }

    async fn post(&mut self, client: &Client, path: &str, form: &str) -> Answer {
        let cookies = self.header();
        let headers = [("Cookie", cookies.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        let answer = client.send("POST", path, &headers, form.as_bytes()).await.expect("the form is answered");
        self.keep(&answer);
        answer
    }

    fn header(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, answer: &Answer) {
        let cookies =
            answer.header("set-cookie").lines().filter_map(|cookie| cookie.split(';').next()?.split_once('='));
        self.cookies.extend(cookies.map(|(name, value)| (name.to_string(), value.to_string())));
    }
}

/// The token in a page's form.
fn token(page: &Answer) -> String {
    let text = page.text();
    let field = text.split("name=\"csrf_token\"").nth(1).and_then(|rest| rest.split("value=\"").nth(1));
    field.and_then(|rest| rest.split('"').next()).expect("the page has a form").to_string()
}
