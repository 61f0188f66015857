//! Routes as data.

use super::{List, Place, Text};

/// One route as declared, its names in normal form (B66 to B78).
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// The name that `url` uses; unique in the site.
    pub name: Text,
    /// The pattern, or one per language, in written order; never empty.
    pub paths: List<Path>,
    /// The host, in lower case, its labels texts, `*` or `{name}`; `None` means every host.
    pub host: Option<Text>,
    /// The controller's path below `crate::controller`, with `::` between its parts.
    pub controller: Text,
    /// The middleware's paths below `crate::middleware`, with `::`, those of its groups first; the first is outermost.
    pub middleware: List<Text>,
    /// The methods in upper case; `None` means every method (B76).
    pub methods: Option<List<Text>>,
    /// Regular expressions by parameter name; a parameter without one takes `[^/]+`.
    pub requirements: List<(Text, Text)>,
    /// A language code, or the name of the parameter that holds one (B78).
    pub language: Option<Text>,
    /// What it allows other than the settings do.
    pub limits: Limits,
    /// Where the route's name stands.
    pub place: Place,
}

/// What a route allows its requests other than the settings of the same name do for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Most bytes of a body; `None` is `server.max_body_size`.
    pub max_body_size: Option<u64>,
    /// Seconds in which a request must be read and answered, 0 for no limit; `None` is `server.request_timeout`.
    pub request_timeout: Option<u64>,
}

/// A route's pattern, for all languages or for one.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    /// The language that this pattern is for; `None` for the only pattern of a route.
    pub language: Option<Text>,
    /// The pattern, such as `/user/{id}`, its literals written plainly, not percent-encoded.
    pub pattern: Text,
}
