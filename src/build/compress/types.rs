//! Which media types become smaller when they are compressed.
//!
//! A list of those that do, not of those that do not: a type that nobody thought of is sent as it is, which is never wrong. Pictures,
//! sound, film, archives and web fonts of type WOFF are compressed already.

/// Types outside `text` that are text, or that hold numbers and outlines as they are.
const WORTH_IT: [&str; 19] = [
    "application/ecmascript",
    "application/javascript",
    "application/json",
    "application/rtf",
    "application/sql",
    "application/toml",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-javascript",
    "application/x-ndjson",
    "application/x-sh",
    "application/xml",
    "application/xml-dtd",
    "application/yaml",
    "font/collection",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/x-icon",
];

/// Whether a file of this media type, with or without parameters, is worth a try. How much it gains is seen afterwards.
pub(super) fn is_worth_it(mime: &str) -> bool {
    let essence = mime.split(';').next().unwrap_or_default().trim();
    // RFC 6839: what a type ends with says how it is written, such as `image/svg+xml` and `application/manifest+json`.
    let is_text = essence.starts_with("text/") || essence.ends_with("+json") || essence.ends_with("+xml");
    is_text || WORTH_IT.contains(&essence)
}
