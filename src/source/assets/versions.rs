//! Hashes of static files, and what their addresses carry so that a changed file has a new address.

use super::StaticSource;

/// Hexadecimal digits of a hash: 64 bits, which two files of one site share by chance never in practice.
const DIGITS: usize = 16;

/// The hash of a file's bytes in hexadecimal.
pub fn hash(body: &[u8]) -> String {
    blake3::hash(body).to_hex()[..DIGITS].to_string()
}

/// The version tag of a site: a hash over addresses and contents of all its static files, which must be sorted.
pub fn tag(sources: &[StaticSource]) -> String {
    let mut hasher = blake3::Hasher::new();
    for source in sources {
        // Neither an address nor a hash has these separators in it, so no two lists of files make the same bytes.
        hasher.update(source.address.as_bytes()).update(b"\0").update(hash(&source.body).as_bytes()).update(b"\n");
    }
    hasher.finalize().to_hex()[..DIGITS].to_string()
}
