//! The static files of a release, compressed once and for all, so that no request waits for it.
//!
//! The best levels take a second for a megabyte, which a build can afford and a server cannot. The steps of [`assets`]:
//!
//! 1. `types` says which files can become smaller, the setting `static.encodings` in which encodings they are wanted. Each pair of
//!    bytes and encoding is one job, however many files have these bytes.
//! 2. `workers` shares the jobs among threads. A job looks into the `cache` of earlier builds first, and only then asks `encoders`.
//! 3. What saves too little is left out; the rest is sorted as [`Asset::variants`](crate::snapshot::Asset) wants it.
//! 4. The cache loses what this build did not use.
//!
//! What a client is sent is decided by the server; here every wanted encoding is made, because clients differ in what they read.

mod cache;
mod encoders;
#[cfg(test)]
mod tests;
mod types;
mod workers;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use self::cache::Cache;
use super::settings;
use crate::snapshot::{Asset, Encoding, Snapshot, Variant};

/// How many hundredths of a file a variant may have at most. Where compressing saves less, storing another copy of the file and
/// decoding it in every browser costs more than the few bytes on the wire.
const MOST_HUNDREDTHS: usize = 95;

/// What was done, for the person who builds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    /// How many variants the snapshot has now.
    pub(super) variants: usize,
    /// How many times an encoder ran; what came out of the cache is not counted.
    pub(super) encoded: usize,
    /// The bytes that encoders read.
    pub(super) encoded_bytes: usize,
    /// Why the cache could not be used as it should be, where that is so. The variants are whole all the same.
    pub(super) trouble: Option<String>,
}

/// Fills [`Asset::variants`](crate::snapshot::Asset) of all static files. `folder` is the cache; up to `threads` threads work.
///
/// The same snapshot gets the same variants whatever is in the cache and however many threads work.
///
/// # Errors
///
/// A text that names the file, when an encoder cannot do its work, which means that memory is short. A cache that cannot be read
/// or written is no error.
pub(super) fn assets(snapshot: &mut Snapshot, folder: &Path, threads: usize) -> Result<Summary, String> {
    let encodings = settings::encodings(snapshot);
    let cache = Cache::open(folder);
    let jobs = jobs(&snapshot.assets, &encodings);
    let results = workers::map(&jobs, threads, |job| job.run(&cache));
    let mut summary = Summary::default();
    let mut compressed = BTreeMap::new();
    for (job, result) in jobs.iter().zip(results) {
        let done = result?;
        summary.add(&done, job.body.len());
        compressed.insert(job.entry.clone(), done.bytes);
    }
    let used: BTreeSet<String> = compressed.keys().cloned().collect();
    summary.note(cache.keep_only(&used));
    for asset in snapshot.assets.to_mut().iter_mut().filter(|asset| types::is_worth_it(&asset.mime)) {
        let content = cache::content(&asset.body);
        let variants =
            variants(asset.body.len(), &encodings, |encoding| &compressed[&cache::entry(&content, encoding)]);
        summary.variants += variants.len();
        asset.variants = variants.into();
    }
    Ok(summary)
}

impl Summary {
    fn add(&mut self, done: &Done, length: usize) {
        if done.is_new {
            self.encoded += 1;
            self.encoded_bytes += length;
        }
        self.note(done.stored.clone());
    }

    /// The first trouble is told: a full disk makes as many as there are files.
    fn note(&mut self, outcome: Result<(), String>) {
        self.trouble = self.trouble.take().or(outcome.err());
    }
}

/// Bytes to compress in one encoding.
struct Job<'a> {
    /// The name of the cache entry.
    entry: String,
    /// A file that has these bytes, for messages.
    path: &'a str,
    body: &'a [u8],
    encoding: Encoding,
}

/// What became of a job.
struct Done {
    bytes: Vec<u8>,
    /// Whether an encoder made them, and not an earlier build.
    is_new: bool,
    /// Whether the cache has them now.
    stored: Result<(), String>,
}

/// The jobs, the longest first, so that no thread begins with a long one when the others are done.
fn jobs<'a>(assets: &'a [Asset], encodings: &[Encoding]) -> Vec<Job<'a>> {
    let mut jobs = BTreeMap::new();
    for asset in assets.iter().filter(|asset| types::is_worth_it(&asset.mime)) {
        let content = cache::content(&asset.body);
        for &encoding in encodings {
            let entry = cache::entry(&content, encoding);
            jobs.insert(entry.clone(), Job { entry, path: &asset.path, body: &asset.body, encoding });
        }
    }
    let mut jobs: Vec<Job> = jobs.into_values().collect();
    jobs.sort_by_key(|job| (Reverse(job.body.len()), job.encoding));
    jobs
}

impl Job<'_> {
    fn run(&self, cache: &Cache) -> Result<Done, String> {
        if let Some(bytes) = cache.get(&self.entry) {
            return Ok(Done { bytes, is_new: false, stored: Ok(()) });
        }
        let bytes = encoders::encode(self.body, self.encoding)
            .map_err(|error| format!("cannot compress `{}` as {}: {error}", self.path, self.encoding.name()))?;
        let stored = cache.put(&self.entry, &bytes);
        Ok(Done { bytes, is_new: true, stored })
    }
}

/// The variants that are worth their place, the smallest first; of equal ones that which is preferred.
fn variants<'a>(length: usize, encodings: &[Encoding], compressed: impl Fn(Encoding) -> &'a Vec<u8>) -> Vec<Variant> {
    let made = encodings.iter().map(|&encoding| (encoding, compressed(encoding)));
    let worth_it = made.filter(|(_, bytes)| saves_enough(length, bytes.len()));
    let mut variants: Vec<Variant> =
        worth_it.map(|(encoding, bytes)| Variant { encoding, body: bytes.clone().into() }).collect();
    variants.sort_by_key(|variant| (variant.body.len(), variant.encoding));
    variants
}

fn saves_enough(before: usize, after: usize) -> bool {
    after * 100 <= before * MOST_HUNDREDTHS
}
