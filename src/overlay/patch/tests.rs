//! Small sites and small overlays: what comes of the two, and what is said of mistakes. The process around it is tested in `tests/suite`.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::snapshot::{Asset, Encoding, Variant};
use crate::source::{self, Options};

/// A site with one of everything: its files by path.
const SITE: &[(&str, &str)] = &[
    (
        "config/app.yaml",
        "shop:\n  open: true\n  name: Old\ni18n:\n  language:\n    default: en\nstatic:\n  root: top\n",
    ),
    ("config/mail.yaml", "shop:\n  mail: a@example.com\n"),
    (
        "routes/b.yaml",
        "routes:\n  - home:\n      path: /\n      controller: page::home\n  - about:\n      path: /about\n      controller: page::about\n",
    ),
    ("i18n/en/shop.yaml", "title: The shop\nhello: Hello {name}\n"),
    ("i18n/es/shop.yaml", "title: La tienda\nhello: Hola {name}\n"),
    ("templates/base.html", "<title>{{ \"title\" | trans }}</title>{% block body %}{% endblock %}"),
    (
        "templates/home.html",
        "{% extends \"base.html\" %}{% block body %}<a href=\"{{ \"about\" | url }}\"><img src=\"{{ \"/logo.svg\" | asset }}\">{% endblock %}",
    ),
    ("static/logo.svg", "<svg/>"),
    ("static/plain.css", "b { color: red }"),
    ("static/css/site.css", "@import 'more.css'; a { color: blue }"),
    ("static/css/more.css", "a { background: url(../logo.svg#x) }"),
    ("top/robots.txt", "User-agent: *"),
];

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(folder.path(), path, text.as_bytes());
    }
    folder
}

fn write(folder: &Path, path: &str, bytes: &[u8]) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// The site as a release build would freeze it, with other settings than those of [`SITE`] below `static`.
fn binary_with(more: &[(&str, &str)]) -> Snapshot {
    let site = folder(SITE);
    more.iter().for_each(|(path, text)| write(site.path(), path, text.as_bytes()));
    let options = Options { name: "test".into(), release: "1".into(), is_prod: true, minify: None };
    let reading = source::read(site.path(), &options);
    assert_eq!(problem::report(&reading.problems), "0 errors, 0 warnings");
    let mut snapshot = reading.snapshot;
    for asset in snapshot.assets.to_mut() {
        asset.variants = vec![Variant { encoding: Encoding::Gzip, body: b"x".to_vec().into() }].into();
    }
    snapshot
}

fn binary() -> Snapshot {
    binary_with(&[])
}

fn put_over(binary: Snapshot, overlay: &Path) -> Patched {
    let functions = Functions { controllers: Some(vec!["page::home", "page::about"]), middleware: vec!["auth::check"] };
    read(overlay, binary, &functions)
}

/// The site with an overlay that has no mistake.
fn patched(files: &[(&str, &str)]) -> Snapshot {
    let overlay = folder(files);
    let patched = put_over(binary(), overlay.path());
    assert_eq!(problem::report(&patched.problems), "0 errors, 0 warnings");
    patched.snapshot
}

/// What is said of an overlay, with `DIR` for its folder.
fn report(files: &[(&str, &str)]) -> String {
    let overlay = folder(files);
    report_of(overlay.path())
}

fn report_of(overlay: &Path) -> String {
    let patched = put_over(binary(), overlay);
    problem::report(&patched.problems).replace(&overlay.display().to_string(), "DIR")
}

fn asset<'a>(snapshot: &'a Snapshot, path: &str) -> &'a Asset {
    snapshot.assets.iter().find(|asset| asset.path == path).unwrap()
}

fn body(asset: &Asset) -> &str {
    std::str::from_utf8(&asset.body).unwrap()
}

#[test]
fn an_empty_overlay_and_the_sites_own_folder_change_nothing() {
    assert_eq!(patched(&[]), binary());
    let own = folder(SITE);
    let Patched { snapshot, problems, summary } = put_over(binary(), own.path());
    assert_eq!(problem::report(&problems), "0 errors, 0 warnings");
    assert_eq!(summary.to_string(), "2 settings files, 1 route file, 2 message files, 2 templates, 5 static files");
    let binary = binary();
    assert_eq!((snapshot.languages, snapshot.templates), (binary.languages, binary.templates));
    assert_eq!((snapshot.assets, snapshot.version), (binary.assets, binary.version));
    let places =
        |snapshot: &[crate::snapshot::Route]| snapshot.iter().map(|route| route.place.to_string()).collect::<Vec<_>>();
    let located = |place: String| format!("{}/{place}", own.path().display());
    assert_eq!(places(&snapshot.routes), places(&binary.routes).into_iter().map(located).collect::<Vec<_>>());
    assert_eq!(Summary::default().to_string(), "no files");
}

