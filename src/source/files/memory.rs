//! What was read from the disk, until somebody says that it was touched.
//!
//! An unchanged folder costs no access to the disk. A file that was touched is read again, and keeps its identity (the same [`Arc`])
//! where its bytes are the same, so that whoever made something of them need not make it again.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use super::disk::{Disk, Listing, circle};
use super::{Entry, Found, TextFile, is_at_or_below, join};
use crate::problem::Problem;

/// More paths than this are no edit but another state of the whole folder, which is then looked through once.
const MANY: usize = 100;

/// All that is known of a site's folder.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    exists: HashMap<String, bool>,
    resolved: HashMap<String, Resolved>,
    /// The paths that go through links, with where they lead.
    links: HashMap<String, String>,
    listings: HashMap<String, Arc<Listing>>,
    walks: HashMap<String, Arc<Walk>>,
    texts: HashMap<Found, Kept<Arc<TextFile>>>,
    bytes: HashMap<String, Kept<Arc<[u8]>>>,
    read: Read,
}

type Resolved = Result<(Entry, PathBuf), Box<Problem>>;

/// The files below a folder.
#[derive(Debug, Default)]
pub struct Walk {
    /// Sorted by path.
    pub found: Arc<[Found]>,
    /// What could not be followed.
    pub problems: Vec<Problem>,
}

/// What was read from the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Read {
    /// The files that are others than before: new, changed or gone.
    pub others: BTreeSet<String>,
    /// How many files were read.
    pub count: usize,
}

/// What a file was when it was read last.
#[derive(Debug, Clone)]
struct Kept<T> {
    value: Result<T, Box<Problem>>,
    /// Whether it has not been touched since.
    is_fresh: bool,
}

impl Memory {
    /// Whether anything lies at a path, be it a link that leads nowhere.
    pub fn exists(&mut self, disk: &Disk, path: &str) -> bool {
        if let Some(known) = self.exists.get(path) {
            return *known;
        }
        let exists = disk.exists(path);
        self.exists.insert(path.to_string(), exists);
        exists
    }

    /// What a path is when its links are followed.
    pub fn resolved(&mut self, disk: &Disk, path: &str) -> Resolved {
        if let Some(known) = self.resolved.get(path) {
            return known.clone();
        }
        let resolved = disk.resolve(path);
        let target = resolved.as_ref().ok().and_then(|(_, real)| disk.target(path, real));
        self.links.extend(target.map(|target| (path.to_string(), target)));
        self.resolved.insert(path.to_string(), resolved.clone());
        resolved
    }

    /// The names in a folder.
    pub fn listing(&mut self, disk: &Disk, folder: &str) -> Arc<Listing> {
        if let Some(known) = self.listings.get(folder) {
            return known.clone();
        }
        let listing = Arc::new(disk.list(folder));
        self.listings.insert(folder.to_string(), listing.clone());
        listing
    }

    /// The files below a folder.
    pub fn walk(&mut self, disk: &Disk, folder: &str) -> Arc<Walk> {
        if let Some(known) = self.walks.get(folder) {
            return known.clone();
        }
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        match self.resolved(disk, folder) {
            Ok((Entry::Folder, real)) => {
                self.walk_into(disk, (folder, ""), &mut vec![real], (&mut found, &mut problems));
            }
            Ok(_) => {}
            Err(problem) => problems.push(*problem),
        }
        found.sort();
        let walk = Arc::new(Walk { found: found.into(), problems });
        self.walks.insert(folder.to_string(), walk.clone());
        walk
    }

