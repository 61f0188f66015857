//! Chooses the language that a browser asks for. Own code, because the crates for it neither weigh ranges nor know `q=0` and
//! shortened forms together.

use crate::site::languages::{Languages, shortened};

/// Most ranges that are looked at: a browser sends a handful, and a longer list only costs time.
const MOST_RANGES: usize = 64;

/// A language range and its weight in thousandths.
struct Range<'a> {
    code: &'a str,
    weight: u16,
}

/// See [`super::Translator::negotiate`].
pub(super) fn negotiate<'l>(languages: &'l Languages, accept_language: &str) -> Option<&'l str> {
    let mut ranges: Vec<Range> = accept_language.split(',').take(MOST_RANGES).filter_map(range).collect();
    ranges.sort_by_key(|range| std::cmp::Reverse(range.weight));
    let refused = |code: &str| ranges.iter().any(|range| range.weight == 0 && range.code.eq_ignore_ascii_case(code));
    let wanted = || ranges.iter().filter(|range| range.weight > 0);
    let known = |form: &str| languages.iter().find(|code| code.eq_ignore_ascii_case(form) && !refused(code));
    let lookup = |range: &Range| match range.code {
        "*" => Some(languages.default_language()).filter(|code| !code.is_empty() && !refused(code)),
        code => forms(code).find_map(known),
    };
    let longer = |range: &Range| languages.iter().find(|code| begins_with(code, range.code) && !refused(code));
    wanted().find_map(lookup).or_else(|| wanted().find_map(longer))
}

/// A range as it is, then shortened part by part.
fn forms(code: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(code), |code| Some(shortened(code)).filter(|code| !code.is_empty()))
}

/// Whether a code is a longer form of a range.
fn begins_with(code: &str, range: &str) -> bool {
    let beginning = code.get(..range.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(range));
    beginning && code.as_bytes().get(range.len()) == Some(&b'-')
}

/// Reads `code;q=weight`; what cannot be read asks for nothing.
fn range(text: &str) -> Option<Range<'_>> {
    let (code, weight) = match text.split_once(';') {
        None => (text, 1000),
        Some((code, parameter)) => {
            let (name, value) = parameter.split_once('=')?;
            if !name.trim().eq_ignore_ascii_case("q") {
                return None;
            }
            (code, weight(value.trim())?)
        }
    };
    let code = code.trim();
    let is_code =
        !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'*');
    is_code.then_some(Range { code, weight })
}

/// A weight of up to three decimals in thousandths (RFC 9110 section 12.4.2).
fn weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let valid = matches!(whole, "0" | "1") && decimals.len() <= 3 && decimals.bytes().all(|byte| byte.is_ascii_digit());
    if !valid {
        return None;
    }
    let thousandths = format!("{whole}{decimals:0<3}").parse().ok()?;
    (thousandths <= 1000).then_some(thousandths)
}
