//! What a template names: other templates, blocks, components, filters, functions and tests, each with its place.

use std::ops::Range;

use crate::snapshot::Text;

/// All names of one template, each kind in the order of the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The template named by `extends`.
    pub parent: Option<Named>,
    /// The templates named by `include`.
    pub includes: Vec<Named>,
    /// The blocks that it declares.
    pub blocks: Vec<Block>,
    /// The components that it defines.
    pub components: Vec<Named>,
    /// The filters, functions, tests and components that it uses.
    pub calls: Vec<Call>,
    /// The tags that are opened and never closed, the innermost last.
    pub unclosed: Vec<Named>,
    /// Where tags start that could not be read; none in a template that Tera accepts.
    pub skipped: Vec<usize>,
    /// Where the tag starts inside of which the source ends.
    pub cut: Option<usize>,
}

/// A name and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: Text,
    /// The bytes of the source that it covers, with the quotes where it is written as a string.
    pub span: Range<usize>,
}

/// The declaration of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its name and where that stands.
    pub name: Named,
    /// Whether it stands inside another block, so that it need not be one of the parent's.
    pub is_nested: bool,
}

/// What kind of thing a [`Call`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallKind {
    /// `… | name`, `{% filter name %}` or `{% set … | name %}`.
    Filter,
    /// `name(…)`.
    Function,
    /// `… is name`.
    Test,
    /// `<name …/>` or `{% <name …> %}`.
    Component,
}

/// One use of a filter, function, test or component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What is named.
    pub kind: CallKind,
    /// The name and where it stands.
    pub name: Named,
    /// The texts that a filter is applied to: one where a string literal is piped, several where a conditional expression
    /// chooses among them, none where the value is known only at run time.
    pub values: Vec<Named>,
    /// The named arguments.
    pub arguments: Vec<Argument>,
    /// Whether more arguments may come from a spread map, which only components take.
    pub is_open: bool,
}

/// A named argument of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// Its name and where that stands.
    pub name: Named,
    /// The texts that it is, as in [`Call::values`].
    pub values: Vec<Named>,
}
