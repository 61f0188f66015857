//! What the code that a site's build writes may name, and nothing else: not for people, and not stable.
//!
//! The constants of that code are joined here, once per process, with the bytes that `rust-embed` holds; neither texts
//! nor bytes are copied.

pub use std::borrow::Cow::Borrowed;

pub use rust_embed::{self, RustEmbed};
pub use tera::Tera;

pub use crate::controller::{ControllerFn, MiddlewareFn, controller, middleware};
pub use crate::snapshot::{
    Asset, Encoding, Engine, Environment, Inline, Language, Limits, Links, List, Migration, Path, Place, Route,
    Setting, Snapshot, Table, Template, Text, Value, Variant,
};

use std::borrow::Cow;

use crate::controller::Dispatch;
use crate::launch::App;

/// A site of these parts; the last one registers the site's own template functions.
pub fn app(
    snapshot: fn() -> Snapshot,
    controllers: Vec<(&'static str, ControllerFn)>,
    middleware: Vec<(&'static str, MiddlewareFn)>,
    template_functions: fn(&mut Tera),
) -> App {
    App::new(snapshot, Dispatch::new(controllers, middleware)).tera(template_functions)
}

/// A text that is a constant of the binary.
pub const fn text(text: &'static str) -> Text {
    Borrowed(text)
}

/// What the constants say of a template: its name, the templates that it extends or includes, the components that it uses, those that
/// it defines, whether it asks for messages, and what it needs of a policy: sources for scripts and for styles, and places for nonces.
pub type TemplateRow = (&'static str, Names, Names, Names, bool, (Names, Names, &'static [usize]));

type Names = &'static [&'static str];

/// The embedded templates.
pub fn templates<Files: RustEmbed>(table: &'static [TemplateRow]) -> List<Template> {
    let texts = |names: Names| names.iter().map(|name| Borrowed(*name)).collect();
    let template =
        |&(name, templates, components, defines, has_messages, (scripts, styles, nonces)): &TemplateRow| Template {
            name: Borrowed(name),
            source: utf8(bytes::<Files>(name)),
            links: Links {
                templates: texts(templates),
                components: texts(components),
                defines: texts(defines),
                has_messages,
            },
            inline: Inline { scripts: texts(scripts), styles: texts(styles), nonces: Borrowed(nonces) },
        };
    table.iter().map(template).collect()
}

/// What the constants say of a static file: address, whether it is of `static.root`, media type, hash, version, and the encodings in
/// which it is there, each with the number of its bytes.
pub type AssetRow = (&'static str, bool, &'static str, &'static str, &'static str, &'static [(Encoding, usize)]);

/// The embedded static files. The one file of `Encoded` holds all compressed bytes in the order of the table.
pub fn assets<Files: RustEmbed, Encoded: RustEmbed>(table: &'static [AssetRow]) -> List<Asset> {
    let mut encoded = bytes::<Encoded>("all");
    let mut variant =
        |&(encoding, length): &(Encoding, usize)| Variant { encoding, body: take(&mut encoded, length).into() };
    let asset = |&(path, is_root, mime, hash, version, variants): &AssetRow| Asset {
        path: Borrowed(path),
        is_root,
        is_patched: false,
        mime: Borrowed(mime),
        hash: Borrowed(hash),
        version: Borrowed(version),
        body: bytes::<Files>(path).into(),
        variants: variants.iter().map(&mut variant).collect(),
    };
    table.iter().map(asset).collect()
}

fn bytes<Files: RustEmbed>(name: &str) -> Cow<'static, [u8]> {
    Files::get(name).expect("the build wrote this file beside the constant that names it").data
}

/// Takes so many bytes from the front.
fn take(bytes: &mut Cow<'static, [u8]>, length: usize) -> Cow<'static, [u8]> {
    const REASON: &str = "the build wrote the bytes beside the constant that counts them";
    match bytes {
        Cow::Borrowed(rest) => {
            let (taken, left) = rest.split_at_checked(length).expect(REASON);
            *rest = left;
            Borrowed(taken)
        }
        Cow::Owned(rest) => {
            let left = rest.split_off(length.min(rest.len()));
            Cow::Owned(std::mem::replace(rest, left))
        }
    }
}

fn utf8(bytes: Cow<'static, [u8]>) -> Text {
    const REASON: &str = "the build read this file as UTF-8";
    match bytes {
        Cow::Borrowed(bytes) => Borrowed(std::str::from_utf8(bytes).expect(REASON)),
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8(bytes).expect(REASON)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_embed::{EmbeddedFile, Metadata};

    /// Files in place of embedded ones: each holds its own name; `all` holds the bytes of all variants.
    struct Files;

    impl RustEmbed for Files {
        fn get(path: &str) -> Option<EmbeddedFile> {
            let data = if path == "all" { b"1223334".to_vec() } else { path.as_bytes().to_vec() };
            Some(EmbeddedFile { data: data.into(), metadata: Metadata::__rust_embed_new([0; 32], None, None) })
        }

        fn iter() -> impl Iterator<Item = Cow<'static, str>> + 'static {
            std::iter::empty()
        }
    }

    #[test]
    fn each_variant_gets_its_own_bytes() {
        const TABLE: &[AssetRow] = &[
            ("a.css", false, "text/css", "0a", "0a", &[(Encoding::Brotli, 1), (Encoding::Gzip, 2)]),
            ("b.png", true, "image/png", "0b", "0b", &[]),
            ("c.css", false, "text/css", "0c", "0c", &[(Encoding::Zstd, 3), (Encoding::Gzip, 1)]),
        ];
        let assets = assets::<Files, Files>(TABLE);
        let variants = |index: usize| assets[index].variants.iter().map(|variant| (variant.encoding, &*variant.body));
        assert_eq!(variants(0).collect::<Vec<_>>(), [(Encoding::Brotli, &b"1"[..]), (Encoding::Gzip, b"22")]);
        assert_eq!((assets[1].variants.len(), &*assets[1].body), (0, &b"b.png"[..]));
        assert_eq!(variants(2).collect::<Vec<_>>(), [(Encoding::Zstd, &b"333"[..]), (Encoding::Gzip, b"4")]);
    }

    #[test]
    fn bytes_are_taken_from_constants_and_from_what_was_read() {
        for mut bytes in [Cow::Borrowed(&b"abc"[..]), Cow::Owned(b"abc".to_vec())] {
            assert_eq!((&*take(&mut bytes, 2), &*bytes), (&b"ab"[..], &b"c"[..]));
        }
    }
}
