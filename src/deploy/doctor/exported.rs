//! Whether the static files that NGINX serves are those of this binary.

use std::fs;
use std::path::Path;

use super::{Examination, Trouble};
use crate::snapshot::Asset;

/// Compares each file and each of its compressed forms with the folder of the deployment.
pub(super) fn check(examination: &Examination) -> Vec<Trouble> {
    let Some(folder) = examination.static_root() else { return Vec::new() };
    let place = examination.layout.on_disk(folder);
    let assets = &examination.subject.snapshot.assets;
    let wrong: Vec<String> = assets.iter().flat_map(|asset| differing(&place, asset)).collect();
    let Some(first) = wrong.first() else { return Vec::new() };
    let found = format!(
        "{} of the static files in `{folder}` are not those of this binary, `{first}` among them (this binary's tag is {})",
        wrong.len(),
        examination.subject.snapshot.version
    );
    vec![Trouble::problem(found, format!("`assets export {folder}`"))]
}

/// The file and its compressed forms, those that are missing or others.
fn differing(folder: &Path, asset: &Asset) -> Vec<String> {
    let variants = asset.variants.iter().map(|it| (format!("{}.{}", asset.path, it.encoding.extension()), &it.body));
    let all = std::iter::once((asset.path.to_string(), &asset.body)).chain(variants);
    all.filter(|(path, body)| !holds(&folder.join(path), body)).map(|(path, _)| path).collect()
}

fn holds(path: &Path, body: &[u8]) -> bool {
    let is_as_long = fs::metadata(path).is_ok_and(|found| found.len() == body.len() as u64);
    is_as_long && fs::read(path).is_ok_and(|bytes| bytes == body)
}
