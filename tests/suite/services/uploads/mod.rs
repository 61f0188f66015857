//! Forms with files (B62 to B64, B55g, B55i): what is read of them, what is refused, and what stays behind of it.

mod forms;
mod functions;
mod limits;
mod sockets;

/// The boundary of the forms here.
const BOUNDARY: &str = "----form";

/// The `Content-Type` of the forms here.
const TYPE: &str = "multipart/form-data; boundary=----form";

/// A form of parts, each with what stands behind `form-data; ` in its head, and its content.
fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    form_between(BOUNDARY, parts)
}

fn form_between(boundary: &str, parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut form = Vec::new();
    for (head, content) in parts {
        form.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
        form.extend_from_slice(content);
        form.extend_from_slice(b"\r\n");
    }
    form.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    form
}

/// Bytes that look like nothing, others for each seed.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(length).collect()
}
