//! The manual as its readers see it: every page in both languages, every link, every table.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex::Regex;

use crate::server::Server;

/// The manual being served.
struct Manual {
    server: Server,
    /// Every page of both languages with its HTML, found from the menus of the two first pages.
    pages: BTreeMap<String, String>,
}

impl Manual {
    fn read() -> Manual {
        let server = start();
        let mut pages = BTreeMap::new();
        for home in ["/en", "/es"] {
            let html = server.get(home).body;
            let (_, menu) = html.split_once("<nav class=\"pages\"").expect("the first page has a menu");
            let (menu, _) = menu.split_once("</nav>").unwrap();
            for address in all(menu, r#"href="([^"]*)""#) {
                let answer = server.get(&address);
                assert_eq!(answer.status, 200, "{address}");
                pages.insert(address, answer.body);
            }
            pages.insert(home.to_string(), html);
        }
        Manual { server, pages }
    }
}

fn start() -> Server {
    Server::start(&["error.custom_in_dev=true"])
}

/// What the first group of an expression matches, everywhere.
fn all(html: &str, expression: &str) -> Vec<String> {
    Regex::new(expression).unwrap().captures_iter(html).map(|found| found[1].to_string()).collect()
}

fn one(html: &str, expression: &str) -> String {
    all(html, expression).into_iter().next().unwrap_or_default()
}

#[test]
fn there_are_as_many_pages_as_templates() {
    let manual = Manual::read();
    for language in ["en", "es"] {
        // Those of the demo are for both languages; one of them is the frame of the others.
        let of_demo = fs::read_dir("app/templates/demo").unwrap().count() - 1;
        let templates = fs::read_dir(Path::new("app/templates/manual").join(language)).unwrap().count() + of_demo;
        let pages = manual.pages.keys().filter(|address| address.starts_with(&format!("/{language}"))).count();
        assert_eq!(pages, templates, "{language}");
        assert!(pages >= 14, "{language}");
    }
}

