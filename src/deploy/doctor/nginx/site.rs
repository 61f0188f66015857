//! NGINX's file of the site: where it lies, its upstream and servers, and which directives count for a request.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::{Examination, Trouble, machine};
use super::parse::{Directive, parse};
use crate::deploy::layout::{CONF_D, SITES_ENABLED};

/// NGINX's own file, in whose block `http` the site's is included.
const MAIN: &str = "/etc/nginx/nginx.conf";

/// Paths of included files are relative to it.
const FOLDER: &str = "/etc/nginx";

/// The file of one site.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) path: PathBuf,
    /// As it is written.
    pub(super) text: String,
    /// What the block `http` has beside the site's file.
    http: Vec<Directive>,
    /// The file, with what it includes.
    directives: Vec<Directive>,
    upstream: String,
}

/// The directives that count at one place, from the outermost block to the innermost.
#[derive(Debug, Clone)]
pub(super) struct Place<'s>(Vec<&'s [Directive]>);

impl Site {
    /// The site's file; none where there is no NGINX file with the site's upstream.
    ///
    /// # Errors
    ///
    /// Why the file that was named, or found, cannot be read.
    pub(super) fn find(examination: &Examination) -> Result<Option<Site>, Trouble> {
        let names = upstreams(examination.layout.name());
        if let Some(path) = &examination.nginx {
            let missing =
                || Trouble::problem(format!("`{}` is not there", path.display()), "name the file by `--nginx FILE`");
            let text = machine::read(path)?.ok_or_else(missing)?;
            return Site::new(examination, path.clone(), text, &names).map(Some);
        }
        let folders = [SITES_ENABLED, CONF_D].map(|folder| examination.layout.on_disk(folder));
        for path in folders.iter().flat_map(|folder| files(folder)) {
            // A link to an absolute path leads to the same place below another root.
            let target = fs::read_link(&path).ok().filter(|target| target.is_absolute());
            let path = target.map_or(path, |target| examination.layout.on_disk(target));
            if let Some(text) = machine::read(&path)?
                && names.iter().any(|name| has_word(&text, name))
            {
                return Site::new(examination, path, text, &names).map(Some);
            }
        }
        Ok(None)
    }

    fn new(examination: &Examination, path: PathBuf, text: String, names: &[String]) -> Result<Site, Trouble> {
        let wrong = |reason: String| Trouble::problem(format!("`{}` {reason}", path.display()), "see `nginx -t`");
        let mut directives = parse(&text).map_err(wrong)?;
        include(examination, &mut directives);
        let defined = directives.iter().filter(|it| it.name == "upstream").filter_map(|it| it.arguments.first());
        let defined: Vec<&String> = defined.collect();
        let ours = defined.iter().find(|name| names.contains(name)).or(defined.first());
        let upstream = ours.map(|name| (*name).clone()).unwrap_or_default();
        let main = machine::read(&examination.layout.on_disk(MAIN)).ok().flatten().unwrap_or_default();
        let main = parse(&main).unwrap_or_default();
        let http = main.into_iter().find(|it| it.name == "http").and_then(|it| it.block).unwrap_or_default();
        Ok(Site { path, text, http, directives, upstream })
    }

    /// The block `upstream` of the site.
    pub(super) fn upstream(&self) -> Place<'_> {
        let is_it = |it: &&Directive| it.name == "upstream" && it.arguments.first() == Some(&self.upstream);
        Place(self.directives.iter().find(is_it).and_then(|it| it.block.as_deref()).into_iter().collect())
    }

    /// The addresses in it.
    pub(super) fn addresses(&self) -> Vec<&str> {
        self.upstream().all("server").into_iter().filter_map(|it| it.arguments.first().map(String::as_str)).collect()
    }

    /// The servers that ask the site.
    pub(super) fn servers(&self) -> Vec<Place<'_>> {
        let blocks = self.directives.iter().filter(|it| it.name == "server").filter_map(|it| it.block.as_deref());
        let asks = |block: &&[Directive]| contains(block, &|it| it.name == "proxy_pass" && self.is_ours(it));
        let outer = [&*self.http, &*self.directives];
        blocks.filter(asks).map(|block| Place([&outer[..], &[block]].concat())).collect()
    }

    /// Whether a place hands requests to the site.
    pub(super) fn asks(&self, place: &Place<'_>) -> bool {
        // It is not inherited.
        place.0.last().is_some_and(|block| block.iter().any(|it| it.name == "proxy_pass" && self.is_ours(it)))
    }

    fn is_ours(&self, proxy_pass: &Directive) -> bool {
        let host = proxy_pass.arguments.first().and_then(|address| address.split_once("://")).map(|(_, rest)| rest);
        // A path may follow, also as a variable.
        let host = host.map(|rest| rest.split(['/', '$']).next().unwrap_or(rest));
        host.is_some_and(|host| host == self.upstream || self.addresses().contains(&host))
    }
}

