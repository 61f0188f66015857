//! The keys with which a route allows a larger body, or more time, than the settings of the same name do for all routes.

use super::keys::find;
use crate::problem::Problem;
use crate::snapshot::Limits;
use crate::source::yaml::{Content, Document, Entry};

/// Seconds in a day: the longest time that a limit may be set to, as in the settings.
const DAY: u64 = 86_400;

/// The limits among the keys of a route.
pub fn read(document: &Document, entries: &[Entry], problems: &mut Vec<Problem>) -> Limits {
    let size = find(entries, "max_body_size");
    let time = find(entries, "request_timeout");
    Limits {
        max_body_size: size.and_then(|entry| {
            let help = "write the number of bytes, such as `1073741824`, or remove the key for `server.max_body_size`";
            number(document, entry, (i64::MAX as u64, "a whole number of bytes", help), problems)
        }),
        request_timeout: time.and_then(|entry| {
            let help = "write the number of seconds, `0` for no limit, or remove the key for `server.request_timeout`";
            number(document, entry, (DAY, "a whole number of seconds from 0 to 86400", help), problems)
        }),
    }
}

/// A number that is not above `most`; `what` and `help` are for the report.
fn number(
    document: &Document,
    entry: &Entry,
    (most, what, help): (u64, &str, &str),
    problems: &mut Vec<Problem>,
) -> Option<u64> {
    if let Content::Integer(number) = entry.value.content
        && let Ok(number) = u64::try_from(number)
        && number <= most
    {
        return Some(number);
    }
    let message = format!("`{}` must be {what}, but this is {}", entry.key, document.describe(&entry.value));
    let mark = if entry.value.content == Content::Null { entry.mark } else { entry.value.mark };
    problems.push(document.error(mark, message).help(help));
    None
}