    fn walk_into(
        &mut self,
        disk: &Disk,
        (folder, below): (&str, &str),
        chain: &mut Vec<PathBuf>,
        (found, problems): (&mut Vec<Found>, &mut Vec<Problem>),
    ) {
        let listing = self.listing(disk, folder);
        problems.extend(listing.problems.iter().cloned());
        for name in &listing.names {
            let (path, name) = (join(folder, name), join(below, name));
            match self.resolved(disk, &path) {
                Ok((Entry::File, _)) => found.push(Found { path, name }),
                Ok((Entry::Folder, real)) if chain.contains(&real) => problems.push(circle(&path)),
                Ok((Entry::Folder, real)) => {
                    chain.push(real);
                    self.walk_into(disk, (&path, &name), chain, (found, problems));
                    chain.pop();
                }
                Ok((Entry::Missing, _)) => {}
                Err(problem) => problems.push(*problem),
            }
        }
    }

    /// A file as text.
    pub fn text(&mut self, disk: &Disk, found: &Found) -> Result<Arc<TextFile>, Box<Problem>> {
        let kept = self.texts.get(found);
        if let Some(kept) = kept.filter(|kept| kept.is_fresh) {
            return kept.value.clone();
        }
        let read = disk.text(&found.path);
        let same = kept.filter(|kept| match (&kept.value, &read) {
            (Ok(before), Ok(text)) => before.text == *text,
            (Err(before), Err(now)) => before == now,
            _ => false,
        });
        let value = match same {
            Some(kept) => kept.value.clone(),
            None => read.map(|text| Arc::new(TextFile { path: found.path.clone(), name: found.name.clone(), text })),
        };
        self.read.note(&found.path, same.is_some());
        self.texts.insert(found.clone(), Kept { value: value.clone(), is_fresh: true });
        value
    }

    /// A file as it is.
    pub fn bytes(&mut self, disk: &Disk, path: &str) -> Result<Arc<[u8]>, Box<Problem>> {
        let kept = self.bytes.get(path);
        if let Some(kept) = kept.filter(|kept| kept.is_fresh) {
            return kept.value.clone();
        }
        let read = disk.bytes(path);
        let same = kept.filter(|kept| match (&kept.value, &read) {
            (Ok(before), Ok(bytes)) => **before == **bytes,
            (Err(before), Err(now)) => before == now,
            _ => false,
        });
        let value = match same {
            Some(kept) => kept.value.clone(),
            None => read.map(Arc::from),
        };
        self.read.note(path, same.is_some());
        self.bytes.insert(path.to_string(), Kept { value: value.clone(), is_fresh: true });
        value
    }

    /// The files and folders that somebody has asked for.
    pub fn asked(&self) -> impl Iterator<Item = &str> {
        let texts = self.texts.keys().map(|found| &found.path);
        texts.chain(self.bytes.keys()).chain(self.listings.keys()).map(String::as_str)
    }

    /// Looks again at paths, and at all below them, when they are next asked for.
    pub fn touch(&mut self, disk: &Disk, mut paths: BTreeSet<String>) {
        paths.extend(self.refused());
        self.add_links(&mut paths);
        if paths.len() > MANY || paths.contains("") {
            return self.touch_all();
        }
        self.stale(&paths);
        // Where a file is still a file, nothing but its bytes can be others.
        let is_same = |(entry, real): &(Entry, PathBuf), path: &str| {
            *entry == Entry::File && disk.resolve(path).is_ok_and(|(entry, now)| entry == Entry::File && now == *real)
        };
        let is_known = |path: &String| {
            matches!(self.resolved.get(path), Some(Ok(before)) if is_same(before, path)) && self.is_listed(path)
        };
        paths.retain(|path| !is_known(path));
        if paths.is_empty() {
            return;
        }
        // A link may lead through others to what was touched.
        let links = self.first_links();
        self.stale(&links);
        paths.extend(links);
        let stays = |known: &str| !paths.iter().any(|path| is_at_or_below(known, path) || is_at_or_below(path, known));
        self.exists.retain(|known, _| stays(known));
        self.resolved.retain(|known, _| stays(known));
        self.links.retain(|known, _| stays(known));
        self.listings.retain(|known, _| stays(known));
        self.walks.retain(|known, _| stays(known));
    }

