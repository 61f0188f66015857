//! A file of a form, in memory or in the form's temporary file.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, TryStreamExt, stream};
use tokio::io::AsyncRead;
use tokio_util::io::StreamReader;

use super::parts::Head;
use super::spool::Temporary;
use super::{name, save};
use crate::http::Failure;

/// How many bytes are read at once.
const PIECE: u64 = 256 << 10;

/// A file that a client sent in a form (B64). It is gone when the request has been answered, unless it is kept by
/// [`File::save_as`] or a clone of it lives on.
#[derive(Clone)]
pub struct File {
    head: Head,
    sniffed: Option<&'static str>,
    pub(super) content: Stored,
}

/// Where the bytes of a file are.
#[derive(Clone)]
pub(super) enum Stored {
    Memory(Bytes),
    Disk(Span),
}

/// A part of a temporary file.
#[derive(Clone)]
pub(super) struct Span {
    pub(super) file: Arc<Temporary>,
    pub(super) begin: u64,
    pub(super) length: u64,
}

impl File {
    pub(super) fn new(head: Head, sniffed: Option<&'static str>, content: Stored) -> Self {
        File { head, sniffed, content }
    }

    /// The client's name for the file, made safe: one component of a path, never empty, at most 200 bytes, without leading dots,
    /// control characters, what turns the direction of text, and what Windows does not take. Spaces are kept (C17). A file without a name
    /// is called `file`.
    ///
    /// Two files may have the same name, and its ending says nothing about what is in it.
    pub fn file_name(&self) -> String {
        name::safe(self.raw_file_name())
    }

    /// The name as the client sent it. Never make a path of it, and show it only where it is escaped.
    pub fn raw_file_name(&self) -> &str {
        self.head.file_name.as_deref().unwrap_or_default()
    }

    /// The media type that the client says; `application/octet-stream` where it says none. It need not be true.
    pub fn declared_type(&self) -> &str {
        &self.head.declared_type
    }

    /// The media type that the first bytes look like, such as `image/png`; `None` where they are not known. A type of text, such as
    /// `text/html`, is never given: a text can begin like any other.
    ///
    /// It is a check against mistakes. A file can be made to look like an image and be a page or an archive too, so serve what visitors
    /// have sent as a download, or from another host.
    pub fn sniffed_type(&self) -> Option<&'static str> {
        self.sniffed
    }

    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        match &self.content {
            Stored::Memory(bytes) => bytes.len() as u64,
            Stored::Disk(span) => span.length,
        }
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its bytes, all at once.
    ///
    /// # Errors
    ///
    /// 413 when it has more than `limit` bytes, 500 when the temporary file cannot be read.
    pub async fn bytes(&self, limit: u64) -> Result<Bytes, Failure> {
        if self.len() > limit {
            let (name, length) = (self.file_name(), self.len());
            return Err(Failure::new(413, format!("the file `{name}` has {length} bytes, more than {limit}")));
        }
        if let Stored::Memory(bytes) = &self.content {
            return Ok(bytes.clone());
        }
        let mut pieces = Box::pin(self.stream());
        let mut whole = BytesMut::with_capacity(usize::try_from(self.len()).unwrap_or_default());
        while let Some(piece) = pieces.try_next().await.map_err(|error| Failure::because(500, error))? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// Its bytes, piece by piece: for [`Response::stream`](crate::Response::stream), say, or a client of an object store.
    pub fn stream(&self) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        stream::try_unfold((self.content.clone(), 0), |(content, at)| async move {
            let piece = match &content {
                Stored::Memory(bytes) => bytes.slice(at as usize..),
                Stored::Disk(span) => read(span.clone(), at).await?,
            };
            let next = at + piece.len() as u64;
            Ok((!piece.is_empty()).then_some((piece, (content, next))))
        })
    }

    /// Its bytes as something to read from.
    pub fn reader(&self) -> impl AsyncRead + Send + Unpin + use<> {
        StreamReader::new(Box::pin(self.stream()))
    }

    /// Keeps the file at a path, whose folder must be there. It appears there complete or not at all, also when the power fails: it is
    /// written beside the path under another name, brought to the disk and then renamed. Its permissions are those of any new file of
    /// the process (`umask`).
    ///
    /// Make the path of what the site knows, a number say, not of what the client sent.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AlreadyExists`] when there is something at the path, which is left as it is; else what the system says, with the
    /// path.
    pub async fn save_as(&self, path: impl Into<PathBuf>) -> io::Result<()> {
        save::save(self.content.clone(), path.into(), false).await
    }

    /// As [`File::save_as`], but takes the place of a file that is there.
    ///
    /// # Errors
    ///
    /// What the system says, with the path.
    pub async fn save_over(&self, path: impl Into<PathBuf>) -> io::Result<()> {
        save::save(self.content.clone(), path.into(), true).await
    }
}

impl fmt::Debug for File {
    /// Without the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("file_name", &self.file_name()).field("len", &self.len()).finish_non_exhaustive()
    }
}

/// The media type that bytes begin like.
pub(super) fn sniff(bytes: &[u8]) -> Option<&'static str> {
    let kind = infer::get(bytes)?;
    (kind.matcher_type() != infer::MatcherType::Text).then(|| kind.mime_type())
}

async fn read(span: Span, at: u64) -> io::Result<Bytes> {
    let done = tokio::task::spawn_blocking(move || span.read(at)).await;
    done.unwrap_or_else(|error| Err(io::Error::other(error)))
}

impl Span {
    /// The piece that begins `at` so many bytes; empty at the end.
    pub(super) fn read(&self, at: u64) -> io::Result<Bytes> {
        let mut piece = vec![0; self.length.saturating_sub(at).min(PIECE) as usize];
        self.file.read_at(&mut piece, self.begin + at)?;
        Ok(piece.into())
    }
}
