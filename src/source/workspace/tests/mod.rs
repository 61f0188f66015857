//! What an edit makes of a workspace, file by file; `property` holds any edits against reading everything anew.

mod property;

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::source::tests::site;

fn options() -> Options {
    Options { name: "shop".to_string(), release: "1.0.0".to_string(), is_prod: false, minify: None }
}

/// A folder and its workspace.
struct Edited {
    folder: TempDir,
    workspace: Workspace,
}

impl Edited {
    fn new(files: &[(&str, &str)]) -> Edited {
        Edited::over(files, crate::source::empty(&options()))
    }

    /// With what was frozen into the binary.
    fn over(files: &[(&str, &str)], fallback: Snapshot) -> Edited {
        let folder = site(files);
        let workspace = Workspace::open(folder.path(), options(), fallback);
        Edited { folder, workspace }
    }

    fn write(&mut self, path: &str, text: &str) -> Refresh {
        let full = self.folder.path().join(path);
        fs::create_dir_all(full.parent().unwrap()).unwrap();
        fs::write(full, text).unwrap();
        self.touch(path)
    }

    fn remove(&mut self, path: &str) -> Refresh {
        fs::remove_file(self.folder.path().join(path)).unwrap();
        self.touch(path)
    }

    fn touch(&mut self, path: &str) -> Refresh {
        self.workspace.refresh(&Touched::Paths(BTreeSet::from([path.to_string()])))
    }

    fn message(&self, code: &str, id: &str) -> Option<String> {
        let languages = &self.workspace.snapshot().languages;
        let language = languages.iter().find(|language| language.code == code)?;
        language.messages.get(id).map(str::to_string)
    }

    fn routes(&self) -> Vec<&str> {
        self.workspace.snapshot().routes.iter().map(|route| route.name.as_ref()).collect()
    }

    /// The places of the files that are broken.
    fn broken(&self) -> Vec<String> {
        let place = |problem: &Problem| format!("{}:{}", problem.file, problem.line);
        self.workspace.broken().iter().map(place).collect()
    }
}

fn route(name: &str) -> String {
    format!("routes:\n  - {name}:\n      path: /{name}\n      controller: c::{name}\n")
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| name.to_string()).collect()
}

/// A site with many files of each kind.
fn large() -> Vec<(String, String)> {
    let mut files = vec![("config/app.yaml".to_string(), "shop: {open: true}\n".to_string())];
    for number in 0..100 {
        files.push((format!("templates/{number}.html"), format!("{{{{ 'm{number:02}' | trans }}}}")));
        files.push((format!("migrations/{number}_a.sql"), format!("CREATE TABLE a{number} (id INTEGER);\n")));
        files.push((format!("static/{number}.css"), format!("a{number} {{}}")));
    }
    for number in 0..10 {
        files.push((format!("routes/{number}.yaml"), route(&format!("r{number}"))));
        for code in ["en", "es"] {
            let messages: String = (0..10).map(|unit| format!("m{number}{unit}: text\n")).collect();
            files.push((format!("i18n/{code}/{number}.yaml"), messages));
        }
    }
    files
}

#[test]
fn an_edit_reads_and_parses_one_file() {
    let files = large();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut edited = Edited::new(&files);
    let cases = [
        ("templates/7.html", "{{ 'm08' | trans }}", Changed { templates: names(&["7.html"]), ..Changed::default() }, 1),
        ("i18n/es/3.yaml", "m31: texto\n", Changed { languages: names(&["es"]), ..Changed::default() }, 1),
        ("routes/4.yaml", &route("other"), Changed { routes: true, ..Changed::default() }, 1),
        ("config/app.yaml", "shop: {open: false}\n", Changed { settings: true, ..Changed::default() }, 1),
        ("migrations/3_a.sql", "DROP TABLE a;\n", Changed { migrations: true, ..Changed::default() }, 0),
        ("static/5.css", "b {}", Changed { assets: names(&["static/5.css"]), ..Changed::default() }, 0),
    ];
    for (path, text, changed, parsed) in cases {
        let refresh = edited.write(path, text);
        assert_eq!(
            (refresh.changed, refresh.files, refresh.read, refresh.parsed),
            (changed, vec![path.to_string()], 1, parsed)
        );
        let again = edited.touch(path);
        assert!(again.changed.is_nothing() && again.files.is_empty(), "{path}");
        assert_eq!((again.read, again.parsed), (1, 0), "{path}");
    }
    let added = edited.write("templates/new/a.html", "new");
    assert_eq!((added.changed.templates, added.read, added.parsed), (names(&["new/a.html"]), 1, 1));
    let removed = edited.remove("templates/new/a.html");
    assert_eq!((removed.changed.templates, removed.read, removed.parsed), (names(&["new/a.html"]), 0, 0));
    let all = edited.workspace.refresh(&Touched::All);
    assert!(all.changed.is_nothing() && all.files.is_empty());
    assert_eq!((all.read, all.parsed), (files.len(), 0));
}

