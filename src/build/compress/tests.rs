use std::fs;
use std::io::Read;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::snapshot::{Place, Setting, Text, Value};

/// A text that is as repetitive as a stylesheet, and different for each number.
fn text(number: usize, length: usize) -> Vec<u8> {
    let rules = (0_usize..).map(|rule| {
        format!(".part-{number}-{} {{ margin: {rule}px auto; color: #{:06x} }}\n", rule % 7, rule * 40_503 % 0xFF_FFFF)
    });
    rules.flat_map(String::into_bytes).take(length).collect()
}

/// Bytes without any pattern.
fn noise(length: usize) -> Vec<u8> {
    let mut noise = Vec::new();
    blake3::Hasher::new().finalize_xof().fill({
        noise.resize(length, 0);
        &mut noise
    });
    noise
}

fn asset(path: &'static str, mime: &'static str, body: Vec<u8>) -> Asset {
    let (hash, version) = (Text::Borrowed("00"), Text::Borrowed("00"));
    Asset {
        path: path.into(),
        is_root: false,
        is_patched: false,
        mime: mime.into(),
        hash,
        version,
        body: body.into(),
        variants: Vec::new().into(),
    }
}

fn site(assets: Vec<Asset>) -> Snapshot {
    Snapshot {
        name: "site".into(),
        release: "1.0.0".into(),
        is_prod: true,
        version: "abc".into(),
        date: None,
        settings: Vec::new().into(),
        routes: Vec::new().into(),
        languages: Vec::new().into(),
        templates: Vec::new().into(),
        assets: assets.into(),
        migrations: Vec::new().into(),
    }
}

fn style(number: usize) -> Snapshot {
    site(vec![asset("static/a.css", "text/css; charset=utf-8", text(number, 5_000))])
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let cache = folder.path().join("cache");
    (folder, cache)
}

/// Compresses with this cache; how many times an encoder ran.
fn encoded(snapshot: &mut Snapshot, cache: &Path) -> usize {
    assets(snapshot, cache, 2).expect("there is enough memory").encoded
}

fn decoded(variant: &Variant) -> Vec<u8> {
    let mut bytes = Vec::new();
    match variant.encoding {
        Encoding::Brotli => brotli::Decompressor::new(&*variant.body, 4096).read_to_end(&mut bytes).map(|_| ()),
        Encoding::Zstd => {
            zstd::Decoder::new(&*variant.body).and_then(|mut decoder| decoder.read_to_end(&mut bytes)).map(|_| ())
        }
        Encoding::Gzip => flate2::read::GzDecoder::new(&*variant.body).read_to_end(&mut bytes).map(|_| ()),
    }
    .expect("it can be decoded");
    bytes
}

fn names(asset: &Asset) -> Vec<&'static str> {
    asset.variants.iter().map(|variant| variant.encoding.name()).collect()
}

/// The files of the cache, sorted.
fn entries(cache: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(cache).expect("it is there").map(|entry| entry.expect("it can be read").path()).collect();
    entries.sort();
    entries
}

#[test]
fn every_variant_decodes_to_the_bytes_of_its_file() {
    let (_kept, cache) = folder();
    let lengths = [500, 65_519, 65_520, 65_521, 70_000];
    let mut snapshot = site(lengths.map(|length| asset("static/a.js", "text/javascript", text(1, length))).to_vec());
    encoded(&mut snapshot, &cache);
    for asset in snapshot.assets.iter() {
        assert_eq!(asset.variants.len(), 3, "{}", asset.body.len());
        assert!(asset.variants.iter().all(|variant| decoded(variant) == *asset.body));
        assert!(asset.variants.is_sorted_by_key(|variant| variant.body.len()));
    }
}

#[test]
fn variants_of_equal_size_stand_in_the_order_of_preference() {
    let equal = vec![0; 10];
    let found = variants(100, &[Encoding::Gzip, Encoding::Zstd, Encoding::Brotli], |_| &equal);
    assert_eq!(found.iter().map(|variant| variant.encoding).collect::<Vec<_>>(), Encoding::ALL);
}

