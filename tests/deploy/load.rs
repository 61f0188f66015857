//! A constant load: so many requests a second however long the answers take, a third of them forms that are sent.
//!
//! It is this test's own binary, started once more in the machine's network. It begins at once, ends when its standard input does, waits
//! for the answers that are still out, and prints what came of it as one line of JSON.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::client::{Answer, Client};

/// Requests in a second.
const RATE: u64 = 500;

/// A visitor who waits longer has gone.
const PATIENCE: Duration = Duration::from_secs(30);

/// What came of a load.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// Requests that were sent.
    pub sent: usize,
    /// How many of them were forms.
    pub forms: usize,
    /// How many of them were sent again, because NGINX had closed the connection that was kept.
    pub again: usize,
    /// What each failed one met.
    pub failures: Vec<String>,
    /// The longest time that an answer took, in milliseconds.
    pub longest: u128,
    /// The time within which half of the answers came.
    pub median: u128,
}

/// What all requests share.
struct Load {
    client: Client,
    pages: [String; 3],
    form: Form,
    started: Instant,
    forms: AtomicUsize,
    failures: Mutex<Vec<String>>,
    times: Mutex<Vec<u128>>,
}

/// A form of the guest book, ready to be sent again and again.
pub struct Form {
    cookies: String,
    token: String,
}

/// The address of the guest book.
pub const BOOK: &str = "/en/demo/guest-book";

/// What is between the parts of a form.
const BOUNDARY: &str = "b0undary";

impl Form {
    /// Opens the guest book as a new visitor.
    pub async fn open(client: &Client) -> Result<Form, String> {
        let page = client.send("GET", BOOK, &[], b"").await.map_err(|error| error.to_string())?;
        let cookies = page.header("set-cookie").lines().filter_map(|cookie| cookie.split(';').next());
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let text = page.text();
        let field = text.split("name=\"csrf_token\"").nth(1).and_then(|rest| rest.split("value=\"").nth(1));
        let token = field.and_then(|rest| rest.split('"').next()).ok_or_else(|| format!("no form in {text}"))?;
        Ok(Form { cookies, token: token.to_string() })
    }

    /// Signs the book, with a picture or without.
    pub async fn send(&self, client: &Client, text: &str, picture: Option<&[u8]>) -> std::io::Result<Answer> {
        let mut body = Vec::new();
        for (name, value) in [("csrf_token", self.token.as_str()), ("name", "Visitor"), ("text", text)] {
            body.extend(
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
            );
        }
        if let Some(picture) = picture {
            let head =
                "Content-Disposition: form-data; name=\"picture\"; filename=\"p.png\"\r\nContent-Type: image/png";
            body.extend(format!("--{BOUNDARY}\r\n{head}\r\n\r\n").bytes());
            body.extend_from_slice(picture);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").bytes());
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        client.send("POST", BOOK, &[("Cookie", &self.cookies), ("Content-Type", &content_type)], &body).await
    }
}

/// The load generator's `main`: the host, and the file of the certificate.
pub fn main(host: &str, certificate: &str) {
    let certificate = std::fs::read(certificate).expect("the certificate can be read");
    let client = Client::new(host, certificate);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let outcome = runtime.expect("a runtime can be made").block_on(run(client));
    println!("{}", serde_json::to_string(&outcome).expect("it is plain data"));
}

async fn run(client: Client) -> Outcome {
    let form = Form::open(&client).await.expect("the guest book opens");
    let home = client.send("GET", "/en", &[], b"").await.expect("the first page opens").text();
    let style = home.split('"').find(|part| part.contains(".css?")).expect("a page has a stylesheet").to_string();
    let load = Arc::new(Load {
        client,
        pages: ["/en".to_string(), "/es".to_string(), style],
        form,
        started: Instant::now(),
        forms: AtomicUsize::new(0),
        failures: Mutex::default(),
        times: Mutex::default(),
    });
    let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / RATE));
    let mut end = end_of_input();
    let mut requests = Vec::new();
    loop {
        tokio::select! {
            _ = ticks.tick() => requests.push(tokio::spawn(Arc::clone(&load).one(requests.len()))),
            _ = &mut end => break,
        }
    }
    let sent = requests.len();
    for request in requests {
        request.await.expect("no request panics");
    }
    let mut times = std::mem::take(&mut *load.times.lock().expect("nobody panics with it"));
    times.sort_unstable();
    Outcome {
        sent,
        forms: load.forms.load(Ordering::Relaxed),
        again: load.client.again(),
        failures: std::mem::take(&mut *load.failures.lock().expect("nobody panics with it")),
        longest: times.last().copied().unwrap_or_default(),
        median: times.get(times.len() / 2).copied().unwrap_or_default(),
    }
}

/// Ends when standard input does.
fn end_of_input() -> tokio::sync::oneshot::Receiver<()> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = sender.send(());
    });
    receiver
}

impl Load {
    async fn one(self: Arc<Self>, number: usize) {
        let start = Instant::now();
        let is_form = number.is_multiple_of(3);
        let path = if is_form { BOOK } else { &self.pages[(number / 3 + number % 3) % self.pages.len()] };
        let answer = async {
            if is_form {
                self.forms.fetch_add(1, Ordering::Relaxed);
                return self.form.send(&self.client, &format!("entry {number}"), None).await;
            }
            self.client.send("GET", path, &[], b"").await
        };
        let failure = match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) if answer.status == if is_form { 303 } else { 200 } => None,
            Ok(Ok(answer)) => Some(format!("status {}", answer.status)),
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("no answer".to_string()),
        };
        let took = start.elapsed().as_millis();
        self.times.lock().expect("nobody panics with it").push(took);
        if let Some(failure) = failure {
            let at = start.duration_since(self.started).as_millis();
            let method = if is_form { "POST" } else { "GET" };
            let line = format!("{method} {path} after {at} ms: {failure} ({took} ms)");
            self.failures.lock().expect("nobody panics with it").push(line);
        }
    }
}
