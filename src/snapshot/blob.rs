//! Bytes that any number of snapshots, sites and answers share.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Bytes that are a constant of the binary or were read from disk; a clone is a reference to the same ones.
///
/// ```
/// use kalgan::snapshot::Blob;
/// let read = Blob::from(vec![1, 2, 3]);
/// assert_eq!(read.clone().as_ptr(), read.as_ptr());
/// assert_eq!(Blob::from(&[1, 2, 3]), read);
/// ```
#[derive(Clone)]
pub enum Blob {
    /// A constant of the binary.
    Static(&'static [u8]),
    /// Read from disk, or made of what was.
    Shared(Arc<[u8]>),
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Blob::Static(bytes) => bytes,
            Blob::Shared(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Blob {
    fn eq(&self, other: &Blob) -> bool {
        // What is shared is not compared byte by byte: most of what an edit leaves alone is.
        std::ptr::eq(&**self, &**other) || **self == **other
    }
}

impl Eq for Blob {}

/// A static file may be large, so only its size is shown.
impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

impl From<&'static [u8]> for Blob {
    fn from(bytes: &'static [u8]) -> Self {
        Blob::Static(bytes)
    }
}

impl<const N: usize> From<&'static [u8; N]> for Blob {
    fn from(bytes: &'static [u8; N]) -> Self {
        Blob::Static(bytes)
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Blob::Shared(bytes.into())
    }
}

impl From<Cow<'static, [u8]>> for Blob {
    fn from(bytes: Cow<'static, [u8]>) -> Self {
        match bytes {
            Cow::Borrowed(bytes) => Blob::Static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_equal_wherever_they_lie() {
        let read = Blob::from(b"abc".to_vec());
        assert_eq!(read, Blob::from(b"abc"));
        assert_eq!(read, read.clone());
        assert_ne!(read, Blob::from(b"abd"));
        assert_eq!(Blob::from(Cow::Borrowed(&b"abc"[..])), Blob::from(Cow::<[u8]>::Owned(b"abc".to_vec())));
    }

    #[test]
    fn a_clone_copies_nothing() {
        for blob in [Blob::from(b"abc"), Blob::from(b"abc".to_vec())] {
            assert_eq!(blob.clone().as_ptr(), blob.as_ptr());
        }
    }
}
