//! What a client says about the media types that it wants (RFC 9110 section 12.5.1).

/// Whether a list of media ranges puts the first media type above the second.
pub fn prefers(accepted: &str, first: &str, second: &str) -> bool {
    quality(accepted, first) > quality(accepted, second)
}

/// How much a media type is wanted, from 0 to 1: the weight of the range that names it most closely. A weight that is no
/// number counts as 0.
fn quality(accepted: &str, media_type: &str) -> f32 {
    let ranges = accepted.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let closeness = closeness(parts.next()?, media_type)?;
        let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let weight = weight.map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
        Some((closeness, weight))
    });
    ranges.max_by_key(|(closeness, _)| *closeness).map_or(0.0, |(_, weight)| weight)
}

/// How closely a range names a media type: 2 exactly, 1 by its first part, 0 as any; `None` where it does not.
fn closeness(range: &str, media_type: &str) -> Option<u8> {
    let group = |text: &str| text.split('/').next().map(str::to_ascii_lowercase);
    match range {
        "*/*" => Some(0),
        range if range.eq_ignore_ascii_case(media_type) => Some(2),
        range if range.ends_with("/*") && group(range) == group(media_type) => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_range_decides() {
        for (accepted, json_wins) in [
            ("application/json", true),
            ("APPLICATION/JSON", true),
            ("application/*", true),
            ("application/json, */*;q=0.5", true),
            ("text/html;q=0.4, application/json;q=0.5", true),
            ("*/*, text/html;q=0.1", true),
            ("text/html, application/json", false),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false),
            ("application/json;q=0", false),
            ("application/json;q=x", false),
            ("*/*", false),
            ("image/png", false),
            ("", false),
            (";,/;q", false),
        ] {
            assert_eq!(prefers(accepted, "application/json", "text/html"), json_wins, "{accepted:?}");
        }
    }
}