#[test]
fn a_broken_file_leaves_its_last_good_state_in_place_and_no_other() {
    let (a, b, c) = (route("a"), route("b"), route("c"));
    let mut edited = Edited::new(&[
        ("routes/a.yaml", &a),
        ("routes/b.yaml", &b),
        ("i18n/en/a.yaml", "a: A\n"),
        ("i18n/en/b.yaml", "b: B\n"),
        ("config/a.yaml", "shop: {a: 1}\n"),
        ("config/b.yaml", "shop: {b: 1}\n"),
    ]);
    assert!(edited.write("routes/b.yaml", "routes: {\n").changed.is_nothing());
    assert!(edited.write("i18n/en/a.yaml", "a: [b]\nc: C\n").changed.is_nothing());
    assert!(edited.write("config/a.yaml", "server: {port: x}\nshop: {a: 2}").changed.is_nothing());
    assert_eq!(edited.broken(), ["config/a.yaml:1", "i18n/en/a.yaml:1", "routes/b.yaml:2"]);
    // The others are as they are on disk.
    assert!(edited.write("routes/a.yaml", &c).changed.routes);
    assert!(edited.write("config/b.yaml", "shop: {b: 2}\n").changed.settings);
    edited.write("i18n/en/b.yaml", "b: new\n");
    assert_eq!(edited.routes(), ["c", "b"]);
    assert_eq!((edited.message("en", "a"), edited.message("en", "b")), (Some("A".into()), Some("new".into())));
    assert_eq!(edited.message("en", "c"), None);
    // Mended or deleted, a file is broken no more.
    edited.write("i18n/en/a.yaml", "a: mended\n");
    edited.remove("routes/b.yaml");
    edited.write("config/a.yaml", "shop: {a: 2}\n");
    assert_eq!((edited.broken(), edited.routes()), (vec![], vec!["c"]));
    assert_eq!(edited.message("en", "a"), Some("mended".into()));
}

#[test]
fn what_is_broken_from_the_start_is_that_of_the_binary() {
    let frozen = Edited::new(&[("routes/a.yaml", &route("frozen")), ("i18n/en/a.yaml", "a: frozen\n")]);
    let frozen = frozen.workspace.snapshot().clone();
    let files = [("routes/a.yaml", "routes: {\n"), ("routes/b.yaml", &route("b")), ("i18n/en/a.yaml", "a: new\n")];
    let mut edited = Edited::over(&files, frozen);
    assert_eq!((edited.routes(), edited.broken()), (vec!["frozen"], vec!["routes/a.yaml:2".to_string()]));
    assert_eq!(edited.message("en", "a"), Some("new".into()));
    assert!(edited.write("routes/a.yaml", &route("a")).changed.routes);
    assert_eq!((edited.routes(), edited.broken()), (vec!["a", "b"], vec![]));
    // From here on there is a state of the folder's own to go back to.
    edited.write("routes/a.yaml", "routes: {\n");
    assert_eq!(edited.routes(), ["a", "b"]);
    edited.write("routes/c.yaml", "routes: {\n");
    edited.write("routes/b.yaml", &route("other"));
    assert_eq!((edited.routes(), edited.broken().len()), (vec!["a", "other"], 2));
}

#[test]
fn files_that_do_not_fit_together_change_nothing() {
    let mut edited = Edited::new(&[
        ("config/a.yaml", "i18n: {language: {default: en}}\n"),
        ("routes/a.yaml", &route("a")),
        ("routes/b.yaml", &route("b")),
        ("i18n/en/a.yaml", "a: A\n"),
        ("static/a.css", ""),
        ("templates/a.html", ""),
    ]);
    assert!(edited.write("routes/b.yaml", &route("a")).changed.is_nothing());
    assert_eq!((edited.routes(), edited.broken()), (vec!["a", "b"], vec!["routes/b.yaml:2".to_string()]));
    edited.write("routes/b.yaml", &route("b"));
    for text in [
        "i18n: {language: {default: ed}}\n",
        "router: {path: nowhere}\n",
        "i18n: {path: nowhere}\n",
        "tera: {path: nowhere}\n",
        "static: {folders: nowhere}\n",
    ] {
        let refresh = edited.write("config/a.yaml", text);
        assert_eq!(edited.broken(), ["config/a.yaml:1"], "{text}");
        assert!(refresh.changed == Changed { settings: refresh.changed.settings, ..Changed::default() }, "{text}");
    }
    fs::remove_dir_all(edited.folder.path().join("i18n/en")).unwrap();
    edited.write("config/a.yaml", "i18n: {language: {default: en}}\n");
    edited.write("i18n/es/a.yaml", "a: A\n");
    assert_eq!((edited.broken(), edited.message("en", "a")), (vec!["config/a.yaml:1".to_string()], Some("A".into())));
}

