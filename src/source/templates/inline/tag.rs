//! What a start tag says of scripts and styles.

use std::ops::Range;

use super::address;
use super::html::HOLE;
use crate::snapshot::Text;
use crate::source::templates::outline::Named;

/// What a source of a policy is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Script,
    Style,
}

/// One tag as it is read.
#[derive(Debug, Default)]
pub(super) struct Tag {
    /// In lower case.
    pub(super) name: String,
    pub(super) is_end: bool,
    /// Where its name ends in the source.
    pub(super) name_end: usize,
    /// Whether a tag of Tera's could stand behind its name.
    pub(super) is_open: bool,
    pub(super) attributes: Vec<Attribute>,
    /// Whether it ends with `/>`.
    pub(super) closes_itself: bool,
    /// Whether it stands inside `svg` or `math`.
    pub(super) is_foreign: bool,
    /// Where in the source the first thing is printed in it that no quotes keep in its place.
    pub(super) loose: Option<usize>,
}

/// One attribute of a tag.
#[derive(Debug, Default)]
pub(super) struct Attribute {
    /// In lower case; with [`HOLE`] in the place of what Tera puts there.
    pub(super) name: String,
    pub(super) span: Range<usize>,
    /// The same; empty where there is none.
    pub(super) value: String,
}

/// An inline script or style.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) kind: Kind,
    /// Its text, with [`HOLE`] in the place of what Tera puts there.
    pub(super) text: String,
    /// Where a nonce can be put.
    pub(super) place: Option<usize>,
    /// Whether a filter may make something else of it.
    pub(super) is_filtered: bool,
    pub(super) is_foreign: bool,
}

/// Types of scripts that run, beside those that end in `javascript` or `ecmascript` (HTML section 4.12.1).
const RUNNING: [&str; 5] = ["", "importmap", "jscript", "module", "speculationrules"];

impl Tag {
    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The kind of its content, where that is an inline script or style which nobody has given a nonce. What could become a script of any
    /// address by a value that adds `src` is none.
    pub(super) fn inline(&self) -> Option<Kind> {
        self.written_inline().filter(|_| self.loose.is_none() && self.attribute("nonce").is_none())
    }

    /// Its name and where something is printed in it without quotes, where that is why it gets neither nonce nor hash, or should not have
    /// got one.
    pub(super) fn unquoted(&self, source: &str) -> Option<Named> {
        let start = self.loose.filter(|_| self.written_inline().is_some())?;
        let rest = &source[start..];
        let end = ["}}", "%}"].iter().filter_map(|end| rest.find(end)).min().map_or(rest.len(), |end| end + 2);
        Some(Named { name: Text::Owned(self.name.clone()), span: start..start + end })
    }

    fn written_inline(&self) -> Option<Kind> {
        match self.name.as_str() {
            "style" => Some(Kind::Style),
            "script" if self.runs() && self.script_address().is_none() => Some(Kind::Script),
            _ => None,
        }
    }

    /// What it loads from another origin.
    pub(super) fn external(&self) -> Option<(Kind, String)> {
        let (kind, address) = match self.name.as_str() {
            "script" => (Kind::Script, self.script_address()?),
            "link" => (self.link_kind()?, self.attribute("href")?),
            _ => return None,
        };
        Some((kind, address::source(&address.value)?))
    }

    fn script_address(&self) -> Option<&Attribute> {
        let of_svg = || ["href", "xlink:href"].iter().find_map(|name| self.attribute(name));
        self.attribute("src").or_else(|| if self.is_foreign { of_svg() } else { None })
    }

    /// Whether a script of its type is run. One whose type is not written may be.
    fn runs(&self) -> bool {
        let Some(kind) = self.attribute("type") else { return true };
        let kind = kind.value.trim().to_ascii_lowercase();
        let is_script = ["text/", "application/"].iter().filter_map(|start| kind.strip_prefix(start)).any(|name| {
            let name = name.strip_prefix("x-").unwrap_or(name);
            name.starts_with("javascript") || matches!(name, "ecmascript" | "jscript" | "livescript")
        });
        kind.contains(HOLE) || is_script || RUNNING.contains(&kind.as_str())
    }

