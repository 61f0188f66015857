//! What templates name in one another and what they use: everything named must be there.
//!
//! Tera checks the same, but stops at the first missing parent and gives no place for it. These checks run only where Tera
//! refuses a site's templates, so they can say nothing of templates that it takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Usages;
use super::engine::Engine;
use super::names::{built_in, in_place_of};
use super::outline::{Block, Call, CallKind, Named};
use super::{OWN_FILTERS, OWN_FUNCTIONS};
use crate::hint::nearest;
use crate::problem::{Problem, position};

/// All templates of a site by name, for looking things up.
pub struct Links<'t> {
    all: &'t [Arc<Usages>],
    by_name: BTreeMap<&'t str, &'t Usages>,
    /// The components that are defined, each with the first template that does.
    components: BTreeMap<&'t str, &'t Usages>,
}

impl<'t> Links<'t> {
    /// Looks at the outlines of all templates.
    pub fn new(all: &'t [Arc<Usages>]) -> Self {
        let by_name = all.iter().map(|usages| (usages.file.name.as_str(), &**usages)).collect();
        let mut components = BTreeMap::new();
        for usages in all {
            for component in &usages.outline.components {
                components.entry(component.name.as_ref()).or_insert(&**usages);
            }
        }
        Links { all, by_name, components }
    }

    /// Everything that is named and not there, and what goes round in a circle.
    pub fn problems(&self, engine: &mut Engine) -> Vec<Problem> {
        let mut problems = Vec::new();
        for usages in self.all {
            self.check_templates(usages, &mut problems);
            self.check_blocks(usages, &mut problems);
            self.check_definitions(usages, &mut problems);
            for call in &usages.outline.calls {
                problems.extend(self.unknown(usages, call, engine));
            }
        }
        problems
    }

    fn check_templates(&self, usages: &Usages, problems: &mut Vec<Problem>) {
        if let Some(parent) = &usages.outline.parent {
            problems.extend(self.missing(usages, parent, "extend"));
            problems.extend(self.circle(usages, "extends", |usages| usages.outline.parent.as_slice()));
        }
        for included in &usages.outline.includes {
            problems.extend(self.missing(usages, included, "include"));
        }
        problems.extend(self.circle(usages, "includes", |usages| &usages.outline.includes));
    }

    fn missing(&self, usages: &Usages, named: &Named, verb: &str) -> Option<Problem> {
        let name = named.name.as_ref();
        if self.by_name.contains_key(name) {
            return None;
        }
        let problem = usages.error(named, format!("there is no template `{name}` to {verb}"));
        Some(match self.similar(usages, name) {
            Some(similar) => problem.help(format!("did you mean `{similar}`?")),
            None => {
                let folder = usages.file.path.strip_suffix(&usages.file.name).unwrap_or_default();
                problem.help(format!("write it as `{folder}{name}`; a template is named by its path below `{folder}`"))
            }
        })
    }