#[test]
fn a_variant_saves_at_least_five_hundredths() {
    let limits =
        [(100, 95, true), (100, 96, false), (1000, 950, true), (1000, 951, false), (0, 20, false), (1, 1, false)];
    for (before, after, expected) in limits {
        assert_eq!(saves_enough(before, after), expected, "{before} to {after}");
    }
    let (_kept, cache) = folder();
    let mut snapshot = site(vec![
        asset("static/noise.js", "text/javascript", noise(4_000)),
        asset("static/e.css", "text/css", Vec::new()),
    ]);
    assert_eq!(encoded(&mut snapshot, &cache), 6);
    assert!(snapshot.assets.iter().all(|asset| asset.variants.is_empty()));
    assert_eq!(encoded(&mut snapshot, &cache), 0, "what saves too little is not tried again");
}

#[test]
fn only_types_that_become_smaller_are_tried() {
    let small = [
        "text/plain",
        "text/css; charset=utf-8",
        "application/manifest+json",
        "image/svg+xml",
        "application/wasm",
        "font/ttf",
        "image/x-icon",
    ];
    let packed = ["image/png", "font/woff2", "application/zip", "video/mp4", "application/octet-stream", ""];
    assert!(small.iter().all(|mime| types::is_worth_it(mime)));
    assert!(!packed.iter().any(|mime| types::is_worth_it(mime)));
    let (_kept, cache) = folder();
    let mut snapshot = site(vec![asset("static/a.png", "image/png", text(1, 5_000))]);
    assert_eq!((encoded(&mut snapshot, &cache), names(&snapshot.assets[0])), (0, vec![]));
}

#[test]
fn the_setting_chooses_the_encodings() {
    let (_kept, cache) = folder();
    let place = Place::default();
    let cases = [
        (Value::List(vec![Value::Text("gzip".into())].into()), vec!["gzip"]),
        (Value::Text("gzip, br".into()), vec!["br", "gzip"]),
        (Value::List(Vec::new().into()), vec![]),
        (Value::Text("".into()), vec![]),
    ];
    for (value, expected) in cases {
        let mut snapshot = style(1);
        let setting = Setting { key: "static.encodings".into(), value, only: None, place: place.clone() };
        snapshot.settings = vec![setting].into();
        encoded(&mut snapshot, &cache);
        assert_eq!(names(&snapshot.assets[0]), expected);
    }
    let mut snapshot = style(1);
    encoded(&mut snapshot, &cache);
    assert_eq!(snapshot.assets[0].variants.len(), 3);
}

#[test]
fn what_did_not_change_is_never_compressed_again() {
    let (_kept, cache) = folder();
    let mut first = style(1);
    assert_eq!(encoded(&mut first, &cache), 3);
    let mut second = style(1);
    assert_eq!(encoded(&mut second, &cache), 0);
    assert_eq!(first, second);
    // Another name for the same bytes is nothing new; another file is.
    let bytes = first.assets[0].body.to_vec();
    let mut more =
        site(vec![asset("static/b.css", "text/css", bytes), asset("static/c.css", "text/css", text(2, 5_000))]);
    assert_eq!(encoded(&mut more, &cache), 3);
    assert_eq!(more.assets[0].variants, first.assets[0].variants);
}

#[test]
fn equal_files_are_compressed_once() {
    let (_kept, cache) = folder();
    let mut snapshot =
        site(vec![asset("static/a.css", "text/css", text(1, 900)), asset("static/b.css", "text/css", text(1, 900))]);
    assert_eq!(encoded(&mut snapshot, &cache), 3);
    assert_eq!(snapshot.assets[0].variants, snapshot.assets[1].variants);
}

#[test]
fn entries_that_no_file_needs_any_more_are_removed() {
    let (_kept, cache) = folder();
    encoded(&mut style(1), &cache);
    let old = entries(&cache);
    fs::write(cache.join("stopped.new"), "half").expect("a file can be written");
    encoded(&mut style(2), &cache);
    let new = entries(&cache);
    assert_eq!((old.len(), new.len()), (3, 3));
    assert!(new.iter().all(|path| !old.contains(path) && !path.ends_with("stopped.new")), "{new:?}");
}

