//! The folder of static files: what is written to it, and that it is as it was wherever that breaks off.

use std::fs;
use std::path::{Path, PathBuf};

use super::system::Folder;
use crate::deploy::install::Kind;
use crate::deploy::install::description::Description;

const SHEET: &str = "opt/shop/public/static/site.css";

fn installed() -> (Folder, PathBuf) {
    let folder = Folder::new();
    let binary = folder.binary("first", folder.description("1.0.0", 1));
    folder.run(folder.wish(Kind::Install, binary.clone())).unwrap();
    (folder, binary)
}

#[test]
fn a_second_name_that_cannot_be_given_costs_no_file() {
    let (folder, _) = installed();
    // A name that the system just takes where it is, and not in a folder that lies deeper.
    const LONGEST: usize = 4095;
    let public = folder.root.path().join("opt/shop/public");
    let mut deep = public.join("deep");
    while LONGEST - deep.as_os_str().len() > 210 {
        deep.push("d".repeat(200));
    }
    fs::create_dir_all(&deep).unwrap();
    deep.push("f".repeat(LONGEST - deep.as_os_str().len() - 2));
    fs::write(&deep, "of the operator").unwrap();
    let tree = folder.tree();
    let second = folder.binary("second!", folder.description("1.1.0", 1));
    let error = folder.run(folder.wish(Kind::Upgrade, second)).unwrap_err().to_string();
    assert!(folder.tree() == tree, "files are gone or others: {error}");
    assert!(error.contains("cannot be kept as it is") && error.contains("everything was taken back"), "{error}");
}

#[test]
fn what_the_version_that_serves_has_not_exported_is_exported() {
    let without = |release: &str, folder: &Folder| Description { static_root: None, ..folder.description(release, 1) };
    let folder = Folder::new();
    let own = |content: &str, with: bool, folder: &Folder| {
        let description = if with { folder.description("1.0.0", 1) } else { without("1.0.0", folder) };
        folder.binary(content, description)
    };
    // The folder was made beforehand.
    fs::create_dir_all(folder.root.path().join("opt/shop/public")).unwrap();
    let first = own("first", false, &folder);
    folder.run(folder.wish(Kind::Install, first)).unwrap();
    assert!(!folder.root.path().join(SHEET).exists());
    let first = own("first", true, &folder);
    let told = folder.run(folder.wish(Kind::Install, first.clone())).unwrap().join("\n");
    assert!(told.contains("\nwrite the static files to `/opt/shop/public`"), "{told}");
    assert_eq!(fs::read(folder.root.path().join(SHEET)).unwrap(), fs::read(&first).unwrap());
    let told = folder.run(folder.wish(Kind::Install, first.clone())).unwrap().join("\n");
    assert!(told.contains("unchanged: the static files of this version are in `/opt/shop/public`"), "{told}");

    // A deployment of another version was killed behind its export.
    folder.write(SHEET, "of another version");
    let lines = folder.lines(folder.wish(Kind::Install, first.clone())).unwrap().join("\n");
    assert!(lines.contains("would write the static files"), "{lines}");
    folder.run(folder.wish(Kind::Install, first.clone())).unwrap();
    assert_eq!(fs::read(folder.root.path().join(SHEET)).unwrap(), fs::read(&first).unwrap());
    assert!(!folder.tree().contains_key(Path::new("opt/shop/public/.kalgan-before")));
}