#[test]
fn a_settings_file_takes_the_place_of_that_path_and_others_are_added_in_order() {
    let snapshot = patched(&[
        ("config/app.yaml", "shop:\n  name: New\ni18n:\n  language:\n    default: es\nstatic:\n  root: top\n"),
        ("config/b.prod.yaml", "shop:\n  name: Limited\n"),
        ("config/b.yaml", "shop:\n  open: false\n"),
    ]);
    let pairs = |setting: &crate::snapshot::Setting| {
        (setting.key.to_string(), setting.place.file.rsplit('/').next().unwrap().to_string())
    };
    let settings: Vec<_> = snapshot.settings.iter().map(pairs).collect();
    let expected = [
        ("shop.name", "app.yaml"),
        ("i18n.language.default", "app.yaml"),
        ("static.root", "app.yaml"),
        ("shop.open", "b.yaml"),
        ("shop.mail", "mail.yaml"),
        ("shop.name", "b.prod.yaml"),
    ];
    assert_eq!(settings, expected.map(|(key, file)| (key.to_string(), file.to_string())));
}

#[test]
fn a_setting_that_the_binary_sets_again_is_a_warning() {
    let report = report(&[("config/a.yaml", "shop:\n  mail: b@example.com\n")]);
    let expected = "DIR/config/a.yaml:2:3: warning: `shop.mail` has no effect here: the binary sets it in `config/mail.yaml`, which comes later";
    assert!(report.starts_with(expected), "{report}");
    assert!(report.ends_with("0 errors, 1 warning"), "{report}");
}

#[test]
fn settings_of_the_build_are_refused_but_for_what_is_not_checked() {
    let report =
        report(&[("config/mail.yaml", "tera:\n  path: views\nstatic:\n  minify: true\n  dynamic: [/generated/*]\n")]);
    for key in ["tera.path", "static.minify"] {
        let told = format!("error: `{key}` counts when the site is built, and the binary was built with another value");
        assert!(report.contains(&told), "{report}");
    }
    assert!(report.contains("DIR/config/mail.yaml:2:3: error") && report.ends_with("2 errors, 0 warnings"), "{report}");
    let built = binary_with(&[("config/mail.yaml", "i18n:\n  path: i18n\n")]);
    let overlay = folder(&[("config/mail.yaml", "shop:\n  mail: x\n")]);
    let told = problem::report(&put_over(built, overlay.path()).problems);
    assert!(told.contains("mail.yaml: error: `i18n.path` is missing: it counts when the site is built"), "{told}");
}

#[test]
fn messages_are_put_over_one_by_one_in_any_file() {
    let snapshot = patched(&[
        ("i18n/en/mended.yaml", "title: The new shop\nbye: Bye\n"),
        ("i18n/es/mended.yaml", "bye: Adiós\n"),
        ("i18n/de/all.yaml", "title: Der Laden\n"),
    ]);
    let codes: Vec<&str> = snapshot.languages.iter().map(|language| language.code.as_ref()).collect();
    assert_eq!(codes, ["de", "en", "es"]);
    let text = |code: usize, id: &str| snapshot.languages[code].messages.get(id).map(str::to_string);
    assert_eq!(text(0, "title").as_deref(), Some("Der Laden"));
    assert_eq!(text(1, "title").as_deref(), Some("The new shop"));
    assert_eq!((text(1, "hello").as_deref(), text(2, "title").as_deref()), (Some("Hello {name}"), Some("La tienda")));
    assert_eq!((text(1, "bye").as_deref(), text(2, "bye").as_deref()), (Some("Bye"), Some("Adiós")));
}

#[test]
fn messages_that_may_be_wrong_are_warnings() {
    let report = report(&[("i18n/en/a.yaml", "hello: Hello {nam}\nextra: More\n")]);
    assert!(
        report.contains("a.yaml:1:1: warning: the message `hello` has `{nam}` where it has `{name}` in the binary"),
        "{report}"
    );
    assert!(report.contains("a.yaml:2:1: warning: the message `extra` is new and missing in `es`"), "{report}");
    assert!(report.ends_with("0 errors, 2 warnings"), "{report}");
}

