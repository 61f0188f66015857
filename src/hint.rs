//! "Did you mean …?": the nearest of the names that exist.

/// The candidate that is nearest to a misspelt name, where one is near enough to be what was meant.
///
/// ```
/// use kalgan::hint::nearest;
/// assert_eq!(nearest("server.prot", ["server.port", "server.address"]), Some("server.port"));
/// assert_eq!(nearest("colour", ["server.port"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may differ, at least one and at most three: more is another word.
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}
