//! Whatever is edited: a workspace tells the same mistakes as reading the folder anew, and has the same site where nothing is broken.

use std::path::Path;

use super::*;
use crate::source::{Reading, read};

/// What files may have in them, right and wrong, by the beginning of their path.
const TEXTS: &[(&str, &[&str])] = &[
    (
        "config/",
        &[
            "i18n: {language: {default: en}}\n",
            "shop: {a: 1}\n",
            "router: {path: paths}\n",
            "tera: {path: views, filters: money}\n",
            "static: {folders: 'static, more', root: top}\n",
            "static: {bundles: {all.css: [a.css, b.css]}}\n",
            "static: {folders: nowhere}\n",
            "server: {prot: 1}\n",
            "a: [\n",
        ],
    ),
    (
        "routes/",
        &[
            "routes:\n  - home:\n      path: /\n      controller: c\n",
            "routes:\n  - user:\n      path: /{id}\n      controller: c\n      requirements: {id: '[0-9]+'}\n",
            "routes:\n  - user:\n      path: /{x}\n      controller: c\n  - b:\n      path: /{id}\n      controller: c\n",
            "routes:\n  - c:\n      path: {en: /c, es: /ce}\n      controller: c\n",
            "routes:\n  - d:\n      controller: c\n",
            "routes: {\n",
        ],
    ),
    ("i18n/", &["a: A\nb: B\n", "a: other\nc: C {x}\n", "a: {b: {c: D}}\n", "b: [B]\n", "c: '\n", ""]),
    (
        "templates/",
        &[
            "{{ 'a' | trans }}{{ 'home' | url }}{{ 'a.css' | asset }}",
            "{% extends 'a.html' %}{% block x %}{{ <box a='1'/> }}{% endblock %}",
            "{% block x %}{% endblock %}{% component box(a) %}{{ a }}{% endcomponent box %}",
            "{% include 'b/c.html' %}{{ 'user' | url(id = 1) }}",
            "{{ 1 | money }}",
            "{{ a",
            "{% if a %}{{ 'nothing' | trans }}",
        ],
    ),
    (
        "migrations/",
        &["CREATE TABLE a (id INTEGER);\n", "CREATE TABLE b (id INTEGER);\r\n", "-- later\n", "DROP TABLE a;\n"],
    ),
    ("static/", &["@import 'b.css';", "a{b:url(a.png)}", "a{b:url(missing.png)}", "x", "@charset 'a' {"]),
];

/// All files that edits are made to, each with the kind of text in it.
const FILES: &[(&str, &str)] = &[
    ("config/a.yaml", "config/"),
    ("config/b.dev.yaml", "config/"),
    ("routes/a.yaml", "routes/"),
    ("routes/b/c.yaml", "routes/"),
    ("paths/a.yaml", "routes/"),
    ("i18n/en/a.yaml", "i18n/"),
    ("i18n/en/b/c.yaml", "i18n/"),
    ("i18n/es/a.yaml", "i18n/"),
    ("templates/a.html", "templates/"),
    ("templates/b/c.html", "templates/"),
    ("templates/b/d.html", "templates/"),
    ("views/a.html", "templates/"),
    ("static/a.css", "static/"),
    ("static/b.css", "static/"),
    ("static/a.png", "static/"),
    ("more/b.css", "static/"),
    ("top/a.txt", "static/"),
    ("migrations/1_a.sql", "migrations/"),
    ("migrations/2_b.sql", "migrations/"),
    ("migrations/mysql/2_c.sql", "migrations/"),
    ("migrations/none.sql", "migrations/"),
];

const FOLDERS: &[&str] =
    &["config", "routes", "routes/b", "i18n", "i18n/en", "i18n/es", "templates", "templates/b", "static"];

/// Edits from a seed, by the generator of Knuth's MMIX: equal on every machine.
struct Edits(u64);

impl Edits {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Edits something, and gives the paths that a watcher would tell.
    fn edit(&mut self, folder: &Path) -> Vec<String> {
        let (path, kind) = self.pick(FILES);
        match self.below(20) {
            0..12 => {
                let texts = TEXTS.iter().find(|(known, _)| *known == kind).unwrap().1;
                // The first ones are right, so that sites without a mistake come up often enough.
                let text = if self.below(3) > 0 { texts[self.below(2)] } else { self.pick(texts) };
                put(folder, path, text.as_bytes());
                vec![path.to_string()]
            }
            12..15 => {
                remove(&folder.join(path));
                vec![path.to_string()]
            }
            15 => {
                let (other, _) = self.pick(FILES);
                move_to(folder, path, other);
                vec![path.to_string(), other.to_string()]
            }
            16 => {
                let (from, to) = (self.pick(FOLDERS), self.pick(&["away", "routes/b", "i18n/de", "templates/z"]));
                let (from, to) = if self.below(2) == 0 { (from, to) } else { (to, from) };
                move_to(folder, from, to);
                vec![from.to_string(), to.to_string()]
            }
            17 => {
                put(folder, path, b"a: \xff");
                vec![path.to_string()]
            }
            18 => {
                remove(&folder.join(path));
                fs::create_dir_all(folder.join(path)).unwrap_or_default();
                vec![path.to_string()]
            }
            _ => {
                self.link(folder, path);
                vec![path.to_string()]
            }
        }
    }

