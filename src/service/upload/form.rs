//! A whole form: its texts in memory, its files in memory or in a temporary file.

use serde::de::DeserializeOwned;

use super::file::{self, File, Span, Stored};
use super::spool::Spool;
use super::{Limits, Part};
use crate::http::{Failure, Request};
use crate::process::AsProcess;

/// How many files of the largest size that may be in memory a form can have there; the others are written to disk whatever their size.
const IN_MEMORY: u64 = 16;

/// How many of a file's first bytes tell its type, at most.
const SNIFFED: u64 = 8 << 10;

/// A form that has been read; see [`form`](super::form()).
#[derive(Debug, Default)]
pub struct Form {
    fields: Vec<Field>,
}

/// A field of a form.
#[derive(Debug)]
pub struct Field {
    /// Its name; several fields may have the same.
    pub name: String,
    /// What was sent in it.
    pub content: Content,
}

/// What was sent in a field of a form.
#[derive(Debug)]
pub enum Content {
    /// A text, with all its lines.
    Text(String),
    /// A file.
    File(File),
}

impl Form {
    /// The text of a field; of several fields of that name the last (B63). `None` where there is none or it is a file.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).last()
    }

    /// All texts of a name, in order.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs().filter(move |(other, _)| *other == name).map(|(_, text)| text)
    }

    /// The file of a field; of several fields of that name the last (B64). `None` where there is none, or where the visitor has chosen
    /// no file. A file without content is one.
    pub fn file(&self, name: &str) -> Option<&File> {
        self.files(name).last()
    }

    /// All files of a name, in order: of an input with `multiple`.
    pub fn files(&self, name: &str) -> impl Iterator<Item = &File> {
        self.fields.iter().filter(move |field| field.name == name).filter_map(|field| match &field.content {
            Content::File(file) => Some(file),
            Content::Text(_) => None,
        })
    }

    /// All fields in the order in which they were sent, without file inputs in which no file was chosen.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The texts as a value of one's own type, as [`Request::form`] gives it of a form without files.
    ///
    /// # Errors
    ///
    /// 400 when a field is missing or does not fit.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let wrong = |error: &dyn std::fmt::Display| Failure::new(400, format!("the form: {error}"));
        let encoded = serde_html_form::to_string(self.pairs().collect::<Vec<_>>()).map_err(|error| wrong(&error))?;
        serde_html_form::from_str(&encoded).map_err(|error| wrong(&error))
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().filter_map(|field| match &field.content {
            Content::Text(text) => Some((&*field.name, &**text)),
            Content::File(_) => None,
        })
    }
}

/// Reads the form of a request.
pub(super) async fn read(request: &Request) -> Result<Form, Failure> {
    let mut parts = super::parts(request)?;
    let limits = parts.limits();
    let mut reading = Reading {
        limits,
        text_left: limits.max_text,
        memory_left: limits.max_memory.saturating_mul(IN_MEMORY),
        spool: Spool::new(request.process().data()),
    };
    let mut form = Form::default();
    while let Some(part) = parts.next().await? {
        let name = part.name().to_string();
        let content = match part.is_file() {
            true => reading.file(part).await?.map(Content::File),
            false => Some(Content::Text(reading.text(part).await?)),
        };
        form.fields.extend(content.map(|content| Field { name, content }));
    }
    reading.spool.flush().await?;
    Ok(form)
}

/// A form that is being read.
struct Reading {
    limits: Limits,
    /// How many bytes of texts may still come.
    text_left: u64,
    /// How many bytes of files may still be kept in memory.
    memory_left: u64,
    spool: Spool,
}

impl Reading {
    async fn text(&mut self, part: Part<'_>) -> Result<String, Failure> {
        let text = part.text(self.text_left).await?;
        self.text_left -= text.len() as u64;
        Ok(text)
    }

    /// The file of a part; none where no file was chosen in its input (B64).
    async fn file(&mut self, mut part: Part<'_>) -> Result<Option<File>, Failure> {
        let room = self.limits.max_memory.min(self.memory_left);
        let mut first = Vec::new();
        let is_whole = loop {
            let Some(piece) = part.chunk().await? else { break true };
            first.extend_from_slice(&piece);
            // Its type is told by more bytes than some sites want to have in memory.
            if first.len() as u64 > room.max(SNIFFED) {
                break false;
            }
        };
        if first.is_empty() && part.raw_file_name() == Some("") {
            return Ok(None);
        }
        let sniffed = file::sniff(&first[..first.len().min(SNIFFED as usize)]);
        if is_whole && first.len() as u64 <= room {
            self.memory_left -= first.len() as u64;
            return Ok(Some(File::new(part.head().clone(), sniffed, Stored::Memory(first.into()))));
        }
        let span = self.spooled(&mut part, first).await?;
        Ok(Some(File::new(part.head().clone(), sniffed, Stored::Disk(span))))
    }

    /// Writes what was read of a part, and the rest of it, to the temporary file.
    async fn spooled(&mut self, part: &mut Part<'_>, first: Vec<u8>) -> Result<Span, Failure> {
        let (file, begin) = self.spool.begin().await?;
        let mut length = first.len() as u64;
        self.spool.append(&first).await?;
        drop(first);
        while let Some(piece) = part.chunk().await? {
            self.spool.append(&piece).await?;
            length += piece.len() as u64;
        }
        Ok(Span { file, begin, length })
    }
}
