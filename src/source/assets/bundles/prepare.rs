//! Makes a file mean the same among others in one bundle as it means alone, or says why it cannot.

use std::ops::Range;

use super::{Kind, Part, StaticSource, script, style};
use crate::problem::Problem;

/// The files of a bundle with the given address, ready to stand one behind the other. With errors they are not whole.
pub fn parts(kind: Kind, bundle: &str, files: &[&StaticSource], problems: &mut Vec<Problem>) -> Vec<Part> {
    let texts: Vec<&str> =
        files.iter().filter_map(|file| text(file).map_err(|problem| problems.push(*problem)).ok()).collect();
    if texts.len() < files.len() {
        return Vec::new();
    }
    let files: Vec<File<'_>> = files.iter().zip(texts).map(|(source, text)| File { source, text }).collect();
    let prepared: Vec<String> = match kind {
        Kind::Style => {
            let styles = files.iter().enumerate();
            styles.map(|(index, file)| file.style(bundle, index == 0 || files.len() == 1, problems)).collect()
        }
        Kind::Script => scripts(&files, problems),
    };
    let parts = files.iter().zip(prepared);
    parts
        .map(|(file, text)| Part { address: file.source.address.clone(), file: file.source.file.clone(), text })
        .collect()
}

/// A file's text without a byte order mark.
fn text(source: &StaticSource) -> Result<&str, Box<Problem>> {
    match std::str::from_utf8(&source.body) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(_) => {
            let message = "this file is part of a bundle, but it is not UTF-8";
            Err(Box::new(Problem::error(&source.file, message).help("save it as UTF-8")))
        }
    }
}

struct File<'a> {
    source: &'a StaticSource,
    text: &'a str,
}

impl File<'_> {
    fn error(&self, range: Range<usize>, message: impl Into<String>) -> Problem {
        Problem::error(&self.source.file, message).at_bytes(self.text, range.start, range.end)
    }

    fn style(&self, bundle: &str, is_first: bool, problems: &mut Vec<Problem>) -> String {
        let found = style::scan(self.text);
        if let Some((range, what)) = found.fault {
            let problem =
                self.error(range, format!("{what}; in a bundle the next stylesheet would become a part of it"));
            problems.push(problem.help("mend it, or leave this file out of the bundle"));
        }
        if let Some(range) = found.imports.first().filter(|_| !is_first) {
            let message = "this `@import` would have no effect in a bundle, because other rules stand before it";
            let problem = self
                .error(range.clone(), message)
                .help("list the imported file in the bundle, in front of this one, and remove the line");
            problems.push(problem.help("an address of another site: move the line to the first file of the bundle"));
        }
        if let Some(range) = found.namespaces.first() {
            let problem =
                self.error(range.clone(), "this `@namespace` would count for the whole bundle, or not at all");
            problems.push(problem.help("leave this file out of the bundle"));
        }
        let names_map = |range: &Range<usize>| style::is_map_comment(&self.text[range.start + 2..]);
        let map_comments = found.comments.into_iter().filter(names_map);
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        edits.extend(map_comments.chain(found.charsets).map(|range| (range, String::new())));
        for range in found.addresses {
            edits
                .extend(moved(&self.text[range.clone()], &self.source.address, bundle).map(|address| (range, address)));
        }
        edited(self.text, edits)
    }

    fn script(&self, found: script::Script, problems: &mut Vec<Problem>) -> String {
        if let Some(range) = found.module {
            let problem = self.error(range, "this script is a module, which cannot be part of a bundle");
            let help = "leave it out of the bundle and load it with `<script type=\"module\">`; it can import the others itself";
            problems.push(problem.help(help));
        } else if let Some((range, what)) = found.fault {
            let message = format!("this {what}; a script that is not whole stops the whole bundle");
            let problem = Problem::warning(&self.source.file, message).at_bytes(self.text, range.start, range.end);
            problems.push(problem.help("mend it, or leave this file out of the bundle"));
        }
        let mut edits: Vec<(Range<usize>, String)> =
            found.map_comments.into_iter().map(|range| (range, String::new())).collect();
        if self.text.starts_with("#!") {
            edits.push((0..self.text.lines().next().map_or(0, str::len), String::new()));
        }
        edited(self.text, edits)
    }
}

/// All scripts of a bundle. Either all of them are strict or none: a directive counts for the whole of a script, and only at
/// its beginning.
fn scripts(files: &[File<'_>], problems: &mut Vec<Problem>) -> Vec<String> {
    let found: Vec<script::Script> = files.iter().map(|file| script::scan(file.text)).collect();
    let other = files.iter().zip(&found).find(|(_, found)| found.strict.is_none()).map(|(file, _)| file);
    for (file, found) in files.iter().zip(&found) {
        if let (Some(range), Some(other)) = (&found.strict, other) {
            let other = &other.source.file;
            let message =
                format!("this script is strict as a whole and `{other}` is not; in one bundle both would be the same");
            let help = "put its code into a function of its own: `(function () { \"use strict\"; … })();`";
            problems.push(file.error(range.clone(), message).help(help));
        }
    }
    files.iter().zip(found).map(|(file, found)| file.script(found, problems)).collect()
}

/// The text with some ranges replaced.
fn edited(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| range.start);
    let (mut result, mut from) = (String::with_capacity(text.len()), 0);
    for (range, new) in edits {
        result.push_str(&text[from..range.start]);
        result.push_str(&new);
        from = range.end;
    }
    result.push_str(&text[from..]);
    result
}

/// A relative address of the stylesheet `part` as the stylesheet `bundle` has to write it; `None` where it stays as it is.
fn moved(address: &str, part: &str, bundle: &str) -> Option<String> {
    let folder = |path: &str| {
        path.rsplit_once('/').map_or_else(Vec::new, |(folder, _)| folder.split('/').map(encoded).collect())
    };
    let (from, to): (Vec<String>, Vec<String>) = (folder(bundle), folder(part));
    if from == to || is_absolute(address) {
        return None;
    }
    let common = from.iter().zip(&to).take_while(|(from, to)| from == to).count();
    let mut steps = vec!["..".to_string(); from.len() - common];
    steps.extend_from_slice(&to[common..]);
    let mut rest = address;
    while let Some((step, after)) = rest.split_once('/') {
        match step {
            "." => {}
            ".." if steps.last().is_some_and(|step| step != "..") => drop(steps.pop()),
            _ => break,
        }
        rest = after;
    }
    steps.push(rest.to_string());
    Some(steps.join("/"))
}

/// Whether an address does not depend on where its stylesheet lies, or is none.
fn is_absolute(address: &str) -> bool {
    let scheme = address.split(['/', '?', '#']).next().unwrap_or_default();
    address.is_empty() || address.starts_with(['/', '#', '?', '\\']) || scheme.contains(':')
}

/// A name as it can stand in an address, with and without quotes around.
pub fn encoded(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@' | b'+');
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