#[test]
fn every_page_has_its_language_title_and_description() {
    let manual = Manual::read();
    let mut titles = BTreeSet::new();
    for (address, html) in manual.pages.iter() {
        assert_eq!(one(html, r#"<html lang="([^"]*)""#), address[1..3], "{address}");
        let title = one(html, "<title>([^<]*)</title>");
        assert!(title.contains("Kalgan") && !title.contains("page."), "{address}: {title}");
        assert!(titles.insert((address[1..3].to_string(), title)), "{address}: its title is not its own");
        assert!(one(html, r#"<meta name="description" content="([^"]*)""#).len() > 20, "{address}");
    }
}

#[test]
fn headings_begin_with_one_of_the_first_level_and_skip_none() {
    let manual = Manual::read();
    for (address, html) in manual.pages.iter() {
        let levels: Vec<u32> = all(html, "<h([1-6])[ >]").iter().map(|level| level.parse().unwrap()).collect();
        assert_eq!(levels.first(), Some(&1), "{address}");
        assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "{address}");
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{address}: {levels:?}");
    }
}

#[test]
fn ids_are_unique() {
    let manual = Manual::read();
    for (address, html) in manual.pages.iter() {
        let ids = all(html, r#" id="([^"]*)""#);
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{address}: {ids:?}");
    }
}

#[test]
fn every_link_and_file_is_there() {
    let manual = Manual::read();
    let mut seen = BTreeSet::new();
    for (address, html) in manual.pages.iter() {
        for link in all(html, r#"(?:href|src|data-index)="([^"]*)""#) {
            let link = link.replace("&amp;", "&");
            if link.starts_with("https://") {
                continue;
            }
            let (path, fragment) = link.split_once('#').unwrap_or((&link, ""));
            let path = if path.is_empty() { address.as_str() } else { path };
            if seen.insert((path.to_string(), fragment.to_string())) {
                let answer = manual.server.get(path);
                assert_eq!(answer.status, 200, "{address} links to {link}");
                let is_there = fragment.is_empty() || answer.body.contains(&format!("id=\"{fragment}\""));
                assert!(is_there, "{address} links to {link}, which has no such heading");
            }
        }
    }
    assert!(seen.len() > 60, "only {} links were found", seen.len());
}

#[test]
fn nothing_comes_from_elsewhere() {
    let manual = Manual::read();
    for (address, html) in manual.pages.iter() {
        for source in all(html, r#"(?:src|<link [^>]*href)="([^"]*)""#) {
            assert!(source.starts_with('/') && !source.starts_with("//"), "{address}: {source}");
        }
    }
}

#[test]
fn every_page_has_its_twin_and_the_twin_leads_back() {
    let manual = Manual::read();
    for (address, html) in manual.pages.iter() {
        let (own, other) = if address.starts_with("/en") { ("en", "es") } else { ("es", "en") };
        let twin =
            |html: &str, code: &str| one(html, &format!(r#"<link rel="alternate" hreflang="{code}" href="([^"]*)""#));
        assert_eq!(twin(html, own), *address);
        let there = &manual.pages[&twin(html, other)];
        assert_eq!(twin(there, own), *address);
        assert!(html.contains(&format!("href=\"{}\" hreflang=\"{other}\"", twin(html, other))), "{address}: no switch");
        let code = |html: &str| all(html, r#"<code class="language-([a-z]*)""#);
        assert_eq!(code(html), code(there), "{address}: the examples differ from those of its twin");
    }
}

#[test]
fn no_message_is_missing() {
    let manual = Manual::read();
    let ids = Regex::new(r">\s*(?:page|layout|section|settings|reference|search|error)\.[a-z_0-9.*]+\s*<").unwrap();
    for (address, html) in manual.pages.iter() {
        let (head, prose) = html.split_once("<article").unwrap_or((html, ""));
        assert!(ids.find(head).is_none(), "{address}: {:?}", ids.find(head));
        assert!(!prose.contains("{from}") || address.contains("trans"), "{address}");
    }
}

#[test]
fn the_table_of_settings_is_complete_and_says_what_the_code_says() {
    let manual = Manual::read();
    // Long names say where they may be broken.
    let [english, spanish] = ["/en/reference", "/es/referencia"].map(|page| manual.pages[page].replace("<wbr>", ""));
    for key in kalgan::snapshot::schema::KEYS {
        let cell = format!("<td><code>{}</code></td>", key.name);
        assert!(english.contains(&cell) && spanish.contains(&cell), "{}", key.name);
        assert!(!spanish.contains(&format!("settings.{}", key.name)), "{} has no Spanish text", key.name);
        let (_, row) = english.split_once(&cell).unwrap();
        let text = plain(row.split_once("</tr>").unwrap().0);
        let meaning = key.meaning.replace('`', "").replace("Name <address>", "Name &lt;address&gt;");
        assert!(text.contains(&meaning), "{}: the manual says {text:?}, the code {meaning:?}", key.name);
    }
}

fn plain(html: &str) -> String {
    Regex::new("<[^>]*>").unwrap().replace_all(html, "").replace(['’', '‘'], "'")
}

#[test]
fn the_first_address_chooses_the_language() {
    let server = start();
    let ask = |wanted: &str| {
        let answer = server.get_with("/", &[("accept-language", wanted)]);
        assert_eq!(answer.status, 302);
        assert_eq!(answer.header("vary"), "Accept-Language");
        answer.header("location").to_string()
    };
    assert_eq!(ask("es-MX,es;q=0.9,en;q=0.5"), "/es");
    assert_eq!(ask("fr"), "/en");
}

#[test]
fn old_addresses_lead_to_their_successors() {
    let server = start();
    let answer = server.get("/doc/current/configuration");
    assert_eq!((answer.status, answer.header("location")), (301, "/en/settings"));
    assert_eq!(server.get("/doc/0.9.0/nothing").status, 404);
}

#[test]
fn an_unknown_address_gets_a_page_in_its_language() {
    let server = start();
    for (address, title) in [("/en/nothing", "This page is not here"), ("/es/nada", "Esta página no existe")] {
        let answer = server.get(address);
        assert_eq!(answer.status, 404);
        assert!(answer.body.contains(title), "{address}: {}", answer.body);
    }
}

#[test]
fn the_search_index_has_every_page_and_its_sections() {
    let manual = Manual::read();
    for (index, language, word) in
        [("/en/search.json", "/en", "regular expression"), ("/es/buscar.json", "/es", "expresión regular")]
    {
        let entries: Vec<BTreeMap<String, String>> = serde_json::from_str(&manual.server.get(index).body).unwrap();
        let addresses: BTreeSet<_> =
            entries.iter().map(|entry| entry["address"].split('#').next().unwrap().to_string()).collect();
        let is_prose = |address: &&String| address.starts_with(language) && !address.contains("/demo/");
        let pages: BTreeSet<_> = manual.pages.keys().filter(is_prose).cloned().collect();
        assert_eq!(addresses, pages);
        assert!(entries.len() > 3 * pages.len(), "sections are missing: {}", entries.len());
        assert!(entries.iter().any(|entry| entry["text"].contains(word)), "no entry tells of “{word}”");
        assert!(
            entries.iter().all(|entry| !entry["text"].contains("<span") && !entry["text"].contains("&amp;")),
            "markup is in the index"
        );
    }
}

/// The YAML files, templates and migrations that a language's pages show, written into a folder as one site.
fn write_examples(language: &str, folder: &Path) {
    let fence = Regex::new(r"(?ms)^```(yaml|html|sql)(?: app/(\S+))?\n(.*?)^```").unwrap();
    let mut pages: Vec<_> = fs::read_dir(Path::new("app/templates/manual").join(language)).unwrap().flatten().collect();
    pages.sort_by_key(|page| page.file_name());
    for (number, page) in pages.iter().enumerate() {
        let source = fs::read_to_string(page.path()).unwrap().replace("{% raw %}", "").replace("{% endraw %}", "");
        for (place, example) in fence.captures_iter(&source).enumerate() {
            let unnamed = format!("templates/{number}-{place}.html");
            let path = folder.join(example.get(2).map_or(unnamed.as_str(), |name| name.as_str()));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &example[3]).unwrap();
        }
    }
    for file in ["css/site.css", "img/gate.svg", "js/menu.js", "js/search.js", "vendor/normalize.css"] {
        let file = folder.join("static").join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "/* */").unwrap();
    }
    fs::create_dir(folder.join("root")).unwrap();
    fs::write(folder.join("root/robots.txt"), "").unwrap();
}

#[test]
fn the_examples_are_together_a_site_without_mistakes() {
    for language in ["en", "es"] {
        let folder = tempfile::tempdir().unwrap();
        write_examples(language, folder.path());
        let options =
            kalgan::source::Options { name: "site".into(), release: "1.0.0".into(), is_prod: false, minify: None };
        let reading = kalgan::source::read(folder.path(), &options);
        let errors: Vec<_> = reading.problems.into_iter().filter(|problem| problem.is_error()).collect();
        assert!(errors.is_empty(), "{}", kalgan::problem::report(&errors));
        assert!(reading.snapshot.routes.len() >= 7 && reading.snapshot.templates.len() >= 8, "examples were not found");
    }
}
