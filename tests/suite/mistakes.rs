//! Each folder of `tests/mistakes/` is a broken site with the exact text that its author should read. See `README.md` there.

use std::fs;
use std::path::{Path, PathBuf};

use kalgan::problem;
use kalgan::source::{self, Options, Reading};

fn read(site: &Path) -> Reading {
    source::read(
        site,
        &Options { name: "site".to_string(), release: "1.0.0".to_string(), is_prod: false, minify: None },
    )
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The folders of all broken sites, sorted.
fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(repository("tests/mistakes")).expect("tests/mistakes is there");
    let mut folders: Vec<_> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

/// What a site's author reads. A site with `setup.txt` is copied first, and made as broken as git cannot keep it.
fn report(case: &Path) -> String {
    let setup = fs::read_to_string(case.join("setup.txt"));
    let Ok(setup) = setup else { return problem::report(&read(case).problems) };
    let copy = tempfile::tempdir().expect("there is room for a copy");
    let site = copy.path().join("site");
    copy_folder(case, &site);
    for line in setup.lines() {
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        let &[command, path, value] = &words[..] else { panic!("`{line}` is not `command path value`") };
        let path = site.join(path);
        fs::create_dir_all(path.parent().expect("it is below the site")).expect("it can be made");
        match command {
            "text" => fs::write(path, value).expect("it can be written"),
            "link" => link(value, &path),
            "zeros" => fs::write(path, vec![0; value.parse().expect("a number of bytes")]).expect("it can be written"),
            other => panic!("unknown command `{other}`"),
        }
    }
    problem::report(&read(&site).problems)
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("it can be made");
    for entry in fs::read_dir(from).expect("it can be listed") {
        let path = entry.expect("it can be listed").path();
        let target = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, target).expect("it can be copied");
        }
    }
}

fn link(target: &str, path: &Path) {
    #[cfg(unix)]
    std::os::unix::fs::symlink(target, path).expect("a link can be made");
    #[cfg(not(unix))]
    panic!("links are tested on Unix only: {target} {}", path.display());
}

/// B12, B14, B31, B68: what Kalgan 0.9 met by a panic, or not at all.
#[test]
fn each_mistake_is_told_in_the_expected_words() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut differences = String::new();
    for case in cases() {
        let found = report(&case) + "\n";
        let file = case.join("expected.txt");
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if found == expected {
            continue;
        }
        if update {
            fs::write(&file, found).expect("it can be written");
        } else {
            let name = case.file_name().unwrap_or_default().to_string_lossy();
            differences.push_str(&format!("\n=== {name}\n--- expected\n{expected}--- found\n{found}"));
        }
    }
    assert!(differences.is_empty(), "{differences}\nIf the new words are right, run again with UPDATE_EXPECTED=1");
}

#[test]
fn each_case_has_one_thing_to_say() {
    for case in cases() {
        let expected = fs::read_to_string(case.join("expected.txt")).unwrap_or_default();
        assert!(!expected.ends_with("0 errors, 0 warnings\n"), "{} has no mistake", case.display());
    }
}

/// B26, B170
#[test]
fn the_first_project_of_kalgan_0_9_has_no_mistake() {
    let reading = read(&repository("tests/sites/scaffold/app"));
    assert_eq!(problem::report(&reading.problems), "0 errors, 0 warnings");
    assert_eq!(reading.snapshot.routes[0].controller, "controller::hello_world");
    assert_eq!(reading.snapshot.templates[0].name, "hello_world.html");
}

/// Comments, `raw` blocks, strings with braces and names that only the running site knows: nothing of it is a mistake.
#[test]
fn right_templates_get_no_report_however_they_are_written() {
    let reading = read(&repository("tests/sites/tricky/app"));
    assert_eq!(problem::report(&reading.problems), "0 errors, 0 warnings");
    assert_eq!(reading.snapshot.templates.len(), 6);
}
