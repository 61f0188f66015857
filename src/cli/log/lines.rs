//! How a line is written.

use std::fmt;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::{Format as Text, Full, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::{LOG, journal, json, output};
use crate::error::Error;
use crate::site::Settings;

const KEY: &str = "log.format";

/// What begins a further line of a message on a terminal, so that no line break can pass for a line of the log.
const CONTINUED: &str = "\n    ";

/// The forms that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Json,
    Journal,
}

/// The form of all lines, ready for use.
#[derive(Debug, Clone)]
pub(super) enum Lines {
    /// For people.
    Text(Text<Full, SystemTime>),
    /// For people at a terminal. Only [`begin_line`] colours, so that every escape character in what follows is somebody else's.
    Terminal(Text<Full, ()>),
    /// For programs: an object a line.
    Json,
    /// For the journal of systemd, which knows the time.
    Journal(Text<Full, ()>),
}

impl Lines {
    pub(super) fn new(format: Format, is_terminal: bool) -> Lines {
        let text = Text::default().with_ansi(false);
        match format {
            Format::Text if is_terminal => Lines::Terminal(text.without_time().with_level(false)),
            Format::Text => Lines::Text(text),
            Format::Json => Lines::Json,
            Format::Journal => Lines::Journal(text.without_time().with_level(false)),
        }
    }

    /// What `log.format` says; the lines go to standard error or to a file.
    pub(super) fn of(settings: &Settings, to_file: bool) -> Result<Lines, Error> {
        let is_terminal = !to_file && output::is_terminal();
        let format = match &*settings.get_string(KEY)? {
            "text" => Format::Text,
            "json" => Format::Json,
            "journal" => Format::Journal,
            "auto" if is_terminal || !settings.is_prod() => Format::Text,
            "auto" if !to_file && journal::is_standard_error() => Format::Journal,
            "auto" => Format::Json,
            other => {
                let (name, other) = (settings.name(KEY), crate::error::one_line(other));
                return Err(Error::Setting(format!(
                    "{name} is wrong: there is no format `{other}`, only `auto`, `text`, `json` and `journal`"
                )));
            }
        };
        Ok(Lines::new(format, is_terminal))
    }
}

/// Writes each line in the form that counts at the moment.
pub(super) struct Written;

impl<S, N> FormatEvent<S, N> for Written
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let log = LOG.load();
        let mut line = String::new();
        match &log.lines {
            Lines::Json => json::write(context, event, &mut line)?,
            Lines::Text(text) => {
                text.format_event(context, Writer::new(&mut line), event)?;
                if !is_one_line(&line) {
                    line = in_one_piece(&line, false);
                }
            }
            Lines::Terminal(text) => {
                begin_line(*event.metadata().level(), &mut writer)?;
                text.format_event(context, Writer::new(&mut line), event)?;
                if !is_one_line(&line) {
                    line = in_one_piece(&line, true);
                }
            }
            Lines::Journal(text) => {
                writer.write_str(journal::priority(*event.metadata().level()))?;
                text.format_event(context, Writer::new(&mut line), event)?;
                if !is_one_line(&line) {
                    line = in_one_piece(&line, false);
                }
            }
        }
        writer.write_str(line.trim_end_matches('\n'))?;
        writer.write_char('\n')
    }
}

fn is_one_line(line: &str) -> bool {
    !line.trim_end_matches('\n').contains(|c: char| c.is_control())
}

/// Time and level, in colour.
pub(super) fn begin_line(level: Level, writer: &mut Writer<'_>) -> fmt::Result {
    let colour = match level {
        Level::ERROR => "31",
        Level::WARN => "33",
        Level::INFO => "32",
        Level::DEBUG => "34",
        Level::TRACE => "35",
    };
    writer.write_str("\u{1b}[2m")?;
    SystemTime.format_time(writer)?;
    write!(writer, "\u{1b}[0m \u{1b}[{colour}m{:>5}\u{1b}[0m ", level.as_str())
}

/// The line with its control characters made visible: none of them is the log's own. On a terminal line breaks stay.
pub(super) fn in_one_piece(line: &str, is_terminal: bool) -> String {
    let mut text = String::with_capacity(line.len() + 16);
    for c in line.trim_end_matches('\n').chars() {
        match c {
            '\n' if is_terminal => text.push_str(CONTINUED),
            '\t' => text.push(c),
            c if c.is_control() => text.extend(c.escape_default()),
            c => text.push(c),
        }
    }
    text
}
