//! The settings that Kalgan itself reads: their names, types, defaults and meanings.
//!
//! The build refuses an unknown key under a name that Kalgan owns, the start refuses a value of the wrong type, and the manual's
//! table of settings is checked against this list. Keys under other names are the site's own and are never looked at here.

/// One setting, or a family of settings where a part of the name is `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The flattened name; a part `*` stands for one part of any name, a last part `**` for one or more.
    pub name: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// When it counts.
    pub stage: Stage,
    /// The value where nobody sets it, as a person reads it; empty where there is none.
    pub default: &'static str,
    /// Meaning and unit, and what 0 or absence means, in one sentence.
    pub meaning: &'static str,
}

/// The type of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `true` or `false`.
    Bool,
    /// A whole number from the first to the second, both included.
    Integer(i64, i64),
    /// A list of texts, or one text with commas between the items.
    List,
    /// A mapping from names to lists of texts, kept whole: its names are no part of the key and may have dots.
    Map,
}

/// When a setting counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Only in the files that the build reads; changing it from outside stops the start.
    Build,
    /// When the process starts.
    Run,
    /// Not yet: Kalgan 0.9 had it, so a site may keep it, but nothing reads it and the build says so.
    Later,
}

const fn key(name: &'static str, kind: Kind, stage: Stage, default: &'static str, meaning: &'static str) -> Key {
    Key { name, kind, stage, default, meaning }
}

use Kind::{Bool, Integer, List, Map, Text};
use Stage::{Build, Later, Run};

/// Seconds in a day: the longest time that any time limit may be set to.
const DAY: i64 = 86_400;

/// Every setting of Kalgan, sorted by name.
pub const KEYS: &[Key] = &[
    key("cache.server", Text, Later, "", "Address of the Redis server that caches and sessions use"),
    key("cookie.*.domain", Text, Later, "", "Domain attribute of the cookie"),
    key("cookie.*.expires", Text, Later, "", "Expiry date of the cookie, as in RFC 9110 section 5.6.7"),
    key("cookie.*.http_only", Bool, Later, "true", "Whether scripts are kept from reading the cookie"),
    key("cookie.*.max_age", Integer(0, i64::MAX), Later, "", "Life of the cookie in seconds"),
    key("cookie.*.name", Text, Later, "", "Name of the cookie on the wire"),
    key("cookie.*.path", Text, Later, "/", "Path attribute of the cookie"),
    key("cookie.*.secure", Bool, Later, "true", "Whether the cookie is sent over HTTPS only"),
    key("cookie.*.value", Text, Later, "", "Value of the cookie"),
    key("cookie.renew", List, Later, "", "Ids of the cookies that every answer sends again"),
    key("db.max_connections", Integer(1, 100_000), Later, "", "Most connections of the database pool"),
    key("db.name", Text, Later, "", "Name of the database"),
    key("db.password", Text, Later, "", "Password of the database"),
    key("db.path", Text, Later, "", "File of the SQLite database"),
    key("db.server", Text, Later, "", "Host of the database"),
    key("db.user", Text, Later, "", "User of the database"),
    key(
        "environment.editor",
        Text,
        Run,
        "",
        "Address that opens a file in an editor, for links on the error page in development, such as `vscode://file/{path}:{line}:{column}`",
    ),
    key(
        "environment.is_prod",
        Bool,
        Run,
        "true in a release build",
        "Whether this is production; decided before all other settings",
    ),
    key(
        "environment.live_reload",
        Bool,
        Run,
        "true",
        "Whether pages in development change by themselves when a file does",
    ),
    key(
        "environment.refresh_config_timeout",
        Integer(0, DAY),
        Run,
        "0",
        "Least number of seconds between two refreshes in development; 0 is none",
    ),
    key(
        "environment.watch",
        Text,
        Run,
        "auto",
        "How development notices edits: `events` of the file system, `poll` where it gives none, or `auto`",
    ),
    key("error.*", Text, Run, "", "Controller that answers for this status code"),
    key("error.custom_in_dev", Bool, Run, "false", "Whether development shows the site's own error pages"),
    key(
        "i18n.dynamic",
        List,
        Build,
        "",
        "Message ids, with `*` for any text, that are known only at run time and are not checked",
    ),
    key(
        "i18n.language.default",
        Text,
        Run,
        "the first language by name",
        "Language where neither route nor visitor says one",
    ),
    key(
        "i18n.negotiate",
        Bool,
        Run,
        "false",
        "Whether `Accept-Language` chooses the language where the route does not",
    ),
    key("i18n.path", Text, Build, "i18n", "Folder of the messages, relative to the site's folder"),
    key("mailer.password", Text, Later, "", "Password of the mail server"),
    key("mailer.sender", Text, Later, "", "Sender of all mail, such as `Name <address>`"),
    key("mailer.server", Text, Later, "", "Host of the mail server"),
    key("mailer.user", Text, Later, "", "User of the mail server"),
    key("router.dynamic", List, Build, "", "Route names, with `*` for any text, that are not checked"),
    key("router.path", Text, Build, "routes", "File or folder of the routes, relative to the site's folder"),
    key(
        "router.resolver",
        Bool,
        Build,
        "false",
        "Whether the function given to `App::resolver` finds the controllers, as in Kalgan 0.9; the build then names none",
    ),
    key(
        "server.address",
        Text,
        Run,
        "127.0.0.1",
        "Address or host name to listen on, or `unix:PATH` for a socket file",
    ),
    key(
        "server.compression",
        Bool,
        Run,
        "true",
        "Whether pages over 1 KiB are compressed for clients that take them so; false where the proxy in front does it",
    ),
    key(
        "server.header_timeout",
        Integer(1, DAY),
        Run,
        "30",
        "Seconds in which a client must send the head of a request",
    ),
    key("server.hosts", List, Run, "", "Host names that are answered, others get 421; absent: all"),
    key(
        "server.idle_timeout",
        Integer(1, DAY),
        Run,
        "90",
        "Seconds after which an idle connection is closed; longer than the keep-alive time of the proxy in front",
    ),
    key("server.max_body_size", Integer(0, i64::MAX), Run, "10485760", "Most bytes of a request's body; more get 413"),
    key("server.max_connections", Integer(1, 1_000_000), Run, "10000", "Most connections at one time; more wait"),
    key(
        "server.max_header_size",
        Integer(8_192, 1_048_576),
        Run,
        "65536",
        "Most bytes of a request's head; more get 431",
    ),
    key("server.number_of_workers", Integer(1, 1024), Run, "the number of cores", "Worker threads"),
    key("server.port", Integer(0, 65_535), Run, "7878", "TCP port to listen on; 0 takes a free one and prints it"),
    key(
        "server.public_url",
        Text,
        Run,
        "",
        "Origin, and prefix if any, for absolute addresses, such as `https://example.com`",
    ),
    key(
        "server.request_timeout",
        Integer(0, DAY),
        Run,
        "60",
        "Seconds in which a request must be read and answered, else 408 or 503; 0 is no limit",
    ),
    key(
        "server.shutdown_timeout",
        Integer(0, DAY),
        Run,
        "30",
        "Seconds that requests in flight get when the process is asked to stop",
    ),
    key("session.*.cookie", Text, Later, "", "Id of the cookie that carries the session"),
    key(
        "static.bundles",
        Map,
        Build,
        "",
        "Stylesheets and scripts that are put together from others: for each bundle's address its files, in order",
    ),
    key("static.dynamic", List, Build, "", "Addresses of static files, with `*` for any text, that are not checked"),
    key(
        "static.encodings",
        List,
        Build,
        "br,zstd,gzip",
        "Encodings in which a release build stores compressible static files; an empty list stores them as they are only",
    ),
    key(
        "static.folders",
        List,
        Run,
        "static",
        "Folders of static files; the embedded ones are those that the build saw, an empty value at run time serves none",
    ),
    key(
        "static.max_age",
        Integer(0, i64::MAX),
        Run,
        "",
        "Seconds for which an address without the current version may be cached; absent: always revalidated",
    ),
    key(
        "static.minify",
        Bool,
        Build,
        "false",
        "Whether a release build makes stylesheets and scripts shorter; needs the feature `minify` of Kalgan",
    ),
    key(
        "static.path",
        Text,
        Run,
        "",
        "What the filter `asset` puts in front, such as `/static` or the address of a CDN; absent: where the file is served",
    ),
    key(
        "static.root",
        Text,
        Run,
        "",
        "Folder, relative to the site's folder, whose files answer at the top, such as `/favicon.ico`; an empty value at run time serves none",
    ),
    key(
        "static.version",
        Text,
        Run,
        "auto",
        "Version that the filter `asset` appends: `auto`, `file` or a text of one's own",
    ),
    key("tera.filters", List, Build, "", "Names of the site's own filters in `crate::template`"),
    key("tera.functions", List, Build, "", "Names of the site's own functions in `crate::template`"),
    key("tera.path", Text, Build, "templates", "Folder of the templates, relative to the site's folder"),
    key("tera.tests", List, Build, "", "Names of the site's own tests in `crate::template`"),
];

