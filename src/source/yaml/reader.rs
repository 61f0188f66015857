//! From text to [`Node`]s with the parser's own events.
//!
//! The parser tells positions only in errors. So the visitor of each scalar keeps what it was given and then fails on purpose:
//! the error has the scalar's line and column, the parser stands behind the scalar, and reading goes on. One pass finds the exact
//! place of everything, with the parser's own idea of quotes, escapes, anchors and flow collections.

use std::collections::HashMap;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess};

use super::places::{self, Places};
use super::{Content, Entry, Mark, Node, Rules, syntax};
use crate::hint::nearest;
use crate::problem::Problem;
use crate::source::files::TextFile;

/// Most values of one file, counting what aliases repeat: a hundred times what a large site has, and read in a moment.
const MOST_VALUES: usize = 1_000_000;

/// What the parser says when aliases repeat too much, and what [`Reader`] says when they make too many values.
pub const REPETITION: &str = "repetition limit exceeded";

/// The text of the errors that tell a place.
const TELL_PLACE: &str = "scalar";

/// The root of a file's only document. An empty file is [`Content::Null`]; `None` where the file is not valid YAML.
pub fn read(file: &TextFile, rules: Rules, problems: &mut Vec<Problem>) -> Option<Node> {
    let places = Places::new(&file.text);
    let mut reader = Reader {
        file,
        rules,
        places,
        last: Mark::START,
        taken: None,
        path: Vec::new(),
        values: 0,
        problems: Vec::new(),
    };
    let mut documents = serde_yaml::Deserializer::from_str(&file.text);
    let first = documents.next().map(|document| reader.seed().deserialize(document));
    let root = match first {
        Some(Ok(root)) => Some(root),
        Some(Err(error)) => {
            let problem = syntax::problem(file, &error, &mut reader.places);
            reader.problems.push(problem);
            None
        }
        None => Some(Node { mark: Mark::START, content: Content::Null }),
    };
    if let Some(second) = documents.next().filter(|_| root.is_some()) {
        reader.refuse_second(second);
    }
    problems.append(&mut reader.problems);
    root
}

struct Reader<'a> {
    file: &'a TextFile,
    rules: Rules,
    places: Places<'a>,
    /// Where the scalar read last stands.
    last: Mark,
    /// The scalar whose visitor has just failed to tell its place.
    taken: Option<Content>,
    /// The keys of the mappings that are being read, from the outermost.
    path: Vec<String>,
    values: usize,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn seed(&mut self) -> NodeSeed<'_, 'a> {
        NodeSeed(self)
    }

    fn error(&self, mark: Mark, message: String) -> Problem {
        places::put(Problem::error(&self.file.path, message), &self.file.text, mark)
    }

    /// The second document of a file fails at its first event, which tells where it begins.
    fn refuse_second(&mut self, second: serde_yaml::Deserializer<'_>) {
        let location = second.deserialize_any(Unwanted).err().and_then(|error| error.location());
        let mark = location.map_or(Mark::START, |at| self.places.mark(at.line(), at.column()));
        let help = "a file holds one document: move this one into a file of its own, or remove the line `---`";
        self.problems.push(self.error(mark, "a second document begins here".to_string()).help(help));
    }

    /// A key's text: texts, and whole numbers as their decimal text (B11).
    fn key(&mut self, node: Node) -> Option<(String, Mark)> {
        let mark = node.mark;
        let key = match node.content {
            Content::Text(text) => text,
            Content::Integer(number) => number.to_string(),
            other => {
                let message = format!("a key must be text or a whole number, but this is {}", other.describe());
                let help = match other {
                    Content::Map(_) | Content::List(_) => "put a text that begins with `{` or `[` in quotes",
                    _ => "put the key in quotes, or remove it",
                };
                self.problems.push(self.error(mark, message).help(help));
                return None;
            }
        };
        if key == "<<" {
            let help = "write the keys out; an alias such as `key: *name` repeats a single value";
            self.problems.push(self.error(mark, "merge keys (`<<`) are not supported".to_string()).help(help));
            return None;
        }
        if self.rules.joined {
            self.problems.extend(self.joined_mistake(&key, mark));
        }
        Some((key, mark))
    }

    /// Where nested keys are joined by dots a key has none of its own (B12). It is kept, so that its value is not missed elsewhere.
    fn joined_mistake(&self, key: &str, mark: Mark) -> Option<Problem> {
        if key.is_empty() {
            return Some(self.error(mark, "a key must not be empty".to_string()).help("give it a name"));
        }
        let (outer, inner) = key.split_once('.')?;
        if (self.rules.is_whole)(&self.path.join(".")) {
            return None;
        }
        let problem = self.error(mark, format!("the key `{key}` has a dot: dots join nested keys"));
        Some(match outer.is_empty() || inner.is_empty() {
            true => problem.help("rename it"),
            false => problem.help(format!("nest it: `{outer}:` in one line, `{inner}:` indented below it")),
        })
    }

    /// Adds an entry; of a key that stands twice the later one stays, as it did in Kalgan 0.9 (B14).
    fn add(&mut self, entries: &mut Vec<Entry>, seen: &mut HashMap<String, usize>, entry: Entry) {
        let Some(index) = seen.get(&entry.key).copied() else {
            seen.insert(entry.key.clone(), entries.len());
            entries.push(entry);
            return;
        };
        let message = format!("the key `{}` stands twice in one mapping", entry.key);
        let help = format!("remove one of the two; the other is in line {}", entries[index].mark.line);
        self.problems.push(self.error(entry.mark, message).help(help));
        entries[index] = entry;
    }

    fn check_tag(&mut self, tag: &str, mark: Mark) -> bool {
        if self.rules.tags.contains(&tag) {
            return true;
        }
        let shown = if tag == "!" { "" } else { tag };
        let problem = self.error(mark, format!("unknown tag `!{shown}`"));
        let help = match nearest(tag, self.rules.tags.iter().copied()) {
            Some(near) => format!("did you mean `!{near}`?"),
            None if self.rules.tags.is_empty() => "remove it: tags have no meaning in this file".to_string(),
            None => {
                let known: Vec<_> = self.rules.tags.iter().map(|tag| format!("`!{tag}`")).collect();
                format!("known are {}; put a text that begins with `!` in quotes", known.join(" and "))
            }
        };
        self.problems.push(problem.help(help));
        false
    }
}

