//! What an operator chooses about a deployment. It is kept in `/etc/NAME/deploy.json`, so that a later version is deployed alike.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::site::{Outside, Settings};

/// The choices of a deployment, complete: what a command line leaves out has been decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Choices {
    /// The name of units, folders and sockets: that of the site's crate, unless another is given.
    pub(crate) name: String,
    /// The hosts that NGINX answers for, the main one first; none is every host.
    pub(crate) domains: Vec<String>,
    /// The certificate; without one NGINX speaks HTTP only.
    pub(crate) tls: Option<Tls>,
    /// How NGINX reaches the site.
    pub(crate) socket: Socket,
    /// How many processes serve the site.
    pub(crate) instances: u16,
    /// The folder of exported static files that NGINX serves itself; without one the site does.
    pub(crate) static_root: Option<String>,
    /// The group that NGINX's workers run as: it may connect to the socket files.
    pub(crate) proxy_group: String,
    /// Whether controllers talk to others over the network, beyond what the settings name.
    pub(crate) network: bool,
    /// Settings that the deployment changes, by key; they become variables of the units.
    pub(crate) settings: BTreeMap<String, String>,
    /// The file of `--settings`, an absolute path.
    pub(crate) settings_file: Option<String>,
    /// The folder of `--overlay`, an absolute path.
    pub(crate) overlay: Option<String>,
}

/// A certificate and its key, as NGINX reads them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tls {
    /// File of the certificate and those that it depends on (PEM), an absolute path.
    pub(crate) certificate: String,
    /// File of the key (PEM), an absolute path.
    pub(crate) key: String,
}

/// How NGINX reaches the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Socket {
    /// A socket file, which only NGINX may open.
    #[default]
    Unix,
    /// A port of this machine.
    Tcp,
}

impl Default for Choices {
    fn default() -> Self {
        Choices {
            name: String::new(),
            domains: Vec::new(),
            tls: None,
            socket: Socket::Unix,
            instances: 1,
            static_root: None,
            proxy_group: "www-data".to_string(),
            network: false,
            settings: BTreeMap::new(),
            settings_file: None,
            overlay: None,
        }
    }
}

impl Choices {
    /// The numbers of the instances; a single one has no number.
    pub(crate) fn instances(&self) -> Vec<Option<u16>> {
        match self.instances {
            0 | 1 => vec![None],
            many => (1..=many).map(Some).collect(),
        }
    }

    /// Whether several processes serve the site, by units that are templates.
    pub(crate) fn has_several(&self) -> bool {
        self.instances > 1
    }

    /// The port of an instance on this machine: `server.port` and those after it.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] where there is no such port.
    pub(crate) fn port(&self, settings: &Settings, instance: Option<u16>) -> Result<u16, Error> {
        const KEY: &str = "server.port";
        let first: u16 = settings.get(KEY)?;
        let port = first.checked_add(instance.unwrap_or(1).saturating_sub(1)).filter(|_| first != 0);
        port.ok_or_else(|| {
            wrong(format!("{} is {first}, from which no port for each instance can be counted", settings.name(KEY)))
        })
    }

    /// The settings that the deployment changes, beneath those that a command line gives.
    pub(crate) fn beneath(&self, mut outside: Outside) -> Outside {
        let kept = self.settings.iter().map(|(key, value)| (key.clone(), value.clone()));
        outside.flags = kept.chain(outside.flags).collect();
        outside
    }

    /// Checks what goes into files as it is: a name, a host or a path must not be able to say anything else there.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] that says which choice does not do and why.
    pub(crate) fn check(&self) -> Result<(), Error> {
        name(&self.name)?;
        self.domains.iter().try_for_each(|domain| host(domain))?;
        group(&self.proxy_group)?;
        let tls = self.tls.iter().flat_map(|tls| [&tls.certificate, &tls.key]);
        let folders = [&self.static_root, &self.settings_file, &self.overlay].into_iter().flatten();
        tls.chain(folders).try_for_each(|path| absolute(path))?;
        if self.tls.is_some() && self.domains.is_empty() {
            return Err(wrong("`--tls` needs `--domain`: a certificate is for a name"));
        }
        if !(1..=1000).contains(&self.instances) {
            return Err(wrong(format!("`--instances {}` is not between 1 and 1000", self.instances)));
        }
        Ok(())
    }
}

fn wrong(text: impl Into<String>) -> Error {
    Error::Setting(text.into())
}

