//! The contact form: a letter made of templates, in the visitor's language, put into the queue.

use kalgan::{BoxError, Error, Request, Response, context, mail, session, trans, url};
use serde::Deserialize;

use super::Demo;

const PAGE: Demo = Demo {
    name: "contact",
    explained: &["mail", "csrf", "sessions"],
    files: &[
        ("app/controller/demo/contact.rs", include_str!("contact.rs")),
        ("app/templates/demo/contact.html", include_str!("../../templates/demo/contact.html")),
        ("app/templates/mail/contact.txt", include_str!("../../templates/mail/contact.txt")),
        ("app/templates/mail/contact.html", include_str!("../../templates/mail/contact.html")),
    ],
};

/// What the form sends.
#[derive(Deserialize, Default)]
struct Message {
    name: String,
    address: String,
    text: String,
}

/// The form.
pub fn show(request: Request) -> Response {
    page(&request, None, &Message::default())
}

/// A message.
pub async fn send(request: Request) -> Result<Response, BoxError> {
    let form: Message = request.form()?;
    if [&form.name, &form.address, &form.text].iter().any(|field| field.trim().is_empty()) {
        return Ok(page(&request, Some("demo.contact.incomplete"), &form));
    }
    let context = context! { "name" => form.name, "text" => form.text };
    let letter = mail::letter().to(&form.address).subject(trans!(request, "demo.mail.subject"));
    match letter.render(&request, "mail/contact", context)?.enqueue(&request).await {
        Err(Error::Request(_)) => return Ok(page(&request, Some("demo.contact.no_address"), &form)),
        queued => queued?,
    }
    let visitor = session::of(&request, "visitor").await?;
    visitor.flash("done", trans!(request, "demo.contact.sent", address = form.address));
    Ok(Response::redirect_with(303, &url!(request, "contact")?))
}

fn page(request: &Request, mistake: Option<&str>, form: &Message) -> Response {
    let is_development = !request.settings().is_prod();
    PAGE.show(
        mistake,
        context! {
            "name" => form.name, "address" => form.address, "text" => form.text, "mails" => is_development,
        },
    )
}
