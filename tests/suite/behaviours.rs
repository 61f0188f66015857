//! What Kalgan 0.9 did is numbered, B1 to B174, in an inventory that was made from outside before this version was written. Here each
//! number is held by a test that cites it, or named on the manual's page on porting, which says what took its place.
//!
//! `tests/behaviours.txt` says for each number which of the two it is. A citation counts in the code of tests only: the comment of a
//! function that serves promises nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// A number of the inventory and where it is met.
struct Behaviour {
    number: String,
    in_tests: bool,
    on_page: bool,
}

#[test]
fn every_behaviour_of_kalgan_0_9_is_tested_or_has_its_place_on_the_porting_page() {
    let (tests, pages) = (numbers(&test_code()), ["en", "es"].map(|language| numbers(&porting_page(language))));
    let mut missing = Vec::new();
    for behaviour in inventory().iter() {
        let number = &behaviour.number;
        if behaviour.in_tests && !tests.contains(number) {
            missing.push(format!("{number}: no test cites it"));
        }
        let without = ["en", "es"].into_iter().zip(&pages).filter(|(_, page)| !page.contains(number));
        for (language, _) in without.filter(|_| behaviour.on_page) {
            missing.push(format!("{number}: {language}/porting.html does not name it"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn no_number_is_cited_that_the_inventory_has_not() {
    let known: BTreeSet<String> = inventory().into_iter().map(|behaviour| behaviour.number).collect();
    for text in [test_code(), porting_page("en"), porting_page("es")] {
        let unknown: Vec<_> = numbers(&text).difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
    assert_eq!(numbers(&porting_page("en")), numbers(&porting_page("es")), "the two languages name other numbers");
}

#[test]
fn the_inventory_is_whole() {
    let inventory = inventory();
    let whole: BTreeSet<u16> = inventory.iter().map(|behaviour| digits(&behaviour.number)).collect();
    assert_eq!(whole, (1..=174).collect());
    assert_eq!(inventory.len(), 174 + 1 + 12 + 6 + 5 + 8 + 5, "60a, and the letters of 55, 67, 98, 103 and 136");
    let nowhere = inventory.iter().filter(|behaviour| !behaviour.in_tests && !behaviour.on_page);
    assert_eq!(nowhere.map(|behaviour| &behaviour.number).collect::<Vec<_>>(), [""; 0]);
    let order: Vec<_> = inventory.iter().map(|behaviour| (digits(&behaviour.number), &behaviour.number)).collect();
    assert!(order.is_sorted_by(|a, b| a < b), "out of order, or twice: {order:?}");
}

#[test]
fn citations_are_found_in_tests_and_not_in_other_code() {
    let file =
        "/// B998\nfn serve() {}\n\n#[cfg(test)]\nmod tests {\n    // B9, B55a to B55c; B12x4 and %B3 are none\n}\n";
    assert_eq!(numbers(tests_of("src/a.rs", file)), BTreeSet::from(["B9", "B55a", "B55c"].map(str::to_string)));
    assert_eq!(tests_of("src/a.rs", "/// B998\n"), "");
    for path in ["src/a/tests.rs", "src/a/tests/b.rs", "tests/suite/a.rs"] {
        assert_eq!(tests_of(path, "B998"), "B998", "{path}");
    }
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of `tests/behaviours.txt`: the number, one or both of the places, then what it is about.
fn inventory() -> Vec<Behaviour> {
    let text = read(&repository("tests/behaviours.txt"));
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let behaviour = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_string);
        let number = words.next().unwrap_or_default();
        let places: Vec<String> = words.take_while(|word| matches!(word.as_str(), "test" | "porting")).collect();
        let has = |place: &str| places.iter().any(|word| word == place);
        Behaviour { number, in_tests: has("test"), on_page: has("porting") }
    };
    lines.map(behaviour).collect()
}

/// All code of all tests but of this file.
fn test_code() -> String {
    let mut files = Vec::new();
    ["src", "app", "tests/suite"].iter().for_each(|folder| collect(&repository(folder), &mut files));
    files.retain(|path| !path.ends_with(file!()));
    let root = repository("");
    let name = |path: &Path| path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
    files.iter().map(|path| tests_of(&name(path), &read(path)).to_string() + "\n").collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The part of a file that is test code.
fn tests_of<'t>(path: &str, text: &'t str) -> &'t str {
    if path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs") {
        return text;
    }
    text.split_once("#[cfg(test)]\nmod tests {").map_or("", |(_, tests)| tests)
}

fn porting_page(language: &str) -> String {
    read(&repository(&format!("app/templates/manual/{language}/porting.html")))
}

/// The numbers that a text cites, each by itself. Behind a percent sign stands a byte of an address.
fn numbers(text: &str) -> BTreeSet<String> {
    let number = Regex::new(r"(?:^|[^%\w])(B[0-9]+[a-z]?)\b").unwrap();
    number.captures_iter(text).map(|found| found[1].to_string()).collect()
}

/// The number without its letter.
fn digits(number: &str) -> u16 {
    let digits = number.trim_matches(|character: char| !character.is_ascii_digit());
    digits.parse().unwrap_or_else(|_| panic!("`{number}` is no number of the inventory"))
}
