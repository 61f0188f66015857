//! Mails that are only kept in memory: the transport `log`.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use lettre::message::Mailbox;

use super::address::Address;
use super::letter::Letter;
use super::message::Outgoing;

/// So many are kept: enough for a page to look at, and little memory.
const KEPT: usize = 50;

/// A mail that the transport `log` took. [`sent`](super::sent()) gives the last ones.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SentMail {
    /// When it was sent.
    pub time: SystemTime,
    /// The sender, with the name if any.
    pub from: String,
    /// The recipients, each with the name if any.
    pub to: Vec<String>,
    /// Those of copies.
    pub cc: Vec<String>,
    /// Those of copies whom nobody else sees.
    pub bcc: Vec<String>,
    /// Where answers go.
    pub reply_to: Vec<String>,
    /// The subject; empty where there is none.
    pub subject: String,
    /// The part for readers of plain text.
    pub text: Option<String>,
    /// The part in HTML.
    pub html: Option<String>,
    /// The files and pictures.
    pub attachments: Vec<SentAttachment>,
    /// The headers as they would be sent.
    pub headers: String,
}

/// A file of a [`SentMail`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentAttachment {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub size: usize,
}

/// The last mails.
#[derive(Default)]
pub(super) struct Sent(Mutex<VecDeque<SentMail>>);

impl Sent {
    /// Keeps a mail, and writes a line about it, without what it says.
    pub(super) fn put(&self, letter: &Letter, sender: Option<&Mailbox>, outgoing: &Outgoing) {
        let recipients = outgoing.envelope.to().len();
        tracing::info!(
            recipients,
            subject = &*outgoing.subject,
            "a mail was kept and not sent (`mailer.transport` is `log`)"
        );
        let mut sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sent.len() == KEPT {
            sent.pop_front();
        }
        sent.push_back(SentMail::new(letter, sender, outgoing));
    }

    /// The last mails, the newest last.
    pub(super) fn all(&self) -> Vec<SentMail> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl SentMail {
    fn new(letter: &Letter, sender: Option<&Mailbox>, outgoing: &Outgoing) -> Self {
        let message = String::from_utf8_lossy(&outgoing.bytes);
        let headers = message.split_once("\r\n\r\n").map_or(&*message, |(headers, _)| headers);
        let from = letter.from.as_ref().map(shown).or_else(|| sender.map(ToString::to_string));
        let file = |file: &super::letter::Attachment| SentAttachment {
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            size: file.bytes.len(),
        };
        SentMail {
            time: SystemTime::now(),
            from: from.unwrap_or_default(),
            to: letter.to.iter().map(shown).collect(),
            cc: letter.cc.iter().map(shown).collect(),
            bcc: letter.bcc.iter().map(shown).collect(),
            reply_to: letter.reply_to.iter().map(shown).collect(),
            subject: outgoing.subject.clone(),
            text: letter.text.clone(),
            html: letter.html.clone(),
            attachments: letter.attachments.iter().map(file).collect(),
            headers: headers.to_string(),
        }
    }
}

/// An address as it stands in a header before it is encoded. It has been read before, so it is one.
fn shown(address: &Address) -> String {
    address.mailbox("to").map(|mailbox| mailbox.to_string()).unwrap_or_default()
}
