//! What an exported folder must hold, made from the table of static files alone.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::time::{Duration, SystemTime};

use crate::error::Error;
use crate::snapshot::{Asset, Encoding};

/// The earliest time that is made from a file's content: 14 November 2023. A time that lies far back would let a browser that is told
/// nothing else keep the file for long (RFC 9111 section 4.2.2).
const FIRST_TIME: u64 = 1_700_000_000;

/// How many seconds there are to choose from: the last lies in December 2025, and one in the future would be wrong as `Last-Modified`.
const TIMES: u64 = 1 << 26;

/// Everything that must lie in the folder, and what must not.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    /// The files and their compressed forms, by path below the folder.
    pub files: BTreeMap<String, File<'a>>,
    /// Where a compressed form would lie that its file does not have.
    pub unwanted: Vec<String>,
    /// What NGINX will do otherwise than the site.
    pub warnings: Vec<String>,
}

/// One file of the folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File<'a> {
    pub body: &'a [u8],
    pub modified: SystemTime,
}

impl<'a> Plan<'a> {
    /// The plan for these files; `date` is the snapshot's.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when two of them cannot lie in one folder.
    pub fn new(assets: &'a [Asset], date: Option<u64>) -> Result<Self, Error> {
        let mut plan = Plan { files: BTreeMap::new(), unwanted: Vec::new(), warnings: Vec::new() };
        for asset in assets {
            if !is_below(&asset.path) {
                return Err(Error::File(format!(
                    "`{}` is not a path in a folder: rename it",
                    asset.path.escape_debug()
                )));
            }
            plan.files.insert(asset.path.to_string(), File { body: &asset.body, modified: modified(asset, date) });
        }
        for asset in assets {
            for encoding in Encoding::ALL {
                plan.add_variant(asset, encoding, assets, date);
            }
        }
        plan.refuse_file_as_folder()?;
        Ok(plan)
    }

    fn add_variant(&mut self, asset: &'a Asset, encoding: Encoding, assets: &[Asset], date: Option<u64>) {
        let path = format!("{}.{}", asset.path, encoding.extension());
        let variant = asset.variants.iter().find(|variant| variant.encoding == encoding);
        // The list is sorted by address; the plan already holds variants of other files.
        if assets.binary_search_by(|other| (*other.path).cmp(path.as_str())).is_ok() {
            self.warnings.push(format!(
                "`{path}` is a file of the site, and NGINX takes it for the {} form of `{}`: rename it, or let the site answer for both",
                encoding.name(),
                asset.path
            ));
        } else if let Some(variant) = variant {
            self.files.insert(path, File { body: &variant.body, modified: modified(asset, date) });
        } else {
            self.unwanted.push(path);
        }
    }

    /// As addresses `a` and `a/b` can both be files; in a folder they cannot.
    fn refuse_file_as_folder(&self) -> Result<(), Error> {
        for path in self.files.keys() {
            let folders = path.match_indices('/').map(|(end, _)| &path[..end]);
            if let Some(file) = folders.into_iter().find(|folder| self.files.contains_key(*folder)) {
                return Err(Error::File(format!(
                    "`{file}` would have to be a file and, for `{path}`, a folder: rename one of them"
                )));
            }
        }
        Ok(())
    }
}

/// Whether a path leads to a place below the folder that it is joined to.
pub(super) fn is_below(path: &str) -> bool {
    // `components` skips what these would add, so the text must be what the parts give again.
    let parts: Option<Vec<Cow<'_, str>>> = Path::new(path)
        .components()
        .map(|part| if let Component::Normal(part) = part { Some(part.to_string_lossy()) } else { None })
        .collect();
    !path.contains('\0') && parts.is_some_and(|parts| !parts.is_empty() && parts.join("/") == path)
}

/// The time of a file and its compressed forms: the same in each export, and another when the content is another.
///
/// NGINX makes `ETag` and `Last-Modified` of time and size. With one time for all, a file that changes without growing would stay in
/// caches, so without a date it is the content's hash that gives the time. A date from the build moves with each release; it is not that of
/// what an overlay has changed since.
fn modified(asset: &Asset, date: Option<u64>) -> SystemTime {
    let digits = asset.hash.chars().filter_map(|digit| digit.to_digit(16));
    let derived = FIRST_TIME + digits.fold(0, |number, digit| (number * 16 + u64::from(digit)) % TIMES);
    let time = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    date.filter(|_| !asset.is_patched).and_then(time).or_else(|| time(derived)).unwrap_or(SystemTime::UNIX_EPOCH)
}
