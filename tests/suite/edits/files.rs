//! Files, links and folders that are added, renamed and deleted while the site is served.

use std::fs;
use std::os::unix::fs::symlink;

use super::{Site, marked, stylesheet};

/// The template that the route `extra` shows.
const EXTRA: &str = "templates/manual/en/extra.html";

/// B125
#[test]
fn templates_come_and_go() {
    let site = Site::start(&[]);
    for number in 0..10 {
        assert_eq!(site.status("/extra"), 500);
        site.write(EXTRA, &format!("extra {number}"));
        assert_eq!(site.get("/extra"), (200, format!("extra {number}")));
        site.rename(EXTRA, "templates/manual/en/others.html");
        assert_eq!(site.status("/extra"), 500);
        assert_eq!(site.get("/others"), (200, format!("extra {number}")));
        fs::remove_file(site.path("templates/manual/en/others.html")).unwrap();
        assert_eq!((site.status("/others"), site.status("/page")), (500, 200));
    }
}

/// B36
#[test]
fn files_of_the_other_kinds_come_and_go() {
    let site = Site::start(&[]);
    site.write(EXTRA, r#"{{ "added.text"|trans }} {{ "page"|url }}"#);
    for number in 0..10 {
        site.write("i18n/en/added.yaml", &format!("added:\n  text: added {number}\n"));
        site.write("routes/zzz.yaml", "routes:\n  - page_too: {path: /page-too, controller: 'page::show'}\n");
        site.write("templates/manual/en/page_too.html", "another address");
        site.write("config/zzz.yaml", &format!("server:\n  public_url: https://example.com/added-{number}\n"));
        site.write("static/deep/added.css", &stylesheet(number));
        assert_eq!(site.get("/extra"), (200, format!("added {number} /added-{number}/page")));
        assert_eq!(site.get("/page-too"), (200, "another address".to_string()));
        assert_eq!(site.get("/static/deep/added.css"), (200, stylesheet(number)));

        site.rename("i18n/en/added.yaml", "i18n/en/renamed.yaml");
        site.rename("routes/zzz.yaml", "routes/aaa.yaml");
        site.rename("static/deep/added.css", "static/deep/renamed.css");
        assert_eq!((site.status("/extra"), site.status("/page-too")), (200, 200));
        let statuses = ["added", "renamed"].map(|name| site.status(&format!("/static/deep/{name}.css")));
        assert_eq!(statuses, [404, 200]);

        for file in ["i18n/en/renamed.yaml", "routes/aaa.yaml", "config/zzz.yaml", "static/deep/renamed.css"] {
            fs::remove_file(site.path(file)).unwrap();
        }
        let (status, text) = site.get("/extra");
        assert!(status == 200 && !text.contains("added "), "{text}");
        assert_eq!((site.status("/page-too"), site.status("/static/deep/renamed.css")), (404, 404));
    }
}

#[test]
fn whole_folders_come_and_go() {
    let site = Site::start(&[]);
    for number in 0..10 {
        site.rename("templates/manual", "templates/aside");
        assert_eq!(site.status("/page"), 500);
        site.rename("templates/aside", "templates/manual");
        assert_eq!(site.status("/page"), 200);
        site.write("static/a/b/c.css", &stylesheet(number));
        assert_eq!(site.get("/static/a/b/c.css"), (200, stylesheet(number)));
        site.rename("static/a", "static/z");
        assert_eq!((site.status("/static/a/b/c.css"), site.status("/static/z/b/c.css")), (404, 200));
        site.write("static/z/b/c.css", "p { margin: 0; }");
        assert_eq!(site.get("/static/z/b/c.css"), (200, "p { margin: 0; }".to_string()));
        fs::remove_dir_all(site.path("static/z")).unwrap();
        assert_eq!(site.status("/static/z/b/c.css"), 404);
    }
}

#[test]
fn the_whole_site_may_be_exchanged() {
    let site = Site::start(&[]);
    let aside = site.folder.path().join("aside");
    fs::rename(site.path(""), &aside).unwrap();
    fs::write(aside.join("templates/part.html"), marked("part", 7)).unwrap();
    fs::rename(&aside, site.path("")).unwrap();
    assert!(site.get("/page").1.contains("part ends 7."));
    site.write("templates/part.html", &marked("part", 8));
    assert!(site.get("/page").1.contains("part ends 8."));
}

#[test]
fn links_are_followed_within_the_site() {
    let site = Site::start(&[]);
    site.write(".shared/one/text.html", "one");
    site.write(".shared/two/text.html", "two");
    symlink("../.shared/one", site.path("templates/current")).unwrap();
    site.write(EXTRA, r#"{% include "current/text.html" %}"#);
    symlink("extra.html", site.path("templates/manual/en/others.html")).unwrap();
    assert_eq!((site.get("/extra").1, site.get("/others").1), ("one".to_string(), "one".to_string()));
    site.write(".shared/one/text.html", "one again");
    assert_eq!(site.get("/extra").1, "one again");
    symlink("../.shared/two", site.path("templates/.next")).unwrap();
    site.rename("templates/.next", "templates/current");
    assert_eq!(site.get("/extra").1, "two");
    site.write(EXTRA, r#"{% include "current/text.html" %}, changed"#);
    assert_eq!(site.get("/others").1, "two, changed");
}
