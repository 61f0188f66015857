//! A large table from text to text that compiles fast.

use std::sync::Arc;

/// Pairs of texts, sorted by the first, each first text once.
///
/// A constant of pairs of plain `&str` compiles in about a second at 20,000 entries; one with a `Cow` per text takes twenty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Table {
    /// A constant of the binary.
    Static(&'static [(&'static str, &'static str)]),
    /// Read from disk; a clone is a reference to the same pairs, and a table with another pair in it shares the other texts.
    Owned(Arc<Vec<(Arc<str>, Arc<str>)>>),
}

impl Table {
    /// The pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.len()).map(|index| self.pair(index))
    }

    /// The second text of the pair whose first is `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = match self {
            Table::Static(pairs) => pairs.binary_search_by(|pair| pair.0.cmp(key)),
            Table::Owned(pairs) => pairs.binary_search_by(|pair| (*pair.0).cmp(key)),
        };
        found.ok().map(|index| self.pair(index).1)
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        match self {
            Table::Static(pairs) => pairs.len(),
            Table::Owned(pairs) => pairs.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The pair of that number, counted from 0 and below [`Table::len`].
    ///
    /// # Panics
    ///
    /// Where there is no such pair.
    pub fn pair(&self, index: usize) -> (&str, &str) {
        match self {
            Table::Static(pairs) => pairs[index],
            Table::Owned(pairs) => {
                let (key, text) = &pairs[index];
                (key, text)
            }
        }
    }
}
