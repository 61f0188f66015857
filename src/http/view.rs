//! What a template sees of the request: the variables `request` and `route` (B54, B65).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::{Request, Variables};
use crate::error::Error;
use crate::process::AsProcess;
use crate::site::{Context, Value, View, noting};

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
    /// # Errors
    ///
    /// [`Error::Template`] where there is no such template or it fails.
    pub fn render(&self, template: &str, context: Context) -> Result<String, Error> {
        let request = self.clone();
        let view = View { language: self.language(), values: Arc::new(move |name: &str| request.variable(name)) };
        let start = Instant::now();
        let (text, is_for_once) = noting(|| self.site().renderer.render(template, context, &view));
        self.process().metrics().templates.observe(start.elapsed());
        if is_for_once {
            self.mark_for_once();
        }
        text
    }

    /// The value of a variable that every template may use; `None` for a name that is not the framework's.
    fn variable(&self, name: &str) -> Option<Value> {
        match name {
            "request" => Some(Value::from_serializable(&self.request_view())),
            "route" => Some(self.route_view().map_or_else(Value::none, |view| Value::from_serializable(&view))),
            "language" => Some(Value::from(self.language())),
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