/// The first parts of names that belong to Kalgan: a key under one of them that is not in [`KEYS`] is a mistake.
pub const OWNED: &[&str] = &[
    "cache",
    "cookie",
    "csrf",
    "data",
    "db",
    "environment",
    "error",
    "i18n",
    "log",
    "mailer",
    "router",
    "security",
    "server",
    "session",
    "static",
    "tera",
];

/// The setting of Kalgan that a flattened key names.
///
/// ```
/// use kalgan::snapshot::schema;
/// assert_eq!(schema::find("server.port").unwrap().default, "7878");
/// assert_eq!(schema::find("error.404").unwrap().name, "error.*");
/// assert!(schema::find("server.prot").is_none());
/// ```
pub fn find(name: &str) -> Option<&'static Key> {
    let exact = KEYS.iter().find(|key| key.name == name);
    exact.or_else(|| KEYS.iter().find(|key| matches(key.name, name)))
}

/// Whether a flattened key has a mapping as its value, which is not flattened any further.
///
/// ```
/// use kalgan::snapshot::schema;
/// assert!(schema::is_map("static.bundles") && !schema::is_map("static.folders"));
/// ```
pub fn is_map(name: &str) -> bool {
    find(name).is_some_and(|key| key.kind == Kind::Map)
}

/// What [`is_version`] accepts, in words.
pub const VERSION: &str = "letters, digits and any of `-._~=:@+,`";

/// Whether a text can be a value of `static.version`: it is written into addresses as it is, also within stylesheets.
///
/// ```
/// use kalgan::snapshot::schema::is_version;
/// assert!(is_version("v001") && !is_version("v 1") && !is_version("a&b"));
/// ```
pub fn is_version(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~=:@+,".contains(&byte))
}

/// Whether a flattened key lies under a name that Kalgan owns.
pub fn is_owned(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or(name);
    OWNED.contains(&first)
}

fn matches(pattern: &str, name: &str) -> bool {
    let (mut pattern, mut name) = (pattern.split('.'), name.split('.'));
    loop {
        match (pattern.next(), name.next()) {
            (None, None) => return true,
            (Some("**"), Some(_)) => return true,
            (Some(expected), Some(part)) if expected == "*" || expected == part => {}
            _ => return false,
        }
    }
}