#[test]
fn a_route_file_takes_the_place_of_that_path_and_others_are_added_in_order() {
    let snapshot = patched(&[
        (
            "routes/a.yaml",
            "routes:\n  - first:\n      path: /first\n      controller: page/home\n      middleware: [auth::check]\n",
        ),
        (
            "routes/b.yaml",
            "routes:\n  - about:\n      path: /about-us\n      controller: page::about\n  - home:\n      path: /\n      controller: page::home\n",
        ),
        ("routes/c.yaml", "routes:\n  - last:\n      path: /{any}\n      controller: page::home\n"),
    ]);
    let routes: Vec<_> = snapshot.routes.iter().map(|route| (&*route.name, &*route.paths[0].pattern)).collect();
    assert_eq!(routes, [("first", "/first"), ("about", "/about-us"), ("home", "/"), ("last", "/{any}")]);
}

#[test]
fn routes_lead_to_functions_of_the_binary_and_not_into_each_others_way() {
    let told = report(&[(
        "routes/a.yaml",
        "routes:\n  - one:\n      path: /one\n      controller: page::hom\n      middleware: [auth::chek]\n  - two:\n      path: /{any}\n      controller: page::home\n  - about:\n      path: /x/y\n      controller: page::home\n",
    )]);
    assert!(
        told.contains(
            "DIR/routes/a.yaml:2:5: error: the route `one` names the controller `page::hom`, which is not in the binary"
        ),
        "{told}"
    );
    assert!(told.contains("the middleware `auth::chek`") && told.contains("did you mean `page::home`?"), "{told}");
    assert!(told.contains("a.yaml:9:5: error: a second route has the name `about`"), "{told}");
    assert!(!told.contains("`two`"), "another pattern hides nothing: {told}");
    let hidden = report(&[("routes/a.yaml", "routes:\n  - all:\n      path: /about\n      controller: page::home\n")]);
    let expected =
        "DIR/routes/a.yaml:2:5: error: with the route `all` the binary's `about` (routes/b.yaml:5:5) could never match";
    assert!(hidden.starts_with(expected), "{hidden}");
    let never = report(&[("routes/c.yaml", "routes:\n  - all:\n      path: /about\n      controller: page::home\n")]);
    let expected = "DIR/routes/c.yaml:2:5: error: the route `all` could never match: the binary's `about` (routes/b.yaml:5:5) always does";
    assert!(never.starts_with(expected), "{never}");
}

#[test]
fn a_route_that_is_gone_is_told_where_the_binary_names_it() {
    let report = report(&[("routes/b.yaml", "routes:\n  - home:\n      path: /\n      controller: page::home\n")]);
    assert!(
        report.contains("DIR/routes/b.yaml: warning: the binary's file has `about`, which this file has not"),
        "{report}"
    );
    assert!(
        report.contains("\ntemplates/home.html:1:") && report.contains("error: there is no route `about`"),
        "{report}"
    );
    assert!(
        report.contains("this is in the binary; a file `DIR/templates/home.html` would take its place"),
        "{report}"
    );
}

#[test]
fn templates_are_put_over_by_name_and_checked_with_the_others() {
    let snapshot = patched(&[
        (
            "templates/base.html",
            "<h1>{{ \"hello\" | trans(name = 1) }}</h1>{% block body %}{% endblock %}{% include \"parts/new.html\" %}",
        ),
        ("templates/parts/new.html", "new"),
    ]);
    let names: Vec<&str> = snapshot.templates.iter().map(|template| template.name.as_ref()).collect();
    assert_eq!(names, ["base.html", "home.html", "parts/new.html"]);
    assert!(snapshot.templates[0].source.starts_with("<h1>"));
    assert_eq!(snapshot.templates[0].links.templates[0], "parts/new.html");
    let report = report(&[
        (
            "templates/base.html",
            "{{ 1 | shout }}\n{{ \"hello\" | trans }}{{ \"/nothing.png\" | asset }}{{ \"nowhere\" | url }}",
        ),
        ("templates/bad.html", "{% if %}"),
    ]);
    assert!(report.contains("DIR/templates/bad.html:1:7: error"), "{report}");
    let report = self::report(&[("templates/a.html", "{{ 1 | shout }}\n{% include \"gone.html\" %}")]);
    assert!(report.contains("DIR/templates/a.html:1:8: error: ") && report.contains("`shout`"), "{report}");
    assert!(report.contains("DIR/templates/a.html:2:12: error: there is no template `gone.html`"), "{report}");
    let report =
        self::report(&[("templates/a.html", "{{ \"helo\" | trans }}{{ \"/x.png\" | asset }}{{ \"nowhere\" | url }}")]);
    for missing in ["message `helo`", "static file `/x.png`", "route `nowhere`"] {
        assert!(report.contains(missing), "{report}");
    }
    assert!(report.ends_with("3 errors, 0 warnings"), "{report}");
}

