//! Mail (B160), from a page of a site to what the mail server reads.

mod letters;
mod queue;
mod tls;

use std::process::{Command, ExitCode};

use kalgan::controller::{Dispatch, controller};
use kalgan::testing::{self, Client};
use kalgan::{App, BoxError, Request, Response, context, mail};

use crate::server::Server;
use crate::servers::smtp::Smtp;

/// Hands the command line to a process of this test program.
const ARGUMENTS: &str = "KALGAN_TEST_MAIL_SITE";

/// A picture that is no text in any encoding.
const LOGO: &[u8] = b"\x89PNG\r\n\x1a\n\0\xff\n\r.\n";

fn app() -> App {
    let controllers = [
        ("mail::sign_up", controller(sign_up)),
        ("mail::queue", controller(queue_mail)),
        ("mail::page", controller(mail::sent_page)),
    ];
    App::new(|| crate::pages::read("mail"), Dispatch::new(controllers, []))
}

#[derive(serde::Deserialize)]
struct SignUp {
    name: String,
    email: String,
}

#[derive(serde::Deserialize)]
struct Note {
    email: String,
    subject: String,
}

/// Sends the mail of the templates, with a picture and a file, to the address and name of a form.
async fn sign_up(request: Request) -> Result<Response, BoxError> {
    let SignUp { name, email } = request.form()?;
    let letter = mail::letter().to((&*name, email)).reply_to("Büro <office@example.com>").bcc("archive@example.com");
    let letter = letter.inline("logo", "image/png", LOGO).attach("menú «día».pdf", "application/pdf", LOGO);
    letter.render(&request, "mail/welcome", context! { "name" => name })?.send(&request).await?;
    Ok(Response::text("sent"))
}

/// Puts a text into the queue.
async fn queue_mail(request: Request) -> Result<Response, BoxError> {
    let Note { email, subject } = request.form()?;
    mail::letter().to(email).subject(subject).text("It is your turn.").enqueue(&request).await?;
    Ok(Response::text("waiting"))
}

/// The settings with which a site talks to a server that needs neither a user nor encryption.
fn plain(port: u16) -> Vec<(&'static str, String)> {
    vec![
        ("environment.is_prod", "true".to_string()),
        ("security.secret_key", "a key of a test that is long enough".to_string()),
        ("mailer.transport", "smtp".to_string()),
        ("mailer.server", "127.0.0.1".to_string()),
        ("mailer.port", port.to_string()),
        ("mailer.tls", "none".to_string()),
        ("mailer.timeout", "10".to_string()),
    ]
}

/// The site that sends by a server, with more settings.
fn client(smtp: &Smtp, more: &[(&'static str, &str)]) -> Client {
    let mut settings = plain(smtp.port);
    settings.extend(more.iter().map(|(key, value)| (*key, (*value).to_string())));
    let settings: Vec<_> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    testing::client_with(app(), &settings)
}

fn enqueue(client: &Client, email: &str, subject: &str) -> u16 {
    client.post("/queue").form(&[("email", email), ("subject", subject)]).send().status()
}

/// The site in a process of this very test program, with these settings, and more arguments if any.
fn process(settings: &[(&'static str, String)], environment: &[(&str, &str)]) -> Server {
    process_with(&[], settings, environment)
}

fn process_with(arguments: &[&str], settings: &[(&'static str, String)], environment: &[(&str, &str)]) -> Server {
    let mut command = Command::new("sh");
    let script =
        format!("{ARGUMENTS}=\"$*\" exec \"$0\" services::mail::the_process_of_a_site --exact --ignored --nocapture");
    command
        .args(["-c", &script])
        .arg(std::env::current_exe().unwrap())
        .args(arguments)
        .envs(environment.iter().copied());
    let settings: Vec<_> = settings.iter().map(|(key, value)| format!("{key}={}", value.replace(' ', "-"))).collect();
    Server::start_command(command, &settings.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
#[ignore = "it is the process that the other tests here start"]
fn the_process_of_a_site() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let code = testing::run(app(), std::iter::once("site").chain(arguments.split(' ')));
    // What a test would print at its end nobody reads.
    std::process::exit(i32::from(code != ExitCode::SUCCESS));
}

/// Sends a form to a process, and gives the status and the text of its answer.
fn post(server: &Server, path: &str, form: &[(&str, &str)]) -> (u16, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.post(format!("{}{path}", server.origin)).send_form(form.iter().copied()).unwrap();
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

/// The mails as the server read them, by their subjects.
fn subjects(mails: &[serde_json::Value]) -> Vec<String> {
    let mut subjects: Vec<_> =
        mails.iter().map(|mail| mail["headers"]["subject"].as_str().unwrap_or_default().to_string()).collect();
    subjects.sort();
    subjects
}
