//! From a letter to the bytes that are sent (RFC 5322, MIME).

use bytes::Bytes;
use lettre::Message;
use lettre::address::Envelope;
use lettre::message::header::{self, ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment as Disposition, Body, Mailbox, Mailboxes, MessageBuilder, MultiPart, SinglePart};

use super::address::Address;
use super::letter::{Attachment, Letter};
use crate::error::{Error, one_line};
use crate::service::random;

/// A mail that is ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    pub(super) envelope: Envelope,
    pub(super) subject: String,
    pub(super) bytes: Bytes,
}

/// Headers that are written from the letter's other parts.
const OWN_HEADERS: [&str; 10] =
    ["from", "sender", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "mime-version"];

/// One part of a mail, or several.
enum Part {
    Single(SinglePart),
    Multi(MultiPart),
}

impl Letter {
    /// The mail of this letter; `sender` is that of the settings.
    ///
    /// # Errors
    ///
    /// [`Error::Request`], which names the field, for what cannot be an address, a line, a media type or a header; [`Error::Setting`]
    /// without a sender; [`Error::Service`] without recipients or without a part.
    pub(super) fn build(&self, sender: Option<&Mailbox>) -> Result<Outgoing, Error> {
        let from = self.sender(sender)?;
        let (to, cc) = (mailboxes("to", &self.to)?, mailboxes("cc", &self.cc)?);
        let (bcc, reply_to) = (mailboxes("bcc", &self.bcc)?, mailboxes("reply_to", &self.reply_to)?);
        let envelope = envelope(&from, to.iter().chain(&cc).chain(&bcc))?;
        // All addresses of a header at once, and the envelope apart: lettre would read them from the headers again.
        let mut message = Message::builder().message_id(message_id(&from)?).from(from).envelope(envelope.clone());
        if !to.is_empty() {
            message = message.header(header::To::from(Mailboxes::from(to)));
        }
        if !cc.is_empty() {
            message = message.header(header::Cc::from(Mailboxes::from(cc)));
        }
        if !reply_to.is_empty() {
            message = message.header(header::ReplyTo::from(Mailboxes::from(reply_to)));
        }
        let subject = self.subject.clone().unwrap_or_default();
        check_line("subject", &subject)?;
        message = self.add_headers(message.subject(subject.clone()))?;
        let message = match self.body()? {
            Part::Single(part) => message.singlepart(part),
            Part::Multi(part) => message.multipart(part),
        };
        let message = message.map_err(|error| Error::Service(format!("the mail cannot be made: {error}")))?;
        Ok(Outgoing { envelope, subject, bytes: message.formatted().into() })
    }

    fn sender(&self, sender: Option<&Mailbox>) -> Result<Mailbox, Error> {
        match (&self.from, sender) {
            (Some(address), _) => address.mailbox("from"),
            (None, Some(mailbox)) => Ok(mailbox.clone()),
            (None, None) => {
                Err(Error::Setting("the mail has no sender: set `mailer.sender`, or call `from`".to_string()))
            }
        }
    }

    fn add_headers(&self, mut message: MessageBuilder) -> Result<MessageBuilder, Error> {
        for (name, value) in &self.headers {
            let lower = name.to_ascii_lowercase();
            if OWN_HEADERS.contains(&lower.as_str()) || lower.starts_with("content-") {
                return Err(Error::Request(format!("the mail's header `{name}` is written by the letter itself")));
            }
            let is_token = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
            let parsed = HeaderName::new_from_ascii(name.clone()).ok().filter(|_| is_token);
            let parsed =
                parsed.ok_or_else(|| Error::Request(format!("`{}` is no name of a mail's header", one_line(name))))?;
            check_line(name, value)?;
            message = message.raw_header(HeaderValue::new(parsed, value.clone()));
        }
        Ok(message)
    }

