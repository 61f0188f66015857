//! Finds the few paths that may match without walking them all.
//!
//! A tree of segments: at each node the next segment of the request's path chooses a child by a hash of its text, of its
//! beginning, or whatever it is. Every path that could match is found that way, and of those the first declared one decides,
//! so an earlier branch is left as soon as nothing in it was declared before the best one so far. A look-up takes no deeper
//! calls than the longest pattern has segments, whatever a client sends. Only paths that nothing but a requirement, or a text
//! behind a parameter of the same segment, tells apart (`/{a}-1`, `/{a}-2`) are compared one by one.

use ahash::AHashMap;

use super::entry::{Entry, Segment};

/// The tree of all paths; a path is known by its number in declared order.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    /// The first declared path in this node and below.
    first: usize,
    /// The child for an empty segment, such as the one before the first slash of every path. It is kept apart because comparing
    /// an empty text in a hash table can be slow: with AVX-512, glibc 2.36 reads memory through its dangling pointer.
    empty: Option<usize>,
    literals: AHashMap<Box<str>, usize>,
    /// Children whose segment only begins with a text, by the length of that text, longest first.
    prefixed: Vec<(usize, AHashMap<Box<str>, usize>)>,
    /// The child for any segment.
    any: Option<usize>,
    /// Paths that end here.
    ends: Vec<usize>,
    /// Paths that take all that is left.
    rests: Vec<usize>,
}

impl Tree {
    /// Puts all paths into a tree.
    pub(super) fn new<'e>(entries: impl Iterator<Item = &'e Entry>) -> Self {
        let mut tree = Tree { nodes: vec![Node::new(0)] };
        for (number, entry) in entries.enumerate() {
            tree.insert(number, &entry.segments());
        }
        tree
    }

    /// The first declared path that `answers`, of all that may match.
    pub(super) fn find(&self, path: &str, answers: impl FnMut(usize) -> bool) -> Option<usize> {
        let mut search = Search { nodes: &self.nodes, path, best: usize::MAX, answers };
        search.visit(0, Some(0));
        (search.best != usize::MAX).then_some(search.best)
    }

    fn insert(&mut self, number: usize, segments: &[Segment]) {
        let mut node = 0;
        for segment in segments {
            let next = self.nodes.len();
            let child = match segment {
                Segment::Rest => return self.nodes[node].rests.push(number),
                Segment::Literal(text) if text.is_empty() => *self.nodes[node].empty.get_or_insert(next),
                Segment::Literal(text) => *self.nodes[node].literals.entry(text.as_str().into()).or_insert(next),
                Segment::Prefixed(text) if text.is_empty() => *self.nodes[node].any.get_or_insert(next),
                Segment::Prefixed(text) => *self.nodes[node].prefix(text).or_insert(next),
            };
            if child == next {
                self.nodes.push(Node::new(number));
            }
            node = child;
        }
        self.nodes[node].ends.push(number);
    }
}

impl Node {
    fn new(first: usize) -> Self {
        Node {
            first,
            empty: None,
            literals: AHashMap::new(),
            prefixed: Vec::new(),
            any: None,
            ends: Vec::new(),
            rests: Vec::new(),
        }
    }

    fn prefix(&mut self, text: &str) -> std::collections::hash_map::Entry<'_, Box<str>, usize> {
        let place = self.prefixed.partition_point(|(length, _)| *length > text.len());
        if self.prefixed.get(place).is_none_or(|(length, _)| *length != text.len()) {
            self.prefixed.insert(place, (text.len(), AHashMap::new()));
        }
        self.prefixed[place].1.entry(text.into())
    }
}

struct Search<'a, A> {
    nodes: &'a [Node],
    path: &'a str,
    /// The first declared path that answers, so far.
    best: usize,
    answers: A,
}

impl<A: FnMut(usize) -> bool> Search<'_, A> {
    /// Looks at a node whose segments so far have matched; `start` is where the next segment begins, if there is one.
    fn visit(&mut self, node: usize, start: Option<usize>) {
        let node = &self.nodes[node];
        if node.first >= self.best {
            return;
        }
        let Some(start) = start else { return self.ask(&node.ends) };
        self.ask(&node.rests);
        let rest = &self.path[start..];
        let (segment, next) = match rest.bytes().position(|byte| byte == b'/') {
            Some(end) => (&rest[..end], Some(start + end + 1)),
            None => (rest, None),
        };
        let literal = if segment.is_empty() { node.empty } else { node.literals.get(segment).copied() };
        if let Some(child) = literal {
            self.visit(child, next);
        }
        for (length, children) in &node.prefixed {
            if let Some(child) = segment.get(..*length).and_then(|prefix| children.get(prefix)) {
                self.visit(*child, next);
            }
        }
        if let Some(child) = node.any {
            self.visit(child, next);
        }
    }

    fn ask(&mut self, paths: &[usize]) {
        for number in paths {
            if *number >= self.best {
                return;
            }
            if (self.answers)(*number) {
                self.best = *number;
                return;
            }
        }
    }
}
