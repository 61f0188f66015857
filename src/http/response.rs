//! An answer, as a controller describes it.

use std::borrow::Cow;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::pin::Pin;

use bytes::Bytes;
use cookie::Cookie;
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

use super::{Failure, Marks, Request, cookies};
use crate::error::BoxError;
use crate::site::Context;

/// Room for the header fields of most answers: those that the site and the framework add fit in without the map growing.
const FIELDS: usize = 10;

/// Status, headers and body of an answer.
///
/// Every builder method takes and gives the response. What cannot be sent (a header value with a line break, say) makes the
/// answer a failure with status 500 and a reason in the log, never a panic and never a broken answer on the wire.
///
/// ```
/// use kalgan::Response;
///
/// let response = Response::text("made").with_status(201).with_header("location", "/posts/7");
/// assert_eq!(response.status().as_u16(), 201);
/// assert_eq!(response.header("content-type"), Some("text/plain; charset=utf-8"));
/// ```
#[derive(Debug)]
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    /// Until it is known whether this is production, and so whether they are `Secure`.
    cookies: Vec<Cookie<'static>>,
    body: Body,
    failure: Option<Box<Failure>>,
    marks: Marks,
}

/// Headers that must fit what goes over the wire: a length that is wrong lets one answer run into the next.
const OF_THE_SERVER: [HeaderName; 4] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::UPGRADE];

/// The body of an answer.
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// Bytes that are there.
    Bytes(Bytes),
    /// A template, rendered by the server after the controller has returned.
    Template(Box<Page>),
    /// A file on disk, opened and sent piece by piece after the controller has returned.
    File(PathBuf),
    /// Pieces that come one after another; the length is not known.
    Stream(PieceStream),
}

/// A template with its context.
#[derive(Debug)]
pub struct Page {
    pub(crate) template: Cow<'static, str>,
    pub(crate) context: Context,
}

/// The pieces of a streamed body.
pub struct PieceStream(pub(crate) Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>>);

impl Response {
    /// An HTML page from a template (B98d). It is rendered when the controller has returned, in the request's language;
    /// what a template gets besides its context is described in the manual's page on templates.
    pub fn render(template: impl Into<Cow<'static, str>>, context: Context) -> Self {
        let page = Page { template: template.into(), context };
        Response::new(Body::Template(Box::new(page)), "text/html; charset=utf-8")
    }

