//! One path of one route, made ready for matching.

use std::sync::Arc;

use regex::Regex;
use regex_syntax::hir::{Capture, Hir};

use super::path::Decoded;
use crate::pattern::{self, Piece};
use crate::site::requirement::{Requirement, anchored};
use crate::snapshot::{Path, Route};

/// The values of a path's parameters by name, in the order of the path.
pub(super) type Parameters = Vec<(Arc<str>, String)>;

/// One path of one route.
#[derive(Debug)]
pub(super) struct Entry {
    /// The pattern as written.
    pub(super) pattern: Box<str>,
    /// The parameters in the order in which the path has them.
    pub(super) parameters: Box<[Parameter]>,
    shape: Shape,
    language: Language,
}

/// A parameter of a path.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: Arc<str>,
    pub(super) requirement: Requirement,
    /// The number of the segment that it begins in.
    segment: usize,
}

/// How a path is compared.
#[derive(Debug)]
enum Shape {
    /// Each segment is a literal, which the tree has compared, or one whole parameter that admits no slash.
    Segments,
    /// Anything else: one anchored expression for the whole path, a group for each parameter.
    Expression(Box<Regex>),
}

/// Where the language of a match comes from (B78).
#[derive(Debug)]
enum Language {
    None,
    Fixed(Arc<str>),
    /// The parameter of that number; its value must be one of the site's languages, where the site has any.
    Parameter(usize, Arc<[Arc<str>]>),
}

/// A segment of a path as the tree of routes sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Segment {
    /// Exactly this text.
    Literal(String),
    /// One segment, whatever it is, that begins with this text.
    Prefixed(String),
    /// All that is left of the path.
    Rest,
}

impl Entry {
    /// Reads a path and its route's requirements; gives the reason where an expression is wrong.
    pub(super) fn new(route: &Route, path: &Path, languages: &Arc<[Arc<str>]>) -> Result<Self, String> {
        let mut parameters = Vec::new();
        let mut segment = 0;
        for piece in pattern::pieces(&path.pattern) {
            match piece {
                Piece::Literal(text) => segment += text.matches('/').count(),
                Piece::Parameter(name) => {
                    parameters.push(Parameter { name: name.into(), requirement: requirement(route, name)?, segment })
                }
            }
        }
        let mut entry = Entry {
            pattern: (*path.pattern).into(),
            language: language(route, path, &parameters, languages),
            parameters: parameters.into(),
            shape: Shape::Segments,
        };
        if !entry.is_segmented() {
            let expression = entry.expression(|parameter| parameter.requirement.expression());
            entry.shape = Shape::Expression(Box::new(anchored(expression)?));
        }
        Ok(entry)
    }

    /// The path's segments, up to and including the first that has no end.
    pub(super) fn segments(&self) -> Vec<Segment> {
        let mut segments = Vec::new();
        let mut prefix = String::new();
        let mut open = false;
        let mut parameters = self.parameters.iter();
        for piece in pattern::pieces(&self.pattern) {
            let Piece::Literal(text) = piece else {
                open = true;
                if parameters.next().is_some_and(|parameter| parameter.requirement.admits_slash()) {
                    segments.push(Segment::Rest);
                    return segments;
                }
                continue;
            };
            for (number, part) in text.split('/').enumerate() {
                if number > 0 {
                    segments.push(closed(&mut prefix, &mut open));
                }
                if !open {
                    prefix.push_str(part);
                }
            }
        }
        segments.push(closed(&mut prefix, &mut open));
        segments
    }

    /// Whether the path matches, given that the tree has compared the literal segments.
    pub(super) fn matches(&self, path: &str) -> bool {
        if let (Shape::Expression(expression), Language::None | Language::Fixed(_)) = (&self.shape, &self.language) {
            return expression.is_match(path);
        }
        let is_compared = matches!(self.shape, Shape::Expression(_));
        self.walk(path, |number, value| {
            let requirement = &self.parameters[number].requirement;
            (is_compared || requirement.matches(value)) && self.is_language(number, value)
        })
    }

    /// The parameters' values, decoded, and the language of a path that matches.
    pub(super) fn take(&self, path: &Decoded) -> (Parameters, Option<Arc<str>>) {
        let mut values = Vec::with_capacity(self.parameters.len());
        self.walk(&path.text, |number, value| {
            values.push((Arc::clone(&self.parameters[number].name), path.value(value)));
            true
        });
        let language = match &self.language {
            Language::None => None,
            Language::Fixed(language) => Some(Arc::clone(language)),
            Language::Parameter(number, languages) => values.get(*number).map(|(_, value)| {
                languages
                    .iter()
                    .find(|language| ***language == **value)
                    .cloned()
                    .unwrap_or_else(|| value.as_str().into())
            }),
        };
        (values, language)
    }

