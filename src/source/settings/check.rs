//! Whether Kalgan knows a setting under one of its own names, and whether the value fits.

use super::flatten::Leaf;
use crate::hint::nearest;
use crate::problem::Problem;
use crate::snapshot::schema::{self, Key, Kind, Stage};
use crate::snapshot::{Encoding, Environment, Value};
use crate::source::names;
use crate::source::yaml::{Content, Document, Node};

/// The settings of cookies, of which one without a value counted as absent in Kalgan 0.9 and does so still (B103).
const COOKIE: &str = "cookie.*.";

/// Checks all leaves of a file against the schema.
pub fn leaves(document: &Document, leaves: &[Leaf<'_>], problems: &mut Vec<Problem>) {
    for leaf in leaves {
        let check = Check { document, leaf };
        match schema::find(&leaf.setting.key) {
            Some(key) => problems.extend(check.known(key)),
            None => problems.extend(check.unknown()),
        }
    }
}

struct Check<'a> {
    document: &'a Document,
    leaf: &'a Leaf<'a>,
}

impl Check<'_> {
    fn name(&self) -> &str {
        &self.leaf.setting.key
    }

    /// A mistake in the value.
    fn value_error(&self, message: String) -> Problem {
        self.document.error(self.leaf.node.mark, message)
    }

    fn key_error(&self, message: String) -> Problem {
        self.document.error(self.leaf.key, message)
    }

    fn unknown(&self) -> Option<Problem> {
        let name = self.name();
        if !schema::is_owned(name) {
            return self.near_miss();
        }
        let group = format!("{name}.");
        let in_group = |key: &&Key| key.name.starts_with(&group);
        if let Some(example) = schema::KEYS.iter().find(in_group) {
            // A group whose lines are all commented out sets nothing, and nobody means it as a mistake.
            if self.leaf.setting.value == Value::Null {
                return None;
            }
            let message =
                format!("`{name}` is a group of settings, but this is {}", self.document.describe(self.leaf.node));
            return Some(self.value_error(message).help(format!("set `{}` or another one of the group", example.name)));
        }
        let problem = self.key_error(format!("unknown setting `{name}`"));
        let outer = name.rsplit_once('.').map_or("", |(outer, _)| outer);
        let candidates = candidates(name);
        Some(if let Some(near) = nearest(name, candidates.iter().map(String::as_str)) {
            problem.help(format!("did you mean `{near}`?"))
        } else if schema::KEYS.iter().any(|key| key.name == outer) {
            problem.help(format!("`{outer}` is a single value and has no settings below it"))
        } else {
            problem.help(self.known_names())
        })
    }

    /// What there is under the first part of the name.
    fn known_names(&self) -> String {
        let first = self.name().split('.').next().unwrap_or_default();
        let group = format!("{first}.");
        let known: Vec<_> = schema::KEYS
            .iter()
            .filter(|key| key.name.starts_with(&group))
            .map(|key| format!("`{}`", key.name))
            .collect();
        match known.is_empty() {
            true => format!("names under `{first}` belong to Kalgan; choose another one for a setting of your own"),
            false => format!("names under `{first}` belong to Kalgan, which knows {}", known.join(", ")),
        }
    }

    /// A setting of the site's own that looks like a misspelt one of Kalgan's.
    fn near_miss(&self) -> Option<Problem> {
        let (first, rest) = self.name().split_once('.')?;
        let near = nearest(first, schema::OWNED.iter().copied())?;
        let meant = format!("{near}.{rest}");
        schema::find(&meant)?;
        let message = format!("`{}` is not a setting of Kalgan", self.name());
        let problem = self.document.warning(self.leaf.key, message);
        Some(problem.help(format!("did you mean `{meant}`?")))
    }

    fn known(&self, key: &Key) -> Vec<Problem> {
        if let Some(problem) = self.status_code(key) {
            return vec![problem];
        }
        let problems = [self.stage(key), self.kind(key), self.functions(key)];
        problems.into_iter().flatten().chain(self.encodings(key)).collect()
    }

    /// Whether the setting may stand in this file and come from outside.
    fn stage(&self, key: &Key) -> Option<Problem> {
        let name = self.name();
        let setting = &self.leaf.setting;
        if name == "environment.is_prod" && setting.only.is_some() {
            let problem =
                self.key_error(format!("`{name}` decides whether this file counts, so it cannot stand in it"));
            return Some(problem.help("set it in a file whose name does not end in `.dev.yaml` or `.prod.yaml`"));
        }
        if key.stage != Stage::Build {
            return None;
        }
        if let Some(only) = setting.only {
            let suffix = if only == Environment::Production { "prod" } else { "dev" };
            let problem = self.key_error(format!("`{name}` is for the build, which is the same in every environment"));
            return Some(problem.help(format!("set it in a file whose name does not end in `.{suffix}.yaml`")));
        }
        if let Value::Env { .. } | Value::Credential(_) = setting.value {
            let problem = self.value_error(format!("`{name}` is for the build, so it cannot come from outside"));
            return Some(problem.help("write the value itself"));
        }
        None
    }

    fn kind(&self, key: &Key) -> Option<Problem> {
        let (expected, fits) = match (&self.leaf.setting.value, key.kind) {
            (Value::Env { .. } | Value::Credential(_), _) => return None,
            (Value::Null, _) if key.name.starts_with(COOKIE) => {
                let problem = self.document.warning(self.leaf.key, format!("`{}` has no value", self.name()));
                return Some(problem.help("it counts as absent; give it a value, or remove the line"));
            }
            (Value::Null, _) => {
                let problem = self.key_error(format!("`{}` has no value", self.name()));
                return Some(problem.help("give it one, or remove the line"));
            }
            (value, Kind::Text) => ("text".to_string(), matches!(value, Value::Text(_))),
            (value, Kind::Bool) => ("`true` or `false`".to_string(), matches!(value, Value::Bool(_))),
            (Value::Integer(value), Kind::UpTo(_, most)) if *value > most => return Some(self.too_long(*value, most)),
            (Value::Integer(value), Kind::Integer(least, most) | Kind::UpTo(least, most)) => {
                (range(least, most), (least..=most).contains(value))
            }
            (_, Kind::Integer(least, most) | Kind::UpTo(least, most)) => (range(least, most), false),
            (Value::List(items), Kind::List) => {
                ("a list of texts".to_string(), items.iter().all(|item| matches!(item, Value::Text(_))))
            }
            // What is in it is looked at by whoever reads it.
            (value, Kind::Map) => ("a mapping".to_string(), matches!(value, Value::Map(_))),
            (value, Kind::List) => {
                ("a list of texts, or one text with commas".to_string(), matches!(value, Value::Text(_)))
            }
        };
        if fits {
            return None;
        }
        let found = self.document.describe(self.leaf.node);
        let problem = self.value_error(format!("`{}` must be {expected}, but this is {found}", self.name()));
        let problem = self.advise(problem, key.kind);
        if problem.help.is_empty() && !key.default.is_empty() {
            return Some(problem.help(format!("without this line it is {}", key.default)));
        }
        Some(problem)
    }

    /// A cookie that lives longer than browsers keep one. The pages of Kalgan 0.9 said milliseconds and showed 86400000, while its
    /// cookies said seconds (B104): a site with that line is not refused.
    fn too_long(&self, value: i64, most: i64) -> Problem {
        let message = format!("`{}` is {value}, of which {most} count: browsers keep no cookie longer", self.name());
        let problem = self.document.warning(self.leaf.node.mark, message);
        problem.help(format!("the unit is seconds; if these are milliseconds, write `{}`", value / 1000))
    }

    /// What to do about a value of the wrong type.
    fn advise(&self, problem: Problem, kind: Kind) -> Problem {
        match (&self.leaf.node.content, kind) {
            (Content::Bool(_) | Content::Integer(_) | Content::Float(_), Kind::Text) => {
                let written = self.document.written(self.leaf.node.mark);
                problem.help(format!("put it in quotes: `\"{written}\"`"))
            }
            (Content::Text(text), Kind::Bool) => match text.to_lowercase().as_str() {
                "yes" | "on" | "true" => problem.help("write `true`, without quotes"),
                "no" | "off" | "false" => problem.help("write `false`, without quotes"),
                _ => problem,
            },
            (Content::Text(text), Kind::Integer(..) | Kind::UpTo(..)) if text.parse::<i64>().is_ok() => {
                problem.help(format!("write `{text}` without quotes"))
            }
            (_, Kind::Map) => problem.help("write each name with a colon in a line of its own, and its list behind it"),
            (Content::List(_), Kind::List) => problem.help("put each item that is not text in quotes"),
            _ => problem,
        }
    }

    /// Whether an error page is for a status code that errors have.
    fn status_code(&self, key: &Key) -> Option<Problem> {
        let code = self.name().strip_prefix("error.").filter(|_| key.name == "error.*")?;
        if code.parse().is_ok_and(|code: u16| (400..600).contains(&code)) {
            return None;
        }
        let problem = self.key_error(format!("`{code}` is not the status code of an error"));
        Some(match nearest(self.name(), ["error.custom_in_dev"]) {
            Some(near) => problem.help(format!("did you mean `{near}`?")),
            None => problem.help("codes go from 400 to 599, such as `404` and `500`"),
        })
    }

    /// Settings that name functions of the site.
    fn functions(&self, key: &Key) -> Option<Problem> {
        if !matches!(key.name, "error.*" | "router.middleware" | "tera.filters" | "tera.functions" | "tera.tests") {
            return None;
        }
        let example =
            if key.name == "router.middleware" { "visitor::recognise" } else { "error_controller::not_found" };
        let refused = self.items(key.kind).into_iter().find_map(|(node, text)| {
            let reason = names::function(text).err()?;
            Some(self.document.error_within(node, text, format!("`{text}` cannot be a function: {reason}")))
        })?;
        Some(refused.help(format!("write the function's name, such as `{example}`")))
    }

    /// Whether there are all the encodings that static files are to have.
    fn encodings(&self, key: &Key) -> Vec<Problem> {
        if key.name != "static.encodings" {
            return Vec::new();
        }
        let known = Encoding::ALL.map(Encoding::name);
        let unknown = self.items(key.kind).into_iter().filter(|(_, text)| !known.contains(text));
        let problem = |(node, text)| {
            let problem =
                self.document.error_within(node, text, format!("there is no encoding `{text}` for static files"));
            match meant(text).or_else(|| nearest(text, known)) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem,
            }
            .help("the encodings are `br` (brotli), `zstd` and `gzip`; an empty list, `[]`, stores no compressed files")
        };
        unknown.map(problem).collect()
    }

    /// The names in the value: of a list its items, of a list in one text what stands between the commas.
    fn items(&self, kind: Kind) -> Vec<(&Node, &str)> {
        let nodes = match &self.leaf.node.content {
            Content::List(items) => &items[..],
            _ => std::slice::from_ref(self.leaf.node),
        };
        nodes.iter().flat_map(|node| texts(node, kind)).collect()
    }
}

