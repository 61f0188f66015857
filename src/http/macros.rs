//! Short forms for what controllers write most (B136).

/// A template's context: names and values, each of a type that serde can serialise.
///
/// ```
/// let context = kalgan::context! { "title" => "Posts", "count" => 3 };
/// assert!(context.contains_key("count"));
/// ```
#[macro_export]
macro_rules! context {
    ($($name:expr => $value:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "an empty context is not changed")]
        let mut context = $crate::Context::new();
        $(context.insert($name, &$value);)*
        context
    }};
}

/// A page from a template, with the pairs of [`context!`] or a context that is there.
///
/// ```
/// use kalgan::{Request, Response, context, render};
///
/// fn list(_: Request) -> Response {
///     render!("posts/list.html", "title" => "Posts")
/// }
/// fn show(_: Request) -> Response {
///     let context = context! { "title" => "One post" };
///     render!("posts/show.html", context)
/// }
/// ```
#[macro_export]
macro_rules! render {
    ($template:expr $(,)?) => { $crate::Response::render($template, $crate::Context::new()) };
    ($template:expr, $($name:expr => $value:expr),+ $(,)?) => {
        $crate::Response::render($template, $crate::context!($($name => $value),+))
    };
    ($template:expr, $context:expr $(,)?) => { $crate::Response::render($template, $context) };
}

/// A standard hash map from pairs (B136c).
///
/// ```
/// let map = kalgan::hashmap! { "id" => 5 };
/// assert_eq!(map["id"], 5);
/// ```
#[macro_export]
macro_rules! hashmap {
    ($($name:expr => $value:expr),* $(,)?) => {
        ::std::collections::HashMap::from([$(($name, $value)),*])
    };
}

/// The address of a route, `Result<String, kalgan::Error>`: unknown routes and missing parameters are errors (B80, C6).
///
/// ```
/// use kalgan::{Error, Request, Response, url};
///
/// fn old(request: Request) -> Result<Response, Error> {
///     Ok(Response::redirect(&url!(request, "post", id = 5)?))
/// }
/// ```
#[macro_export]
macro_rules! url {
    ($request:expr, $name:expr $(, $parameter:ident = $value:expr)* $(,)?) => {
        $request.url($name, &[$((
            ::std::stringify!($parameter),
            ::std::borrow::Cow::<str>::Owned(::std::string::ToString::to_string(&$value)),
        )),*])
    };
}

/// The message of an id in the request's language, a `String`; `_lang` names another language (B123, B133).
///
/// ```
/// use kalgan::{Request, trans};
///
/// fn greet(request: Request) -> String {
///     trans!(request, "greeting", name = "Ann")
/// }
/// ```
#[macro_export]
macro_rules! trans {
    ($request:expr, $id:expr $(, $parameter:ident = $value:expr)* $(,)?) => {
        $request.trans($id, &[$((
            ::std::stringify!($parameter),
            ::std::borrow::Cow::<str>::Owned(::std::string::ToString::to_string(&$value)),
        )),*])
    };
}
