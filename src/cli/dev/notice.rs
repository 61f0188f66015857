//! What `dev` says in the terminal: one line an event, on standard error, where cargo and the site's log write as well.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::LazyLock;
use std::time::Duration;

/// Whether colours are wanted: in a terminal, unless the person or cargo's settings say no (<https://no-color.org>).
pub(super) fn has_colours() -> bool {
    static COLOURS: LazyLock<bool> = LazyLock::new(|| {
        let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("CARGO_TERM_COLOR").is_some_and(|value| value == "never");
        std::io::stderr().is_terminal() && !is_refused
    });
    *COLOURS
}

/// Says what has happened.
pub(super) fn say(event: impl Display) {
    match has_colours() {
        true => print(&format!("\x1b[1;36mdev:\x1b[0m {event}\n")),
        false => print(&format!("dev: {event}\n")),
    }
}

/// Passes on what cargo or the compiler has written.
pub(super) fn print(text: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// A time for people: `310 ms`, `3.2 s`.
pub(super) fn time(time: Duration) -> String {
    match time.as_millis() {
        milliseconds @ ..1000 => format!("{milliseconds} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

/// A number and the thing that it counts.
pub(super) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// The first line of a text that may have many.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim()
}

/// Text without the sequences that colour it in a terminal (ECMA-48 section 5.4), and without other control characters.
pub(super) fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\x1b' if characters.as_str().starts_with('[') => {
                characters.next();
                // Everything up to the final byte, which is a letter or one of a few signs.
                characters.by_ref().find(|character| ('@'..='~').contains(character));
            }
            '\n' | '\t' => plain.push(character),
            character if character.is_control() => {}
            character => plain.push(character),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_taken_out_and_nothing_else() {
        assert_eq!(
            without_colours("\x1b[0m\x1b[1;38;5;9merror[E0425]\x1b[0m: [x]\r\n\tü\x1b["),
            "error[E0425]: [x]\n\tü"
        );
        assert_eq!(without_colours("\x1b"), "");
    }

    #[test]
    fn numbers_are_told_as_people_say_them() {
        assert_eq!((count(1, "error"), count(2, "error")), ("1 error".to_owned(), "2 errors".to_owned()));
        assert_eq!(
            (time(Duration::from_millis(999)), time(Duration::from_millis(3240))),
            ("999 ms".to_owned(), "3.2 s".to_owned())
        );
    }
}