/// The encoding that goes by this name elsewhere: in file names, in programs, or in capitals.
fn meant(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let goes_by = |encoding: &Encoding| {
        [encoding.name(), encoding.extension(), &format!("{encoding:?}").to_lowercase()].contains(&name.as_str())
    };
    Encoding::ALL.into_iter().find(goes_by).map(Encoding::name)
}

/// The names that a misspelt one may stand for: all, with the parts that the author chooses filled in as they were written.
fn candidates(name: &str) -> Vec<String> {
    let written: Vec<&str> = name.split('.').collect();
    let fill = |key: &Key| {
        let parts = key.name.split('.').zip(written.iter().chain(std::iter::repeat(&"*")));
        parts.map(|(part, written)| if part == "*" { *written } else { part }).collect::<Vec<_>>().join(".")
    };
    schema::KEYS.iter().map(fill).collect()
}

/// The names in a value: of a list in one text those between the commas.
fn texts(node: &Node, kind: Kind) -> Vec<(&Node, &str)> {
    let Content::Text(text) = &node.content else { return Vec::new() };
    match kind {
        Kind::List => text.split(',').map(str::trim).filter(|text| !text.is_empty()).map(|text| (node, text)).collect(),
        _ => vec![(node, text)],
    }
}

fn range(least: i64, most: i64) -> String {
    match most {
        i64::MAX => format!("a whole number from {least}"),
        _ => format!("a whole number from {least} to {most}"),
    }
}
