//! One path of one route, made ready for matching.

use std::sync::Arc;

use regex::Regex;
use regex_syntax::hir::{Capture, Hir};

use super::path::Decoded;
use crate::pattern::{self, Piece};
use crate::site::host::Host;
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
    /// The hosts; `None` means every host.
    host: Option<Host>,
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
    /// The same for a parameter of the host.
    OfHost(usize, Arc<[Arc<str>]>),
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
                Piece::Parameter(name) => parameters.push(Parameter {
                    name: name.into(),
                    requirement: Requirement::of(route, name)?,
                    segment,
                }),
            }
        }
        let mut entry = Entry {
            pattern: (*path.pattern).into(),
            language: language(route, path, &parameters, languages),
            parameters: parameters.into(),
            shape: Shape::Segments,
            host: Host::new(route)?,
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
        if let Shape::Expression(expression) = &self.shape
            && !matches!(self.language, Language::Parameter(..))
        {
            return expression.is_match(path);
        }
        let is_compared = matches!(self.shape, Shape::Expression(_));
        self.walk(path, |number, value| {
            let requirement = &self.parameters[number].requirement;
            (is_compared || requirement.matches(value)) && self.is_language(number, value)
        })
    }

    /// Whether the path is for the host that a client addressed, which is as it came.
    pub(super) fn is_for(&self, host: &str) -> bool {
        let Some(own) = &self.host else { return true };
        if !own.matches(host) {
            return false;
        }
        match &self.language {
            Language::OfHost(number, languages) if !languages.is_empty() => own
                .values(host)
                .nth(*number)
                .is_some_and(|(_, value)| languages.iter().any(|language| **language == *value)),
            _ => true,
        }
    }

    /// The values of the parameters of host and path, decoded, and the language, where both match.
    pub(super) fn take(&self, host: &str, path: &Decoded) -> (Parameters, Option<Arc<str>>) {
        let mut values = Vec::with_capacity(self.parameters.len());
        if let Some(own) = &self.host {
            values.extend(own.values(host).map(|(name, value)| (Arc::clone(name), value)));
        }
        let of_host = values.len();
        self.walk(&path.text, |number, value| {
            values.push((Arc::clone(&self.parameters[number].name), path.value(value)));
            true
        });
        let (number, languages) = match &self.language {
            Language::None => return (values, None),
            Language::Fixed(language) => return (values, Some(Arc::clone(language))),
            Language::Parameter(number, languages) => (of_host + number, languages),
            Language::OfHost(number, languages) => (*number, languages),
        };
        let language = values.get(number).map(|(_, value)| {
            let known = languages.iter().find(|language| ***language == **value).cloned();
            known.unwrap_or_else(|| value.as_str().into())
        });
        (values, language)
    }

    /// Why a host and a path do not match, for people; `None` where they do.
    pub(super) fn mismatch(&self, host: &str, path: &Decoded) -> Option<Mismatch> {
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
            return (!self.is_for(host)).then_some(Mismatch::Host);
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
    Host,
    Requirement { parameter: String, value: String },
    Language { parameter: String, value: String },
}

/// The path's own language counts first; then the name of one of its parameters, then the text itself (B78).
fn language(route: &Route, path: &Path, parameters: &[Parameter], languages: &Arc<[Arc<str>]>) -> Language {
    if let Some(language) = &path.language {
        return Language::Fixed((**language).into());
    }
    let Some(text) = &route.language else { return Language::None };
    if let Some(number) = parameters.iter().position(|parameter| *parameter.name == **text) {
        return Language::Parameter(number, Arc::clone(languages));
    }
    let mut of_host = route.host.iter().flat_map(|host| pattern::host_parameters(host));
    match of_host.position(|name| name == &**text) {
        Some(number) => Language::OfHost(number, Arc::clone(languages)),
        None => Language::Fixed((**text).into()),
    }
}

/// The segment that ends here, leaving nothing behind for the next.
fn closed(prefix: &mut String, open: &mut bool) -> Segment {
    let text = std::mem::take(prefix);
    if std::mem::take(open) { Segment::Prefixed(text) } else { Segment::Literal(text) }
}
