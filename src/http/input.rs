//! What a client sent beside the address: a query, a form, a JSON document, or a text, as values of one's own types.

use http::header;
use serde::de::DeserializeOwned;

use super::{Failure, Request, form};

/// The media type of a form without files.
const FORM: &str = "application/x-www-form-urlencoded";

/// The media type of a form that may have files.
const MULTIPART: &str = "multipart/form-data";

impl Request {
    /// The query as a value of one's own type; a field that is a list takes a repeated name.
    ///
    /// # Errors
    ///
    /// 400 when a field is missing or does not fit.
    pub fn query_as<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_html_form::from_str(self.raw_query()).map_err(|error| Failure::new(400, format!("the query: {error}")))
    }

    /// The body as text.
    ///
    /// # Errors
    ///
    /// 400 when it is not UTF-8.
    pub fn text(&self) -> Result<&str, Failure> {
        std::str::from_utf8(self.body()).map_err(|_| Failure::new(400, "the body is not UTF-8"))
    }

    /// The body, a JSON document, as a value of one's own type.
    ///
    /// # Errors
    ///
    /// 415 when `Content-Type` names another type, 400 when the body is not JSON or does not fit `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let media_type = self.media_type();
        if media_type != "application/json" && !media_type.ends_with("+json") {
            return Err(wrong_type("application/json", &media_type));
        }
        serde_json::from_slice(self.body()).map_err(|error| Failure::new(400, format!("the JSON body: {error}")))
    }

    /// The body, a form, as a value of one's own type; a field that is a list takes a repeated name.
    ///
    /// # Errors
    ///
    /// 415 when `Content-Type` is not `application/x-www-form-urlencoded`, 400 when the form is not UTF-8 or does not fit `T`.
    pub fn form<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        self.form_pairs()?;
        serde_html_form::from_bytes(self.body()).map_err(|error| Failure::new(400, format!("the form: {error}")))
    }

    /// The pairs of a form body, decoded, in order (B62).
    ///
    /// # Errors
    ///
    /// As [`Request::form`].
    pub fn form_pairs(&self) -> Result<Vec<(String, String)>, Failure> {
        let media_type = self.media_type();
        if media_type != FORM {
            return Err(wrong_type(FORM, &media_type));
        }
        form::pairs(self.body(), "form").map_err(Failure::from_error)
    }

    /// Whether the body is a form that may have files.
    pub(crate) fn is_multipart(&self) -> bool {
        self.media_type() == MULTIPART
    }

    /// Whether the body is a form without files.
    pub(crate) fn is_plain_form(&self) -> bool {
        self.media_type() == FORM
    }

    /// The media type of the body in lower case, without parameters.
    fn media_type(&self) -> String {
        let value = self.header(header::CONTENT_TYPE.as_str()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

fn wrong_type(wanted: &str, found: &str) -> Failure {
    if (wanted, found) == (FORM, MULTIPART) {
        return Failure::new(415, "a form with files is read by `kalgan::upload::form`");
    }
    let found = if found.is_empty() { "no `Content-Type`".to_string() } else { format!("`{found}`") };
    Failure::new(415, format!("the body must be `{wanted}`, the request has {found}"))
}
