use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::*;
use crate::snapshot::{Asset, Encoding, Variant};

/// A snapshot of nothing but static files.
fn site(assets: &[Asset]) -> Snapshot {
    Snapshot {
        name: "site".into(),
        release: "1.0.0".into(),
        is_prod: true,
        version: "tag".into(),
        date: None,
        settings: Vec::new().into(),
        routes: Vec::new().into(),
        languages: Vec::new().into(),
        templates: Vec::new().into(),
        assets: assets.to_vec().into(),
        migrations: Vec::new().into(),
    }
}

/// A file whose hash is made of its bytes.
fn file(path: &str, body: &str, encodings: &[Encoding]) -> Asset {
    let variant = |encoding: &Encoding| Variant { encoding: *encoding, body: encoding.name().as_bytes().into() };
    let hash: String = body.bytes().map(|byte| format!("{byte:02x}")).collect();
    Asset {
        is_root: false,
        is_patched: false,
        path: path.to_string().into(),
        mime: "text/css".into(),
        version: hash.clone().into(),
        hash: hash.into(),
        body: body.as_bytes().to_vec().into(),
        variants: encodings.iter().map(variant).collect(),
    }
}

fn flags(folder: &Path) -> Flags {
    Flags { folder: folder.to_path_buf(), delete: false }
}

fn exported(assets: &[Asset], folder: &Path) -> Done {
    export(&site(assets), &flags(folder)).unwrap()
}

fn refused(assets: &[Asset], folder: &Path) -> String {
    export(&site(assets), &flags(folder)).unwrap_err().to_string()
}

fn temporary() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// All files below a folder, sorted, without the list of what was exported.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_string()),
            }
        }
    }
    found.retain(|name| name != ".kalgan-export.json");
    found.sort();
    found
}

fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[test]
fn files_lie_at_their_addresses_with_their_compressed_forms() {
    let folder = temporary();
    let target = folder.path().join("not/there/yet");
    let assets = [file("favicon.ico", "icon", &[]), file("static/css/a b.css", "style", &Encoding::ALL)];
    let done = exported(&assets, &target);
    assert_eq!((done.files, done.compressed, done.written, done.removed), (2, 3, 5, 0));
    let expected = [
        "favicon.ico",
        "static/css/a b.css",
        "static/css/a b.css.br",
        "static/css/a b.css.gz",
        "static/css/a b.css.zst",
    ];
    assert_eq!(files(&target), expected);
    for (name, body) in expected.into_iter().zip(["icon", "style", "br", "gzip", "zstd"]) {
        assert_eq!(fs::read_to_string(target.join(name)).unwrap(), body);
    }
    let times: Vec<_> = expected.iter().map(|name| modified(&target.join(name))).collect();
    assert!(times[0] != times[1] && times[1..].iter().all(|time| *time == times[1]), "{times:?}");
}

#[test]
fn a_second_export_writes_nothing_and_another_folder_gets_the_same_times() {
    let (one, two) = (temporary(), temporary());
    let assets = [file("static/a.css", "style", &[Encoding::Gzip])];
    exported(&assets, one.path());
    let before = fs::metadata(one.path().join("static/a.css")).unwrap().ino();
    assert_eq!(exported(&assets, one.path()).written, 0);
    assert_eq!(fs::metadata(one.path().join("static/a.css")).unwrap().ino(), before);
    exported(&assets, two.path());
    for name in ["static/a.css", "static/a.css.gz", ".kalgan-export.json"] {
        assert_eq!(modified(&one.path().join(name)), modified(&two.path().join(name)), "{name}");
    }
}

#[test]
fn what_was_changed_in_the_folder_is_put_right() {
    let folder = temporary();
    let assets = [file("a.css", "style", &[]), file("b.css", "more", &[]), file("c.css", "last", &[])];
    exported(&assets, folder.path());
    let [a, b] = ["a.css", "b.css"].map(|name| folder.path().join(name));
    let time = modified(&a);
    // The same size and time, other bytes.
    fs::write(&a, "styLe").unwrap();
    fs::File::options().write(true).open(&a).unwrap().set_modified(time).unwrap();
    fs::File::options().write(true).open(&b).unwrap().set_modified(SystemTime::now()).unwrap();
    assert_eq!(exported(&assets, folder.path()).written, 2);
    assert_eq!((fs::read_to_string(&a).unwrap().as_str(), modified(&a)), ("style", time));
}

