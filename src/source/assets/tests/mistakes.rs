//! What is said of references to nothing, and of files at the top that hide something.

use super::*;

/// The first lines of all problems, and their help.
fn problems(files: &[(&str, &str)]) -> Vec<String> {
    let told = |problem: &Problem| {
        let first = problem.to_string().lines().next().unwrap_or_default().to_string();
        format!("{first} = {}", problem.help.join("; "))
    };
    reading(files).problems.iter().map(told).collect()
}

#[test]
fn what_is_made_at_run_time_is_declared_in_any_of_its_spellings() {
    let css = ("static/css/a.css", "a{b:url(../up/1.png)}");
    for dynamic in ["/up/*", "/static/up/*", "../up/1.png"] {
        let settings = format!("static: {{dynamic: '{dynamic}'}}");
        assert_eq!(problems(&[css, ("config/a.yaml", &settings)]), [""; 0], "{dynamic}");
    }
    assert_eq!(problems(&[css]).len(), 1);
}

#[test]
fn what_is_below_no_static_folder_may_be_a_route() {
    let css = "a{b:url(/logo.png), url(../../logo), url(//x/y), url(.), url(..), url(./), url(fonts/), url(#a), url(about:blank)}";
    assert_eq!(problems(&[("static/css/a.css", css)]), [""; 0]);
}

#[test]
fn a_mistake_is_told_once_where_it_stands() {
    let css = ("static/a.css", "\u{feff}a{b:url( ü.png?x#y )}");
    assert_eq!(
        problems(&[css]),
        ["static/a.css:1:10: warning: there is no static file `ü.png` = put it there as `static/ü.png`; \
            if it is made only at run time, add `/static/ü.png` to the setting `static.dynamic`"]
    );
}

#[test]
fn root_and_folders_must_not_overlap() {
    for (root, folders) in [("a", "a"), ("a/b", "a"), ("a", "a/b")] {
        let settings = format!("static: {{root: {root}, folders: {folders}}}");
        let told = problems(&[("a/b/x.txt", ""), ("config/a.yaml", &settings)]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("`static.root` and `static.folders` share"), "{told:?}");
    }
    let settings = ("config/a.yaml", "static: {root: ab, folders: a}");
    assert_eq!(problems(&[("a/x.txt", ""), ("ab/x.txt", ""), settings]), [""; 0]);
}

#[test]
fn an_empty_root_is_none() {
    assert_eq!(problems(&[("config/a.yaml", "static: {root: ''}")]), [""; 0]);
}