impl<'s> Place<'s> {
    /// The first argument of a directive, from the innermost block that has it.
    pub(super) fn value(&self, name: &str) -> Option<&'s str> {
        let found = self.0.iter().rev().find_map(|block| block.iter().rev().find(|it| it.name == name));
        found.and_then(|it| it.arguments.first()).map(String::as_str)
    }

    /// All directives of a name of the innermost block that has any: so NGINX inherits lists.
    pub(super) fn all(&self, name: &str) -> Vec<&'s Directive> {
        let of = |block: &&'s [Directive]| block.iter().filter(|it| it.name == name).collect::<Vec<_>>();
        self.0.iter().rev().map(of).find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// The place that answers for a path within a server: the exact location, else that with the longest beginning, unless a regular expression
    /// comes before it; then what is within it, or where `try_files` leads.
    pub(super) fn at(&self, path: &str) -> Place<'s> {
        let Some(block) = self.0.last() else { return self.clone() };
        let locations = || block.iter().filter(|it| it.name == "location");
        let Some(inner) = chosen(locations(), path).and_then(|it| it.block.as_deref()) else { return self.clone() };
        let place = Place([&*self.0, &[inner]].concat()).at(path);
        let fallback = inner.iter().find(|it| it.name == "try_files").and_then(|it| it.arguments.last());
        let named = fallback.and_then(|name| locations().find(|it| it.arguments.first() == Some(name)));
        match named.and_then(|it| it.block.as_deref()) {
            Some(named) => Place([&*self.0, &[named]].concat()),
            None => place,
        }
    }

    /// The place where files are read for a path: as [`Place::at`], before `try_files` leads elsewhere.
    pub(super) fn files_at(&self, path: &str) -> Place<'s> {
        let Some(block) = self.0.last() else { return self.clone() };
        let found = chosen(block.iter().filter(|it| it.name == "location"), path).and_then(|it| it.block.as_deref());
        found.map_or_else(|| self.clone(), |inner| Place([&*self.0, &[inner]].concat()))
    }
}

fn chosen<'s>(locations: impl Iterator<Item = &'s Directive>, path: &str) -> Option<&'s Directive> {
    let (mut prefix, mut expression): (Option<(&Directive, usize, bool)>, Option<&Directive>) = (None, None);
    for location in locations {
        match location.arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["=", exact] if exact == path => return Some(location),
            ["~" | "~*", _] if expression.is_some() => {}
            [kind @ ("~" | "~*"), pattern] => {
                let pattern = if kind == "~*" { format!("(?i){pattern}") } else { pattern.to_string() };
                expression = regex::Regex::new(&pattern).is_ok_and(|it| it.is_match(path)).then_some(location);
            }
            [.., start] if path.starts_with(start) && location.arguments[0] != "=" => {
                let is_longer = prefix.is_none_or(|(_, length, _)| start.len() > length);
                prefix = if is_longer { Some((location, start.len(), location.arguments[0] == "^~")) } else { prefix };
            }
            _ => {}
        }
    }
    match (prefix, expression) {
        (Some((location, _, true)), _) | (Some((location, ..)), None) => Some(location),
        (_, expression) => expression,
    }
}

/// What the site's upstream may be called.
fn upstreams(name: &str) -> Vec<String> {
    vec![format!("kalgan_{name}"), format!("kalgan_{}", name.replace('-', "_"))]
}

/// Whether the text has the word, not merely as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    text.match_indices(word)
        .any(|(start, _)| !text[..start].ends_with(is_part) && !text[start + word.len()..].starts_with(is_part))
}

fn contains(block: &[Directive], is_it: &dyn Fn(&Directive) -> bool) -> bool {
    block.iter().any(|it| is_it(it) || it.block.as_deref().is_some_and(|inner| contains(inner, is_it)))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.sort();
    files
}

/// Puts what is included in the place of each `include`, one level deep.
fn include(examination: &Examination, directives: &mut Vec<Directive>) {
    let mut whole = Vec::with_capacity(directives.len());
    for mut directive in directives.drain(..) {
        if let Some(block) = &mut directive.block {
            include(examination, block);
        }
        match (&*directive.name, directive.arguments.first()) {
            ("include", Some(pattern)) => whole.extend(included(examination, pattern)),
            _ => whole.push(directive),
        }
    }
    *directives = whole;
}

fn included(examination: &Examination, pattern: &str) -> Vec<Directive> {
    let path = examination.layout.on_disk(Path::new(FOLDER).join(pattern));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let paths = match name.split_once('*') {
        None => vec![path],
        Some((before, after)) => {
            let is_meant = |path: &PathBuf| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.len() >= before.len() + after.len() && name.starts_with(before) && name.ends_with(after)
            };
            files(path.parent().unwrap_or(&path)).into_iter().filter(is_meant).collect()
        }
    };
    let texts = paths.iter().filter_map(|path| machine::read(path).ok().flatten());
    texts.filter_map(|text| parse(&text).ok()).flatten().collect()
}
