//! The pages of the manual in reading order. A page's name is that of its route, of its template and of its messages.

use serde::Serialize;

/// A group of pages under one heading of the menu.
#[derive(Debug, Serialize)]
pub struct Section {
    /// Names the message `section.<name>`.
    pub name: &'static str,
    /// The names of the pages.
    pub pages: &'static [&'static str],
}

/// The first page, which stands before all sections.
pub const HOME: &str = "home";

/// The live demo: pages with controllers and templates of their own, in `controller/demo/`.
pub const DEMOS: &[&str] = &["guest_book", "account", "contact"];

/// The menu.
pub const SECTIONS: &[Section] = &[
    Section { name: "begin", pages: &["start", "structure", "development", "porting"] },
    Section {
        name: "write",
        pages: &[
            "settings",
            "routing",
            "controllers",
            "middleware",
            "requests",
            "responses",
            "templates",
            "translations",
            "static_files",
            "errors",
            "testing",
        ],
    },
    Section {
        name: "services",
        pages: &["cookies", "sessions", "csrf", "uploads", "passwords", "cache", "database", "mail", "process"],
    },
    Section { name: "demo", pages: DEMOS },
    Section {
        name: "run",
        pages: &[
            "commands",
            "production",
            "deployment",
            "signals",
            "logs",
            "monitoring",
            "proxies",
            "security_headers",
            "releases",
            "inspecting",
        ],
    },
    Section { name: "reference", pages: &["reference"] },
];

/// The pages that are prose, in reading order.
pub fn prose() -> impl Iterator<Item = &'static str> {
    pages().filter(|page| !DEMOS.contains(page))
}

/// All pages in reading order.
pub fn pages() -> impl Iterator<Item = &'static str> {
    std::iter::once(HOME).chain(SECTIONS.iter().flat_map(|section| section.pages.iter().copied()))
}

/// The pages before and after one of them.
pub fn neighbours(page: &str) -> (Option<&'static str>, Option<&'static str>) {
    let all: Vec<_> = pages().collect();
    let Some(place) = all.iter().position(|name| *name == page) else { return (None, None) };
    let previous = place.checked_sub(1).map(|place| all[place]);
    (previous, all.get(place + 1).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_follow_the_menu() {
        assert_eq!(neighbours("home"), (None, Some("start")));
        assert_eq!(neighbours("settings"), (Some("porting"), Some("routing")));
        assert_eq!(neighbours("reference"), (Some("inspecting"), None));
        assert_eq!(neighbours("nothing"), (None, None));
    }
}