#[test]
fn a_block_that_the_binary_overrides_is_told_when_it_goes() {
    let report = report(&[("templates/base.html", "no block")]);
    assert!(report.contains("templates/home.html") && report.contains("`body`"), "{report}");
}

#[test]
fn a_replaced_file_gets_a_version_of_its_own_and_so_does_what_names_it() {
    for version in ["auto", "file", "v001", ""] {
        let settings = format!("static:\n  version: \"{version}\"\n  root: top\n");
        let built = || binary_with(&[("config/app.yaml", settings.as_str())]);
        let overlay = folder(&[("static/logo.svg", "<svg>new</svg>"), ("static/new.txt", "new")]);
        let Patched { snapshot, problems, .. } = put_over(built(), overlay.path());
        assert_eq!(problem::report(&problems), "0 errors, 0 warnings");
        let before = built();
        for path in ["static/logo.svg", "static/css/more.css", "static/css/site.css"] {
            let (old, new) = (asset(&before, path), asset(&snapshot, path));
            assert!(
                new.is_patched && new.version != old.version && new.hash != old.hash && new.variants.is_empty(),
                "{path}"
            );
        }
        for path in ["static/plain.css", "top/robots.txt"] {
            let path = path.strip_prefix("top/").unwrap_or(path);
            assert_eq!(asset(&snapshot, path), asset(&before, path), "{path}");
        }
        let logo = &asset(&snapshot, "static/logo.svg").version;
        let more = asset(&snapshot, "static/css/more.css");
        assert_eq!(body(more), format!("a {{ background: url(../logo.svg?{logo}#x) }}"), "{version}");
        let imported = format!("@import 'more.css?{}'; a {{ color: blue }}", more.version);
        assert_eq!(body(asset(&snapshot, "static/css/site.css")), imported);
        assert_eq!(body(asset(&snapshot, "static/new.txt")), "new");
        assert_eq!(snapshot.version, before.version);
    }
}

#[test]
fn a_stylesheet_from_an_export_loses_the_versions_that_the_build_wrote() {
    let binary = binary();
    let exported = body(asset(&binary, "static/css/more.css")).to_string();
    assert!(exported.contains(&format!("?{}", binary.version)), "{exported}");
    let unchanged = folder(&[("static/css/more.css", &exported)]);
    assert_eq!(put_over(binary.clone(), unchanged.path()).snapshot.assets, binary.assets);
    let edited = exported.replace("background", "border-image");
    let overlay = folder(&[("static/css/more.css", &edited), ("static/logo.svg", "<svg>new</svg>")]);
    let snapshot = put_over(binary, overlay.path()).snapshot;
    let logo = &asset(&snapshot, "static/logo.svg").version;
    assert_eq!(
        body(asset(&snapshot, "static/css/more.css")),
        format!("a {{ border-image: url(../logo.svg?{logo}#x) }}")
    );
}

#[test]
fn files_at_the_top_and_what_stands_in_their_way() {
    let snapshot = patched(&[("top/robots.txt", "Disallow: /"), ("top/favicon.ico", "icon")]);
    let (robots, icon) = (asset(&snapshot, "robots.txt"), asset(&snapshot, "favicon.ico"));
    assert!(robots.is_root && robots.is_patched && icon.is_root && icon.mime == "image/x-icon");
    let report = report(&[("top/about", "x")]);
    assert!(
        report.contains("DIR/top/about: error: this file answers at `/about`, so the route `about` never would"),
        "{report}"
    );
}

#[test]
fn a_part_of_a_bundle_is_a_warning_unless_the_bundle_comes_with_it() {
    let config = "static:\n  root: top\n  bundles:\n    /all.css: [/plain.css, /css/more.css]\n";
    let told = |files: &[(&str, &str)]| {
        let overlay = folder(files);
        let built = binary_with(&[("config/app.yaml", config)]);
        problem::report(&put_over(built, overlay.path()).problems).replace(&overlay.path().display().to_string(), "DIR")
    };
    let report = told(&[("static/plain.css", "b { color: green }")]);
    assert!(
        report.starts_with("DIR/static/plain.css: warning: the bundle `/all.css` has a copy of this file"),
        "{report}"
    );
    assert_eq!(told(&[("static/plain.css", "i {}"), ("static/all.css", "i {}")]), "0 errors, 0 warnings");
    assert_eq!(told(&[("static/plain.css", "b { color: red }")]), "0 errors, 0 warnings", "it is the same file");
}