    /// The template that was meant: of that file name in another folder, or spelt nearly so.
    fn similar(&self, usages: &Usages, name: &str) -> Option<&'t str> {
        let names = || self.by_name.keys().copied().filter(|other| *other != usages.file.name);
        let last = |path: &'t str| path.rsplit('/').next().unwrap_or(path);
        let wanted = name.rsplit('/').next().unwrap_or(name);
        names().find(|other| last(other) == wanted).or_else(|| nearest(name, names()))
    }

    /// The shortest way from a template back to itself, told at the template whose name comes first.
    fn circle(&self, start: &Usages, verb: &str, next: impl Fn(&'t Usages) -> &'t [Named]) -> Option<Problem> {
        let start = *self.by_name.get(start.file.name.as_str())?;
        let mut ways: Vec<Vec<&'t Named>> = next(start).iter().map(|named| vec![named]).collect();
        let mut seen = BTreeSet::new();
        let mut index = 0;
        while index < ways.len() {
            let way = ways[index].clone();
            index += 1;
            let last = way.last()?.name.as_ref();
            if last == start.file.name {
                let is_first = way.iter().all(|named| named.name.as_ref() >= last);
                return is_first.then(|| circle_problem(start, verb, &way));
            }
            if !seen.insert(last) {
                continue;
            }
            for named in self.by_name.get(last).map_or(&[][..], |usages| next(usages)) {
                let mut longer = way.clone();
                longer.push(named);
                ways.push(longer);
            }
        }
        None
    }

    /// A block of a child that nothing above it has would never be printed.
    fn check_blocks(&self, usages: &Usages, problems: &mut Vec<Problem>) {
        let Some(above) = self.blocks_above(usages) else { return };
        for Block { name, is_nested } in &usages.outline.blocks {
            if *is_nested || above.contains(name.name.as_ref()) {
                continue;
            }
            let message = format!("no template that this one extends has a block `{}`", name.name);
            let problem = usages.error(name, message);
            problems.push(match nearest(&name.name, above.iter().copied()) {
                Some(similar) => problem.help(format!("did you mean `{similar}`?")),
                None => problem.help("declare it there, or nothing of it will ever be shown"),
            });
        }
    }

    /// The blocks of all templates above one; `None` where it has no parent or not all of them can be read.
    fn blocks_above(&self, usages: &Usages) -> Option<BTreeSet<&'t str>> {
        let mut blocks = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut parent = usages.outline.parent.as_ref().map(|parent| parent.name.as_ref());
        parent?;
        while let Some(name) = parent {
            let above = *self.by_name.get(name)?;
            if above.is_broken || !seen.insert(above.file.name.as_str()) {
                return None;
            }
            blocks.extend(above.outline.blocks.iter().map(|block| block.name.name.as_ref()));
            parent = above.outline.parent.as_ref().map(|parent| parent.name.as_ref());
        }
        Some(blocks)
    }

    fn check_definitions(&self, usages: &Usages, problems: &mut Vec<Problem>) {
        for component in &usages.outline.components {
            let Some(first) = self.components.get(component.name.as_ref()) else { continue };
            if first.file.name == usages.file.name {
                continue;
            }
            let defined = first.outline.components.iter().find(|other| other.name == component.name);
            let offset = defined.map_or(0, |other| other.span.start);
            let message = format!("the component `{}` is already defined", component.name);
            let (line, column) = position(&first.file.text, offset);
            let help = format!("the other one is at {}:{line}:{column}; rename one of them", first.file.path);
            problems.push(usages.error(component, message).help(help));
        }
    }

    fn unknown(&self, usages: &Usages, call: &Call, engine: &mut Engine) -> Option<Problem> {
        let (name, declared) = (call.name.name.as_ref(), engine.declared());
        let (kind, candidates): (_, Vec<&str>) = match call.kind {
            CallKind::Component if self.may_be_component(name) => return None,
            CallKind::Component => ("component", self.components.keys().copied().collect()),
            kind => {
                let (word, own) = declared.of(kind);
                let kalgan = match kind {
                    CallKind::Filter => &OWN_FILTERS[..],
                    CallKind::Function => &OWN_FUNCTIONS[..],
                    CallKind::Test | CallKind::Component => &[],
                };
                let names = built_in(kind).iter().chain(kalgan).copied();
                let names: Vec<&str> = names.chain(own.iter().map(String::as_str)).collect();
                if names.contains(&name) || engine.knows(kind, name) {
                    return None;
                }
                (word, names)
            }
        };
        let mut problem = usages.error(&call.name, format!("there is no {kind} `{name}`"));
        if let Some(instead) = in_place_of(call.kind, name) {
            problem = problem.help(instead);
        } else if let Some(similar) = nearest(name, candidates) {
            problem = problem.help(format!("did you mean `{similar}`?"));
        }
        Some(match call.kind {
            CallKind::Component => {
                problem.help(format!("a component is defined by `{{% component {name}() %}}` in any template"))
            }
            _ => problem.help(format!(
                "if it is your own, write `crate::template::{name}` and add it to the setting `tera.{kind}s`"
            )),
        })
    }

    /// Whether a component is defined, or may be in a template that could not be read to its end.
    fn may_be_component(&self, name: &str) -> bool {
        self.components.contains_key(name)
            || self.all.iter().any(|usages| usages.is_broken && usages.file.text.contains(name))
    }
}

fn circle_problem(start: &Usages, verb: &str, way: &[&Named]) -> Problem {
    let name = &start.file.name;
    if way.len() == 1 {
        return start.error(way[0], format!("`{name}` {verb} itself"));
    }
    let names: Vec<String> = way.iter().map(|named| format!("`{}`", named.name)).collect();
    let message = format!("`{name}` {verb} itself by way of others");
    start.error(way[0], message).help(format!("the circle is `{name}` → {}", names.join(" → ")))
}
