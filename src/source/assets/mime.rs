//! Media types of static files, by their names. `mime_guess` knows the types; here stand those that have been registered since,
//! or that it takes from before their registration.

use crate::snapshot::Text;

/// Types by extension that come before those of `mime_guess`, with what registers them.
const REGISTERED: &[(&str, &str)] = &[
    ("cjs", "text/javascript"),   // RFC 9239
    ("js", "text/javascript"),    // RFC 9239
    ("m4a", "audio/mp4"),         // RFC 4337
    ("m4v", "video/mp4"),         // RFC 4337
    ("map", "application/json"),  // ECMA-426 section 11
    ("mjs", "text/javascript"),   // RFC 9239
    ("otf", "font/otf"),          // RFC 8081
    ("toml", "application/toml"), // IANA, 2024
    ("ttf", "font/ttf"),          // RFC 8081
    ("vcf", "text/vcard"),        // RFC 6350
    ("woff", "font/woff"),        // RFC 8081
    ("yaml", "application/yaml"), // RFC 9512
    ("yml", "application/yaml"),  // RFC 9512
    ("zst", "application/zstd"),  // RFC 8878
];

/// The media type by a file's name, whatever the case of its extension (B143). Text in UTF-8 says so; types that are not text have
/// no such parameter, because JSON (RFC 8259) always is UTF-8 and XML says what it is in its first line.
pub fn mime(path: &str, body: &[u8]) -> Text {
    let essence = essence(path);
    match essence.starts_with("text/") && std::str::from_utf8(body).is_ok() {
        true => format!("{essence}; charset=utf-8").into(),
        false => essence.into(),
    }
}

/// Whether a file is of a media type by its name.
pub fn is(path: &str, essence: &str) -> bool {
    self::essence(path) == essence
}

fn essence(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let registered = REGISTERED.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known));
    match registered {
        Some((_, essence)) => essence.to_string(),
        None => mime_guess::from_ext(extension).first_or_octet_stream().essence_str().to_string(),
    }
}
