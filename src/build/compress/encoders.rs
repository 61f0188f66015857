//! From bytes to compressed bytes: the one door to the three encoders.
//!
//! Each is told the best that every client can decode. None of them writes a name or a time, and none computes with what differs
//! from machine to machine, so that equal bytes stay equal.

use std::io::{self, Write};

use brotli::enc::BrotliEncoderParams;
use flate2::write::GzEncoder;
use zstd::zstd_safe::CParameter;

use crate::snapshot::Encoding;

/// The size of the window, as a power of two, that RFC 9659 lets a server use with zstd: 8 MiB.
const ZSTD_WINDOW: u32 = 23;

/// The range of RFC 7932 section 9.1 for the size of the window, as a power of two, without those below 16, which save nothing.
const BROTLI_WINDOWS: (u32, u32) = (16, 24);

/// The encoder and what it is told, as a part of a file's name: with other words here, nothing that was made before is used again.
///
/// The version of the encoder is not in it, because cargo gives a build script another folder when a package that it uses changes.
pub(super) const fn recipe(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Brotli => "brotli-11",
        Encoding::Zstd => "zstd-22",
        Encoding::Gzip => "gzip-9",
    }
}

/// Compresses bytes as well as the encoding can.
///
/// # Errors
///
/// The encoder got no memory.
pub(super) fn encode(bytes: &[u8], encoding: Encoding) -> io::Result<Vec<u8>> {
    match encoding {
        Encoding::Brotli => brotli(bytes),
        Encoding::Zstd => zstd(bytes),
        Encoding::Gzip => gzip(bytes),
    }
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let parameters = BrotliEncoderParams {
        quality: 11,
        lgwin: brotli_window(bytes.len()),
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut encoded = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut encoded, &parameters)?;
    Ok(encoded)
}

/// The smallest window that holds all bytes, because the client's decoder has to make room for it.
fn brotli_window(length: usize) -> i32 {
    let (least, most) = BROTLI_WINDOWS;
    // A window is 16 bytes smaller than its power of two.
    let window = (length + 16).checked_next_power_of_two().map_or(most, usize::ilog2);
    i32::try_from(window.clamp(least, most)).expect("it is at most 24")
}

fn zstd(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::bulk::Compressor::new(22)?;
    // A limit: for what is shorter, the encoder takes a smaller one by itself.
    encoder.set_parameter(CParameter::WindowLog(ZSTD_WINDOW))?;
    encoder.compress(bytes)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
