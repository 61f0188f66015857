//! Remembers which missing messages have been logged, without a lock and in a fixed amount of memory.

use std::sync::atomic::{AtomicU64, Ordering};

use ahash::RandomState;

/// How many marks there are. Ids may come from what clients send, so what is remembered must not grow.
const MARKS: usize = 1 << 16;

/// A mark for each pair of language and id that was reported. Two pairs that share a mark are reported once between them: then
/// a line is missing in the log, at a chance of one in 65,536 for each that is there.
#[derive(Debug)]
pub(super) struct Reported {
    marks: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl Default for Reported {
    fn default() -> Self {
        let marks = std::iter::repeat_with(|| AtomicU64::new(0)).take(MARKS / 64).collect();
        Reported { marks, hasher: RandomState::new() }
    }
}

impl Reported {
    /// Whether the pair is asked about for the first time.
    pub(super) fn is_new(&self, language: &str, id: &str) -> bool {
        let mark = self.hasher.hash_one((language, id)) as usize % MARKS;
        let (word, bit) = (&self.marks[mark / 64], 1 << (mark % 64));
        // Reading comes first: a message that is missing on a busy page must not make the cores fight over the word.
        word.load(Ordering::Relaxed) & bit == 0 && word.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_new_once() {
        let reported = Reported::default();
        assert!(reported.is_new("en", "a"));
        assert!(!reported.is_new("en", "a"));
    }
}
