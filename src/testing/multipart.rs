//! Forms with files, as a browser sends them (RFC 7578).

use bytes::Bytes;

/// The parts of a form.
#[derive(Debug, Clone, Default)]
pub(super) struct Multipart(Vec<(String, Bytes)>);

impl Multipart {
    /// Adds a part without a file.
    pub(super) fn field(&mut self, name: &str, value: &str) {
        self.0.push((disposition(name), Bytes::copy_from_slice(value.as_bytes())));
    }

    /// Adds a file.
    pub(super) fn file(&mut self, name: &str, file_name: &str, media_type: &str, bytes: Bytes) {
        let head = format!("{}; filename=\"{}\"\r\nContent-Type: {media_type}", disposition(name), escaped(file_name));
        self.0.push((head, bytes));
    }

    /// The media type, with the boundary, and the body.
    pub(super) fn encoded(&self) -> (String, Bytes) {
        let boundary = self.boundary();
        let mut body = Vec::new();
        for (head, bytes) in &self.0 {
            body.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        (format!("multipart/form-data; boundary={boundary}"), body.into())
    }

    /// A text that no part contains.
    fn boundary(&self) -> String {
        let contains = |boundary: &str| {
            let boundary = boundary.as_bytes();
            self.0.iter().any(|(_, bytes)| bytes.windows(boundary.len()).any(|window| window == boundary))
        };
        let mut boundary = "kalgan-testing-boundary".to_string();
        while contains(&boundary) {
            boundary.push('-');
        }
        boundary
    }
}

fn disposition(name: &str) -> String {
    format!("Content-Disposition: form-data; name=\"{}\"", escaped(name))
}

/// A name as browsers write it (HTML, section 4.10.21.8).
fn escaped(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_encoded_as_browsers_do() {
        let mut form = Multipart::default();
        form.field("a\"b", "one\r\ntwo");
        form.file("file", "ñ.txt", "text/plain", Bytes::from_static(b"x--kalgan-testing-boundary"));
        let (media_type, body) = form.encoded();
        assert_eq!(media_type, "multipart/form-data; boundary=kalgan-testing-boundary-");
        let expected = "--kalgan-testing-boundary-\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\none\r\ntwo\r\n\
                        --kalgan-testing-boundary-\r\nContent-Disposition: form-data; name=\"file\"; filename=\"ñ.txt\"\r\n\
                        Content-Type: text/plain\r\n\r\nx--kalgan-testing-boundary\r\n--kalgan-testing-boundary---\r\n";
        assert_eq!(std::str::from_utf8(&body).unwrap(), expected);
    }
}
