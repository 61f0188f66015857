//! Makes stylesheets and scripts shorter: what a release build does where `static.minify` is on (feature `minify`).
//!
//! Libraries made for it do the work, `css` and `js` say how. Here is what happens around them: each file is made shorter by
//! itself, also those of a bundle, which are joined afterwards and described by one source map (ECMA-426). A file that cannot
//! be made shorter is served as it is, with a warning; so nothing that is in a file can be lost, nor stop a build.

mod css;
mod js;
#[cfg(test)]
mod tests;

use std::any::Any;
use std::thread;

use oxc_sourcemap::{ConcatSourceMapBuilder, SourceMap, SourceMapBuilder};

use self::js::Grammar;
use crate::problem::Problem;
use crate::source::assets::StaticSource;
use crate::source::assets::bundles::prepare::encoded;
use crate::source::assets::bundles::{Kind, Part, join};

/// Makes the static files shorter and adds the source maps of bundles. Sorted by address before and after.
pub(super) fn shorten(sources: &mut Vec<StaticSource>, problems: &mut Vec<Problem>) {
    let mut maps = Vec::new();
    for source in &mut *sources {
        match Kind::of(&source.address).filter(|_| !source.parts.is_empty()) {
            Some(kind) => maps.push(bundle(kind, source, problems)),
            None => single(source, problems),
        }
    }
    sources.append(&mut maps);
    sources.sort_by(|a, b| a.address.cmp(&b.address));
}

/// A stylesheet or script in fewer bytes.
struct Short {
    text: String,
    map: SourceMap<'static>,
}

/// Why a file stays as it is.
#[derive(Debug)]
struct Refusal {
    /// Line and column of the reason, from 1; 0 where it is the file as a whole.
    line: usize,
    column: usize,
    reason: String,
}

impl Refusal {
    const NOT_SAME: &'static str = "its shorter form would not be read as the same";

    fn of_all(reason: impl Into<String>) -> Self {
        Refusal { line: 0, column: 0, reason: reason.into() }
    }

    fn warning(self, file: &str, text: &str) -> Problem {
        let message = format!("this file is served as it is, because it could not be made shorter: {}", self.reason);
        let problem = Problem::warning(file, message).at(text, self.line, self.column, 1);
        problem.help("mend it; or let its name end in `.min.css` or `.min.js`, and nobody tries")
    }
}

/// Whether a file's name says that it has been made shorter before.
fn is_short(address: &str) -> bool {
    [".min.css", ".min.js", ".min.mjs"].iter().any(|end| address.ends_with(end))
}

/// A file of its own. Its comment about a source map goes with all others, because that map would no longer fit.
fn single(source: &mut StaticSource, problems: &mut Vec<Problem>) {
    let grammar = if source.address.ends_with(".mjs") { Grammar::Module } else { Grammar::Either };
    if is_short(&source.address) || (Kind::of(&source.address).is_none() && grammar == Grammar::Either) {
        return;
    }
    let Ok(text) = std::str::from_utf8(&source.body) else { return };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match shortened(&source.address, text, grammar) {
        Ok(short) if short.text.len() < source.body.len() => {
            source.body = short.text.into_bytes().into();
            source.is_made = true;
        }
        Ok(_) => {}
        Err(refusal) => problems.push(refusal.warning(&source.file, text)),
    }
}

/// Puts a bundle together from its files made shorter, and gives its source map.
fn bundle(kind: Kind, source: &mut StaticSource, problems: &mut Vec<Problem>) -> StaticSource {
    let (mut text, mut lines, mut maps) = (String::new(), 0, Vec::new());
    for part in &source.parts {
        let short = part_of(part, problems);
        let piece = join(kind, [short.text.as_str()]);
        maps.push((short.map, lines));
        lines += line_ends(&piece);
        text.push_str(&piece);
    }
    let name = source.address.rsplit('/').next().unwrap_or_default();
    let mut map = ConcatSourceMapBuilder::from_owned_sourcemaps(maps).into_sourcemap();
    map.set_file(name);
    let comment = format!("# sourceMappingURL={}.map", encoded(name));
    text.push_str(&match kind {
        Kind::Style => format!("/*{comment} */\n"),
        Kind::Script => format!("//{comment}\n"),
    });
    source.body = text.into_bytes().into();
    StaticSource {
        address: format!("{}.map", source.address),
        file: source.file.clone(),
        body: map.to_json_string().into_bytes().into(),
        is_root: false,
        is_made: true,
        parts: Vec::new(),
    }
}

/// A file of a bundle made shorter, else as it is with a map from each line to itself.
fn part_of(part: &Part, problems: &mut Vec<Problem>) -> Short {
    let address = format!("/{}", part.address);
    let short = if is_short(&address) { None } else { Some(shortened(&address, &part.text, Grammar::Script)) };
    match short {
        Some(Ok(short)) if short.text.len() < part.text.len() => return short,
        Some(Err(refusal)) => problems.push(refusal.warning(&part.file, &part.text)),
        _ => {}
    }
    let mut builder = SourceMapBuilder::default();
    let source = builder.add_source_and_content(&address, &part.text);
    for line in 0..=line_ends(&part.text) {
        builder.add_token(line, 0, line, 0, Some(source), None);
    }
    let map = builder.into_owned_sourcemap().into_inner();
    Short { text: part.text.clone(), map }
}

/// The line ends that source maps count.
fn line_ends(text: &str) -> u32 {
    let ends = text.bytes().filter(|byte| *byte == b'\n').count();
    u32::try_from(ends).unwrap_or(u32::MAX)
}

fn shortened(address: &str, text: &str, grammar: Grammar) -> Result<Short, Refusal> {
    guarded(|| match Kind::of(address) {
        Some(Kind::Style) => css::shorten(address, text),
        _ => js::shorten(address, text, grammar),
    })
}

/// Room for the recursion of parsers, which take what is nested a thousandfold. It is only reserved, not used.
const STACK: usize = 256 * 1024 * 1024;

/// Runs a library on a thread of its own, so that a panic in it is a reason like any other.
fn guarded<T: Send>(work: impl FnOnce() -> Result<T, Refusal> + Send) -> Result<T, Refusal> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        match thread.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(Refusal::of_all(format!("the library for it panicked: {}", text_of(&*panic)))),
            Err(error) => Err(Refusal::of_all(format!("no thread could be started: {error}"))),
        }
    })
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a reason")
}

/// Appends the comments that have to be kept and are not in the text any more, as far as blanks do not count.
fn keep(comments: &[&str], text: &mut String) {
    let without_blanks = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
    let kept = without_blanks(text);
    for comment in comments.iter().filter(|comment| !kept.contains(&without_blanks(comment))) {
        text.push('\n');
        text.push_str(comment);
    }
}