    /// Whether a path stands in the listing of its folder. One that was gone for a moment, while its folder was listed because of another
    /// edit, does not, though it is known from before.
    fn is_listed(&self, path: &str) -> bool {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.listings.get(folder).is_none_or(|listing| listing.names.iter().any(|known| known == name))
    }

    /// Looks again at everything when it is next asked for.
    pub fn touch_all(&mut self) {
        self.exists.clear();
        self.resolved.clear();
        self.links.clear();
        self.listings.clear();
        self.walks.clear();
        self.freshness().for_each(|(_, is_fresh)| *is_fresh = false);
    }

    /// Forgets the files that were touched and that nobody has asked for since; tells what was read since the last call.
    pub fn settle(&mut self) -> Read {
        let mut read = std::mem::take(&mut self.read);
        read.others.extend(self.freshness().filter(|(_, is_fresh)| !**is_fresh).map(|(path, _)| path.to_string()));
        self.texts.retain(|_, kept| kept.is_fresh);
        self.bytes.retain(|_, kept| kept.is_fresh);
        read
    }

    /// Files at or below these paths are read again.
    fn stale(&mut self, paths: &BTreeSet<String>) {
        for (path, is_fresh) in self.freshness() {
            *is_fresh &= !paths.iter().any(|touched| is_at_or_below(path, touched));
        }
    }

    /// The links themselves, without what lies below those that lead to folders.
    fn first_links(&self) -> BTreeSet<String> {
        let is_below_link = |path: &str, target: &str| {
            let above = path.rsplit_once('/').and_then(|(folder, name)| Some((self.links.get(folder)?, name)));
            above.is_some_and(|(folder, name)| join(folder, name) == target)
        };
        let links = self.links.iter().filter(|(path, target)| !is_below_link(path, target));
        links.map(|(path, _)| path.clone()).collect()
    }

    fn freshness(&mut self) -> impl Iterator<Item = (&str, &mut bool)> {
        let texts = self.texts.iter_mut().map(|(found, kept)| (found.path.as_str(), &mut kept.is_fresh));
        texts.chain(self.bytes.iter_mut().map(|(path, kept)| (path.as_str(), &mut kept.is_fresh)))
    }

    /// What could not be read or followed: what heals it may lie elsewhere, such as where a link leads.
    fn refused(&self) -> Vec<String> {
        let texts = self.texts.iter().filter(|(_, kept)| kept.value.is_err()).map(|(found, _)| found.path.clone());
        let bytes = self.bytes.iter().filter(|(_, kept)| kept.value.is_err()).map(|(path, _)| path.clone());
        let resolved = self.resolved.iter().filter(|(_, known)| known.is_err()).map(|(path, _)| path.clone());
        let is_refused = |listing: &Listing| listing.names.is_empty() && !listing.problems.is_empty();
        let listings = self.listings.iter().filter(|(_, known)| is_refused(known)).map(|(path, _)| path.clone());
        texts.chain(bytes).chain(resolved).chain(listings).collect()
    }

    /// Adds the other paths of what was touched, where links lead to it.
    fn add_links(&self, paths: &mut BTreeSet<String>) {
        let mut others: Vec<String> = Vec::new();
        for path in &*paths {
            others.extend(self.links.iter().filter_map(|(link, target)| moved(path, link, target)));
        }
        paths.extend(others.drain(..));
        for path in &*paths {
            for (link, target) in &self.links {
                others.extend(moved(path, target, link));
                others.extend(is_at_or_below(target, path).then(|| link.to_string()));
            }
        }
        paths.extend(others);
    }
}

/// The path with another beginning, where it has this one.
fn moved(path: &str, from: &str, to: &str) -> Option<String> {
    let rest = path.strip_prefix(from).filter(|_| is_at_or_below(path, from))?.trim_start_matches('/');
    Some(if rest.is_empty() { to.to_string() } else { join(to, rest) })
}

impl Read {
    fn note(&mut self, path: &str, is_same: bool) {
        self.count += 1;
        if !is_same {
            self.others.insert(path.to_string());
        }
    }
}
