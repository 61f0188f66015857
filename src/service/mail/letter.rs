//! A mail that is being put together.

use std::fmt;

use bytes::Bytes;

use super::address::Address;
use crate::error::{Error, TemplateError};
use crate::http::Request;
use crate::process::{AsProcess, Process};
use crate::site::Context;

/// A mail that is being put together; [`letter`](super::letter()) begins one.
///
/// What is wrong in it is told when it is sent, by an error that names the field.
///
/// ```
/// use kalgan::{BoxError, Request, Response, context, mail};
///
/// #[derive(serde::Deserialize)]
/// struct SignUp {
///     name: String,
///     email: String,
/// }
///
/// async fn sign_up(request: Request) -> Result<Response, BoxError> {
///     let SignUp { name, email } = request.form()?;
///     let letter = mail::letter().to((&*name, email)).render(&request, "mail/welcome", context! { "name" => name })?;
///     letter.enqueue(&request).await?;
///     Ok(Response::redirect("/welcome"))
/// }
/// ```
#[derive(Clone, Default)]
#[must_use = "a letter does nothing until it is sent"]
pub struct Letter {
    pub(super) from: Option<Address>,
    pub(super) to: Vec<Address>,
    pub(super) cc: Vec<Address>,
    pub(super) bcc: Vec<Address>,
    pub(super) reply_to: Vec<Address>,
    pub(super) subject: Option<String>,
    pub(super) text: Option<String>,
    pub(super) html: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) attachments: Vec<Attachment>,
}

/// A file in a mail.
#[derive(Debug, Clone)]
pub(super) struct Attachment {
    /// The file's name; for a picture in the HTML part, what `cid:` names.
    pub(super) name: String,
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
    /// Whether the HTML part shows it.
    pub(super) is_inline: bool,
}

impl Letter {
    /// Adds a recipient.
    pub fn to(mut self, address: impl Into<Address>) -> Self {
        self.to.push(address.into());
        self
    }

    /// Adds a recipient of a copy, whom all others see.
    pub fn cc(mut self, address: impl Into<Address>) -> Self {
        self.cc.push(address.into());
        self
    }

    /// Adds a recipient of a copy, whom nobody else sees.
    pub fn bcc(mut self, address: impl Into<Address>) -> Self {
        self.bcc.push(address.into());
        self
    }

    /// Adds an address that answers go to, such as that of the visitor who filled in a form.
    pub fn reply_to(mut self, address: impl Into<Address>) -> Self {
        self.reply_to.push(address.into());
        self
    }

    /// The sender, in place of the setting `mailer.sender`. Most servers only take senders of their own domains; for a visitor's address
    /// there is [`Letter::reply_to`].
    pub fn from(mut self, address: impl Into<Address>) -> Self {
        self.from = Some(address.into());
        self
    }

    /// The subject, one line.
    pub fn subject(mut self, text: impl Into<String>) -> Self {
        self.subject = Some(text.into());
        self
    }

    /// The part for readers of plain text.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// The part in HTML. A mail with both parts is shown by each program in the form that it likes better.
    pub fn html(mut self, text: impl Into<String>) -> Self {
        self.html = Some(text.into());
        self
    }

    /// Adds a header of the site's own, such as `List-Unsubscribe`. Those that this type writes itself are refused when the mail is sent.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a file.
    pub fn attach(self, name: impl Into<String>, media_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        self.with(name.into(), media_type.into(), bytes.into(), false)
    }

    /// Adds a picture that the HTML part shows: with the name `logo`, by `<img src="cid:logo">`.
    pub fn inline(self, name: impl Into<String>, media_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        self.with(name.into(), media_type.into(), bytes.into(), true)
    }

    fn with(mut self, name: String, media_type: String, bytes: Bytes, is_inline: bool) -> Self {
        self.attachments.push(Attachment { name, media_type, bytes, is_inline });
        self
    }

    /// Makes the parts of templates, in the request's language: with the name `mail/welcome`, the text of `mail/welcome.txt`, the HTML of
    /// `mail/welcome.html`, and the subject of `mail/welcome.subject.txt`, whichever of them there are. They see what a page sees, but
    /// no nonce.
    ///
    /// # Errors
    ///
    /// [`Error::Template`] where there is neither a text nor an HTML, or one fails.
    pub fn render(self, request: &Request, name: &str, context: Context) -> Result<Self, Error> {
        let site = request.site();
        self.made_of(name, |file| {
            let is_there = site.renderer.contains(file);
            is_there.then(|| request.render_letter(file, context.clone())).transpose()
        })
    }

    /// As [`Letter::render`], in another language than a request's, or outside of one: in the language of the person who gets the mail.
    /// An empty language is the site's default. The templates see their context and `language`, but no `request`.
    ///
    /// # Errors
    ///
    /// As [`Letter::render`], and [`Error::Service`] while the process is still starting.
    pub fn render_in(
        self,
        process: &impl AsProcess,
        language: &str,
        name: &str,
        context: Context,
    ) -> Result<Self, Error> {
        let process: &Process = process.process();
        let site = process.site()?;
        self.made_of(name, |file| {
            let is_there = site.renderer.contains(file);
            is_there.then(|| process.render(file, language, context.clone())).transpose()
        })
    }

    fn made_of(mut self, name: &str, text_of: impl Fn(&str) -> Result<Option<String>, Error>) -> Result<Self, Error> {
        let (text, html) = (text_of(&format!("{name}.txt"))?, text_of(&format!("{name}.html"))?);
        if text.is_none() && html.is_none() {
            let message = format!("a mail needs the template `{name}.txt` or `{name}.html`, and there is neither");
            return Err(Error::Template(Box::new(TemplateError {
                template: name.to_string(),
                message,
                problem: None,
            })));
        }
        if let Some(subject) = text_of(&format!("{name}.subject.txt"))? {
            self.subject = Some(subject.trim().to_string());
        }
        self.text = text.or(self.text);
        self.html = html.or(self.html);
        Ok(self)
    }
}

impl fmt::Debug for Letter {
    /// Without the parts: they may hold the address of a new password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("to", &self.to)
            .field("cc", &self.cc)
            .field("bcc", &self.bcc)
            .field("attachments", &self.attachments.len())
            .finish_non_exhaustive()
    }
}
