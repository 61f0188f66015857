//! The index that `static/js/search.js` searches: every section of every page in one language, taken from the pages themselves.

use std::sync::LazyLock;

use kalgan::{Error, Request, Response, trans, url};
use regex::Regex;
use serde::Serialize;

use super::page;
use crate::chapters;

/// A section of a page.
#[derive(Serialize)]
struct Entry {
    address: String,
    /// The title of the page.
    title: String,
    /// The heading of the section; empty for what stands before the first one.
    heading: String,
    text: String,
}

/// A heading of the second level, as `template::markdown` writes it.
static HEADING: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r##"(?s)<h2 id="([^"]*)">(.*?)</h2>"##).expect("the expression is tested"));

/// Tags within a word or sentence, which leave no gap in the text.
static INLINE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("</?(?:a|code|em|span|strong|wbr)(?: [^>]*)?>").expect("the expression is tested"));

static TAG: LazyLock<Regex> = LazyLock::new(|| Regex::new("<[^>]*>").expect("the expression is tested"));

/// All sections of all pages in the request's language, as JSON.
pub fn index(request: Request) -> Result<Response, Error> {
    let mut entries = Vec::new();
    for name in chapters::prose() {
        let html = request.render(&page::template(&request, name), page::context(name))?;
        let title = trans!(request, &format!("page.{name}.title"));
        let lead = trans!(request, &format!("page.{name}.description"));
        sections(&mut entries, &html, &url!(request, name)?, &title, &lead);
    }
    Ok(Response::json(&entries).with_cache("public, max-age=300"))
}

/// Appends the sections of a page; the first one has the page's lead as its text's beginning.
fn sections(entries: &mut Vec<Entry>, page: &str, address: &str, title: &str, lead: &str) {
    let article = page.split_once("<article").map_or("", |(_, rest)| rest);
    let article = article.split_once('>').map_or("", |(_, rest)| rest);
    let article = article.split_once("</article>").map_or(article, |(inner, _)| inner);
    let headings: Vec<_> = HEADING.captures_iter(article).collect();
    let ends = headings.iter().map(|found| found.get_match().start()).skip(1).chain([article.len()]);
    let before = headings.first().map_or(article.len(), |first| first.get_match().start());
    let entry =
        |address: String, heading: String, text: String| Entry { address, title: title.to_string(), heading, text };
    entries.push(entry(address.to_string(), String::new(), format!("{lead} {}", plain(&article[..before]))));
    for (found, end) in headings.iter().zip(ends) {
        let text = plain(&article[found.get_match().end()..end]);
        entries.push(entry(format!("{address}#{}", &found[1]), plain(&found[2]), text));
    }
}

/// The text of some HTML on one line.
fn plain(html: &str) -> String {
    let text = INLINE.replace_all(html, "");
    let text = TAG.replace_all(&text, " ");
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_its_sections() {
        let page = "<h1>T</h1><article class=\"prose\">\n<p>First &amp; <em>fore</em>most</p>\
                    <h2 id=\"a\"><a href=\"#a\">A <code>b</code></a></h2><p>On<wbr>e</p><h3 id=\"x\">Two</h3></article><p>Not this</p>";
        let mut entries = Vec::new();
        sections(&mut entries, page, "/en/t", "T", "Lead.");
        let seen: Vec<_> = entries.iter().map(|e| (e.address.as_str(), e.heading.as_str(), e.text.as_str())).collect();
        assert_eq!(seen, [("/en/t", "", "Lead. First & foremost"), ("/en/t#a", "A b", "One Two")]);
    }
}
