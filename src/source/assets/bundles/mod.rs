//! Bundles: stylesheets and scripts that the setting `static.bundles` puts together from the site's files.
//!
//! A bundle is its files one behind the other, in every environment; making it shorter is [`super::Minify`]'s business. What one
//! file would do to the others is mended where that is safe (addresses, comments, `@charset`), and else a mistake. The steps of
//! [`add`] for each bundle:
//!
//! 1. `names`: its address and the addresses of its files;
//! 2. `prepare`: each file, so that it means among the others what it means alone;
//! 3. [`join`].

mod names;
pub mod prepare;
mod script;
pub mod style;
#[cfg(test)]
mod tests;

use super::StaticSource;
use crate::problem::Problem;
use crate::source::settings::{Bundle, Settings, Written};
use names::Names;

/// What a bundle may be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Cascading style sheets.
    Style,
    /// Classic scripts, which share their global names; modules cannot be put together by a file's end.
    Script,
}

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The file's own address without the leading slash.
    pub address: String,
    /// The site's file that problems in it are reported for.
    pub file: String,
    /// Its text as it stands in the bundle.
    pub text: String,
}

impl Kind {
    /// The kind of a file by its name. Modules that say so in their name (`.mjs`) have none.
    pub fn of(name: &str) -> Option<Kind> {
        match name.rsplit_once('.')?.1 {
            "css" => Some(Kind::Style),
            "js" => Some(Kind::Script),
            _ => None,
        }
    }

    /// What stands behind each file. A script's last statement and comment end here, whether it ended them itself or not.
    fn separator(self) -> &'static str {
        match self {
            Kind::Style => "\n",
            Kind::Script => "\n;\n",
        }
    }
}

/// Puts texts behind each other, so that none of them runs into the next.
pub fn join<'a>(kind: Kind, texts: impl IntoIterator<Item = &'a str>) -> String {
    texts.into_iter().flat_map(|text| [text, kind.separator()]).collect()
}

/// The bundles that have been made.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// Those of the settings, in their order.
    bundles: Vec<Option<Bundled>>,
}

/// A bundle that has been made.
#[derive(Debug, Clone)]
struct Bundled {
    /// What it was made of.
    files: Vec<StaticSource>,
    source: StaticSource,
    warnings: Vec<Problem>,
}

impl Made {
    /// Adds the site's bundles to its static files, which are sorted by address before and after.
    pub fn add(
        &mut self,
        sources: &mut Vec<StaticSource>,
        settings: &Settings,
        folders: &[String],
        problems: &mut Vec<Problem>,
    ) {
        self.bundles.resize_with(settings.bundles.len(), Default::default);
        if settings.bundles.is_empty() {
            return;
        }
        let names = Names::new(sources, settings, folders);
        let mut bundles: Vec<StaticSource> = Vec::new();
        for (written, made) in settings.bundles.iter().zip(&mut self.bundles) {
            let bundle = bundle(written, &names, made, problems);
            add(&mut bundles, bundle, written, problems);
        }
        sources.append(&mut bundles);
        sources.sort_by(|a, b| a.address.cmp(&b.address));
    }
}

/// Adds a bundle, unless there is one of that address.
fn add(bundles: &mut Vec<StaticSource>, bundle: Option<StaticSource>, written: &Bundle, problems: &mut Vec<Problem>) {
    match bundle {
        Some(made) if bundles.iter().any(|other| other.address == made.address) => {
            let message = format!("there are two bundles `/{}`", made.address);
            problems.push(written.name.error(message).help("remove one of them, or give it another name"));
        }
        made => bundles.extend(made),
    }
}

/// One bundle; `None` with at least one problem. What was made before is used again where it is made of the same.
fn bundle(
    written: &Bundle,
    names: &Names<'_>,
    made: &mut Option<Bundled>,
    problems: &mut Vec<Problem>,
) -> Option<StaticSource> {
    let before = problems.len();
    let address = names.address(&written.name).map_err(|problem| problems.push(*problem)).ok();
    let files: Vec<_> = written.files.iter().map(|file| names.file(file, written)).collect();
    let files: Vec<_> =
        files.into_iter().filter_map(|file| file.map_err(|problem| problems.push(*problem)).ok()).collect();
    problems.extend(twice(&written.files));
    let (address, kind) = address?;
    if problems[before..].iter().any(Problem::is_error) {
        return None;
    }
    if let Some(same) = made.as_ref().filter(|made| made.is_of(&address, &files)) {
        problems.extend(same.warnings.iter().cloned());
        return Some(same.source.clone());
    }
    let before = problems.len();
    let parts = prepare::parts(kind, &address, &files, problems);
    if problems[before..].iter().any(Problem::is_error) {
        return None;
    }
    let body = join(kind, parts.iter().map(|part| part.text.as_str())).into_bytes().into();
    let file = parts.first().map_or_else(String::new, |part| part.file.clone());
    let source = StaticSource { address, file, body, is_root: false, is_made: true, parts };
    let files = files.into_iter().cloned().collect();
    *made = Some(Bundled { files, source: source.clone(), warnings: problems[before..].to_vec() });
    Some(source)
}

impl Bundled {
    fn is_of(&self, address: &str, files: &[&StaticSource]) -> bool {
        self.source.address == address && self.files.iter().eq(files.iter().copied())
    }
}

/// A file that stands twice in one bundle.
fn twice(files: &[Written]) -> Option<Problem> {
    let second =
        files.iter().enumerate().find(|(index, file)| files[..*index].iter().any(|other| other.text == file.text));
    let (_, file) = second?;
    let message = format!("`{}` stands twice in this bundle", file.text);
    Some(file.error(message).help("remove one of the two lines"))
}
