//! A small site in memory whose static files have encodings, which a debug build does not make.

use std::sync::Arc;

use crate::process::{DataFolder, Process, States};
use crate::site::{Outside, Settings, Site};
use crate::snapshot::{Asset, Encoding, Place, Setting, Snapshot, Text, Value, Variant};

/// The address of the file that has encodings.
pub const FILE: &str = "/static/css/site.css";

/// The current version of the site.
pub const VERSION: &str = "v1";

/// What stands for the hash of each file.
pub const HASH: &str = "0123456789abcdef";

/// The bytes of [`FILE`]: 1,000 digits.
pub const BODY: [u8; 1000] = {
    let mut body = [b'0'; 1000];
    let mut place = 0;
    while place < body.len() {
        body[place] += (place % 10) as u8;
        place += 1;
    }
    body
};

/// Its encodings, the smallest first. Nobody decodes them, so any bytes will do.
pub const ENCODED: [(Encoding, &[u8]); 3] =
    [(Encoding::Brotli, &[b'b'; 300]), (Encoding::Zstd, &[b'z'; 400]), (Encoding::Gzip, &[b'g'; 500])];

/// A file without encodings.
pub fn asset(path: &'static str, mime: &'static str, body: &'static [u8]) -> Asset {
    Asset {
        path: Text::Borrowed(path),
        is_root: !path.starts_with("static/"),
        is_patched: false,
        mime: Text::Borrowed(mime),
        hash: Text::Borrowed(HASH),
        version: Text::Borrowed(HASH),
        body: body.into(),
        variants: Vec::new().into(),
    }
}

/// The setting as a file of the site writes it.
pub fn setting(key: &'static str, value: Value) -> Setting {
    Setting { key: Text::Borrowed(key), value, only: None, place: Place::default() }
}

/// The site in production, with these settings.
pub fn snapshot(settings: &[(&'static str, &'static str)]) -> Snapshot {
    const CSS: &str = "text/css; charset=utf-8";
    const HTML: &str = "text/html; charset=utf-8";
    static WHOLE: [u8; 1000] = BODY;
    let variant = |(encoding, body): (Encoding, &'static [u8])| Variant { encoding, body: body.into() };
    let encoded = Asset { variants: ENCODED.map(variant).to_vec().into(), ..asset("static/css/site.css", CSS, &WHOLE) };
    let assets = vec![
        asset("help/index.html", HTML, b"<p>help</p>"),
        asset("index.html", HTML, b"<p>home</p>"),
        asset("robots.txt", "text/plain; charset=utf-8", b"Disallow:"),
        asset("static/a b.css", CSS, b"0123456789"),
        encoded,
        asset("static/docs/index.html", HTML, b"<p>docs</p>"),
        asset("static/\u{fc}.css", CSS, b"0123456789"),
    ];
    let written = settings.iter().map(|(key, value)| setting(key, Value::Text(Text::Borrowed(value))));
    Snapshot {
        is_prod: true,
        version: Text::Borrowed(VERSION),
        settings: written.collect(),
        assets: assets.into(),
        ..crate::testing::empty()
    }
}

/// The site of a snapshot.
pub fn site(snapshot: Snapshot) -> Arc<Site> {
    site_with(snapshot, Outside::default())
}

/// The site of a snapshot, with settings from outside.
pub fn site_with(snapshot: Snapshot, outside: Outside) -> Arc<Site> {
    let settings = Settings::load(&snapshot, outside).unwrap();
    Arc::new(Site::new(snapshot, settings, &|_| ()).unwrap())
}

/// A process without services, for requests that ask for none.
pub fn process() -> Process {
    let settings = site(snapshot(&[])).settings.clone();
    Process::new(settings, DataFolder::new("data"), States::default())
}
