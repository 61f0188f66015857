//! Forms with files: `multipart/form-data` (RFC 7578), read while it arrives.
//!
//! The server leaves such a body unread. A controller, or a middleware, chooses how it is read:
//!
//! - [`form()`] reads all of it, once for each request: texts and small files into memory, larger files into a temporary file. What it
//!   holds in memory is bounded however large the form is.
//! - [`parts()`] gives one part after the other, piece by piece, and keeps nothing: to pass an upload on to somewhere else.
//!
//! Limits: the whole body may have as many bytes as the route's `max_body_size`, or `server.max_body_size`, allows; one part
//! `upload.max_part_size`; a form has at most `upload.max_parts` parts, each with a head of 16 KiB and 32 fields.
//!
//! ```no_run
//! use kalgan::{Failure, Request, Response, upload};
//!
//! pub async fn store(request: Request) -> Result<Response, Failure> {
//!     let form = upload::form(&request).await?;
//!     let photo = form.file("photo").ok_or_else(|| Failure::new(400, "no photo was sent"))?;
//!     if photo.sniffed_type() != Some("image/jpeg") {
//!         return Err(Failure::new(415, "only JPEG photos are taken"));
//!     }
//!     // A name of one's own: two visitors may send files of the same name.
//!     photo.save_as("/srv/photos/1.jpg").await.map_err(Failure::from_error)?;
//!     Ok(Response::text(form.text("title").unwrap_or("untitled")))
//! }
//! ```

mod boundary;
mod file;
mod form;
mod name;
mod parts;
mod save;
mod source;
mod spool;

use std::sync::Arc;

use tokio::sync::OnceCell;

pub use file::File;
pub use form::{Content, Field, Form};
pub use parts::{Part, Parts};

use crate::error::Error;
use crate::http::{Failure, Request};
use crate::site::Settings;

/// The form that a request carries. It is read when it is first asked for, and the same for all that ask, so that a middleware
/// may look into it before the controller does. What is in temporary files is gone when the request has been answered.
///
/// # Errors
///
/// 415 when the body is no `multipart/form-data`; 413 when the form or a part of it is larger, or has more parts, than is allowed; 400
/// when it is malformed, ends too early, or has a text that is not UTF-8; 507 when the disk is full, else 500 when a temporary file cannot
/// be written; 500 when [`parts()`] has taken the body before.
pub async fn form(request: &Request) -> Result<Arc<Form>, Failure> {
    let kept = request.kept::<Kept>();
    kept.0.get_or_init(|| async { form::read(request).await.map(Arc::new) }).await.clone()
}

/// The parts of the form that a request carries, one after the other, as they arrive. Each body can be taken once.
///
/// ```no_run
/// use kalgan::{Failure, Request, Response, upload};
///
/// pub async fn measure(request: Request) -> Result<Response, Failure> {
///     let mut length = 0;
///     let mut parts = upload::parts(&request)?;
///     while let Some(mut part) = parts.next().await? {
///         while let Some(piece) = part.chunk().await? {
///             length += piece.len();
///         }
///     }
///     Ok(Response::text(format!("{length} bytes")))
/// }
/// ```
///
/// # Errors
///
/// 415 when the body is no `multipart/form-data`, 400 when its `Content-Type` has no usable boundary, 500 when the body was taken before.
pub fn parts(request: &Request) -> Result<Parts, Failure> {
    let boundary = boundary::of(request)?;
    let limits = Limits::new(request.settings()).map_err(Failure::from_error)?;
    Ok(Parts::new(request.take_body_stream()?, boundary, limits))
}

/// The form of one request, or why there is none.
#[derive(Default)]
struct Kept(OnceCell<Result<Arc<Form>, Failure>>);

/// The settings of `upload` that a request is read by.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Most bytes of a file in memory.
    max_memory: u64,
    /// Most bytes of one part.
    max_part_size: u64,
    /// Most parts.
    max_parts: u64,
    /// Most bytes of all texts of a form together: they are in memory, so a route that takes large files takes no larger texts.
    max_text: u64,
}

impl Limits {
    fn new(settings: &Settings) -> Result<Self, Error> {
        Ok(Limits {
            max_memory: settings.get("upload.max_memory")?,
            max_part_size: settings.get::<Option<u64>>("upload.max_part_size")?.unwrap_or(u64::MAX),
            max_parts: settings.get("upload.max_parts")?,
            max_text: settings.get("server.max_body_size")?,
        })
    }
}
