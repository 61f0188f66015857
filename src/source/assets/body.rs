//! The bytes of a static file, with what has been found out about them.

use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::reference::Reference;

/// Bytes that may be shared, such as with what is served. A clone copies nothing, and what one clone finds out, all know.
#[derive(Debug, Clone)]
pub struct Body {
    bytes: Arc<[u8]>,
    facts: Arc<Facts>,
}

/// What is found out about bytes when somebody first asks for it.
#[derive(Debug, Default)]
pub struct Facts {
    references: OnceLock<Vec<Reference>>,
    hash: OnceLock<String>,
    /// The hash with the links that it was made for.
    linked: Mutex<Option<(Links, String)>>,
}

/// Where links stand, and the addresses of the files that they lead to.
pub type Links = Vec<(usize, String)>;

impl Body {
    /// Bytes of which something may have been found out before.
    pub fn new(bytes: Arc<[u8]>, facts: Arc<Facts>) -> Body {
        Body { bytes, facts }
    }

    /// The bytes, to be shared.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// The references in it.
    pub fn references(&self, find: impl FnOnce() -> Vec<Reference>) -> &[Reference] {
        self.facts.references.get_or_init(find)
    }

    /// The hash of the bytes.
    pub fn hash(&self) -> &str {
        self.facts.hash.get_or_init(|| super::hash(&self.bytes))
    }

    /// A hash that is made of the bytes and of links in them.
    pub fn linked_hash(&self, links: Links, make: impl FnOnce(&Links) -> String) -> String {
        let mut known = self.facts.linked.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((same, hash)) if *same == links => hash.clone(),
            _ => known.insert((links.clone(), make(&links))).1.clone(),
        }
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Body) -> bool {
        Arc::ptr_eq(&self.bytes, &other.bytes) || self.bytes == other.bytes
    }
}

impl Eq for Body {}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Body::new(bytes.into(), Arc::default())
    }
}
