//! A form's parts, one after the other, as they arrive. The only door to the parser.

use bytes::Bytes;
use http::header;
use multer::{Field, Multipart};

use super::source::Source;
use super::{Limits, name};
use crate::http::{BodyStream, Failure};

/// The media type of a part that does not say one (RFC 7578 section 4.4) and of a file.
const UNKNOWN: &str = "application/octet-stream";

/// The parts of a form that is arriving; see [`parts`](super::parts()).
pub struct Parts {
    multipart: Multipart<'static>,
    source: Source,
    limits: Limits,
    /// The part that is being read.
    current: Option<Current>,
    /// How many parts there were.
    count: u64,
}

/// The part that is being read, and how much of it was.
struct Current {
    field: Field<'static>,
    length: u64,
}

/// One part of a form. What is not read of it is passed over when the next one is asked for.
pub struct Part<'p> {
    parts: &'p mut Parts,
    head: Head,
}

/// What is said about a part before its content.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) name: String,
    /// As the client sent it; only files have one.
    pub(super) file_name: Option<String>,
    pub(super) declared_type: String,
}

impl Parts {
    pub(super) fn new(body: BodyStream, boundary: String, limits: Limits) -> Self {
        let source = Source::new(body);
        Parts { multipart: Multipart::new(source.clone(), boundary), source, limits, current: None, count: 0 }
    }

    /// The next part; `None` when there is none any more.
    ///
    /// # Errors
    ///
    /// 413 when the body, the part that is passed over, or the number of parts is larger than is allowed; 400 when the form is
    /// malformed or ends too early; 408 when its client does not go on sending it.
    pub async fn next(&mut self) -> Result<Option<Part<'_>>, Failure> {
        while self.chunk().await?.is_some() {}
        self.current = None;
        self.source.begin_head();
        let Some(field) = self.multipart.next_field().await.map_err(failure)? else {
            self.source.finish().await?;
            return Ok(None);
        };
        self.count += 1;
        if self.count > self.limits.max_parts {
            return Err(Failure::new(
                413,
                format!("the form has more than {} parts (`upload.max_parts`)", self.limits.max_parts),
            ));
        }
        let head = Head::new(&field)?;
        self.current = Some(Current { field, length: 0 });
        Ok(Some(Part { parts: self, head }))
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// The next piece of the part that is being read.
    async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some(current) = &mut self.current else { return Ok(None) };
        loop {
            self.source.begin_piece();
            let Some(piece) = current.field.chunk().await.map_err(failure)? else { return Ok(None) };
            current.length = current.length.saturating_add(piece.len() as u64);
            if current.length > self.limits.max_part_size {
                let (name, most) = (shown(current.field.name()), self.limits.max_part_size);
                let reason =
                    format!("the part {name} of the form is longer than {most} bytes (`upload.max_part_size`)");
                return Err(Failure::new(413, reason));
            }
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
    }
}

impl Part<'_> {
    /// The name of its field.
    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// Whether it is a file: parts with a file name are, also those with an empty one.
    pub fn is_file(&self) -> bool {
        self.head.file_name.is_some()
    }

    /// The file's name, made safe as by [`File::file_name`](super::File::file_name); `None` for a part that is no file.
    pub fn file_name(&self) -> Option<String> {
        self.raw_file_name().map(name::safe)
    }

    /// The file's name as the client sent it. It may be empty, a path, or anything else.
    pub fn raw_file_name(&self) -> Option<&str> {
        self.head.file_name.as_deref()
    }

    /// The media type that the client says; `application/octet-stream` where it says none.
    pub fn declared_type(&self) -> &str {
        &self.head.declared_type
    }

    /// The next piece of its content, never empty, at most some 128 KiB; `None` at its end.
    ///
    /// # Errors
    ///
    /// As [`Parts::next`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Failure> {
        self.parts.chunk().await
    }

    /// All that is left of its content, as text.
    ///
    /// # Errors
    ///
    /// As [`Parts::next`]; 413 when it has more than `limit` bytes, 400 when it is not UTF-8.
    pub async fn text(mut self, limit: u64) -> Result<String, Failure> {
        let mut bytes = Vec::new();
        while let Some(piece) = self.chunk().await? {
            if (bytes.len() + piece.len()) as u64 > limit {
                let name = shown(Some(&self.head.name));
                return Err(Failure::new(413, format!("the text {name} of the form is longer than {limit} bytes")));
            }
            bytes.extend_from_slice(&piece);
        }
        let not_text =
            |_| Failure::new(400, format!("the field {} of the form is not UTF-8", shown(Some(&self.head.name))));
        String::from_utf8(bytes).map_err(not_text)
    }

    pub(super) fn head(&self) -> &Head {
        &self.head
    }
}

impl Head {
    fn new(field: &Field<'_>) -> Result<Self, Failure> {
        let disposition = field.headers().get(header::CONTENT_DISPOSITION).map_or(&b""[..], |value| value.as_bytes());
        let Ok(disposition) = std::str::from_utf8(disposition) else {
            return Err(Failure::new(400, "the head of a part of the form is not UTF-8"));
        };
        let Some(name) = field.name() else {
            return Err(Failure::new(400, "a part of the form has no name (RFC 7578 section 4.2)"));
        };
        if field.file_name().is_none() && disposition.to_ascii_lowercase().contains("filename*") {
            let reason = format!("the part {} of the form has `filename*` (RFC 7578 section 4.2)", shown(Some(name)));
            return Err(Failure::new(400, reason));
        }
        let declared = field.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let declared_type = declared.map(str::trim).filter(|text| !text.is_empty()).unwrap_or(UNKNOWN).to_string();
        Ok(Head { name: name.to_string(), file_name: field.file_name().map(str::to_string), declared_type })
    }
}

/// A name that a client chose, short enough for a line of the log.
fn shown(name: Option<&str>) -> String {
    let name = name.unwrap_or_default();
    let short: String = name.chars().take(60).collect();
    format!("`{short}{}`", if short.len() < name.len() { "…" } else { "" })
}

/// What the parser met with, as an answer to the client.
fn failure(error: multer::Error) -> Failure {
    match error {
        // The body's own failure: too long, broken off.
        multer::Error::StreamReadFailed(error) => Failure::from_error(error),
        multer::Error::IncompleteFieldData { field_name } => {
            let name = shown(field_name.as_deref());
            Failure::new(400, format!("the form ends in the middle of its part {name}"))
        }
        multer::Error::IncompleteStream | multer::Error::IncompleteHeaders => {
            Failure::new(400, "the form ends before its last boundary, or a boundary is malformed")
        }
        multer::Error::ReadHeaderFailed(error) => {
            Failure::new(400, format!("the head of a part of the form is malformed: {error}"))
        }
        multer::Error::LockFailure => Failure::because(500, error),
        other => Failure::new(400, format!("the form is malformed: {other}")),
    }
}
