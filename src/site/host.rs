//! The hosts that a route answers for: admin.example.com, *.example.com, {tenant}.example.com.
//!
//! Upper and lower case are the same in a host (RFC 9110 section 4.2.3), the port is the listener's business, and a dot at the end says
//! only that the name is whole.

use std::sync::Arc;

use super::requirement::Requirement;
use crate::pattern;
use crate::snapshot::Route;

/// The hosts of a route, ready for comparing.
#[derive(Debug)]
pub(super) struct Host(Box<[Label]>);

#[derive(Debug)]
enum Label {
    /// In lower case.
    Literal(Box<str>),
    Any,
    Parameter(Arc<str>, Requirement),
}

/// A host without its port: a proxy may sit on another one.
pub(crate) fn without_port(host: &str) -> &str {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    name.map_or(host, |(name, _)| name)
}

impl Host {
    /// The hosts of a route; `None` where it answers for all. Gives the reason where a requirement is wrong.
    pub(super) fn new(route: &Route) -> Result<Option<Self>, String> {
        let Some(written) = &route.host else { return Ok(None) };
        let label = |label| {
            Ok(match label {
                pattern::Label::Literal(text) => Label::Literal(text.to_ascii_lowercase().into()),
                pattern::Label::Any => Label::Any,
                pattern::Label::Parameter(name) => Label::Parameter(name.into(), Requirement::of(route, name)?),
            })
        };
        let labels: Result<_, String> = pattern::labels(written).map(label).collect();
        Ok(Some(Host(labels?)))
    }

    /// Whether this is the host that a client addressed.
    pub(super) fn matches(&self, sent: &str) -> bool {
        let mut labels = labels(sent);
        let fits = self.0.iter().all(|label| labels.next().is_some_and(|text| label.matches(text)));
        fits && labels.next().is_none()
    }

    /// The names of the parameters and their values in a host that matches, in lower case.
    pub(super) fn values<'h>(&'h self, sent: &'h str) -> impl Iterator<Item = (&'h Arc<str>, String)> {
        self.0.iter().zip(labels(sent)).filter_map(|(label, text)| match label {
            Label::Parameter(name, _) => Some((name, text.to_ascii_lowercase())),
            Label::Literal(_) | Label::Any => None,
        })
    }

    /// The host with these values for its parameters.
    pub(super) fn with<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, String> {
        let label = |label: &Label| match label {
            Label::Literal(text) => Ok(text.to_string()),
            Label::Any => Err("has a host with `*`, which is no address".to_string()),
            Label::Parameter(name, _) => {
                let value = value(name).ok_or_else(|| format!("needs the parameter `{name}`"))?;
                let is_label = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
                match is_label && label.matches(value) {
                    true => Ok(value.to_ascii_lowercase()),
                    false => Err(format!("cannot take this value as `{name}`, a part of its host")),
                }
            }
        };
        Ok(self.0.iter().map(label).collect::<Result<Vec<_>, _>>()?.join("."))
    }
}

impl Label {
    fn matches(&self, text: &str) -> bool {
        match self {
            Label::Literal(literal) => literal.eq_ignore_ascii_case(text),
            Label::Any => !text.is_empty(),
            Label::Parameter(_, requirement) => !text.is_empty() && requirement.matches(&text.to_ascii_lowercase()),
        }
    }
}

fn labels(sent: &str) -> std::str::Split<'_, char> {
    let name = without_port(sent);
    name.strip_suffix('.').unwrap_or(name).split('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Text;

    fn host(written: &'static str, requirement: Option<&'static str>) -> Host {
        let requirements = requirement.map(|text| ("name".into(), Text::Borrowed(text))).into_iter().collect();
        let route = Route { host: Some(written.into()), requirements, ..crate::site::tests::route("page", "/") };
        Host::new(&route).unwrap().unwrap()
    }

    #[test]
    fn case_port_and_a_dot_at_the_end_say_nothing() {
        let fixed = host("admin.example.com", None);
        for same in ["admin.example.com", "ADMIN.Example.com:8080", "admin.example.com.", "admin.example.com.:1"] {
            assert!(fixed.matches(same), "{same}");
        }
        for other in ["", "example.com", "x.admin.example.com", "admin.example.org", "admin.example.com..", "[::1]:80"]
        {
            assert!(!fixed.matches(other), "{other}");
        }
    }

    #[test]
    fn a_star_and_a_parameter_take_one_whole_label() {
        for any in [host("*.example.com", None), host("{name}.example.com", None)] {
            assert!(any.matches("a.example.com") && any.matches("B.example.com:1"));
            assert!(!any.matches("example.com") && !any.matches(".example.com") && !any.matches("a.b.example.com"));
        }
        let required = host("{name}.example.com", Some("[a-z]+"));
        assert!(required.matches("AB.example.com") && !required.matches("a1.example.com"));
        let values: Vec<_> =
            required.values("Ab.example.com:80").map(|(name, value)| (name.to_string(), value)).collect();
        assert_eq!(values, [("name".to_string(), "ab".to_string())]);
    }

    #[test]
    fn a_host_is_written_with_values_that_it_would_match() {
        let required = host("{name}.example.com", Some("[a-z]+"));
        assert_eq!(required.with(|_| Some("Ab")).unwrap(), "ab.example.com");
        for wrong in ["a1", "a.b", "", "a/b", "ä"] {
            assert!(required.with(|_| Some(wrong)).is_err(), "{wrong}");
        }
        assert!(required.with(|_| None).is_err() && host("*.a.b", None).with(|_| None).is_err());
    }

    #[test]
    fn an_address_in_brackets_keeps_its_colons() {
        assert_eq!([without_port("[::1]:80"), without_port("[::1]"), without_port("a:")], ["[::1]", "[::1]", "a"]);
    }
}
