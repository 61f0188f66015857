//! The folder `deploy/`: its examples are what the commands print for the manual. `UPDATE_EXPECTED=1` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use super::{below, files, printed};

/// Each example: its folder, and what is chosen.
const EXAMPLES: [(&str, &[&str]); 3] = [
    ("http", &[]),
    (
        "https-and-static-files",
        &[
            "--domain",
            "example.com",
            "www.example.com",
            "--tls",
            "/etc/letsencrypt/live/example.com/fullchain.pem",
            "/etc/letsencrypt/live/example.com/privkey.pem",
            "--static-root",
        ],
    ),
    ("three-instances", &["--domain", "example.com", "--instances", "3", "--set", "session.store=sqlite"]),
];

fn folder(example: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/examples").join(example)
}

fn expected(chosen: &[&str]) -> Vec<(PathBuf, String)> {
    let print = |what| files(&printed(&[&["deploy", what], chosen].concat()));
    let mut all = [print("systemd"), print("nginx")].concat();
    for (path, text) in &mut all {
        *path = path.strip_prefix("/").expect("paths are absolute").to_path_buf();
        // Files are an empty line apart.
        *text = format!("{}\n", text.trim_end());
    }
    all
}

#[test]
fn the_examples_are_what_the_commands_print() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut different = Vec::new();
    for (example, chosen) in EXAMPLES {
        let (folder, expected) = (folder(example), expected(chosen));
        if update {
            let _ = fs::remove_dir_all(&folder);
        }
        for (path, text) in &expected {
            let path = folder.join(path);
            if update {
                fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder can be made");
                fs::write(&path, text).expect("a file can be written");
            } else if fs::read_to_string(&path).ok().as_ref() != Some(text) {
                different.push(path);
            }
        }
        let extra = below(&folder).into_iter().filter(|found| !expected.iter().any(|(path, _)| path == found));
        different.extend(extra.map(|path| folder.join(path)));
    }
    assert!(
        different.is_empty(),
        "not what the commands print: {different:?}\nIf that is right, run again with UPDATE_EXPECTED=1"
    );
}
