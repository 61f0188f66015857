//! Static files as data.

use std::borrow::Cow;

use super::Text;

/// One static file as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its address without the leading slash, percent-decoded: the folder's name and the path below it (B138), such as `static/css/site.css`.
    pub path: Text,
    /// Its media type, with `; charset=utf-8` for text.
    pub mime: Text,
    /// Hash of the bytes that are served, in hexadecimal.
    pub hash: Text,
    /// The bytes that are served.
    pub body: Cow<'static, [u8]>,
}
