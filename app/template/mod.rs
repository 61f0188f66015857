//! What the manual adds to Tera: the filters that `config/app.yaml` declares under `tera.filters`.

pub mod highlight;
pub mod prose;

use kalgan::{Kwargs, State, TeraResult, Value};

/// `{% filter markdown(contents="On this page") %}…{% endfilter %}`: the Markdown as HTML in an `<article>`, and before it
/// the list of the page's headings under the given title, where there are at least two. The argument `table` names tables for
/// screen readers.
pub fn markdown(text: &str, arguments: Kwargs, _: &State) -> TeraResult<Value> {
    let title = arguments.get::<String>("contents")?.unwrap_or_default();
    let prose = prose::read(text, &arguments.get::<String>("table")?.unwrap_or_default());
    let contents = if prose.contents.len() > 1 { contents(&title, &prose.contents) } else { String::new() };
    Ok(Value::safe_string(&format!("{contents}<article class=\"prose\">\n{}</article>\n", prose.html)))
}

fn contents(title: &str, headings: &[(String, String)]) -> String {
    let mut heading = String::new();
    highlight::escape(&mut heading, title);
    let items: String = headings.iter().map(|(id, text)| format!("<li><a href=\"#{id}\">{text}</a></li>\n")).collect();
    format!(
        "<nav class=\"contents\" aria-labelledby=\"contents\"><h2 id=\"contents\">{heading}</h2>\n<ol>\n{items}</ol></nav>\n"
    )
}
