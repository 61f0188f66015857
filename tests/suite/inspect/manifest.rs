use std::collections::BTreeSet;

use serde_json::Value;

use super::{cells, printed, run_with};

fn manifest() -> Value {
    serde_json::from_str(&printed(&["manifest", "--json"])).expect("it is JSON")
}

fn texts<'v>(list: &'v Value, field: &str) -> Vec<&'v str> {
    let items = list.as_array().expect("it is a list").iter();
    items.map(|item| item[field].as_str().expect("the field is a text")).collect()
}

#[test]
fn two_manifests_are_equal_byte_by_byte_whatever_the_environment() {
    let first = printed(&["manifest", "--json"]);
    assert_eq!(first, printed(&["manifest", "--json"]));
    let variables =
        [("KALGAN__SERVER__PORT", "1"), ("KALGAN__SECURITY__SECRET_KEY", "a secret of the environment, 32 letters")];
    let (code, other, _) = run_with(&["manifest", "--json", "--set", "server.port=none"], &variables);
    assert_eq!((code, &other), (Some(0), &first));
    assert_eq!(printed(&["manifest"]), printed(&["manifest"]));
}

#[test]
fn the_routes_are_those_of_the_command_routes() {
    let table = printed(&["routes"]);
    let mut listed: Vec<&str> = table.lines().skip(1).map(|line| cells(line)[0]).collect();
    listed.dedup();
    let manifest = manifest();
    assert_eq!(texts(&manifest["routes"], "name"), listed);
    let routes = manifest["routes"].as_array().expect("it is a list");
    let guest_book = routes.iter().find(|it| it["name"] == "guest_book_sign").expect("the manual has it");
    assert_eq!(guest_book["paths"]["en"], "/en/demo/guest-book");
    assert!(guest_book["max_body_size"].as_u64().is_some_and(|bytes| bytes > 0), "{guest_book}");
    assert!(table.contains(guest_book["declared"].as_str().expect("a text")), "{guest_book}");
}

#[test]
fn the_static_files_are_those_of_the_command_assets_list() {
    let table = printed(&["assets", "list"]);
    let manifest = manifest();
    let files = manifest["static_files"].as_object().expect("it is a map");
    let lines: Vec<Vec<&str>> = table.lines().skip(1).map(cells).collect();
    let (_, listed) = lines.split_last().expect("the last line has the sums");
    assert_eq!(files.len(), listed.len());
    for row in listed {
        let file = &files[row[0]];
        assert_eq!(file["size"].to_string(), row[1]);
        assert_eq!(
            [&file["hash"], &file["version"], &file["type"]].map(|it| it.as_str()),
            [row[5], row[6], row[7]].map(Some)
        );
    }
}

#[test]
fn the_settings_are_those_of_the_files_that_the_command_settings_shows() {
    let table = printed(&["settings", "--set", "environment.is_prod=true"]);
    let manifest = manifest();
    let frozen = manifest["settings"].as_array().expect("it is a list").iter();
    let frozen: Vec<&Value> = frozen.filter(|it| it["environment"] != "development").collect();
    for setting in &frozen {
        let row = [&setting["key"], &setting["value"], &setting["declared"]].map(|it| it.as_str().expect("a text"));
        assert!(table.lines().any(|line| cells(line) == row), "{row:?} is not in\n{table}");
    }
    let from_files = table.lines().filter(|line| line.contains("config/")).count();
    assert_eq!(frozen.len(), from_files);
}

#[test]
fn versions_texts_and_migrations_are_told() {
    let manifest = manifest();
    let versions = &manifest["versions"];
    let told = printed(&["version"]);
    for field in ["release", "kalgan", "static_files"] {
        assert!(told.contains(versions[field].as_str().expect("a text")), "{field}");
    }
    assert_eq!((&manifest["format"], &versions["site"]), (&1.into(), &"kalgan".into()));
    assert!(versions["target"].as_str().is_some_and(|it| it.contains("linux") || !it.is_empty()), "{versions}");
    assert!(versions["features"].as_array().expect("a list").contains(&"source".into()));
    let english = &manifest["messages"]["en"];
    assert_eq!(english["count"].as_u64(), english["texts"].as_object().map(|it| it.len() as u64));
    assert_eq!(manifest["hashes"]["texts"], "xxh3-128");
    let hash = manifest["templates"]["page.html"]["hash"].as_str().expect("the manual has that template");
    assert!(hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash}");
    let numbers: BTreeSet<i64> =
        manifest["migrations"].as_array().expect("a list").iter().filter_map(|it| it["number"].as_i64()).collect();
    assert!(numbers.contains(&1), "{}", manifest["migrations"]);
}

#[test]
fn people_get_tables() {
    let page = printed(&["manifest"]);
    for heading in ["MIGRATIONS (", "ROUTES (", "SETTINGS (", "MESSAGES (2)", "TEMPLATES (", "STATIC FILES ("] {
        assert!(page.contains(&format!("\n\n{heading}")), "{heading}");
    }
}
