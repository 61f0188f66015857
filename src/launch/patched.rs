//! The site in the binary with an operator's overlay over it.

use std::path::Path;

use super::App;
use crate::overlay::patch::{self, Functions, Patched};
use crate::server;
use crate::snapshot::{Asset, Encoding};

/// Encodings that are made fast enough for a process that starts.
const FAST: [Encoding; 2] = [Encoding::Brotli, Encoding::Gzip];

impl App {
    /// Puts an overlay over the site that the build froze. What is wrong with it is among the problems.
    pub(crate) fn patched(&self, folder: &Path) -> Patched {
        let functions =
            Functions { controllers: self.dispatch.controllers(), middleware: self.dispatch.middleware_names() };
        let mut patched = patch::read(folder, self.snapshot(), &functions);
        compress(patched.snapshot.assets.to_mut());
        patched
    }
}

/// Compresses the files that lost what the build had compressed, or that it never saw: in the encodings that other files have, so that
/// there is none where the build was told to make none.
fn compress(assets: &mut [Asset]) {
    let has = |encoding: &Encoding| {
        assets.iter().any(|asset| asset.variants.iter().any(|variant| variant.encoding == *encoding))
    };
    let encodings: Vec<Encoding> = FAST.into_iter().filter(has).collect();
    for asset in assets.iter_mut().filter(|asset| asset.is_patched) {
        asset.variants = server::variants(&asset.mime, &asset.body, &encodings).into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Variant;

    fn asset(path: &'static str, is_patched: bool, mime: &'static str, body: &str) -> Asset {
        Asset {
            path: path.into(),
            is_root: false,
            is_patched,
            mime: mime.into(),
            hash: "0".into(),
            version: "0".into(),
            body: body.as_bytes().to_vec().into(),
            variants: Vec::new().into(),
        }
    }

    #[test]
    fn what_an_overlay_changed_is_compressed_as_the_rest_is() {
        let long = "a { color: red }\n".repeat(100);
        let built = |encodings: &[Encoding]| {
            let variant = |encoding: &Encoding| Variant { encoding: *encoding, body: b"x".to_vec().into() };
            let variants: Vec<Variant> = encodings.iter().map(variant).collect();
            Asset { variants: variants.into(), ..asset("a.css", false, "text/css", &long) }
        };
        let compressed = |encodings: &[Encoding]| {
            let mut assets = vec![
                built(encodings),
                asset("b.css", true, "text/css", &long),
                asset("c.png", true, "image/png", &long),
                asset("d.txt", true, "text/plain", "short"),
            ];
            compress(&mut assets);
            assert_eq!(assets[0], built(encodings), "what the build made stays");
            assert_eq!((assets[2].variants.len(), assets[3].variants.len()), (0, 0), "nothing is to be gained");
            let mut made: Vec<Encoding> = assets[1].variants.iter().map(|variant| variant.encoding).collect();
            assert!(assets[1].variants.is_sorted_by_key(|variant| variant.body.len()));
            made.sort();
            made
        };
        assert_eq!(compressed(&[]), []);
        assert_eq!(compressed(&[Encoding::Zstd, Encoding::Gzip]), [Encoding::Gzip]);
        assert_eq!(compressed(&Encoding::ALL), [Encoding::Brotli, Encoding::Gzip]);
    }
}
