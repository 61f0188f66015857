//! The command `assets list`.

use crate::error::one_line;
use crate::snapshot::{Asset, Encoding};

/// What stands where a file has no such compressed form.
const NONE: &str = "–";

/// One line a file, and a last one with the sums.
pub(super) fn table(assets: &[Asset]) -> String {
    let mut rows = vec![row("PATH", ["SIZE", "BR", "ZSTD", "GZIP"].map(str::to_string), ["HASH", "VERSION", "TYPE"])];
    for asset in assets {
        let [brotli, zstd, gzip] = Encoding::ALL.map(|encoding| shown(size(asset, encoding)));
        let sizes = [asset.body.len().to_string(), brotli, zstd, gzip];
        rows.push(row(&one_line(&asset.path), sizes, [&asset.hash, &asset.version, &asset.mime]));
    }
    rows.push(total(assets));
    for column in 1..=4 {
        align_right(&mut rows, column);
    }
    crate::cli::table(&rows)
}

fn row(path: &str, [size, brotli, zstd, gzip]: [String; 4], [hash, version, mime]: [&str; 3]) -> [String; 8] {
    [path.to_string(), size, brotli, zstd, gzip, hash.to_string(), version.to_string(), mime.to_string()]
}

/// How many files there are, and how many bytes in each form.
fn total(assets: &[Asset]) -> [String; 8] {
    let [brotli, zstd, gzip] = Encoding::ALL.map(|encoding| {
        let sizes: Vec<usize> = assets.iter().filter_map(|asset| size(asset, encoding)).collect();
        shown((!sizes.is_empty()).then(|| sizes.iter().sum()))
    });
    let plain: usize = assets.iter().map(|asset| asset.body.len()).sum();
    let files = if assets.len() == 1 { "1 file".to_string() } else { format!("{} files", assets.len()) };
    row(&files, [plain.to_string(), brotli, zstd, gzip], [""; 3])
}

fn size(asset: &Asset, encoding: Encoding) -> Option<usize> {
    asset.variants.iter().find(|variant| variant.encoding == encoding).map(|variant| variant.body.len())
}

fn shown(size: Option<usize>) -> String {
    size.map_or_else(|| NONE.to_string(), |size| size.to_string())
}

/// Numbers are compared by their last digits.
fn align_right<const N: usize>(rows: &mut [[String; N]], column: usize) {
    let width = rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    rows.iter_mut().for_each(|row| row[column] = format!("{:>width$}", row[column]));
}
