//! A visitor with a browser that keeps cookies.

use super::jar::Jar;
use super::{Call, Client};
use crate::http::Cookie;

/// A visitor of the site: what one answer sets as a cookie, the next requests send. Several visitors of one client know nothing of each
/// other.
///
/// Cookies are kept by name and path, and end by their age or date. `Secure` ones are sent as well, as behind a proxy with TLS.
///
/// ```no_run
/// # fn site() -> kalgan::App { unimplemented!() }
/// let client = kalgan::testing::client(site());
/// let visitor = client.visitor();
/// let form = visitor.get("/login").send();
/// let token = form.hidden("csrf_token").expect("the form has a token");
/// let home = visitor.post("/login").form(&[("name", "ann"), ("csrf_token", &token)]).follow().send();
/// assert_eq!(home.address(), "/home");
/// assert!(visitor.get("/home").send().text().contains("ann"));
/// ```
pub struct Visitor<'c> {
    client: &'c Client,
    jar: Jar,
}

impl<'c> Visitor<'c> {
    pub(super) fn new(client: &'c Client) -> Self {
        Visitor { client, jar: Jar::default() }
    }

    /// A GET request to a path, with its query if any.
    pub fn get(&self, address: &str) -> Call<'_> {
        self.call("GET", address)
    }

    /// A POST request to a path.
    pub fn post(&self, address: &str) -> Call<'_> {
        self.call("POST", address)
    }

    /// A request of any method to a path.
    ///
    /// # Panics
    ///
    /// When `method` has characters that no method has.
    pub fn call(&self, method: &str, address: &str) -> Call<'_> {
        Call::new(self.client, Some(&self.jar), method, address)
    }

    /// The cookie of this name that the visitor has, its value percent-decoded; of several paths the one that came last.
    pub fn cookie(&self, name: &str) -> Option<Cookie<'static>> {
        self.jar.cookie(name)
    }

    /// Gives the visitor a cookie, by the text that a header `Set-Cookie` would have, such as `theme=dark; Path=/`.
    pub fn set_cookie(&self, line: &str) {
        self.jar.take("/", std::iter::once(line));
    }

    /// Closes the browser and opens it again: cookies without an end of their own are gone.
    pub fn reopen(&self) {
        self.jar.close();
    }
}