    /// An HTML page from text that is HTML already.
    pub fn html(text: impl Into<String>) -> Self {
        Response::new(Body::from_text(text), "text/html; charset=utf-8")
    }

    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Response::new(Body::from_text(text), "text/plain; charset=utf-8")
    }

    /// A value as JSON (RFC 8259); one that cannot be serialised makes a failure with status 500.
    pub fn json(value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(json) => Response::new(Body::Bytes(json.into()), "application/json"),
            Err(error) => Response::failed(Failure::because(500, error)),
        }
    }

    /// Text that is XML already (B98b).
    pub fn xml(text: impl Into<String>) -> Self {
        Response::new(Body::from_text(text), "application/xml; charset=utf-8")
    }

    /// Bytes of a media type, such as `image/png`.
    pub fn bytes(media_type: &str, bytes: impl Into<Bytes>) -> Self {
        Response::without_type(Body::Bytes(bytes.into())).with_header("content-type", media_type)
    }

    /// No content, status 204.
    pub fn empty() -> Self {
        Response { status: StatusCode::NO_CONTENT, ..Response::without_type(Body::Empty) }
    }

    /// A redirection with status 302 to an address of this site: a path that starts with one slash (B98c).
    ///
    /// Any other address makes a failure with status 500, so that a visitor cannot be sent elsewhere by a forged parameter;
    /// [`Response::redirect_to_other_site`] is for those that are meant.
    pub fn redirect(path: &str) -> Self {
        Response::redirect_with(302, path)
    }

    /// Like [`Response::redirect`] with a status of one's own: 301, 302, 303, 307 or 308 (RFC 9110 section 15.4).
    pub fn redirect_with(status: u16, path: &str) -> Self {
        if !is_path_of_this_site(path) {
            let reason = format!(
                "`{}` is not a path of this site; use `Response::redirect_to_other_site` if it is meant",
                path.escape_debug()
            );
            return Response::failed(Failure::new(500, reason));
        }
        Response::redirection(status, path)
    }

    /// A redirection with status 302 to any address.
    pub fn redirect_to_other_site(address: &str) -> Self {
        Response::redirection(302, address)
    }

    /// A file on disk, sent piece by piece, its media type told by the file name's ending. A file that is not there makes a
    /// failure with status 404, one that cannot be read 500.
    ///
    /// The path is taken as it is. Never build it from what a client sent: `..` leads out of any folder.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let media_type = mime_guess::from_path(&path).first_or_octet_stream();
        let text = if media_type.type_() == "text" { "; charset=utf-8" } else { "" };
        Response::without_type(Body::File(path)).with_header("content-type", format!("{media_type}{text}"))
    }

    /// Pieces that come one after another, of a media type. An error or a panic in the stream cuts the connection, so that
    /// the client sees that the body is not complete.
    pub fn stream<S, B, E>(media_type: &str, pieces: S) -> Self
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes>,
        E: Into<BoxError>,
    {
        let pieces = AssertUnwindSafe(pieces).catch_unwind().map(|piece| match piece {
            Ok(piece) => piece.map(Into::into).map_err(Into::into),
            Err(_) => Err(BoxError::from("a panic in the stream")),
        });
        Response::without_type(Body::Stream(PieceStream(Box::pin(pieces)))).with_header("content-type", media_type)
    }

    /// The site's error page for a status from 400 to 599 (B98e): the controller of `error.<code>`, else the plain page.
    pub fn error(status: u16) -> Self {
        Response::failed(Failure::new(status, "the controller answered with this status"))
    }

    /// The error page of a failure.
    pub fn failed(failure: Failure) -> Self {
        Response { status: failure.status(), failure: Some(Box::new(failure)), ..Response::without_type(Body::Empty) }
    }

    /// Sets the status; a number that is no status (RFC 9110 section 15: 100 to 599) makes a failure.
    pub fn with_status(mut self, status: u16) -> Self {
        match StatusCode::from_u16(status).ok().filter(|status| (200..600).contains(&status.as_u16())) {
            Some(status) => {
                self.status = status;
                self
            }
            None => self.or_failed(format!("{status} is not the status of an answer")),
        }
    }

    /// Sets a header in place of any other of that name. Those that say where the body ends are the server's alone.
    pub fn with_header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        match header_line(name, value.as_ref()) {
            Ok((name, value)) => {
                self.headers.insert(name, value);
                self
            }
            Err(reason) => self.or_failed(reason),
        }
    }

    /// Adds a header beside others of that name.
    pub fn with_added_header(mut self, name: &str, value: impl AsRef<str>) -> Self {
        match header_line(name, value.as_ref()) {
            Ok((name, value)) => {
                self.headers.append(name, value);
                self
            }
            Err(reason) => self.or_failed(reason),
        }
    }

    /// Removes a header, with all its values.
    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// Sends a cookie; its name and value are percent-encoded where they need it. One of the same name, path and domain that the response
    /// has already gives way to it.
    ///
    /// What the cookie does not say gets the safe default: `HttpOnly`, `SameSite=Lax`, `Path=/`, and `Secure` in production and wherever
    /// browsers insist on it. A `false` that is said counts. A cookie that no browser would take makes a failure with status 500: a name
    /// that begins with `__Host-` or `__Secure-` whose promise is not kept (RFC 6265bis section 4.1.3), `SameSite=None` or `Partitioned`
    /// with `Secure` switched off, or more than 4,096 bytes of name and value.
    ///
    /// ```
    /// use kalgan::{Cookie, Response};
    ///
    /// let theme = Cookie::build(("theme", "dark")).http_only(false);
    /// let response = Response::text("dark from now on").with_cookie(theme);
    /// assert_eq!(response.cookies()[0].path(), Some("/"));
    /// ```
    pub fn with_cookie<'c>(mut self, cookie: impl Into<Cookie<'c>>) -> Self {
        match cookies::completed(cookie.into().into_owned()) {
            Ok(cookie) => {
                let place = |cookie: &Cookie| {
                    (cookie.name().to_string(), cookie.path().map(str::to_string), cookie.domain().map(str::to_string))
                };
                self.cookies.retain(|other| place(other) != place(&cookie));
                self.cookies.push(cookie);
                self
            }
            Err(reason) => self.or_failed(reason),
        }
    }

    /// Has the browser remove a cookie. A name alone means the path `/` and no domain; one with another path or domain is given as it was
    /// set, such as [`Request::cookie_from_settings`](crate::Request::cookie_from_settings) gives it.
    ///
    /// ```
    /// # use kalgan::{Failure, Request, Response};
    /// fn log_out(request: Request) -> Result<Response, Failure> {
    ///     let login = request.cookie_from_settings("login").map_err(Failure::from_error)?;
    ///     Ok(Response::redirect("/").without_cookie(login).without_cookie("basket"))
    /// }
    /// ```
    pub fn without_cookie<'c>(self, cookie: impl Into<Cookie<'c>>) -> Self {
        let mut cookie = cookie.into().into_owned();
        cookie.make_removal();
        self.with_cookie(cookie)
    }

    /// Sets `Cache-Control`; a page without it is `private, no-cache`.
    ///
    /// A page with status 200 that is asked for by GET or HEAD has a weak entity tag over its bytes, and is a 304 without a body for a
    /// browser that has it (RFC 9110 section 13). `no-store` switches that off; so do a `Set-Cookie` and [`Response::for_once`].
    ///
    /// An `ETag` of one's own takes the place of that tag, and gives a 304 for files and streams too. A strong one (without `W/`)
    /// promises these very bytes, so the answer is not compressed; neither is one with `no-transform`. A `Last-Modified` of one's own
    /// counts for clients that name no tag.
    pub fn with_cache(self, directives: &str) -> Self {
        self.with_header("cache-control", directives)
    }

    /// Notes that this answer has something in it that was made for it alone, such as a nonce or a token that is masked anew each
    /// time. It gets no entity tag and is never replaced by 304; see [`Request::mark_for_once`](crate::Request::mark_for_once).
    pub fn for_once(mut self) -> Self {
        self.marks.for_once = true;
        self
    }

    /// Sends this answer as it is, though the client would take it compressed, and asks proxies by `Cache-Control: no-transform` to do
    /// the same. (NGINX does not look at that; one that compresses by itself needs `gzip off` for the address.)
    ///
    /// For a page that shows a lasting secret (a key, a token that is not masked) and repeats something that whoever made the request
    /// could choose (a search word, a parameter of the address): from the lengths of many such answers, compressed, the secret can be
    /// guessed through TLS (the attack is called BREACH). Cookies with `SameSite=Lax` or `Strict` are the first wall against it, because
    /// other sites' requests then come without the visitor's session.
    ///
    /// ```
    /// let page = kalgan::Response::html("<p>Your key is 4711</p>").uncompressed();
    /// ```
    pub fn uncompressed(mut self) -> Self {
        self.marks.uncompressed = true;
        self
    }

    /// Ends the stream when the process is asked to stop. For one that has no end of its own, such as events that a page listens to:
    /// without this it is a request in flight, which a process that stops waits for as long as `server.shutdown_timeout` says.
    ///
    /// ```
    /// # use futures_util::stream;
    /// let ticks = stream::repeat_with(|| Ok::<_, std::io::Error>("data: tick\n\n"));
    /// let response = kalgan::Response::stream("text/event-stream", ticks).with_cache("no-store").until_shutdown();
    /// ```
    pub fn until_shutdown(mut self) -> Self {
        self.marks.until_shutdown = true;
        self
    }

    /// Has the policy of a page of the framework itself admit its style, which is named by its hash.
    pub(crate) fn with_style(mut self, source: &'static str) -> Self {
        self.marks.style = Some(source);
        self
    }

    /// Makes the browser save the body under a file name instead of showing it (RFC 6266).
    pub fn with_download_name(self, name: &str) -> Self {
        let plain: String = name
            .chars()
            .map(|c| if matches!(c, ' '..='~') && !matches!(c, '"' | '\\' | '%') { c } else { '_' })
            .collect();
        let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        self.with_header("content-disposition", format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// All headers that were set, without those of cookies.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The cookies that [`Response::with_cookie`] was given, with their defaults.
    pub fn cookies(&self) -> &[Cookie<'static>] {
        &self.cookies
    }

    /// The body.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// The name of the template that will be rendered; `None` where the body is none.
    ///
    /// A middleware that wants the text instead renders it, with [`Request::render`](crate::Request::render).
    pub fn template(&self) -> Option<&str> {
        match &self.body {
            Body::Template(page) => Some(&page.template),
            _ => None,
        }
    }

    /// Why the answer will be an error page; its status is that of the failure.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_deref()
    }

    /// Puts what `rendered` makes of the template in its place, where the body is one.
    pub(crate) fn map_template(self, rendered: impl FnOnce(Page) -> Result<Body, Failure>) -> Result<Self, Failure> {
        match self.body {
            Body::Template(page) => Ok(Response { body: rendered(*page)?, ..self }),
            body => Ok(Response { body, ..self }),
        }
    }

    /// Turns the cookies into headers, as soon as it is known whether this is production.
    pub(crate) fn with_cookies_written(mut self, are_secure: bool) -> Self {
        for cookie in std::mem::take(&mut self.cookies) {
            match cookies::line(&cookie, are_secure) {
                Some(line) => drop(self.headers.append(header::SET_COOKIE, line)),
                None => return self.or_failed(format!("the cookie `{}` cannot be sent", cookie.name().escape_debug())),
            }
        }
        self
    }

    /// Adds a cookie to an answer that is about to be sent, for what services do then ([`Finish`](super::Finish)).
    ///
    /// # Errors
    ///
    /// 500 where no browser would take it, as [`Response::with_cookie`].
    #[allow(dead_code, reason = "only services add something to an answer")]
    pub(crate) fn add_cookie(&mut self, request: &Request, cookie: Cookie<'static>) -> Result<(), Failure> {
        let cookie = cookies::completed(cookie).map_err(|reason| Failure::new(500, reason))?;
        let line = cookies::line(&cookie, cookies::are_secure(request));
        let line = line.ok_or_else(|| Failure::new(500, format!("the cookie `{}` cannot be sent", cookie.name())))?;
        self.headers.append(header::SET_COOKIE, line);
        Ok(())
    }

    /// The headers, for what a service adds when the answer is there.
    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    pub(crate) fn marks(&self) -> Marks {
        self.marks
    }

    pub(crate) fn into_parts(self) -> (StatusCode, HeaderMap, Body) {
        (self.status, self.headers, self.body)
    }

    fn new(body: Body, media_type: &'static str) -> Self {
        let mut response = Response::without_type(body);
        response.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        response
    }

    fn without_type(body: Body) -> Self {
        Response {
            status: StatusCode::OK,
            headers: HeaderMap::with_capacity(FIELDS),
            cookies: Vec::new(),
            body,
            failure: None,
            marks: Marks::default(),
        }
    }

    fn redirection(status: u16, address: &str) -> Self {
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return Response::failed(Failure::new(
                500,
                format!("{status} is not a redirection: use 301, 302, 303, 307 or 308"),
            ));
        }
        Response::without_type(Body::Empty).with_status(status).with_header("location", address)
    }

    /// Turns into a failure; the first reason counts.
    fn or_failed(self, reason: String) -> Self {
        if self.failure.is_some() { self } else { Response::failed(Failure::new(500, reason)) }
    }
}

impl Body {
    fn from_text(text: impl Into<String>) -> Self {
        Body::Bytes(Bytes::from(text.into()))
    }
}

impl fmt::Debug for PieceStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PieceStream")
    }
}

/// One slash and then no other: browsers read `//` and `/\` as the start of another host.
fn is_path_of_this_site(path: &str) -> bool {
    let mut characters = path.chars();
    characters.next() == Some('/')
        && !matches!(characters.next(), Some('/' | '\\'))
        && !path.contains(['\t', '\r', '\n'])
}

fn header_line(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let header = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| format!("`{}` is not a header name", name.escape_debug()))?;
    if OF_THE_SERVER.contains(&header) {
        return Err(format!("the header `{header}` is set by the server, which knows the body and the connection"));
    }
    let value = HeaderValue::from_str(value).or_else(|error| {
        if value.chars().any(char::is_control) { Err(error) } else { HeaderValue::from_bytes(value.as_bytes()) }
    });
    let value = value.map_err(|_| format!("the value of the header `{name}` contains a control character"))?;
    Ok((header, value))
}