/// A name of units and folders. A user of that name is made too, so it keeps to what systemd takes as one.
fn name(name: &str) -> Result<(), Error> {
    let begins = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '_');
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    match begins && name.len() <= 31 && name.bytes().all(is_plain) {
        true => Ok(()),
        false => Err(wrong(format!(
            "`{}` cannot name units, folders and a user; give another one with `--name`: a small letter, then small letters, digits, `-` \
             and `_`, 31 at most",
            name.escape_debug()
        ))),
    }
}

/// The name of a host, also `*.example.com`. (RFC 1123 section 2.1; an internationalised one is written in its ASCII form.)
pub(super) fn host(domain: &str) -> Result<(), Error> {
    let is_label = |label: &str| {
        let is_plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        (1..=63).contains(&label.len()) && is_plain && !label.starts_with('-') && !label.ends_with('-')
    };
    let rest = domain.strip_prefix("*.").unwrap_or(domain);
    match domain.len() <= 253 && rest.split('.').all(is_label) {
        true => Ok(()),
        false => Err(wrong(format!(
            "`--domain {}` is no name of a host, such as `example.com`; letters outside ASCII are written in the form `xn--…`",
            domain.escape_debug()
        ))),
    }
}

fn group(group: &str) -> Result<(), Error> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    match !group.is_empty() && !group.starts_with('-') && group.bytes().all(is_plain) {
        true => Ok(()),
        false => Err(wrong(format!("`--proxy-group {}` is no name of a group", group.escape_debug()))),
    }
}

/// A path for NGINX and systemd, neither of which must find anything but a path in it.
pub(super) fn absolute(path: &str) -> Result<(), Error> {
    let has_strange = path.contains(|c: char| c.is_control() || c.is_whitespace() || "\"'\\;{}$%#*?~".contains(c));
    let has_dots = path.split('/').any(|part| part == "..");
    match path.starts_with('/') && path.len() > 1 && !has_strange && !has_dots {
        true => Ok(()),
        false => Err(wrong(format!(
            "`{}` cannot be written into units and NGINX's file: it must be an absolute path without spaces, quotes, `..` and any of \
             ; {{ }} $ % # * ? ~",
            path.escape_debug()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> Choices {
        Choices { name: "shop".to_string(), ..Choices::default() }
    }

    #[test]
    fn what_could_say_something_else_in_a_file_is_refused() {
        choices().check().unwrap();
        for name in ["", "Shop", "1shop", "a/b", "a b", "a.b", "a\nb", "a@1", "%i"] {
            assert!(Choices { name: name.to_string(), ..choices() }.check().is_err(), "{name:?}");
        }
        for domain in ["", "a b", "a;", "a.", ".a", "a..b", "-a.de", "ä.de", "a.de:80", "*", "a.*", "a\n", "~^a$"] {
            assert!(Choices { domains: vec![domain.to_string()], ..choices() }.check().is_err(), "{domain:?}");
        }
        for path in ["", "/", "a", "/a b", "/a;b", "/a$b", "/../a", "/a\"b", "/a\nb", "/%i"] {
            assert!(Choices { static_root: Some(path.to_string()), ..choices() }.check().is_err(), "{path:?}");
        }
        assert!(Choices { proxy_group: "a b".to_string(), ..choices() }.check().is_err());
    }

    #[test]
    fn hosts_and_paths_of_all_days_are_taken() {
        let domains = ["example.com", "www.example.com", "*.example.com", "xn--bcher-kva.example", "localhost"];
        let domains = domains.map(str::to_string).to_vec();
        let tls = Tls {
            certificate: "/etc/letsencrypt/live/example.com/fullchain.pem".to_string(),
            key: "/etc/letsencrypt/live/example.com/privkey.pem".to_string(),
        };
        Choices { domains, tls: Some(tls.clone()), ..choices() }.check().unwrap();
        assert!(Choices { tls: Some(tls), ..choices() }.check().unwrap_err().to_string().contains("`--domain`"));
    }

    #[test]
    fn what_was_chosen_is_kept_and_what_an_older_version_did_not_know_has_its_default() {
        let all = Choices { domains: vec!["a.de".to_string()], instances: 3, socket: Socket::Tcp, ..choices() };
        let text = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Choices>(&text).unwrap(), all);
        assert_eq!(serde_json::from_str::<Choices>(r#"{"name": "shop"}"#).unwrap(), choices());
    }
}
