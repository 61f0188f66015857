//! A request of a test, and following where its answer leads.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{ACCEPT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::{BodyExt, Full};
use serde::Serialize;

use super::jar::Jar;
use super::multipart::Multipart;
use super::{Answer, Client};
use crate::server::{Peer, as_sent};

/// Most redirections that are followed, as in browsers.
const MOST_REDIRECTIONS: usize = 20;

/// A request that is being put together.
pub struct Call<'c> {
    client: &'c Client,
    /// The cookies of the visitor who asks, if it is one.
    jar: Option<&'c Jar>,
    method: Method,
    address: String,
    headers: HeaderMap,
    body: Bytes,
    multipart: Multipart,
    peer: Option<SocketAddr>,
    follows: bool,
}

impl<'c> Call<'c> {
    pub(super) fn new(client: &'c Client, jar: Option<&'c Jar>, method: &str, address: &str) -> Self {
        Call {
            client,
            jar,
            method: method_of(method),
            address: address.to_string(),
            headers: HeaderMap::from_iter([(HOST, HeaderValue::from_static("localhost"))]),
            body: Bytes::new(),
            multipart: Multipart::default(),
            peer: None,
            follows: false,
        }
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

    /// Sets the languages that the visitor wants, such as `es, en;q=0.5`.
    pub fn language(mut self, wanted: &str) -> Self {
        self.headers.insert(ACCEPT_LANGUAGE, text(wanted));
        self
    }

    /// Sends the request from this address, such as that of a proxy; without it, it comes over a socket file, which has none.
    pub fn from(mut self, address: SocketAddr) -> Self {
        self.peer = Some(address);
        self
    }

    /// Sends a form.
    ///
    /// # Panics
    ///
    /// When the value is not one of names and texts.
    pub fn form(self, fields: &impl Serialize) -> Self {
        self.body("application/x-www-form-urlencoded", form(fields))
    }

    /// Adds a field to a form that is sent as `multipart/form-data`.
    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.multipart.field(name, value);
        self.with_multipart()
    }

    /// Adds a file to a form that is sent as `multipart/form-data`.
    pub fn file(mut self, name: &str, file_name: &str, media_type: &str, bytes: impl Into<Bytes>) -> Self {
        self.multipart.file(name, file_name, media_type, bytes.into());
        self.with_multipart()
    }

    fn with_multipart(self) -> Self {
        let (media_type, body) = self.multipart.encoded();
        self.body(&media_type, body)
    }

    /// Sends a JSON document.
    ///
    /// # Panics
    ///
    /// When the value cannot be serialised.
    pub fn json(self, value: &impl Serialize) -> Self {
        self.body("application/json", json(value))
    }

    /// Sends bytes of a media type.
    pub fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.headers.insert(CONTENT_TYPE, text(media_type));
        self.body = body.into();
        self
    }

    /// Follows redirections to this site, as a browser does: 303 asks by GET, 301 and 302 as well where the request was a POST, 307 and 308
    /// send the same request again. Cookies that are set on the way are sent on. A redirection to another site is the answer.
    pub fn follow(mut self) -> Self {
        self.follows = true;
        self
    }

    /// Sends the request and waits for the whole answer.
    ///
    /// # Panics
    ///
    /// When the address cannot be sent, a stream of the answer breaks off, or redirections go on and on.
    pub fn send(mut self) -> Answer {
        let of_this_call = Jar::default();
        let jar = self.jar.unwrap_or(&of_this_call);
        for _ in 0..=MOST_REDIRECTIONS {
            let answer = self.send_once(jar);
            match self.follows.then(|| self.next_address(&answer)).flatten() {
                Some(address) => self.go_on(address, answer.status),
                None => return answer,
            }
        }
        panic!("more than {MOST_REDIRECTIONS} redirections, the last one to `{}`", self.address)
    }

    fn send_once(&self, jar: &Jar) -> Answer {
        let mut parts = parts(&self.method, &self.address, &self.headers);
        let path = parts.uri.path().to_string();
        if let Some(cookies) = jar.header(&path) {
            parts.headers.append(COOKIE, text(&cookies));
        }
        if !self.body.is_empty() {
            parts.headers.insert(CONTENT_LENGTH, self.body.len().into());
        }
        let (pipeline, peer) = (&self.client.pipeline, Peer { address: self.peer });
        let answer = self.client.block_on(async {
            let answer = pipeline.answer_whole(parts, Full::new(self.body.clone()), peer).await;
            let (parts, body) = as_sent(&self.method, answer).into_parts();
            let body = body.collect().await.unwrap_or_else(|error| panic!("the answer broke off: {error}"));
            let (status, headers) = (parts.status.as_u16(), parts.headers);
            Answer { address: self.address.clone(), status, headers, body: body.to_bytes() }
        });
        jar.take(&path, answer.headers.get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok()));
        answer
    }

    /// The address on this site that an answer redirects to.
    fn next_address(&self, answer: &Answer) -> Option<String> {
        let location = answer.location().filter(|_| matches!(answer.status, 301 | 302 | 303 | 307 | 308))?;
        let location = location.split('#').next().unwrap_or_default();
        let without_scheme = ["http:", "https:"].iter().find_map(|scheme| location.strip_prefix(scheme));
        if let Some(rest) = without_scheme.unwrap_or(location).strip_prefix("//") {
            let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
            let slash = if path.starts_with('/') { "" } else { "/" };
            return (Some(host) == self.headers.get(HOST)?.to_str().ok()).then(|| format!("{slash}{path}"));
        }
        let path = self.address.split('?').next().unwrap_or_default();
        Some(match location.chars().next() {
            Some('/') => location.to_string(),
            Some('?') => format!("{path}{location}"),
            None => self.address.clone(),
            Some(_) => format!("{}/{location}", path.rsplit_once('/').map_or("", |(folder, _)| folder)),
        })
    }

    /// Changes the request to the one that a redirection asks for (RFC 9110 section 15.4).
    fn go_on(&mut self, address: String, status: u16) {
        self.address = address;
        let by_get = match status {
            303 => self.method != Method::HEAD,
            301 | 302 => self.method == Method::POST,
            _ => false,
        };
        if by_get {
            self.method = Method::GET;
            self.body = Bytes::new();
            self.headers.remove(CONTENT_TYPE);
        }
    }
}

/// The head of a request.
pub(super) fn parts(method: &Method, address: &str, headers: &HeaderMap) -> Parts {
    let request = http::Request::builder().method(method).uri(address).body(());
    let (mut parts, ()) = request.unwrap_or_else(|error| panic!("`{address}`: {error}")).into_parts();
    parts.headers = headers.clone();
    parts
}

pub(super) fn method_of(method: &str) -> Method {
    Method::from_bytes(method.as_bytes()).unwrap_or_else(|_| panic!("`{method}` is not a method"))
}

pub(super) fn header_name(name: &str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes()).unwrap_or_else(|_| panic!("`{name}` is no header name"))
}

pub(super) fn form(fields: &impl Serialize) -> String {
    serde_html_form::to_string(fields).unwrap_or_else(|error| panic!("not a form: {error}"))
}

pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|error| panic!("not JSON: {error}"))
}

pub(super) fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| panic!("`{}` cannot be sent in a header", value.escape_debug()))
}
