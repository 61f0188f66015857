//! The page for developers that shows the mails which the transport `log` took.

use std::fmt::Write;
use std::time::SystemTime;

use super::{SentMail, sent};
use crate::http::{Request, Response};
use crate::process::AsProcess;

/// The look of the page for developers that failed requests get, which this one belongs beside.
const STYLE: &str = concat!(include_str!("../../server/developers.css"), include_str!("page.css"));

/// The last mails, the newest first, as a page for the developer. In development, where the site's folder is read, it answers at
/// `/_kalgan/mail` by itself; a site may name it as the controller of a route besides. In production it is 404, and mails are kept by
/// no transport but `log` anyway.
///
/// HTML parts are shown in a frame in which no script runs.
pub fn sent_page(request: Request) -> Response {
    if request.settings().is_prod() || request.process().settings().is_prod() {
        return Response::error(404);
    }
    let mails = sent(&request);
    let mut body = format!("<header><div><h1>Mail</h1><p class=\"asked\">{}</p></div></header><main>", told(&mails));
    for mail in mails.iter().rev() {
        push_mail(&mut body, mail);
    }
    body.push_str("<p class=\"note\">This page is shown because <code>environment.is_prod</code> is false.</p></main>");
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>Mail</title><style>{STYLE}</style></head>\n\
         <body>{body}</body>\n</html>\n"
    );
    // A mail's own styles count in its frame as they do where it is read.
    let policy =
        "script-src 'self'; style-src 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'";
    Response::html(html).with_cache("no-store").with_header("content-security-policy", policy)
}

fn told(mails: &[SentMail]) -> String {
    match mails.len() {
        0 => "No mail has been sent since the process was started, or <code>mailer.transport</code> is not <code>log</code>."
            .to_string(),
        1 => "One mail, which was kept here and not sent.".to_string(),
        count => format!("The last {count} mails, which were kept here and not sent."),
    }
}

fn push_mail(body: &mut String, mail: &SentMail) {
    let subject = if mail.subject.is_empty() { "(no subject)" } else { &mail.subject };
    push(body, format_args!("<article><h2>{}</h2><div class=\"rows\"><table>", escape(subject)));
    push_row(body, "Sent", &ago(mail.time));
    push_row(body, "From", &mail.from);
    for (name, addresses) in [("To", &mail.to), ("Cc", &mail.cc), ("Bcc", &mail.bcc), ("Reply-To", &mail.reply_to)] {
        if !addresses.is_empty() {
            push_row(body, name, &addresses.join(", "));
        }
    }
    for file in &mail.attachments {
        push_row(body, "File", &format!("{} ({}, {} bytes)", file.name, file.media_type, file.size));
    }
    body.push_str("</table></div>");
    if let Some(html) = &mail.html {
        push(
            body,
            format_args!(
                "<details open><summary>HTML</summary><iframe sandbox title=\"HTML\" srcdoc=\"{}\"></iframe></details>",
                escape(html)
            ),
        );
    }
    if let Some(text) = &mail.text {
        push(body, format_args!("<details open><summary>Text</summary><pre>{}</pre></details>", escape(text)));
    }
    push(
        body,
        format_args!("<details><summary>Headers</summary><pre>{}</pre></details></article>", escape(&mail.headers)),
    );
}

fn push_row(body: &mut String, name: &str, value: &str) {
    push(body, format_args!("<tr><th scope=\"row\">{name}</th><td>{}</td></tr>", escape(value)));
}

fn push(body: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text cannot fail.
    let _ = body.write_fmt(text);
}

fn ago(time: SystemTime) -> String {
    match time.elapsed().unwrap_or_default().as_secs() {
        seconds @ 0..60 => format!("{seconds} s ago"),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds => format!("{} h ago", seconds / 3600),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
