//! The access line, of which there is one for each request.
//!
//! All lines can be written by `tracing-subscriber` and, as JSON, by `serde_json`. This one is written here where it waits to be written by
//! another thread: in one pass into one text that the thread keeps, from the event's fields as they come. It is the same line.

use std::cell::RefCell;
use std::fmt::{Debug, Write};

use tracing::Event;
use tracing::field::{Field, Visit};

use super::lines::{Lines, in_one_piece};
use super::output::ACCESS;
use super::{LOG, clock, journal, json};

/// The module whose event it is. A site's own events may have the same target, but other fields.
const PLACE: &str = "kalgan::server::observed";

thread_local! {
    /// The line, whose room each request uses again.
    static LINE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Puts the line into the queue. Gives whether it did: false for every other event, where lines are for people, and where none wait.
pub(super) fn write(event: &Event<'_>) -> bool {
    let place = event.metadata();
    if place.target() != ACCESS || place.module_path() != Some(PLACE) {
        return false;
    }
    let log = LOG.load();
    let Some(queue) = log.output.queue() else { return false };
    let is_json = match log.lines {
        Lines::Json => true,
        Lines::Journal(_) => false,
        Lines::Text(_) | Lines::Terminal(_) => return false,
    };
    let written = LINE.try_with(|line| {
        let Ok(mut line) = line.try_borrow_mut() else { return false };
        line.clear();
        let is_whole = if is_json { write_json(event, &mut line) } else { write_journal(event, &mut line) };
        if is_whole {
            queue.push(line.as_bytes());
        }
        is_whole
    });
    written.unwrap_or(false)
}

fn write_json(event: &Event<'_>, line: &mut String) -> bool {
    let place = event.metadata();
    line.push_str("{\"timestamp\":\"");
    let is_timed = clock::write(line).is_ok();
    line.push_str("\",\"level\":\"");
    line.push_str(place.level().as_str());
    line.push_str("\",\"target\":\"");
    line.push_str(ACCESS);
    line.push('"');
    let mut members = Members { line, is_whole: is_timed };
    event.record(&mut members);
    let is_whole = members.is_whole;
    line.push_str("}\n");
    is_whole
}

fn write_journal(event: &Event<'_>, line: &mut String) -> bool {
    let priority = journal::priority(*event.metadata().level());
    line.push_str(priority);
    line.push_str(ACCESS);
    line.push(':');
    let mut words = Words { line, is_whole: true };
    event.record(&mut words);
    let is_whole = words.is_whole;
    if !is_plain(line) && line.contains(char::is_control) {
        *line = in_one_piece(line, false);
    }
    line.push('\n');
    is_whole
}

/// The members of an object.
struct Members<'l> {
    line: &'l mut String,
    is_whole: bool,
}

impl Members<'_> {
    fn name(&mut self, field: &Field) {
        self.line.push_str(",\"");
        self.line.push_str(field.name());
        self.line.push_str("\":");
    }

    fn string(&mut self, value: &str) {
        match is_plain(value) {
            true => push_quoted(value, self.line),
            false => self.is_whole &= json::write_string(value, self.line).is_ok(),
        }
    }
}

impl Visit for Members<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field);
        push_number(value, self.line);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.name(field);
        push_milliseconds(value, self.line);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.name(field);
        self.string(value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.name(field);
        self.line.push('"');
        let begin = self.line.len();
        self.is_whole &= write!(self.line, "{value:?}").is_ok();
        if is_plain(&self.line[begin..]) {
            return self.line.push('"');
        }
        let value = self.line.split_off(begin);
        self.line.pop();
        self.string(&value);
    }
}

/// The words of a line for the journal.
struct Words<'l> {
    line: &'l mut String,
    is_whole: bool,
}

impl Words<'_> {
    fn name(&mut self, field: &Field) {
        self.line.push(' ');
        if field.name() != MESSAGE {
            self.line.push_str(field.name());
            self.line.push('=');
        }
    }
}

/// What comes without its name.
const MESSAGE: &str = "message";

impl Visit for Words<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.name(field);
        push_number(value, self.line);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.name(field);
        push_milliseconds(value, self.line);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match is_plain(value) {
            true => {
                self.name(field);
                push_quoted(value, self.line);
            }
            false => self.record_debug(field, &value),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.name(field);
        self.is_whole &= write!(self.line, "{value:?}").is_ok();
    }
}

/// Whether a text between quotation marks is written as it is, in JSON and elsewhere. All bytes are looked at, because then the
/// processor looks at many at a time.
fn is_plain(text: &str) -> bool {
    text.bytes().fold(true, |is_plain, byte| is_plain & (0x20..0x7f).contains(&byte) & (byte != b'"') & (byte != b'\\'))
}

fn push_quoted(text: &str, line: &mut String) {
    line.push('"');
    line.push_str(text);
    line.push('"');
}

fn push_number(mut number: u64, line: &mut String) {
    let (mut digits, mut begin) = ([b'0'; 20], 20);
    while begin == 20 || number > 0 {
        begin -= 1;
        digits[begin] += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    line.push_str(str::from_utf8(&digits[begin..]).unwrap_or_default());
}

/// Writes a number with as many digits as it needs to be read again. A number of microseconds that was divided by 1000 needs no search
/// for them as long as it has fewer than 15 digits, as many as each number of this kind tells apart.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    reason = "whether something was lost is looked at"
)]
fn push_milliseconds(value: f64, line: &mut String) {
    let microseconds = (value * 1000.0).round() as u64;
    if microseconds >= 100_000_000_000_000 || microseconds as f64 / 1000.0 != value {
        line.push_str(&format!("{value:?}"));
        return;
    }
    push_number(microseconds / 1000, line);
    line.push('.');
    let begin = line.len();
    clock::push_digits::<3>((microseconds % 1000) as u32, line);
    while line.len() > begin + 1 && line.ends_with('0') {
        line.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_serde_json_and_the_standard_library_write_them() {
        for number in [0, 7, 10, 99, 100, 30_720, u64::MAX] {
            let mut line = String::new();
            push_number(number, &mut line);
            assert_eq!(line, number.to_string());
        }
        let mut number = 1_u64;
        let growing = std::iter::from_fn(|| {
            number = number.wrapping_mul(3) % 99_999_999_999_999;
            Some(number)
        });
        for microseconds in [0, 1, 10, 100, 999, 1000, 1010, 60_000_000].into_iter().chain(growing.take(20_000)) {
            let value = crate::server::observed::milliseconds(std::time::Duration::from_micros(microseconds));
            let mut line = String::new();
            push_milliseconds(value, &mut line);
            assert_eq!(line, format!("{value:?}"));
            assert_eq!(line, serde_json::to_string(&value).unwrap());
        }
    }

    #[test]
    fn what_is_plain_needs_no_change() {
        for text in ["", "/en/shop", "a'b", "~ !"] {
            assert!(is_plain(text) && format!("{text:?}") == format!("\"{text}\""), "{text}");
        }
        for text in ["a\"", "\\", "\n", "\u{7f}", "\u{9b}", "ü"] {
            assert!(!is_plain(text), "{text:?}");
        }
    }
}
