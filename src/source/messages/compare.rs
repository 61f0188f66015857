//! Whether all languages have the same messages, with the same placeholders as in the default language.

use std::collections::{BTreeMap, BTreeSet};

use super::{Located, Messages};
use crate::pattern;
use crate::problem::Problem;
use crate::source::leaf::Leaf;

/// The plural categories of CLDR. Languages differ in which of them they have.
const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// A language that lacks more messages than this is told of once, not once per message.
const MOST_SINGLE: usize = 20;

/// The message that stands for an id in reports, and whether it is the default language's.
type Original<'m> = (Located<'m>, bool);

/// Compares all languages, each with what the site has in any of them.
pub fn check(default: &Messages<'_>, languages: &[Messages<'_>], problems: &mut Vec<Problem>) {
    let originals = originals(default, languages);
    let mut lacking: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for language in languages.iter().filter(|language| language.complete) {
        let ids: Vec<&str> = originals.keys().copied().filter(|id| !has(language, id)).collect();
        if ids.len() > MOST_SINGLE {
            problems.push(lacks_many(&originals, language.code, &ids));
        } else {
            ids.into_iter().for_each(|id| lacking.entry(id).or_default().push(language.code));
        }
    }
    for (id, codes) in lacking {
        problems.push(lacks(originals[id], id, &codes));
    }
    for language in languages.iter().filter(|language| language.code != default.code) {
        for (id, message) in &language.by_id {
            problems
                .extend(default.by_id.get(id).and_then(|original| placeholders(id, *message, *original, default.code)));
        }
    }
}

/// Every id of the site: with the default language's message, else that of the first language that has one.
fn originals<'m>(default: &Messages<'m>, languages: &[Messages<'m>]) -> BTreeMap<&'m str, Original<'m>> {
    let mut originals: BTreeMap<&str, Original<'_>> = BTreeMap::new();
    for language in [default].into_iter().chain(languages) {
        let is_default = language.code == default.code;
        for (id, message) in &language.by_id {
            originals.entry(*id).or_insert((*message, is_default));
        }
    }
    originals
}

/// Whether a language has a message, or another plural form of it: which forms there are differs between languages.
fn has(language: &Messages<'_>, id: &str) -> bool {
    let form = |id: &str| language.by_id.contains_key(format!("{id}.other").as_str());
    let plain = |id: &str| language.by_id.contains_key(id);
    plain(id) || form(id) || plural(id).is_some_and(|id| form(id) || plain(id))
}

/// The id of which this one is a plural form.
fn plural(id: &str) -> Option<&str> {
    id.rsplit_once('.').filter(|(_, last)| CATEGORIES.contains(last)).map(|(id, _)| id)
}

fn lacks((message, is_default): Original<'_>, id: &str, codes: &[&str]) -> Problem {
    let text = format!("the message `{id}` is missing in `{}`", codes.join("`, `"));
    message.warning(text).help(match is_default {
        true => "translate it there; until then this text is shown",
        // What the default language lacks has nothing to fall back on (B123).
        false => "write it there, or correct the name here; until then the name is shown in its place",
    })
}

fn lacks_many(originals: &BTreeMap<&str, Original<'_>>, code: &str, ids: &[&str]) -> Problem {
    let first = ids[..3].join("`, `");
    let text = format!("the language `{code}` lacks {} of the site's {} messages", ids.len(), originals.len());
    // A place that there is on every such site: the file of the first message that is missing.
    let file = originals[ids[0]].0.file.path();
    Problem::warning(file, text).help(format!(
        "the first are `{first}`; until they are translated, the texts of the default language or the names are shown"
    ))
}

/// Placeholders that only one of two languages has. A plural form may say its number in words, so there `count` is free.
fn placeholders(id: &str, message: Located<'_>, original: Located<'_>, default: &str) -> Option<Problem> {
    let names = |text| -> BTreeSet<&str> {
        pattern::parameters(text).filter(|name| plural(id).is_none() || *name != "count").collect()
    };
    let (here, there) = (names(&message.message.text), names(&original.message.text));
    if here == there || message.message.text.is_empty() || original.message.text.is_empty() {
        return None;
    }
    let listed = |names: Vec<&&str>| names.iter().map(|name| format!("`{{{name}}}`")).collect::<Vec<_>>().join(", ");
    let (more, fewer) = (listed(here.difference(&there).collect()), listed(there.difference(&here).collect()));
    let text = match (more.is_empty(), fewer.is_empty()) {
        (false, true) => format!("the message `{id}` has {more}, which it has not in `{default}`"),
        (true, _) => format!("the message `{id}` lacks {fewer}, which it has in `{default}`"),
        (false, false) => format!("the message `{id}` has {more} where it has {fewer} in `{default}`"),
    };
    let help = format!("use the same names in both; the other is at {}", original.place());
    Some(message.warning(text).help(help))
}