    /// Text and HTML as alternatives, with the HTML the pictures that it shows, and around all of it the files.
    fn body(&self) -> Result<Part, Error> {
        let html = self.html.clone().map(SinglePart::html).map(|html| self.with_pictures(html)).transpose()?;
        let body = match (self.text.clone().map(SinglePart::plain), html) {
            (Some(text), Some(html)) => {
                let parts = MultiPart::alternative().singlepart(text);
                Part::Multi(match html {
                    Part::Single(html) => parts.singlepart(html),
                    Part::Multi(html) => parts.multipart(html),
                })
            }
            (Some(text), None) => Part::Single(text),
            (None, Some(html)) => html,
            (None, None) => {
                return Err(Error::Service("the mail is empty: call `text`, `html` or `render`".to_string()));
            }
        };
        let is_file = |file: &&Attachment| !file.is_inline || self.html.is_none();
        let files = self.attachments.iter().filter(is_file).map(Attachment::part);
        around(body, MultiPart::mixed().build(), files)
    }

    fn with_pictures(&self, html: SinglePart) -> Result<Part, Error> {
        let pictures = self.attachments.iter().filter(|file| file.is_inline).map(Attachment::part);
        around(Part::Single(html), MultiPart::related().build(), pictures)
    }
}

impl Attachment {
    fn part(&self) -> Result<SinglePart, Error> {
        check_line("attach", &self.name)?;
        let media_type = ContentType::parse(&self.media_type).map_err(|_| {
            Error::Request(format!("the mail's `attach`: `{}` is no media type", one_line(&self.media_type)))
        })?;
        let disposition = match self.is_inline {
            true if self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte)) => {
                Disposition::new_inline(self.name.clone())
            }
            true => {
                return Err(Error::Request(format!(
                    "the mail's `inline`: `{}` may only have letters, digits and `-_.@`",
                    one_line(&self.name)
                )));
            }
            false => Disposition::new(self.name.clone()),
        };
        // Base64 keeps every byte as it is; in other encodings line ends are changed on the way.
        let body = Body::new_with_encoding(self.bytes.to_vec(), ContentTransferEncoding::Base64);
        let body = body.map_err(|_| Error::Service(format!("`{}` cannot be attached", one_line(&self.name))))?;
        Ok(disposition.body(body, media_type))
    }
}

fn mailboxes(field: &str, addresses: &[Address]) -> Result<Vec<Mailbox>, Error> {
    addresses.iter().map(|address| address.mailbox(field)).collect()
}

/// From whom and to whom the server is asked to send, each recipient once.
fn envelope<'m>(from: &Mailbox, recipients: impl Iterator<Item = &'m Mailbox>) -> Result<Envelope, Error> {
    let mut to = Vec::new();
    for mailbox in recipients {
        if !to.contains(&mailbox.email) {
            to.push(mailbox.email.clone());
        }
    }
    Envelope::new(Some(from.email.clone()), to)
        .map_err(|_| Error::Service("the mail has no recipient: call `to`, `cc` or `bcc`".to_string()))
}

/// A part with others beside it; by itself where there are none.
fn around(
    body: Part,
    multi: MultiPart,
    others: impl Iterator<Item = Result<SinglePart, Error>>,
) -> Result<Part, Error> {
    let others = others.collect::<Result<Vec<_>, _>>()?;
    if others.is_empty() {
        return Ok(body);
    }
    let multi = match body {
        Part::Single(body) => multi.singlepart(body),
        Part::Multi(body) => multi.multipart(body),
    };
    Ok(Part::Multi(others.into_iter().fold(multi, MultiPart::singlepart)))
}

/// A line break would begin another header.
fn check_line(field: &str, text: &str) -> Result<(), Error> {
    match text.contains(|c: char| c.is_control() && c != '\t') {
        true => Err(Error::Request(format!(
            "the mail's `{field}` has a line break or another control character: `{}`",
            one_line(text)
        ))),
        false => Ok(()),
    }
}

/// An id that nobody else gives (RFC 5322 section 3.6.4), of the sender's domain: the name of the machine is nobody's business.
fn message_id(from: &Mailbox) -> Result<Option<String>, Error> {
    let domain = Some(from.email.domain()).filter(|domain| domain.is_ascii()).unwrap_or("localhost");
    Ok(Some(format!("<{}@{domain}>", random::hex::<16>()?)))
}