#[test]
fn the_time_changes_with_the_content_and_is_the_builds_where_it_has_one() {
    let folder = temporary();
    let path = folder.path().join("a.css");
    let mut times = Vec::new();
    for body in ["one", "two", "six"] {
        exported(&[file("a.css", body, &[])], folder.path());
        times.push(modified(&path));
    }
    assert!(times[0] != times[1] && times[1] != times[2] && times[0] != times[2], "{times:?}");
    let first = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    assert!(times.iter().all(|time| *time >= first && *time < first + Duration::from_secs(1 << 26)), "{times:?}");

    let dated = Snapshot { date: Some(1_600_000_000), ..site(&[file("a.css", "six", &[Encoding::Brotli])]) };
    export(&dated, &flags(folder.path())).unwrap();
    for name in ["a.css", "a.css.br"] {
        assert_eq!(modified(&folder.path().join(name)), SystemTime::UNIX_EPOCH + Duration::from_secs(1_600_000_000));
    }
    let never = Snapshot { date: Some(u64::MAX), ..site(&[file("a.css", "six", &[])]) };
    export(&never, &flags(folder.path())).unwrap();
    assert_eq!(modified(&path), times[2], "a date that no clock has counts as none");
}

#[test]
fn a_compressed_form_that_the_file_no_longer_has_is_removed() {
    let folder = temporary();
    exported(&[file("a.css", "style", &Encoding::ALL), file("b.css", "b", &[])], folder.path());
    fs::write(folder.path().join("b.css.gz"), "of an operator's own script").unwrap();
    fs::create_dir(folder.path().join("b.css.br")).unwrap();
    let done = exported(&[file("a.css", "style", &[Encoding::Brotli]), file("b.css", "b", &[])], folder.path());
    assert_eq!((done.written, done.removed), (0, 3));
    assert_eq!(files(folder.path()), ["a.css", "a.css.br", "b.css"]);
}

#[test]
fn other_files_stay_and_earlier_ones_go_only_when_asked() {
    let folder = temporary();
    fs::create_dir_all(folder.path().join("old")).unwrap();
    fs::write(folder.path().join("old/own.txt"), "own").unwrap();
    let old = [file("a.css", "a", &[]), file("deep/er/b.css", "b", &[Encoding::Gzip]), file("old/c.css", "c", &[])];
    exported(&old, folder.path());
    let new = [file("a.css", "a", &[])];
    let done = exported(&new, folder.path());
    assert_eq!(
        (done.removed, &done.kept[..]),
        (0, &["deep/er/b.css", "deep/er/b.css.gz", "old/c.css"].map(str::to_string)[..])
    );
    let report = done.report(&flags(folder.path()));
    assert!(
        report.ends_with("`--delete` removes them:\n  deep/er/b.css\n  deep/er/b.css.gz\n  old/c.css\n"),
        "{report}"
    );
    assert_eq!(exported(&new, folder.path()).kept.len(), 3, "they are still known");

    let done = export(&site(&new), &Flags { folder: folder.path().to_path_buf(), delete: true }).unwrap();
    assert_eq!((done.removed, done.kept.len()), (3, 0));
    assert_eq!(files(folder.path()), ["a.css", "old/own.txt"]);
    assert!(!folder.path().join("deep").exists(), "empty folders go too");
    assert!(exported(&new, folder.path()).kept.is_empty());
}

#[test]
fn a_link_in_a_files_place_is_replaced_and_what_it_led_to_is_not() {
    let folder = temporary();
    let (outside, target) = (folder.path().join("outside"), folder.path().join("target"));
    fs::write(&outside, "outside").unwrap();
    fs::create_dir(&target).unwrap();
    symlink(&outside, target.join("a.css")).unwrap();
    symlink(&outside, target.join("a.css.gz")).unwrap();
    symlink(&outside, target.join("b.css.gz")).unwrap();
    symlink(&outside, target.join(".kalgan-export.json")).unwrap();
    symlink(&outside, target.join(".kalgan-export.tmp")).unwrap();
    exported(&[file("a.css", "style", &[Encoding::Gzip]), file("b.css", "b", &[])], &target);
    assert_eq!(fs::read_to_string(&outside).unwrap(), "outside");
    assert_eq!(files(&target), ["a.css", "a.css.gz", "b.css"]);
    assert!(["a.css", "a.css.gz", ".kalgan-export.json"].iter().all(|name| !target.join(name).is_symlink()));
}

#[test]
fn whatever_stands_in_the_way_is_named_before_a_byte_is_written() {
    let folder = temporary();
    let outside = temporary();
    symlink(outside.path(), folder.path().join("linked")).unwrap();
    fs::write(folder.path().join("plain"), "").unwrap();
    fs::create_dir(folder.path().join("b.css")).unwrap();
    let assets = ["a.css", "b.css", "linked/c.css", "linked/d.css", "plain/e.css"].map(|path| file(path, "x", &[]));
    let text = refused(&assets, folder.path());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].contains("/b.css` is a folder where a file belongs; move it away"), "{text}");
    assert!(lines[1].contains("/linked` is a link where a folder belongs"), "{text}");
    assert!(lines[2].contains("/plain` is a file where a folder belongs"), "{text}");
    assert!(!folder.path().join("a.css").exists() && files(outside.path()).is_empty());
}

