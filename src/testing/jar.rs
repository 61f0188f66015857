//! The cookies of a visitor, kept as a browser keeps those of one host (RFC 6265 sections 5.2 to 5.4).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::http::Cookie;

/// All cookies of one visitor.
#[derive(Debug, Default)]
pub(super) struct Jar(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    /// As it came, its value not decoded.
    cookie: Cookie<'static>,
    path: String,
    /// When it ends; none for the end of the visit.
    ends: Option<SystemTime>,
}

impl Jar {
    /// Takes the cookies of an answer to a request for `path`. One that has ended removes the one of its name and path.
    pub(super) fn take<'a>(&self, path: &str, lines: impl Iterator<Item = &'a str>) {
        let mut kept = self.lock();
        for cookie in lines.filter_map(|line| Cookie::parse(line.to_string()).ok()) {
            let path =
                cookie.path().filter(|path| path.starts_with('/')).unwrap_or_else(|| default_path(path)).to_string();
            let ends = end_of(&cookie);
            let before = kept.iter().position(|other| other.cookie.name() == cookie.name() && other.path == path);
            let new = Kept { cookie, path, ends };
            match before {
                // A cookie keeps its place when it gets another value.
                Some(index) => kept[index] = new,
                None => kept.push(new),
            }
        }
        drop_ended(&mut kept);
    }

    /// The value of the header `Cookie` for a path; the cookies of longer paths come first.
    pub(super) fn header(&self, path: &str) -> Option<String> {
        let mut kept = self.lock();
        drop_ended(&mut kept);
        let mut fitting: Vec<&Kept> = kept.iter().filter(|kept| matches(&kept.path, path)).collect();
        fitting.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let pairs: Vec<String> = fitting.iter().map(|kept| kept.cookie.stripped().to_string()).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The cookie of a name, its value percent-decoded.
    pub(super) fn cookie(&self, name: &str) -> Option<Cookie<'static>> {
        let mut kept = self.lock();
        drop_ended(&mut kept);
        let found = kept.iter().rfind(|kept| kept.cookie.name() == name)?;
        Cookie::parse_encoded(found.cookie.to_string()).ok()
    }

    /// Forgets what a browser forgets when it is closed.
    pub(super) fn close(&self) {
        self.lock().retain(|kept| kept.ends.is_some());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn drop_ended(kept: &mut Vec<Kept>) {
    let now = SystemTime::now();
    kept.retain(|kept| kept.ends.is_none_or(|ends| ends > now));
}

/// When a cookie ends; `Max-Age` is stronger than `Expires`.
fn end_of(cookie: &Cookie<'_>) -> Option<SystemTime> {
    if let Some(age) = cookie.max_age() {
        let seconds = u64::try_from(age.whole_seconds()).unwrap_or(0);
        return Some(SystemTime::now() + Duration::from_secs(seconds));
    }
    cookie.expires_datetime().map(SystemTime::from)
}

/// The path of a cookie that names none: the folder of the address that set it (section 5.1.4).
fn default_path(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(end) => &path[..end],
    }
}

fn matches(of_cookie: &str, path: &str) -> bool {
    path.strip_prefix(of_cookie)
        .is_some_and(|rest| rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_sent_where_they_belong_and_replaced_by_name_and_path() {
        let jar = Jar::default();
        jar.take("/shop/cart", ["a=1; Path=/", "b=2", "a=3; Path=/shop", "c=4; Path=/other"].into_iter());
        assert_eq!(jar.header("/shop/cart").as_deref(), Some("b=2; a=3; a=1"));
        assert_eq!(jar.header("/shop").as_deref(), Some("b=2; a=3; a=1"));
        assert_eq!(jar.header("/shopping").as_deref(), Some("a=1"));
        jar.take("/", ["a=5%20%C3%B1; Path=/shop"].into_iter());
        assert_eq!(jar.header("/shop").as_deref(), Some("b=2; a=5%20%C3%B1; a=1"));
        assert_eq!(jar.cookie("a").unwrap().value(), "5 ñ");
    }

    #[test]
    fn a_cookie_ends_by_its_age_by_its_date_or_with_the_visit() {
        let jar = Jar::default();
        let lines = ["a=1; Max-Age=3600", "b=1; Expires=Wed, 01 Jan 2200 00:00:00 GMT", "c=1", "not a cookie"];
        jar.take("/", lines.into_iter());
        assert_eq!(jar.header("/").as_deref(), Some("a=1; b=1; c=1"));
        jar.close();
        assert_eq!(jar.header("/").as_deref(), Some("a=1; b=1"));
        // `Max-Age` is stronger.
        jar.take(
            "/",
            ["a=; Max-Age=0; Expires=Wed, 01 Jan 2200 00:00:00 GMT", "b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
                .into_iter(),
        );
        assert_eq!(jar.header("/"), None);
    }
}