#[test]
fn damaged_entries_are_made_anew() {
    let (_kept, cache) = folder();
    let mut whole = style(1);
    encoded(&mut whole, &cache);
    type Damage = (&'static str, fn(&mut Vec<u8>));
    let damages: [Damage; 5] = [
        ("a bit is wrong", |bytes| bytes[100] ^= 1),
        ("the checksum is wrong", |bytes| bytes[0] ^= 1),
        ("the end is missing", |bytes| bytes.truncate(bytes.len() - 1)),
        ("nearly all is missing", |bytes| bytes.truncate(5)),
        ("there is more", |bytes| bytes.push(0)),
    ];
    for (damage, apply) in damages {
        let path = &entries(&cache)[1];
        let mut bytes = fs::read(path).expect("it can be read");
        apply(&mut bytes);
        fs::write(path, bytes).expect("it can be written");
        let mut snapshot = style(1);
        assert_eq!(encoded(&mut snapshot, &cache), 1, "{damage}");
        assert_eq!(snapshot, whole, "{damage}");
        assert_eq!(encoded(&mut snapshot, &cache), 0, "{damage}: the entry is whole again");
    }
}

#[test]
fn an_entry_in_the_place_of_another_is_not_taken_for_it() {
    let (_kept, cache) = folder();
    encoded(&mut style(1), &cache);
    let paths = entries(&cache);
    fs::copy(&paths[0], &paths[1]).expect("it can be copied");
    assert_eq!(encoded(&mut style(1), &cache), 1);
}

#[test]
fn without_a_cache_the_variants_are_the_same_and_the_reason_is_told() {
    let (kept, cache) = folder();
    let mut with_cache = style(1);
    encoded(&mut with_cache, &cache);
    let file = kept.path().join("file");
    fs::write(&file, "not a folder").expect("a file can be written");
    let mut without = style(1);
    let summary = assets(&mut without, &file, 2).expect("the variants can be made");
    let trouble = summary.trouble.expect("it is told");
    assert!(trouble.contains(&format!("the folder `{}` of compressed files cannot be", file.display())), "{trouble}");
    assert_eq!((summary.encoded, without), (3, with_cache));
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let files = || site((1..8).map(|number| asset("static/a.css", "text/css", text(number, number * 700))).collect());
    let mut results = Vec::new();
    for threads in [1, 2, 16] {
        let (_kept, cache) = folder();
        let mut snapshot = files();
        let summary = assets(&mut snapshot, &cache, threads).expect("the variants can be made");
        let made = Summary { variants: 21, encoded: 21, encoded_bytes: 3 * 28 * 700, trouble: None };
        assert_eq!(summary, made);
        results.push(snapshot);
    }
    assert!(results.iter().all(|result| *result == results[0]));
}

/// RFC 9659 section 3, RFC 7932 section 9.1, RFC 1952 section 2.3.
#[test]
fn what_is_written_is_what_every_client_reads() {
    let long = text(1, 1 << 16).repeat(9 << 4);
    let zstd = encoders::encode(&long, Encoding::Zstd).expect("there is enough memory");
    assert_eq!(zstd[..4], [0x28, 0xB5, 0x2F, 0xFD]);
    assert_eq!(zstd[4] & 0x20, 0, "a window smaller than the content");
    let (exponent, mantissa) = (u32::from(zstd[5] >> 3), u64::from(zstd[5] & 7));
    let window = (1_u64 << (10 + exponent)) / 8 * (8 + mantissa);
    assert_eq!(window, 8 << 20);
    let brotli = encoders::encode(&text(1, 300_000), Encoding::Brotli).expect("there is enough memory");
    assert_ne!(brotli[0] & 0x7F, 0b001_0001, "the sign of a large window, which RFC 7932 does not know");
    let gzip = encoders::encode(&text(1, 3_000), Encoding::Gzip).expect("there is enough memory");
    assert_eq!(gzip[..8], [0x1F, 0x8B, 8, 0, 0, 0, 0, 0], "no name and no time");
}
