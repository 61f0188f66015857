//! Another number of instances.

use std::path::Path;

use super::system::Folder;
use crate::deploy::install::{Kind, Wish};
use crate::deploy::{Choices, Socket};
use crate::error::Error;

/// A folder in which a version serves by so many instances, and the way to wish for another number of them.
fn serving(instances: u16, socket: Socket) -> (Folder, impl Fn(&Folder, u16, Socket) -> Wish) {
    let folder = Folder::new();
    let mut binary = None;
    for number in 1..=3 {
        let mut description = folder.description("1.0.0", number);
        let services: Vec<String> = description.processes.iter().map(|process| process.service.clone()).collect();
        let site = Path::new("/etc/nginx/sites-available/shop");
        description.files.iter_mut().find(|file| file.path == site).unwrap().text = services.join(" ");
        // Several know how many they are.
        description.files[0].text.push_str(&format!("Environment={number}\n"));
        binary = Some(folder.binary("first", description));
    }
    let binary = binary.unwrap();
    let wish = move |folder: &Folder, instances: u16, socket: Socket| {
        let wish = folder.wish(Kind::Install, binary.clone());
        let choices = Choices { instances, socket, ..wish.record.choices().unwrap() };
        Wish { record: wish.record.clone().choosing(&choices), ..wish }
    };
    folder.run(wish(&folder, instances, socket)).unwrap();
    let site = folder.read("etc/nginx/sites-available/shop");
    *folder.system.asked.borrow_mut() = site.split_whitespace().map(str::to_string).collect();
    (folder, wish)
}

/// What a plan says of a moment in which nobody answers.
const AWAY: &str = "the site is away for a moment";

/// Fails at one place after the other until there is none left to fail at; each time everything is as it was.
fn fails_everywhere(before: u16, after: u16, attempt: impl Fn(&Folder, Wish, usize) -> Result<Vec<String>, Error>) {
    let (folder, wish) = serving(before, Socket::Unix);
    let (tree, state, asked) = (folder.tree(), folder.system.state(), folder.system.asked.borrow().clone());
    let mut failures = 0;
    while let Err(error) = attempt(&folder, wish(&folder, after, Socket::Unix), failures) {
        assert_eq!(folder.system.state(), state, "{before} to {after}: {error}");
        assert!(folder.tree() == tree && *folder.system.asked.borrow() == asked, "{before} to {after}: {error}");
        failures += 1;
    }
    assert!(failures > 6, "only {failures} failures: {:#?}", folder.system.calls.borrow());
    let running: Vec<String> = folder.system.state().2.into_keys().collect();
    assert_eq!((running.len(), &running), (usize::from(after), &*folder.system.asked.borrow()));
}

#[test]
fn somebody_answers_while_the_number_changes_and_while_that_is_taken_back() {
    for (before, after) in [(1, 2), (2, 1), (3, 2), (2, 3)] {
        let (folder, wish) = serving(before, Socket::Unix);
        let told = folder.lines(wish(&folder, after, Socket::Unix)).unwrap().concat();
        assert!(!told.contains(AWAY), "{told}");
        fails_everywhere(before, after, |folder, wish, step| folder.run_until(wish, step));
        fails_everywhere(before, after, |folder, wish, call| {
            folder.system.calls.borrow_mut().clear();
            folder.system.failing.set(Some(call));
            folder.run(wish)
        });
    }
}

#[test]
fn what_cannot_be_at_the_same_time_is_told() {
    for (before, after) in [((1, Socket::Tcp), (2, Socket::Tcp)), ((1, Socket::Unix), (1, Socket::Tcp))] {
        let (folder, wish) = serving(before.0, before.1);
        folder.system.asked.borrow_mut().clear();
        let lines = folder.lines(wish(&folder, after.0, after.1)).unwrap().concat();
        assert!(lines.contains(AWAY), "{lines}");
        folder.run(wish(&folder, after.0, after.1)).unwrap();
    }
    // Nor with a version that does not serve yet, because the old one could not be started again as it was.
    let (folder, _) = serving(1, Socket::Unix);
    folder.system.asked.borrow_mut().clear();
    let second = folder.binary("second", folder.description("1.1.0", 2));
    let wish = folder.wish(Kind::Install, second);
    let choices = Choices { instances: 2, ..wish.record.choices().unwrap() };
    let lines = folder.lines(Wish { record: wish.record.clone().choosing(&choices), ..wish }).unwrap().concat();
    assert!(lines.contains(AWAY), "{lines}");
}
