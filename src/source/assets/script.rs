//! The address of the source map that a script names in its last line (ECMA-426 section 11.1.2.1).

use super::reference::{Form, Reference};

/// What the address stands behind; `@` is an older way to write it.
const MARKS: [&str; 4] =
    ["//# sourceMappingURL=", "//@ sourceMappingURL=", "/*# sourceMappingURL=", "/*@ sourceMappingURL="];

/// The source map of a script, if it names one.
///
/// ```
/// use kalgan::source::assets::script::source_map;
/// assert_eq!(source_map("f()\n//# sourceMappingURL=app.js.map\n").unwrap().value, "app.js.map");
/// assert!(source_map("x = '//# sourceMappingURL=app.js.map'").is_none());
/// ```
pub fn source_map(text: &str) -> Option<Reference> {
    let text = text.trim_end();
    let comment = text.rsplit(['\n', '\r', '\u{2028}', '\u{2029}']).next()?.trim_start();
    let rest = MARKS.iter().find_map(|mark| comment.strip_prefix(mark))?;
    let value = rest.trim_end_matches("*/").split_whitespace().next()?;
    Reference::new(Form::SourceMap, value, comment, text.len() - comment.len()..text.len())
}