/// Reads one node, whatever it is.
struct NodeSeed<'r, 'a>(&'r mut Reader<'a>);

impl<'de> DeserializeSeed<'de> for NodeSeed<'_, '_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let reader = self.0;
        reader.values += 1;
        if reader.values > MOST_VALUES {
            return Err(de::Error::custom(REPETITION));
        }
        deserializer.deserialize_any(NodeVisitor(reader)).or_else(|error| match reader.taken.take() {
            Some(content) => {
                let (line, column) = told_place(&error.to_string());
                reader.last = reader.places.mark(line, column);
                Ok(Node { mark: reader.last, content })
            }
            None => Err(error),
        })
    }
}

/// Line and column of an error that tells a place; the parser leaves them out at the very beginning of a file.
fn told_place(error: &str) -> (usize, usize) {
    let place = error.rsplit_once(TELL_PLACE).map_or("", |(_, place)| place);
    let mut numbers = place.split(' ').filter_map(|word| word.parse().ok());
    (numbers.next().unwrap_or(1), numbers.next().unwrap_or(1))
}

struct NodeVisitor<'r, 'a>(&'r mut Reader<'a>);

impl NodeVisitor<'_, '_> {
    /// Keeps a scalar and fails, so that the parser tells where it stands.
    fn take<E: de::Error>(self, content: Content) -> Result<Node, E> {
        self.0.taken = Some(content);
        Err(E::custom(TELL_PLACE))
    }
}

impl<'de> de::Visitor<'de> for NodeVisitor<'_, '_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    /// An empty document, whose error would have no place.
    fn visit_none<E: de::Error>(self) -> Result<Node, E> {
        Ok(Node { mark: Mark::START, content: Content::Null })
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        self.take(Content::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Node, E> {
        self.take(Content::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node, E> {
        self.take(Content::Integer(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node, E> {
        self.take(i64::try_from(value).map_or(Content::Huge, Content::Integer))
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<Node, E> {
        self.take(Content::Huge)
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<Node, E> {
        self.take(Content::Huge)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        self.take(Content::Float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Node, E> {
        self.take(Content::Text(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut mark = self.0.last;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self.0.seed())? {
            if items.is_empty() {
                mark = item.mark;
            }
            items.push(item);
        }
        Ok(Node { mark, content: Content::List(items) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut mark = None;
        let (mut entries, mut seen) = (Vec::new(), HashMap::new());
        while let Some(key) = map.next_key_seed(self.0.seed())? {
            mark.get_or_insert(key.mark);
            let name = if let Content::Text(name) = &key.content { name.clone() } else { String::new() };
            self.0.path.push(name);
            let value = map.next_value_seed(self.0.seed());
            self.0.path.pop();
            let value = value?;
            if let Some((key, mark)) = self.0.key(key) {
                self.0.add(&mut entries, &mut seen, Entry { key, mark, value });
            }
        }
        Ok(Node { mark: mark.unwrap_or(self.0.last), content: Content::Map(entries) })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Node, A::Error> {
        let (tag, value) = tagged.variant::<String>()?;
        let node = value.newtype_variant_seed(self.0.seed())?;
        if !self.0.check_tag(&tag, node.mark) {
            return Ok(node);
        }
        Ok(Node { mark: node.mark, content: Content::Tagged(tag, Box::new(node)) })
    }
}

/// A document that is not wanted: nothing may be visited, so that the error tells where it begins.
struct Unwanted;

impl<'de> de::Visitor<'de> for Unwanted {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the end of the file")
    }
}