#[test]
fn what_nothing_reads_is_told_with_the_place_where_it_belongs() {
    let report = report(&[
        ("logo.svg", "<svg/>"),
        ("template/home.html", "x"),
        ("texts.yaml", "a: b"),
        ("main.rs", ""),
        ("controller/page.rs", ""),
        ("i18n/lost.yaml", "a: b"),
        ("config/old.yam", "a: b"),
    ]);
    assert!(report.contains("DIR/logo.svg: warning: nothing reads this file\n  = help: templates belong into `templates/`, static files into `static/` or `top/`"), "{report}");
    assert!(report.contains("did you mean `templates/home.html`?"), "{report}");
    assert!(
        report.contains("settings belong into `config/`, routes into `routes/`, messages into `i18n/LANGUAGE/`"),
        "{report}"
    );
    assert_eq!(report.matches("Rust code").count(), 1, "{report}");
    assert!(
        report.contains("DIR/i18n/lost.yaml: warning") && report.contains("DIR/config/old.yam: warning"),
        "{report}"
    );
    assert!(report.ends_with("0 errors, 6 warnings"), "{report}");
}

#[test]
fn mistakes_of_all_kinds_are_told_together_with_their_places() {
    let overlay = folder(&[
        ("config/mail.yaml", "server:\n  prot: 1\n  port: many\n"),
        ("routes/a.yaml", "routes: [\n"),
        ("i18n/en/a.yaml", "title: a: b\n"),
    ]);
    write(overlay.path(), "templates/latin.html", b"a\xf1o");
    std::os::unix::fs::symlink("/etc/hostname", overlay.path().join("static.txt")).unwrap();
    fs::create_dir_all(overlay.path().join("static")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", overlay.path().join("static/passwd")).unwrap();
    let report = report_of(overlay.path());
    for start in [
        "DIR/config/mail.yaml:2:3: error: unknown setting `server.prot`",
        "DIR/config/mail.yaml:3:9: error: ",
        "DIR/routes/a.yaml:",
        "DIR/i18n/en/a.yaml:1:",
        "DIR/templates/latin.html:1:2: error: the file is not UTF-8",
        "DIR/static/passwd: error: this leads out of",
    ] {
        assert!(report.contains(start), "{start}\n{report}");
    }
    assert!(!report.contains("root:"), "nothing of the linked file is shown");
}

#[test]
fn a_mistake_in_one_kind_hides_none_in_another_and_makes_none_up() {
    let report = report(&[
        ("routes/a.yaml", "routes: [\n"),
        (
            "templates/a.html",
            "{% include \"gone.html\" %}{{ \"perhaps\" | url }}{{ \"helo\" | trans }}{{ \"/x.png\" | asset }}",
        ),
    ]);
    for told in
        ["DIR/routes/a.yaml:", "no template `gone.html`", "no language has a message `helo`", "static file `/x.png`"]
    {
        assert!(report.contains(told), "{told}: {report}");
    }
    assert!(!report.contains("no route `perhaps`"), "the route may be in the file that cannot be read: {report}");
    assert!(report.ends_with("4 errors, 0 warnings"), "{report}");
}

#[test]
fn a_folder_that_is_not_there_is_an_error() {
    let report = problem::report(&put_over(binary(), Path::new("/nowhere/overlay")).problems);
    assert!(report.starts_with("/nowhere/overlay: error: there is no such file or folder"), "{report}");
}

#[test]
fn groups_and_hosts_of_an_overlay_are_read_as_those_of_the_site() {
    let admin = "prefix: /admin\nhost: Admin.example.com\nmiddleware: auth::check\nroutes:\n  - admin:\n      path: /\n      controller: page::home\n";
    let snapshot = patched(&[("routes/a.yaml", admin)]);
    let admin = snapshot.routes.iter().find(|route| route.name == "admin").unwrap();
    assert_eq!((admin.host.as_deref(), &*admin.paths[0].pattern), (Some("admin.example.com"), "/admin"));
    assert_eq!(admin.middleware[..], ["auth::check"]);
    // A route of a host hides none that answers for every host, and is hidden by one that stands before it.
    let home = "routes:\n  - own:\n      path: /\n      host: a.b\n      controller: page::home\n";
    assert_eq!(patched(&[("routes/a.yaml", home)]).routes.len(), 3);
    let report = report(&[("routes/c.yaml", home)]);
    assert!(report.contains("the route `own` could never match: the binary's `home`"), "{report}");
}