#[test]
fn a_file_that_was_gone_while_its_folder_was_looked_at_comes_back() {
    let mut edited = Edited::new(&[("templates/a.html", "a"), ("templates/b.html", "b")]);
    let names = |edited: &Edited| -> Vec<String> {
        edited.workspace.snapshot().templates.iter().map(|template| template.name.to_string()).collect()
    };
    let away = edited.folder.path().join("templates/b.html");
    fs::remove_file(&away).unwrap();
    // Nobody has told of the removal yet, but of something else in the folder.
    edited.write("templates/c.html", "c");
    assert_eq!(names(&edited), ["a.html", "c.html"]);
    fs::write(&away, "b").unwrap();
    edited.touch("templates/b.html");
    assert_eq!(names(&edited), ["a.html", "b.html", "c.html"]);
}

#[test]
fn a_broken_template_is_shown_as_it_is() {
    let mut edited = Edited::new(&[("templates/a.html", "{{ a }}")]);
    let refresh = edited.write("templates/a.html", "{{ a");
    assert_eq!((refresh.changed.templates, edited.broken()), (names(&["a.html"]), vec![]));
    assert_eq!(edited.workspace.snapshot().templates[0].source, "{{ a");
    assert_eq!(edited.workspace.review().problems().len(), 1);
}

#[test]
fn files_that_name_a_changed_file_change_with_it() {
    let mut edited = Edited::new(&[
        ("static/a.css", "@import 'b.css';"),
        ("static/b.css", "a{b:url(c.png)}"),
        ("static/c.png", "c"),
        ("static/d.css", "d{}"),
        ("static/e.css", "e{}"),
        ("config/a.yaml", "static: {bundles: {all.css: [b.css, d.css]}}\n"),
    ]);
    let version = edited.workspace.snapshot().version.clone();
    let refresh = edited.write("static/c.png", "other");
    let expected = names(&["static/a.css", "static/all.css", "static/b.css", "static/c.png"]);
    assert_eq!(refresh.changed, Changed { assets: expected, ..Changed::default() });
    assert_ne!(edited.workspace.snapshot().version, version);
    let refresh = edited.write("static/d.css", "dd{}");
    assert_eq!(refresh.changed.assets, names(&["static/all.css", "static/d.css"]));
}

#[test]
fn a_setting_that_says_where_files_are_has_them_read_again() {
    let (old, new) = (route("old"), route("new"));
    let mut edited = Edited::new(&[
        ("config/a.yaml", "a: 1\n"),
        ("routes/a.yaml", &old),
        ("paths/a.yaml", &new),
        ("views/a.html", "new"),
        ("templates/a.html", "old"),
    ]);
    let refresh = edited.write("config/a.yaml", "router: {path: paths}\ntera: {path: views}\n");
    let expected = Changed { settings: true, routes: true, templates: names(&["a.html"]), ..Changed::default() };
    assert_eq!((refresh.changed, edited.routes()), (expected, vec!["new"]));
    assert_eq!(edited.workspace.snapshot().templates[0].source, "new");
}

#[test]
fn a_folder_that_goes_and_comes_back_keeps_the_site() {
    let mut edited = Edited::new(&[("templates/a.html", "a")]);
    let (here, away) = (edited.folder.path().to_path_buf(), edited.folder.path().with_extension("away"));
    fs::rename(&here, &away).unwrap();
    let refresh = edited.workspace.refresh(&Touched::All);
    assert!(refresh.changed.is_nothing() && edited.broken().len() == 1);
    assert_eq!(edited.workspace.review().problems(), edited.workspace.broken());
    fs::rename(&away, &here).unwrap();
    edited.touch("templates/a.html");
    assert_eq!((edited.broken().len(), edited.workspace.snapshot().templates.len()), (0, 1));
}

#[test]
fn a_review_parses_only_templates_that_are_others() {
    let files = large();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let mut edited = Edited::new(&files);
    let parsed = |edited: &Edited| {
        let problems = edited.workspace.review().problems();
        (
            problems.iter().filter(|problem| problem.is_error()).count(),
            edited.workspace.engine.lock().unwrap().as_ref().unwrap().parsed(),
        )
    };
    assert_eq!(parsed(&edited), (0, 100));
    edited.write("templates/7.html", "{% include '8.html' %}");
    assert_eq!(parsed(&edited), (0, 101));
    // Refused as one of all, and then looked at alone.
    edited.write("templates/8.html", "{{ a");
    assert_eq!(parsed(&edited), (1, 103));
    assert_eq!(parsed(&edited), (1, 103));
    edited.remove("templates/8.html");
    assert_eq!(parsed(&edited), (1, 103));
    edited.write("templates/7.html", "{{ a }}");
    assert_eq!(parsed(&edited), (0, 104));
    edited.write("templates/8.html", "{{ 'm08' | trans }}");
    assert_eq!(parsed(&edited), (0, 105));
}