    fn link_kind(&self) -> Option<Kind> {
        let relation = self.attribute("rel")?.value.to_ascii_lowercase();
        let has = |name: &str| relation.split_ascii_whitespace().any(|known| known == name);
        let is_loaded_as = |name: &str| self.attribute("as").is_some_and(|kind| kind.value.eq_ignore_ascii_case(name));
        if has("stylesheet") || (has("preload") && is_loaded_as("style")) {
            return Some(Kind::Style);
        }
        (has("modulepreload") || (has("preload") && is_loaded_as("script"))).then_some(Kind::Script)
    }

    /// Its attributes that are scripts in themselves.
    pub(super) fn blocked(&self) -> impl Iterator<Item = Named> {
        let is_script = |attribute: &&Attribute| {
            HANDLERS.contains(&attribute.name.as_str())
                || (ADDRESSES.contains(&attribute.name.as_str()) && is_javascript(&attribute.value))
        };
        self.attributes
            .iter()
            .filter(is_script)
            .map(|attribute| Named { name: Text::Owned(attribute.name.clone()), span: attribute.span.clone() })
    }
}

impl Element {
    /// Its text, where that is the same in every answer and read by browsers as it stands here.
    pub(super) fn constant(&self) -> Option<&str> {
        let is_other = self.is_filtered
            || self.text.contains([HOLE, '\0'])
            // There browsers read markup, and do not in HTML.
            || (self.is_foreign && self.text.contains(['&', '<']))
            // Behind that, the end tag may be another one.
            || (self.kind == Kind::Script && self.text.contains("<!--"));
        (!is_other).then_some(self.text.as_str())
    }
}

/// Attributes that are addresses which a browser goes to.
const ADDRESSES: [&str; 4] = ["action", "formaction", "href", "xlink:href"];

fn is_javascript(address: &str) -> bool {
    let start = address.trim_start_matches(|c: char| c <= ' ').split_at_checked("javascript:".len());
    start.is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("javascript:"))
}

/// Attributes that hold scripts (HTML section 8.1.8.2, Pointer Events, CSS Transitions and Animations).
const HANDLERS: &[&str] = &[
    "onabort",
    "onafterprint",
    "onanimationend",
    "onanimationiteration",
    "onanimationstart",
    "onauxclick",
    "onbeforeinput",
    "onbeforematch",
    "onbeforeprint",
    "onbeforetoggle",
    "onbeforeunload",
    "onblur",
    "oncancel",
    "oncanplay",
    "oncanplaythrough",
    "onchange",
    "onclick",
    "onclose",
    "oncontextmenu",
    "oncopy",
    "oncuechange",
    "oncut",
    "ondblclick",
    "ondrag",
    "ondragend",
    "ondragenter",
    "ondragleave",
    "ondragover",
    "ondragstart",
    "ondrop",
    "ondurationchange",
    "onemptied",
    "onended",
    "onerror",
    "onfocus",
    "onfocusin",
    "onfocusout",
    "onformdata",
    "onhashchange",
    "oninput",
    "oninvalid",
    "onkeydown",
    "onkeypress",
    "onkeyup",
    "onload",
    "onloadeddata",
    "onloadedmetadata",
    "onloadstart",
    "onmessage",
    "onmousedown",
    "onmouseenter",
    "onmouseleave",
    "onmousemove",
    "onmouseout",
    "onmouseover",
    "onmouseup",
    "onoffline",
    "ononline",
    "onpagehide",
    "onpageshow",
    "onpaste",
    "onpause",
    "onplay",
    "onplaying",
    "onpointercancel",
    "onpointerdown",
    "onpointermove",
    "onpointerup",
    "onpopstate",
    "onprogress",
    "onratechange",
    "onreset",
    "onresize",
    "onscroll",
    "onscrollend",
    "onsearch",
    "onseeked",
    "onseeking",
    "onselect",
    "onselectstart",
    "onslotchange",
    "onstalled",
    "onstorage",
    "onsubmit",
    "onsuspend",
    "ontimeupdate",
    "ontoggle",
    "ontouchcancel",
    "ontouchend",
    "ontouchmove",
    "ontouchstart",
    "ontransitionend",
    "onunload",
    "onvolumechange",
    "onwaiting",
    "onwheel",
];
