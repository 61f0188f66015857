//! What a template sees of the request: the variables `request` and `route` (B54, B65).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::{Request, Variables};
use crate::error::Error;
use crate::process::AsProcess;
use crate::site::{Context, Value, Values, View, noting};

/// What the nonce of the answer is to templates.
const NONCE: &str = "csp_nonce";

/// The variable `request` of a template.
#[derive(Serialize)]
struct RequestView<'a> {
    id: &'a str,
    method: &'a str,
    /// Path and query as they were sent.
    uri: String,
    path: &'a str,
    query: BTreeMap<&'a str, &'a str>,
    protocol: String,
    scheme: &'a str,
    host: &'a str,
    user_agent: &'a str,
    referer: &'a str,
    client_address: Option<String>,
    cookies: BTreeMap<&'a str, &'a str>,
    /// The fields of a form body.
    input: BTreeMap<String, String>,
    /// What middleware left.
    middleware: &'a BTreeMap<String, serde_json::Value>,
}

/// The variable `route` of a template.
#[derive(Serialize)]
struct RouteView<'a> {
    name: &'a str,
    path: &'a str,
    language: &'a str,
    parameters: BTreeMap<&'a str, &'a str>,
}

impl Request {
    /// The text that a template makes, at once and as a value: for a mail, a feed, or a part of something else.
    ///
    /// It sees what it would see as the page of an answer. [`Response::render`](crate::Response::render) is for pages.
    ///
    /// Where the answer is one that browsers show as a document (HTML, SVG or XML), its Content-Security-Policy admits the scripts and
    /// styles of this template. That of any other answer, such as JSON, has nothing of it.
    ///
    /// A text that is kept, in a cache say, and found again is not rendered for the answer that it is put into: there, see
    /// [`Request::admit`]. A script or style in it that is not constant has the nonce of another answer, and browsers will not run it.
    ///
    /// # Errors
    ///
    /// [`Error::Template`] where there is no such template or it fails.
    pub fn render(&self, template: &str, context: Context) -> Result<String, Error> {
        let request = self.clone();
        let values = Arc::new(move |name: &str| request.variable(name));
        let (text, is_for_once) = noting(|| self.text_of(template, context, values));
        self.note_rendered(template);
        if is_for_once {
            self.mark_for_once();
        }
        text
    }

    /// The same for a mail: the template has no part in the answer, so nothing is noted about that, whose nonce stays its own.
    #[cfg(feature = "mail")]
    pub(crate) fn render_letter(&self, template: &str, context: Context) -> Result<String, Error> {
        let request = self.clone();
        let values = Arc::new(move |name: &str| if name == NONCE { None } else { request.variable(name) });
        noting(|| self.text_of(template, context, values)).0
    }

    fn text_of(&self, template: &str, context: Context, values: Values) -> Result<String, Error> {
        let view = View { language: self.language(), values };
        let start = Instant::now();
        let text = self.site().renderer.render(template, context, &view);
        self.process().metrics().templates.observe(start.elapsed());
        text
    }

    /// The value of a variable that every template may use; `None` for a name that is not the framework's.
    fn variable(&self, name: &str) -> Option<Value> {
        match name {
            "request" => Some(Value::from_serializable(&self.request_view())),
            "route" => Some(self.route_view().map_or_else(Value::none, |view| Value::from_serializable(&view))),
            "language" => Some(Value::from(self.language())),
            NONCE => match self.csp_nonce() {
                Ok(nonce) => Some(Value::normal_string(nonce)),
                Err(error) => {
                    // The browser then runs nothing that needs it; the rest of the page is as good as ever.
                    tracing::error!("a page has no nonce: {error}");
                    None
                }
            },
            name => {
                let Variables(given) = self.process().service()?;
                given.get(name)?(self)
            }
        }
    }

    fn request_view(&self) -> RequestView<'_> {
        RequestView {
            id: self.id(),
            method: self.method().as_str(),
            uri: self.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
            path: self.path(),
            query: self.query_pairs().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
            protocol: format!("{:?}", self.version()),
            scheme: self.scheme(),
            host: self.host(),
            user_agent: self.user_agent(),
            referer: self.referer(),
            client_address: self.client_address().map(|address| address.to_string()),
            cookies: self.cookies().iter().rev().map(|cookie| (cookie.name(), cookie.value())).collect(),
            input: self.form_pairs().unwrap_or_default().into_iter().collect(),
            middleware: self.values(),
        }
    }

    fn route_view(&self) -> Option<RouteView<'_>> {
        let route = self.route()?;
        Some(RouteView {
            name: &route.name,
            path: route.pattern(self.language()),
            language: self.language(),
            parameters: self.parameters().iter().map(|(name, value)| (&**name, value.as_str())).collect(),
        })
    }
}
