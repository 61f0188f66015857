//! Requests for controllers and middleware alone, without the way that a request takes through the server.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST};
use http::{HeaderMap, HeaderValue, Method};
use serde::Serialize;

use super::Client;
use super::call::{form, header_name, json, method_of, parts, text};
use crate::http::Request;
use crate::server::Peer;
use crate::site::Found;

/// A request that is handed to a controller or a middleware by the test itself.
///
/// ```no_run
/// # fn site() -> kalgan::App { unimplemented!() }
/// # fn show(request: kalgan::Request) -> kalgan::Response { unimplemented!() }
/// let client = kalgan::testing::client(site());
/// let request = client.request("/en/posts/7").cookie("theme", "dark").build();
/// assert_eq!((request.parameter("id"), request.language()), (Some("7"), "en"));
/// assert_eq!(show(request).status(), 200);
/// ```
pub struct RequestBuilder<'c> {
    client: &'c Client,
    method: Method,
    address: String,
    headers: HeaderMap,
    body: Bytes,
    language: Option<String>,
    values: Vec<(String, serde_json::Value)>,
}

impl<'c> RequestBuilder<'c> {
    pub(super) fn new(client: &'c Client, address: &str) -> Self {
        RequestBuilder {
            client,
            method: Method::GET,
            address: address.to_string(),
            headers: HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost"))]),
            body: Bytes::new(),
            language: None,
            values: Vec::new(),
        }
    }

    /// Sets the method; without it, it is GET.
    ///
    /// # Panics
    ///
    /// When it has characters that no method has.
    pub fn method(mut self, method: &str) -> Self {
        self.method = method_of(method);
        self
    }

    /// Sets a header.
    ///
    /// # Panics
    ///
    /// When name or value cannot be sent.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(header_name(name), text(value));
        self
    }

    /// Adds a cookie, with its value as it is sent.
    pub fn cookie(mut self, name: &str, value: &str) -> Self {
        self.headers.append(COOKIE, text(&format!("{name}={value}")));
        self
    }

    /// Sets the language of the answer, stronger than the route's.
    pub fn language(mut self, language: &str) -> Self {
        self.language = Some(language.to_string());
        self
    }

    /// Gives the request a form.
    ///
    /// # Panics
    ///
    /// When the value is not one of names and texts.
    pub fn form(self, fields: &impl Serialize) -> Self {
        self.body("application/x-www-form-urlencoded", form(fields))
    }

    /// Gives the request a JSON document.
    ///
    /// # Panics
    ///
    /// When the value cannot be serialised.
    pub fn json(self, value: &impl Serialize) -> Self {
        self.body("application/json", json(value))
    }

    /// Gives the request a body.
    pub fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.headers.insert(CONTENT_TYPE, text(media_type));
        self.body = body.into();
        self
    }

    /// Leaves a value as a middleware would by [`Request::set`].
    ///
    /// # Panics
    ///
    /// When the value cannot be serialised.
    pub fn set(mut self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or_else(|error| panic!("the value `{name}`: {error}"));
        self.values.push((name.to_string(), value));
        self
    }

    /// The request. Where a route of the site has its address and method it is that route's, with parameters and language.
    ///
    /// # Panics
    ///
    /// When the address cannot be sent.
    pub fn build(self) -> Request {
        let Client { pipeline, process, .. } = self.client;
        let serving = pipeline.serving();
        let site = serving.site().clone();
        let parts = parts(&self.method, &self.address, &self.headers);
        let asking = serving.client(&parts, Peer { address: None });
        let request = Request::new(site.clone(), process.clone(), parts, asking);
        let mut request = request.unwrap_or_else(|unreadable| panic!("`{}`: {}", self.address, unreadable.reason));
        if let Found::Route(found) = site.router.find(request.method(), request.host(), request.uri().path()) {
            if let Some(language) = found.language {
                request.set_language(language);
            }
            request.set_route(found.index, found.parameters);
        }
        if let Some(language) = self.language {
            request.set_language(language);
        }
        if !self.body.is_empty() {
            request.set_body(self.body);
        }
        for (name, value) in self.values {
            request.set(name, value).expect("a JSON value can be serialised");
        }
        request
    }
}
