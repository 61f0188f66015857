//! Templates that come back to themselves by way of `super()`, which the engine does not notice: it would call itself until the process
//! ends.
//!
//! The engine refuses what extends or includes itself. But it also takes a template that is included by what it extends, and then
//! `super()` in a block leads to where it was included.

use std::collections::VecDeque;
use std::sync::Arc;

use ahash::AHashMap;

use crate::snapshot::Template;

/// The first way from a template that calls `super()` back to itself, with that template at both ends.
///
/// Which block calls and which one includes is not looked at, so it need not be a circle of blocks; but a template of which nothing but
/// its blocks is shown, in the very template that it extends, is no use to anybody.
pub(super) fn by_super(templates: &[Arc<Template>]) -> Option<Vec<&Template>> {
    let calling = templates.iter().filter(|template| super_call(&template.source).is_some());
    let mut by_name = AHashMap::new();
    for template in calling {
        if by_name.is_empty() {
            by_name = templates.iter().map(|template| (&*template.name, &**template)).collect();
        }
        if let Some(way) = way_back(template, &by_name) {
            return Some(way);
        }
    }
    None
}

fn way_back<'t>(start: &'t Template, by_name: &AHashMap<&'t str, &'t Template>) -> Option<Vec<&'t Template>> {
    let mut came_from: AHashMap<&str, &Template> = AHashMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(template) = waiting.pop_front() {
        for next in leads_to(template).filter_map(|name| by_name.get(name).copied()) {
            if came_from.contains_key(&*next.name) {
                continue;
            }
            came_from.insert(&next.name, template);
            if next.name == start.name {
                let way = std::iter::successors(Some(template), |last| {
                    came_from.get(&*last.name).copied().filter(|_| last.name != start.name)
                });
                let mut way: Vec<&Template> = std::iter::once(start).chain(way).collect();
                way.reverse();
                return Some(way);
            }
            waiting.push_back(next);
        }
    }
    None
}

/// The templates that are rendered as a part of one: those that it includes and, where it calls `super()`, those that it extends.
fn leads_to(template: &Template) -> impl Iterator<Item = &str> {
    let calls = super_call(&template.source).is_some();
    let links = template.links.templates.iter().map(|name| &**name);
    links.filter(move |name| calls || includes(&template.source, name))
}

/// Where a template first calls `super()`, as a range of bytes.
pub(super) fn super_call(source: &str) -> Option<std::ops::Range<usize>> {
    const NAME: &str = "super";
    let mut names = source.match_indices(NAME).map(|(start, _)| start..start + NAME.len());
    names.find(|name| source[name.end..].trim_start().starts_with('('))
}

fn includes(source: &str, name: &str) -> bool {
    source.split("include").skip(1).any(|rest| {
        let quoted = rest.trim_start().strip_prefix(['"', '\'', '`']);
        quoted.is_some_and(|rest| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(['"', '\'', '`'])))
    })
}
