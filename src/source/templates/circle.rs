//! Templates that come back to themselves by way of `super()`.
//!
//! Tera refuses what extends or includes itself. But it takes a template that is included by what it extends; `super()` in it then
//! leads to where it was included, and a request for the page would end the process, because its stack has an end.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::Usages;
use super::outline::{CallKind, Named};
use crate::problem::Problem;

/// An error for each `super()` that leads back to the template in which it stands.
///
/// Which block calls and which one includes is not looked at, so it need not be a circle of blocks; but a template of which nothing but
/// its blocks is shown, in the very template that it extends, is no use to anybody.
pub fn problems(usages: &[Arc<Usages>]) -> Vec<Problem> {
    let by_name: BTreeMap<&str, &Usages> = usages.iter().map(|usages| (&*usages.file.name, &**usages)).collect();
    let circles = usages.iter().filter_map(|usages| {
        let call = super_call(usages)?;
        let way = way_back(usages, &by_name)?;
        let names: Vec<String> = way.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("`{}` includes itself by way of `super()`", usages.file.name);
        let problem = usages.error(call, message).help(format!("the circle is {}", names.join(" → ")));
        Some(problem.help("move what is included into a template of its own, which extends nothing"))
    });
    circles.collect()
}

fn super_call(usages: &Usages) -> Option<&Named> {
    let calls = &usages.outline.calls;
    calls.iter().find(|call| call.kind == CallKind::Function && call.name.name == "super").map(|call| &call.name)
}

/// The templates on the shortest way from a template back to it, with its name at both ends.
fn way_back<'u>(start: &'u Usages, by_name: &BTreeMap<&str, &'u Usages>) -> Option<Vec<&'u str>> {
    let mut came_from: BTreeMap<&str, &Usages> = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(usages) = waiting.pop_front() {
        for next in shown_in(usages).filter_map(|named| by_name.get(named.name.as_ref()).copied()) {
            let name = next.file.name.as_str();
            if came_from.contains_key(name) {
                continue;
            }
            came_from.insert(name, usages);
            if name == start.file.name {
                return Some(names(start, &came_from));
            }
            waiting.push_back(next);
        }
    }
    None
}

/// What is rendered as a part of a template: what it includes and, where it calls `super()`, what it extends.
fn shown_in(usages: &Usages) -> impl Iterator<Item = &Named> {
    let parent = usages.outline.parent.iter().filter(|_| super_call(usages).is_some());
    parent.chain(&usages.outline.includes)
}

fn names<'u>(start: &'u Usages, came_from: &BTreeMap<&str, &'u Usages>) -> Vec<&'u str> {
    let mut names = vec![start.file.name.as_str()];
    let mut last = came_from[start.file.name.as_str()];
    while last.file.name != start.file.name {
        names.push(&last.file.name);
        last = came_from[last.file.name.as_str()];
    }
    names.push(&start.file.name);
    names.reverse();
    names
}
