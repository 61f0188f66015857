//! The manual's Markdown as HTML: headings that can be linked to, coloured code, tables that scroll, and the page's contents.

use std::collections::HashMap;

use pulldown_cmark::{CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::highlight;

/// A page's text, and the headings of its second level as `(id, HTML)` for the list of contents.
pub struct Prose {
    /// The text as HTML.
    pub html: String,
    /// The headings in their order.
    pub contents: Vec<(String, String)>,
}

/// Reads the Markdown of a page; HTML in it is kept, because the manual's templates are its only authors. `table` is what screen
/// readers call a table that scrolls.
pub fn read(markdown: &str, table: &str) -> Prose {
    let options = Options::ENABLE_TABLES | Options::ENABLE_SMART_PUNCTUATION;
    let mut writer = Writer::default();
    let mut events = Parser::new_ext(markdown, options);
    while let Some(event) = events.next() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let inner = until(&mut events, |end| matches!(end, TagEnd::Heading(_)));
                writer.heading(level, inner);
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                let inner = until(&mut events, |end| matches!(end, TagEnd::CodeBlock));
                writer.code(&kind, &plain(&inner));
            }
            Event::Start(Tag::Table(columns)) => {
                writer.table(table);
                writer.events.push(Event::Start(Tag::Table(columns)));
            }
            Event::End(TagEnd::Table) => {
                writer.events.push(Event::End(TagEnd::Table));
                writer.markup("</div>\n");
            }
            other => writer.events.push(other),
        }
    }
    writer.finish()
}

/// Takes the events up to the end that is wanted.
fn until<'a>(events: &mut impl Iterator<Item = Event<'a>>, is_end: impl Fn(&TagEnd) -> bool) -> Vec<Event<'a>> {
    events.take_while(|event| !matches!(event, Event::End(end) if is_end(end))).collect()
}

/// The text of some events without their markup.
fn plain(events: &[Event]) -> String {
    let texts = events.iter().filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    texts.collect()
}

#[derive(Default)]
struct Writer<'a> {
    events: Vec<Event<'a>>,
    contents: Vec<(String, String)>,
    ids: HashMap<String, usize>,
}

impl<'a> Writer<'a> {
    fn markup(&mut self, html: impl Into<CowStr<'a>>) {
        self.events.push(Event::Html(html.into()));
    }

    /// A heading with an id made from its words, so that it can be linked to.
    fn heading(&mut self, level: HeadingLevel, inner: Vec<Event<'a>>) {
        let id = self.unique(slug(&plain(&inner)));
        let mut text = String::new();
        html::push_html(&mut text, inner.into_iter());
        self.markup(format!("<{level} id=\"{id}\"><a href=\"#{id}\">{text}</a></{level}>\n"));
        if level == HeadingLevel::H2 {
            self.contents.push((id, text));
        }
    }

    /// A code block; after the language in its first line may stand the name of the file that it shows.
    fn code(&mut self, kind: &CodeBlockKind, code: &str) {
        let CodeBlockKind::Fenced(info) = kind else {
            return self.markup(figure("", "", code));
        };
        let (language, file) = info.split_once(' ').unwrap_or((info, ""));
        self.markup(figure(language, file, code));
    }

    /// The beginning of a table, which the keyboard can scroll where it is too wide.
    fn table(&mut self, label: &str) {
        let mut escaped = String::new();
        highlight::escape(&mut escaped, label);
        self.markup(format!("<div class=\"scroll\" role=\"group\" aria-label=\"{escaped}\" tabindex=\"0\">"));
    }

    fn unique(&mut self, id: String) -> String {
        let seen = self.ids.entry(id.clone()).or_default();
        *seen += 1;
        if *seen == 1 { id } else { format!("{id}-{seen}") }
    }

    fn finish(self) -> Prose {
        let mut text = String::new();
        html::push_html(&mut text, self.events.into_iter());
        Prose { html: text, contents: self.contents }
    }
}

/// Code with its colours, under the name of the file that it is from, if any.
pub fn figure(language: &str, file: &str, code: &str) -> String {
    let code = highlight::highlight(code, language);
    // `translate="no"` keeps a browser's translator out of the code; the tab stop lets the keyboard scroll it.
    let block = format!("<pre tabindex=\"0\" translate=\"no\"><code class=\"language-{language}\">{code}</code></pre>");
    if file.is_empty() {
        return format!("<figure class=\"code\">{block}</figure>\n");
    }
    format!("<figure class=\"code\"><figcaption>{file}</figcaption>{block}</figure>\n")
}

/// The words of a heading, in lower case and joined by hyphens.
fn slug(heading: &str) -> String {
    let words = heading.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_can_be_linked_to_and_are_listed() {
        let prose = read("## Qué hace `url`\n\n## Qué hace `url`\n\n### Más\n", "Table");
        let ids: Vec<_> = prose.contents.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["qué-hace-url", "qué-hace-url-2"]);
        let heading = "<h2 id=\"qué-hace-url\"><a href=\"#qué-hace-url\">Qué hace <code>url</code></a></h2>";
        assert!(prose.html.contains(heading), "{}", prose.html);
    }

    #[test]
    fn code_has_its_colours_and_its_file_name() {
        let html = read("```yaml app/config/app.yaml\nport: 1\n```\n", "Table").html;
        assert!(html.contains("<figcaption>app/config/app.yaml</figcaption>"), "{html}");
        assert!(html.contains("<span class=\"name\">port</span>: <span class=\"number\">1</span>"), "{html}");
    }

    #[test]
    fn tables_scroll_on_their_own() {
        let html = read("| a | b |\n|---|---|\n| 1 | 2 |\n\nText\n", "Table").html;
        assert!(
            html.starts_with("<div class=\"scroll\" role=\"group\" aria-label=\"Table\" tabindex=\"0\"><table>"),
            "{html}"
        );
        assert!(html.contains("</table>\n</div>\n<p>Text</p>"), "{html}");
    }
}
