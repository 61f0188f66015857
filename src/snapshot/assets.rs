//! Static files as data.

use super::{Blob, List, Text};

/// One static file as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its address without the leading slash, percent-decoded: the folder's name and the path below it (B138), such as
    /// `static/css/site.css`; a file of the folder `static.root` has its path below that folder only, such as `robots.txt`.
    pub path: Text,
    /// Whether it is a file of the folder `static.root`, so that it is found at the top and never beneath `static.path`.
    pub is_root: bool,
    /// Whether an operator's overlay made it another file than the one in the binary: by other bytes, or by the version of a file that it
    /// names. Its address carries its own version then, whatever `static.version` is, because the old address may be kept for good
    /// somewhere; and the build's date is not its own.
    pub is_patched: bool,
    /// Its media type, with `; charset=utf-8` for text.
    pub mime: Text,
    /// Hash of the bytes that are served, in hexadecimal: what its entity tags are made of.
    pub hash: Text,
    /// Changes when, and only when, the file or one that it names with a version changes: what its address carries with `static.version: file`.
    pub version: Text,
    /// The bytes that are served.
    pub body: Blob,
    /// The same bytes compressed, the smallest first; each smaller than `body`.
    pub variants: List<Variant>,
}

/// The bytes of a static file in one content coding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// How `body` is compressed.
    pub encoding: Encoding,
    /// The compressed bytes.
    pub body: Blob,
}

/// A content coding of RFC 9110 section 8.4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
    /// RFC 1952.
    Gzip,
}

impl Encoding {
    /// All of them, in the order in which they are preferred where a client likes them equally and their sizes are equal.
    pub const ALL: [Encoding; 3] = [Encoding::Brotli, Encoding::Zstd, Encoding::Gzip];

    /// Its name in `Accept-Encoding` and `Content-Encoding`.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Zstd => "zstd",
            Encoding::Gzip => "gzip",
        }
    }

    /// What a file's name gets at its end, without the dot, when its compressed bytes lie beside it.
    pub const fn extension(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Zstd => "zst",
            Encoding::Gzip => "gz",
        }
    }
}
