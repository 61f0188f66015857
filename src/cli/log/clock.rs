//! The time of a line: RFC 3339, to the microsecond.

use std::cell::RefCell;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime as Whole};

/// Where the fraction of a second begins in `2026-01-01T00:00:00.000000Z`.
const FRACTION: usize = "2026-01-01T00:00:00.".len();

thread_local! {
    /// The last second that this thread has written: its number and its text. Days and months are reckoned once for all its lines.
    static SECOND: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Writes what the clock shows.
pub(super) fn write(line: &mut String) -> fmt::Result {
    let (second, microseconds) = now();
    SECOND.with_borrow_mut(|(known, text)| {
        if *known == second && !text.is_empty() {
            line.push_str(text);
            push_digits::<6>(microseconds, line);
            line.push('Z');
            return Ok(());
        }
        let begin = line.len();
        Whole.format_time(&mut Writer::new(line))?;
        text.clear();
        // The text is that of this second only where none has begun meanwhile.
        if now().0 == second && line.len() == begin + FRACTION + "000000Z".len() {
            *known = second;
            text.push_str(&line[begin..begin + FRACTION]);
        }
        Ok(())
    })
}

/// Seconds since 1970, and what is over in microseconds.
fn now() -> (u64, u32) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (since.as_secs(), since.subsec_micros())
}

/// Writes a number with leading zeros.
pub(super) fn push_digits<const COUNT: usize>(mut number: u32, line: &mut String) {
    let mut digits = [b'0'; COUNT];
    for digit in digits.iter_mut().rev() {
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    line.push_str(str::from_utf8(&digits).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_that_is_known_is_written_as_the_whole_time_is() {
        for _ in 0..1000 {
            let (mut before, mut own, mut after) = (String::new(), String::new(), String::new());
            Whole.format_time(&mut Writer::new(&mut before)).unwrap();
            write(&mut own).unwrap();
            Whole.format_time(&mut Writer::new(&mut after)).unwrap();
            assert!(before <= own && own <= after && own.len() == after.len(), "{before} {own} {after}");
        }
    }
}