    /// Why a path does not match, for people; `None` where it does.
    pub(super) fn mismatch(&self, path: &Decoded) -> Option<Mismatch> {
        // Most differ here, and an expression takes long to compile: with 1,000 routes a developer would wait for it.
        if let Some(Piece::Literal(start)) = pattern::pieces(&self.pattern).next()
            && !path.text.starts_with(start)
        {
            return Some(Mismatch::Path);
        }
        let any = |parameter: &Parameter| {
            let text = if parameter.requirement.admits_slash() { "(?s:.*)" } else { "[^/]*" };
            regex_syntax::parse(text).expect("a constant expression that is tested")
        };
        let Ok(relaxed) = anchored(self.expression(any)) else { return Some(Mismatch::Path) };
        let Some(groups) = relaxed.captures(&path.text) else { return Some(Mismatch::Path) };
        // The relaxed expression has compared the literals, so both shapes may be asked.
        if self.matches(&path.text) {
            return None;
        }
        for (number, parameter) in self.parameters.iter().enumerate() {
            let value = groups.get(number + 1).map_or("", |group| group.as_str());
            let name = || parameter.name.to_string();
            if !parameter.requirement.matches(value) {
                return Some(Mismatch::Requirement { parameter: name(), value: path.value(value) });
            }
            if !self.is_language(number, value) {
                return Some(Mismatch::Language { parameter: name(), value: path.value(value) });
            }
        }
        Some(Mismatch::Path)
    }

    /// Hands out the parameters' values in order for as long as the answer is true; false where one was not or is not there.
    fn walk<'p>(&self, path: &'p str, mut value: impl FnMut(usize, &'p str) -> bool) -> bool {
        match &self.shape {
            Shape::Segments => {
                let mut segments = path.split('/').enumerate();
                self.parameters.iter().enumerate().all(|(number, parameter)| {
                    let text = segments.find(|(segment, _)| *segment == parameter.segment);
                    text.is_some_and(|(_, text)| value(number, text))
                })
            }
            Shape::Expression(expression) => {
                let Some(groups) = expression.captures(path) else { return false };
                (0..self.parameters.len())
                    .all(|number| value(number, groups.get(number + 1).map_or("", |group| group.as_str())))
            }
        }
    }

    /// Whether the parameter of that number is not the language's, or has one of the site's languages as its value.
    fn is_language(&self, number: usize, value: &str) -> bool {
        match &self.language {
            Language::Parameter(parameter, languages) if *parameter == number => {
                languages.is_empty() || languages.iter().any(|language| **language == *value)
            }
            _ => true,
        }
    }

    /// Whether every parameter fills a segment of its own and admits no slash.
    fn is_segmented(&self) -> bool {
        let filled = self.pattern.split('/').enumerate().filter(|(_, text)| text.contains('{'));
        let whole = |text: &str| {
            let mut pieces = pattern::pieces(text);
            matches!((pieces.next(), pieces.next()), (Some(Piece::Parameter(_)), None))
        };
        let alone = filled.filter(|(_, text)| whole(text)).count();
        alone == self.parameters.len() && self.parameters.iter().all(|parameter| !parameter.requirement.admits_slash())
    }

    /// The whole path as one expression, with a group for each parameter.
    fn expression(&self, sub: impl Fn(&Parameter) -> Hir) -> Hir {
        let mut parameters = self.parameters.iter().zip(1..);
        let pieces = pattern::pieces(&self.pattern).filter_map(|piece| match piece {
            Piece::Literal(text) => Some(Hir::literal(text.as_bytes())),
            Piece::Parameter(_) => parameters
                .next()
                .map(|(parameter, index)| Hir::capture(Capture { index, name: None, sub: Box::new(sub(parameter)) })),
        });
        Hir::concat(pieces.collect())
    }
}

/// Why a path does not match a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mismatch {
    Path,
    Requirement { parameter: String, value: String },
    Language { parameter: String, value: String },
}

fn requirement(route: &Route, name: &str) -> Result<Requirement, String> {
    match route.requirements.iter().find(|(parameter, _)| parameter == name) {
        Some((_, expression)) => Requirement::parse(expression)
            .map_err(|reason| format!("the requirement of `{name}` is not a regular expression: {reason}")),
        None => Ok(Requirement::segment()),
    }
}

/// The path's own language counts first; then the name of one of its parameters, then the text itself (B78).
fn language(route: &Route, path: &Path, parameters: &[Parameter], languages: &Arc<[Arc<str>]>) -> Language {
    if let Some(language) = &path.language {
        return Language::Fixed((**language).into());
    }
    let Some(text) = &route.language else { return Language::None };
    match parameters.iter().position(|parameter| *parameter.name == **text) {
        Some(number) => Language::Parameter(number, Arc::clone(languages)),
        None => Language::Fixed((**text).into()),
    }
}

/// The segment that ends here, leaving nothing behind for the next.
fn closed(prefix: &mut String, open: &mut bool) -> Segment {
    let text = std::mem::take(prefix);
    if std::mem::take(open) { Segment::Prefixed(text) } else { Segment::Literal(text) }
}
