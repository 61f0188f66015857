//! Which address a bundle gets, and which files it names.

use std::collections::BTreeMap;

use super::{Kind, StaticSource};
use crate::hint::nearest;
use crate::problem::Problem;
use crate::source::check::written::path_of;
use crate::source::settings::{Bundle, Settings, Written};

/// The static files that bundles can be made of.
pub struct Names<'a> {
    sources: BTreeMap<&'a str, &'a StaticSource>,
    /// The folders of static files; first the one that the filter `asset` writes addresses of.
    folders: Vec<&'a str>,
    bundles: Vec<&'a str>,
}

impl<'a> Names<'a> {
    /// The static files of a site without its bundles.
    pub fn new(sources: &'a [StaticSource], settings: &'a Settings, folders: &'a [String]) -> Self {
        let mut folders: Vec<&str> = folders.iter().map(String::as_str).collect();
        let prefix = path_of(settings.text("static.path")).trim_matches('/');
        // Stable, so that the others stay in their order.
        folders.sort_by_key(|folder| *folder != prefix);
        Names {
            sources: sources.iter().map(|source| (source.address.as_str(), source)).collect(),
            folders,
            bundles: settings.bundles.iter().map(|bundle| bundle.name.text.as_str()).collect(),
        }
    }

    /// The address without the leading slash and the kind of a bundle by its name.
    pub fn address(&self, name: &Written) -> Result<(String, Kind), Box<Problem>> {
        let path = name.text.trim_start_matches('/');
        let odd = |part: &str| part.is_empty() || part.starts_with('.') || part.contains(['?', '#', '\\', '%', ':']);
        if path.split('/').any(odd) {
            let message = format!("`{}` cannot be the address of a bundle", name.text);
            return Err(Box::new(
                name.error(message).help("write it as the filter `asset` takes it, such as `/site.css`"),
            ));
        }
        let Some(kind) = Kind::of(path) else {
            let message = format!("the bundle `{}` is neither a stylesheet nor a script", name.text);
            return Err(Box::new(name.error(message).help("let its name end in `.css` or `.js`")));
        };
        let folder =
            self.folders.iter().find(|folder| path.strip_prefix(**folder).is_some_and(|rest| rest.starts_with('/')));
        let address = match (folder, self.folders.first()) {
            (Some(_), _) => path.to_string(),
            (None, Some(first)) => format!("{first}/{path}"),
            (None, None) => {
                let message = "there is no folder of static files that the bundle could be in";
                return Err(Box::new(
                    name.error(message).help("name one in the setting `static.folders`, or make `static`"),
                ));
            }
        };
        for taken in [address.clone(), format!("{address}.map")] {
            if let Some(source) = self.sources.get(taken.as_str()) {
                let message = format!("the bundle `{}` would take the place of the file `{}`", name.text, source.file);
                return Err(Box::new(name.error(message).help("give the bundle another name, or rename the file")));
            }
        }
        Ok((address, kind))
    }

    /// The static file that a line of a bundle names.
    pub fn file(&self, file: &Written, bundle: &Bundle) -> Result<&'a StaticSource, Box<Problem>> {
        let path = file.text.trim_start_matches('/');
        let below = self.folders.iter().map(|folder| format!("{folder}/{path}"));
        let mut candidates = below.chain([path.to_string()]);
        let Some(source) = candidates.find_map(|address| self.sources.get(address.as_str())) else {
            return Err(Box::new(self.missing(file)));
        };
        let name = &bundle.name.text;
        match (Kind::of(&file.text), Kind::of(name)) {
            (None, _) => {
                let message =
                    format!("`{}` cannot be part of a bundle: it is neither a stylesheet nor a script", file.text);
                Err(Box::new(
                    file.error(message)
                        .help("bundles are made of `.css` files or of `.js` files; modules (`.mjs`) stay alone"),
                ))
            }
            (Some(kind), Some(wanted)) if kind != wanted => {
                let message =
                    format!("`{}` cannot be part of `{name}`: one is a stylesheet, the other a script", file.text);
                Err(Box::new(file.error(message).help("make a bundle for each kind")))
            }
            _ => Ok(source),
        }
    }

    fn missing(&self, file: &Written) -> Problem {
        let path = file.text.trim_start_matches('/');
        if self.bundles.iter().any(|bundle| bundle.trim_start_matches('/') == path) {
            let message = format!("`{}` is a bundle, which cannot be part of another", file.text);
            return file.error(message).help("list its files here");
        }
        let problem = file.error(format!("there is no static file `{}`", file.text));
        let names: Vec<&str> = self.sources.keys().flat_map(|address| self.written(address)).collect();
        match nearest(path, names) {
            Some(near) => {
                problem.help(format!("did you mean `{}{near}`?", if file.text.starts_with('/') { "/" } else { "" }))
            }
            None => problem.help(format!("put it there as `{}/{path}`", self.folders.first().unwrap_or(&"static"))),
        }
    }

    /// How an address could be written.
    fn written(&self, address: &'a str) -> Option<&'a str> {
        let mut below = self.folders.iter().filter_map(|folder| address.strip_prefix(*folder)?.strip_prefix('/'));
        below.next()
    }
}
