use std::fs;

use super::*;

#[test]
fn a_walk_is_sorted_and_leaves_hidden_files_out() {
    let site = tempfile::tempdir().unwrap();
    for file in ["b/z.txt", "b/a.txt", "b.txt", "a/x.txt", ".hidden", ".git/config"] {
        let path = site.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    let mut files = Files::open(site.path()).unwrap();
    let names: Vec<_> = files.walk("").iter().map(|found| found.path.clone()).collect();
    assert_eq!(names, ["a/x.txt", "b.txt", "b/a.txt", "b/z.txt"]);
    assert_eq!(files.problems, []);
    assert!(files.watched().contains(&site.path().join("b")));
}

#[test]
fn a_byte_order_mark_is_dropped() {
    let site = tempfile::tempdir().unwrap();
    fs::write(site.path().join("a.yaml"), "\u{feff}a: 1").unwrap();
    let mut files = Files::open(site.path()).unwrap();
    let found = files.walk("")[0].clone();
    assert_eq!(files.text(&found).unwrap().text, "a: 1");
}
