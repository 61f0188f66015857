//! What was made of a file's content, so that it is made once.

use std::collections::HashMap;
use std::sync::Arc;

/// Values that are a matter of the content of one file alone, by the identity of that content.
///
/// A clone is cheap: it shares all that was made.
#[derive(Debug)]
pub struct Memo<K: ?Sized, T> {
    made: HashMap<usize, Made<K, T>>,
    count: usize,
}

#[derive(Debug)]
struct Made<K: ?Sized, T> {
    /// Held, so that no other content can get its address.
    content: Arc<K>,
    value: Arc<T>,
    is_used: bool,
}

impl<K: ?Sized, T> Memo<K, T> {
    /// What was made of a content; made now where it is new.
    pub fn get(&mut self, content: &Arc<K>, make: impl FnOnce() -> T) -> Arc<T> {
        let made = self.made.entry(Arc::as_ptr(content).cast::<u8>() as usize).or_insert_with(|| {
            self.count += 1;
            Made { content: content.clone(), value: Arc::new(make()), is_used: true }
        });
        debug_assert!(Arc::ptr_eq(&made.content, content), "the content is held, so its address is its own");
        made.is_used = true;
        made.value.clone()
    }

    /// Forgets what nobody has asked for since the last call, and tells how many values were made since then.
    pub fn settle(&mut self) -> usize {
        self.made.retain(|_, made| std::mem::take(&mut made.is_used));
        std::mem::take(&mut self.count)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.made.clear();
    }
}

impl<K: ?Sized, T> Default for Memo<K, T> {
    fn default() -> Self {
        Memo { made: HashMap::new(), count: 0 }
    }
}

impl<K: ?Sized, T> Clone for Memo<K, T> {
    fn clone(&self) -> Self {
        Memo { made: self.made.clone(), count: 0 }
    }
}

impl<K: ?Sized, T> Clone for Made<K, T> {
    fn clone(&self) -> Self {
        Made { content: self.content.clone(), value: self.value.clone(), is_used: self.is_used }
    }
}