#[test]
fn the_folder_itself_may_be_a_link() {
    let folder = temporary();
    let release = temporary();
    symlink(release.path(), folder.path().join("current")).unwrap();
    exported(&[file("a.css", "x", &[])], &folder.path().join("current"));
    assert_eq!(files(release.path()), ["a.css"]);
}

#[test]
fn files_that_cannot_lie_in_one_folder_are_refused() {
    let folder = temporary();
    let text = refused(&[file("static", "x", &[]), file("static/a.css", "x", &[])], folder.path());
    assert_eq!(text, "`static` would have to be a file and, for `static/a.css`, a folder: rename one of them");
    for path in ["", "/etc/x", "../x", "a/../../x", "a//x", "./x", "a/", "a\0b"] {
        let text = refused(&[file(path, "x", &[])], folder.path());
        assert!(text.contains("is not a path in a folder"), "{path:?}: {text}");
    }
    assert!(files(folder.path()).is_empty());
}

#[test]
fn a_file_of_the_site_is_not_overwritten_by_the_compressed_form_of_another() {
    let folder = temporary();
    let assets = [file("a.css", "style", &[Encoding::Gzip]), file("a.css.gz", "own", &[])];
    let done = exported(&assets, folder.path());
    assert_eq!(fs::read_to_string(folder.path().join("a.css.gz")).unwrap(), "own");
    assert_eq!(done.warnings.len(), 1);
    assert!(
        done.warnings[0].starts_with("`a.css.gz` is a file of the site, and NGINX takes it"),
        "{:?}",
        done.warnings
    );
}

#[test]
fn only_one_export_writes_at_a_time() {
    let folder = temporary();
    let first = Folder::open(folder.path()).unwrap();
    let text = refused(&[file("a.css", "x", &[])], folder.path());
    assert!(text.starts_with("another export is writing to `"), "{text}");
    drop(first);
    exported(&[file("a.css", "x", &[])], folder.path());
}

#[test]
fn what_cannot_be_written_is_said_with_path_and_advice() {
    let folder = temporary();
    let plain = folder.path().join("plain");
    fs::write(&plain, "").unwrap();
    let text = refused(&[file("a.css", "x", &[])], &plain);
    assert!(text.contains("/plain` cannot be made: ") && text.contains("; choose a folder"), "{text}");
    let long = format!("{}.css", "x".repeat(300));
    let text = refused(&[file("a.css", "x", &[]), file(&long, "x", &[])], folder.path());
    assert!(text.contains("cannot be written: ") && text.contains("shorter name"), "{text}");
    assert_eq!(files(folder.path()), ["a.css", "plain"], "what was written is whole, and nothing else is left");
}

#[test]
fn a_list_that_no_export_wrote_deletes_nothing() {
    let folder = temporary();
    let victim = temporary();
    fs::write(victim.path().join("x"), "").unwrap();
    let path = format!("../{}/x", victim.path().file_name().unwrap().to_str().unwrap());
    for list in [format!("[\"{path}\"]"), "{}".to_string(), String::new()] {
        fs::write(folder.path().join(".kalgan-export.json"), list).unwrap();
        let result = export(&site(&[]), &Flags { folder: folder.path().to_path_buf(), delete: true });
        assert!(result.unwrap_err().to_string().contains("is not a list of files that an export wrote"));
    }
    assert!(victim.path().join("x").exists());
}

#[test]
fn a_link_that_took_a_folders_place_keeps_earlier_files_from_being_deleted_through_it() {
    let (folder, other) = (temporary(), temporary());
    exported(&[file("old/a.css", "x", &[])], folder.path());
    fs::rename(folder.path().join("old"), other.path().join("old")).unwrap();
    symlink(other.path().join("old"), folder.path().join("old")).unwrap();
    let done = export(&site(&[]), &Flags { folder: folder.path().to_path_buf(), delete: true }).unwrap();
    assert_eq!((done.removed, files(other.path())), (0, vec!["old/a.css".to_string()]));
}

#[test]
fn everybody_may_read_the_files_and_only_the_owner_the_list() {
    let above = temporary();
    let folder = above.path().join("public");
    exported(&[file("static/a.css", "x", &[])], &folder);
    let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!([mode(""), mode("static"), mode("static/a.css")], [0o755, 0o755, 0o644]);
    assert_eq!(mode(".kalgan-export.json"), 0o600);
    // What an export with a strict umask wrote before is written again.
    fs::set_permissions(folder.join("static/a.css"), fs::Permissions::from_mode(0o600)).unwrap();
    exported(&[file("static/a.css", "x", &[])], &folder);
    assert_eq!(mode("static/a.css"), 0o644);
}
