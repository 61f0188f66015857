//! One field of a form, whichever way the form was sent.

use crate::http::{Failure, Request};

impl Request {
    /// The text of a field of the form that the request carries, with files or without; of several fields of that name the last
    /// (B55g). `None` where there is no such text, or the request carries no form (C16).
    ///
    /// A form with files is read for it as by `kalgan::upload::form`, if it was not before. That needs the feature `upload`.
    ///
    /// # Errors
    ///
    /// 400 when the form is malformed or not UTF-8, 413 when it is larger than allowed, and what else `kalgan::upload::form` says.
    #[cfg_attr(not(feature = "upload"), allow(clippy::unused_async, reason = "a form with files is waited for"))]
    pub async fn form_field(&self, name: &str) -> Result<Option<String>, Failure> {
        if self.is_plain_form() {
            let pairs = self.form_pairs()?;
            return Ok(pairs.into_iter().rev().find(|pair| pair.0 == name).map(|pair| pair.1));
        }
        #[cfg(feature = "upload")]
        if self.is_multipart() {
            return Ok(super::upload::form(self).await?.text(name).map(str::to_string));
        }
        Ok(None)
    }
}