    #[cfg(unix)]
    fn link(&mut self, folder: &Path, path: &str) {
        let targets = FILES.iter().map(|(file, _)| *file).chain(FOLDERS.iter().copied()).chain(["nowhere", ".."]);
        let targets: Vec<&str> = targets.collect();
        let target = folder.join(self.pick(&targets));
        remove(&folder.join(path));
        make_parent(folder, path);
        std::os::unix::fs::symlink(target, folder.join(path)).unwrap_or_default();
    }

    #[cfg(not(unix))]
    fn link(&mut self, _: &Path, _: &str) {}
}

/// Makes the folder that a file is to lie in, where no file is in the way.
fn make_parent(folder: &Path, path: &str) {
    fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap_or_default();
}

fn put(folder: &Path, path: &str, text: &[u8]) {
    let full = folder.join(path);
    // Through a link another file would be written, of which a watcher would tell as well.
    if full.is_dir() || full.is_symlink() {
        remove(&full);
    }
    make_parent(folder, path);
    fs::write(folder.join(path), text).unwrap_or_default();
}

fn remove(path: &Path) {
    match path.symlink_metadata().is_ok_and(|data| data.is_dir()) {
        true => fs::remove_dir_all(path).unwrap_or_default(),
        false => fs::remove_file(path).unwrap_or_default(),
    }
}

fn move_to(folder: &Path, from: &str, to: &str) {
    make_parent(folder, to);
    fs::rename(folder.join(from), folder.join(to)).unwrap_or_default();
}

/// What is another in the second snapshot.
fn differences(a: &Snapshot, b: &Snapshot) -> Changed {
    Changed {
        settings: a.settings != b.settings,
        routes: a.routes != b.routes,
        languages: differing(&a.languages, &b.languages, |language| &language.code),
        templates: differing(&a.templates, &b.templates, |template| &template.name),
        assets: differing(&a.assets, &b.assets, |asset| &asset.path),
        migrations: a.migrations != b.migrations,
    }
}

fn differing<T: PartialEq>(a: &[T], b: &[T], name: impl Fn(&T) -> &str) -> BTreeSet<String> {
    let names = a.iter().chain(b).map(&name);
    let find = |list: &'_ [T], wanted: &str| list.iter().position(|item| name(item) == wanted);
    let is_other = |wanted: &&str| match (find(a, wanted), find(b, wanted)) {
        (Some(before), Some(now)) => a[before] != b[now],
        (before, now) => before != now,
    };
    names.filter(is_other).map(str::to_string).collect()
}

fn check(edits: &mut Edits, edited: &mut Edited, context: &str) -> bool {
    let folder = edited.folder.path().to_path_buf();
    let mut paths = BTreeSet::new();
    for _ in 0..=edits.below(2) {
        paths.extend(edits.edit(&folder));
    }
    let touched = match edits.below(8) {
        0 => Touched::All,
        1 => Touched::Paths(paths.iter().map(|path| path.split('/').next().unwrap().to_string()).collect()),
        _ => Touched::Paths(paths.clone()),
    };
    let before = edited.workspace.snapshot().clone();
    let refresh = edited.workspace.refresh(&touched);
    let context = format!("{context} after {paths:?} told as {touched:?}");
    let Reading { snapshot, problems, .. } = read(&folder, &options());
    let now = edited.workspace.snapshot();
    assert_eq!(differences(&before, now), refresh.changed, "{context}");
    assert_eq!(edited.workspace.review().problems(), problems, "{context}");
    let broken = edited.workspace.broken();
    assert!(broken.iter().all(|problem| problems.contains(problem)), "{context}: {broken:?} of {problems:?}");
    // Mistakes in templates and static files keep nothing from being shown.
    let is_serious = |problem: &Problem| {
        let kinds = ["config", "routes", "paths", "i18n", "migrations"];
        problem.is_error() && kinds.iter().any(|kind| problem.file.starts_with(kind))
    };
    if problems.iter().any(is_serious) {
        return false;
    }
    assert_eq!(broken, [], "{context}");
    assert!(*now == snapshot, "{context}: {:?}", differences(now, &snapshot));
    true
}

#[test]
fn any_edits_end_where_reading_anew_would() {
    let mut sound = 0;
    for seed in 0..12 {
        let mut edits = Edits(seed);
        let mut edited = Edited::new(&[]);
        for number in 0..40 {
            sound += usize::from(check(&mut edits, &mut edited, &format!("seed {seed}, edit {number}")));
        }
    }
    assert!(sound > 60, "only {sound} sites without a serious mistake came up");
}
