//! Texts with `{name}` in them: route paths (B71) and messages (B124) share the notation, and the build, the router, the
//! reverse router and the translator must all read it alike.

/// A part of such a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text that stands for itself.
    Literal(&'a str),
    /// The name between two braces.
    Parameter(&'a str),
}

/// Splits a text at its parameters. A name is one or more characters other than braces; every other brace stands for itself.
///
/// ```
/// use kalgan::pattern::{pieces, Piece};
/// let path: Vec<_> = pieces("/m/{a}-{b}.{}").collect();
/// assert_eq!(path, [
///     Piece::Literal("/m/"), Piece::Parameter("a"), Piece::Literal("-"), Piece::Parameter("b"), Piece::Literal(".{}"),
/// ]);
/// ```
pub fn pieces(text: &str) -> Pieces<'_> {
    Pieces { rest: text, parameter: None }
}

/// The names of a text's parameters, in order, repeated as often as they stand there.
pub fn parameters(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Parameter(name) => Some(name),
        Piece::Literal(_) => None,
    })
}

/// The iterator of [`pieces`].
#[derive(Debug, Clone)]
pub struct Pieces<'a> {
    rest: &'a str,
    /// The parameter that follows the literal given last.
    parameter: Option<&'a str>,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if let Some(name) = self.parameter.take() {
            return Some(Piece::Parameter(name));
        }
        if self.rest.is_empty() {
            return None;
        }
        let Some((start, name)) = first_parameter(self.rest) else {
            return Some(Piece::Literal(std::mem::take(&mut self.rest)));
        };
        let literal = &self.rest[..start];
        self.rest = &self.rest[start + name.len() + 2..];
        if literal.is_empty() {
            return Some(Piece::Parameter(name));
        }
        self.parameter = Some(name);
        Some(Piece::Literal(literal))
    }
}

/// Where the first parameter's opening brace stands, and the parameter's name.
fn first_parameter(text: &str) -> Option<(usize, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|index| index + from) {
        let inside = &text[open + 1..];
        let end = inside.find(['{', '}'])?;
        if end > 0 && inside[end..].starts_with('}') {
            return Some((open, &inside[..end]));
        }
        from = open + 1;
    }
    None
}

/// A part of a route's host between two dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label<'a> {
    /// Exactly this text, whatever its case.
    Literal(&'a str),
    /// Any text.
    Any,
    /// Any text, which is the value of the parameter of that name.
    Parameter(&'a str),
}

/// Splits the host of a route at its dots.
///
/// ```
/// use kalgan::pattern::{labels, Label};
/// let host: Vec<_> = labels("{tenant}.example.com").collect();
/// assert_eq!(host, [Label::Parameter("tenant"), Label::Literal("example"), Label::Literal("com")]);
/// ```
pub fn labels(host: &str) -> impl Iterator<Item = Label<'_>> {
    host.split('.').map(|label| {
        let mut pieces = pieces(label);
        match (pieces.next(), pieces.next()) {
            (Some(Piece::Literal("*")), None) => Label::Any,
            (Some(Piece::Parameter(name)), None) => Label::Parameter(name),
            _ => Label::Literal(label),
        }
    })
}

/// The names of the parameters of a route's host, in order.
pub fn host_parameters(host: &str) -> impl Iterator<Item = &str> {
    labels(host).filter_map(|label| if let Label::Parameter(name) = label { Some(name) } else { None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stray_braces_stand_for_themselves() {
        for text in ["", "{", "}", "{}", "}{", "a{b", "a}b{"] {
            let joined: String =
                pieces(text).map(|piece| matches!(piece, Piece::Literal(_)).then_some(text).unwrap_or("?")).collect();
            assert_eq!(joined, text);
        }
    }

    #[test]
    fn a_parameter_after_a_stray_brace_is_found() {
        assert_eq!(parameters("{{id}}").collect::<Vec<_>>(), ["id"]);
        assert_eq!(pieces("{a}{b}").collect::<Vec<_>>(), [Piece::Parameter("a"), Piece::Parameter("b")]);
    }
}
