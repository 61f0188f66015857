//! A line as one object of JSON: `timestamp` (RFC 3339), `level`, `target`, `message` and `request_id`, then the fields of the event
//! itself, and in `spans` what the site or a library has put around it.

use std::fmt;

use serde::ser::{SerializeMap, Serializer};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::{FmtContext, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use super::clock;
use super::levels::REQUEST;

/// Members that are there in any case; a field of the same name gets an underscore behind it.
const OWN: [&str; 4] = ["timestamp", "level", "target", "spans"];

/// Writes an event as an object, without a line break.
pub(super) fn write<S, N>(context: &FmtContext<'_, S, N>, event: &Event<'_>, line: &mut String) -> fmt::Result
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let mut time = String::new();
    clock::write(&mut time)?;
    let place = event.metadata();
    let (request_id, spans) = around(context);
    let mut json = serde_json::Serializer::new(Vec::with_capacity(256));
    let mut members = Members {
        map: json.serialize_map(None).map_err(|_| fmt::Error)?,
        has_id: request_id.is_some(),
        is_whole: true,
    };
    members.add("timestamp", &time);
    members.add("level", place.level().as_str());
    members.add("target", place.target());
    event.record(&mut members);
    if let Some(id) = &request_id {
        members.add("request_id", id);
    }
    if !spans.is_empty() {
        members.add("spans", &spans);
    }
    let Members { map, is_whole, .. } = members;
    map.end().map_err(|_| fmt::Error)?;
    let text = String::from_utf8(json.into_inner()).map_err(|_| fmt::Error)?;
    add_printable(&text, line);
    if is_whole { Ok(()) } else { Err(fmt::Error) }
}

/// Writes a text with its quotation marks.
pub(super) fn write_string(text: &str, line: &mut String) -> fmt::Result {
    let text = serde_json::to_string(text).map_err(|_| fmt::Error)?;
    add_printable(&text, line);
    Ok(())
}

/// JSON escapes the first 32 characters. The other control characters are harmless to programs, but not to a terminal that shows the line.
fn add_printable(text: &str, line: &mut String) {
    if text.bytes().all(|byte| byte < 0x7f) {
        return line.push_str(text);
    }
    for c in text.chars() {
        match c.is_control() {
            true => line.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => line.push(c),
        }
    }
}

/// The id of the request, and the other spans from the outermost, each with its fields.
fn around<S, N>(context: &FmtContext<'_, S, N>) -> (Option<String>, Vec<String>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let (mut id, mut spans) = (None, Vec::new());
    for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
        let extensions = span.extensions();
        let fields = extensions.get::<FormattedFields<N>>().map_or("", |fields| fields.fields.as_str());
        match fields.strip_prefix("request_id=").filter(|_| span.metadata().target() == REQUEST) {
            Some(own) => id = Some(own.to_string()),
            None if fields.is_empty() => spans.push(span.name().to_string()),
            None => spans.push(format!("{}{{{fields}}}", span.name())),
        }
    }
    (id, spans)
}

/// The members of the object.
struct Members<M> {
    map: M,
    has_id: bool,
    is_whole: bool,
}

impl<M: SerializeMap> Members<M> {
    fn add(&mut self, name: &str, value: &(impl serde::Serialize + ?Sized)) {
        self.is_whole &= self.map.serialize_entry(name, value).is_ok();
    }

    /// A field of the event.
    fn field(&mut self, field: &Field, value: &(impl serde::Serialize + ?Sized)) {
        let name = field.name().trim_start_matches("r#");
        match OWN.contains(&name) || (self.has_id && name == "request_id") {
            true => self.add(&format!("{name}_"), value),
            false => self.add(name, value),
        }
    }
}

impl<M: SerializeMap> Visit for Members<M> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.field(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field, &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.field(field, &format!("{value:?}"));
    }
}
