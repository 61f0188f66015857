//! Media types of static files.

use crate::snapshot::Text;

/// The media type by a file's name, with its character set where the bytes are text in UTF-8.
pub fn mime(path: &str, body: &[u8]) -> Text {
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let is_text = mime.type_() == mime_guess::mime::TEXT || mime.subtype() == mime_guess::mime::JAVASCRIPT;
    if is_text && std::str::from_utf8(body).is_ok() {
        return format!("{}; charset=utf-8", mime.essence_str()).into();
    }
    mime.essence_str().to_string().into()
}
