//! Addresses as a site's author, an operator or a visitor writes them.

use lettre::address::Address as Bare;
use lettre::message::Mailbox;

use crate::error::{Error, one_line};

/// One person or place that mail goes to or comes from: `ana@example.com`, `Ana Díaz <ana@example.com>`, or a pair of name and address.
///
/// It is looked at when the letter is sent. A pair is for a name that somebody else wrote, whatever characters it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// `None` where the name, if any, is still in the text.
    name: Option<String>,
    text: String,
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        Address { name: None, text: text.to_string() }
    }
}

impl From<String> for Address {
    fn from(text: String) -> Self {
        Address { name: None, text }
    }
}

impl From<&String> for Address {
    fn from(text: &String) -> Self {
        Address::from(text.as_str())
    }
}

impl<N: Into<String>, A: Into<String>> From<(N, A)> for Address {
    fn from((name, address): (N, A)) -> Self {
        Address { name: Some(name.into()), text: address.into() }
    }
}

impl Address {
    /// The address in parts.
    ///
    /// # Errors
    ///
    /// [`Error::Request`], which names the field, where it has control characters such as a line break (they could add headers to the
    /// mail) or is not an address by RFC 5321.
    pub(super) fn mailbox(&self, field: &str) -> Result<Mailbox, Error> {
        let wrong = |reason: &str| {
            Error::Request(format!("the mail's `{field}` is no address: `{}` {reason}", one_line(&self.text)))
        };
        if self.text.contains(char::is_control)
            || self.name.as_ref().is_some_and(|name| name.contains(char::is_control))
        {
            return Err(wrong("has a line break or another control character in it or its name"));
        }
        let (name, bare) = match &self.name {
            Some(name) => (name.as_str(), self.text.trim()),
            None => apart(self.text.trim()).ok_or_else(|| wrong("has a `<` without a `>` at its end"))?,
        };
        let bare: Bare = bare.parse().map_err(|_| wrong("must be `user@host`, or a name and `<user@host>`"))?;
        Ok(Mailbox::new(Some(name.to_string()).filter(|name| !name.is_empty()), bare))
    }
}

/// The name, which may stand in quotes, and the address. `None` where the angle brackets do not fit.
fn apart(text: &str) -> Option<(&str, &str)> {
    let Some((name, rest)) = text.rsplit_once('<') else { return Some(("", text)) };
    let bare = rest.strip_suffix('>')?;
    let name = name.trim();
    let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    Some((quoted.unwrap_or(name), bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(address: impl Into<Address>) -> Result<(Option<String>, String), String> {
        let mailbox = address.into().mailbox("to").map_err(|error| error.to_string())?;
        Ok((mailbox.name, mailbox.email.to_string()))
    }

    #[test]
    fn names_are_taken_as_people_write_them() {
        let ana = |name: &str| Ok((Some(name.to_string()), "ana@example.com".to_string()));
        assert_eq!(parts(" ana@example.com "), Ok((None, "ana@example.com".to_string())));
        assert_eq!(parts("<ana@example.com>"), Ok((None, "ana@example.com".to_string())));
        assert_eq!(parts("Ana Díaz <ana@example.com>"), ana("Ana Díaz"));
        assert_eq!(parts("\"Díaz, Ana\" <ana@example.com>"), ana("Díaz, Ana"));
        assert_eq!(parts("Díaz, Ana <ana@example.com>"), ana("Díaz, Ana"));
        assert_eq!(parts(("Ana <boss@example.com>", "ana@example.com")), ana("Ana <boss@example.com>"));
    }

    #[test]
    fn what_is_no_single_address_is_refused_with_its_field() {
        let wrong = [
            "",
            "ana",
            "ana@",
            "@example.com",
            "ana@example.com, eva@example.com",
            "Ana <ana@example.com",
            "a b@example.com",
        ];
        for text in wrong {
            let error = parts(text).expect_err(text);
            assert!(error.starts_with("the mail's `to` is no address: `"), "{error}");
        }
        for text in ["ana@example.com\r\nBcc: eva@example.com", "Ana\n <ana@example.com>", "ana@example.com\0"] {
            let error = parts(text).expect_err(text);
            assert!(error.contains("control character") && !error.contains(char::is_control), "{error}");
        }
        assert!(parts(("Ana\r\nBcc: eva@example.com", "ana@example.com")).is_err());
    }
}
