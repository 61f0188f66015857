//! NGINX's file of the site.
//!
//! 1. What all servers of the file share: the upstream, maps, the cache (`shared`).
//! 2. The server for HTTP, which only redirects where there is a certificate; the head of the site's own server (`edge`).
//!    Then whom NGINX believes who the visitor is (`balancer`).
//! 3. How requests are passed on, within the site's limits (`proxy`, `limits`).
//! 4. The locations: static files, routes with limits of their own, everything else (`statics`, `pattern`).
//!
//! Whatever comes from outside is checked ([`Choices::check`]) or quoted, so that it cannot say anything else than it is.

mod balancer;
mod edge;
mod limits;
mod pattern;
mod proxy;
mod shared;
mod statics;
pub(crate) mod types;

use percent_encoding::percent_decode_str;
use types::quoted;

pub(crate) use limits::may_be_limited;

use super::{Choices, File, Layout, Subject};
use crate::error::{Error, one_line};
use crate::site::PublicUrl;
use limits::Allowed;

/// The page that is shown while no process answers. It is the operator's to change.
const MAINTENANCE: &str = include_str!("maintenance.html");

/// What the parts of the file are made of.
struct Plan<'a> {
    subject: &'a Subject,
    choices: &'a Choices,
    layout: Layout,
    /// The upstream, and the zones of memory: unlike any other of the machine.
    upstream: String,
    /// What the names of variables begin with. NGINX's table of them takes no more than 46 letters (`variables_hash_bucket_size`), so with the longest
    /// name of a site eight are left for the end.
    variable: String,
    /// The hosts, the main one first; empty for every host.
    hosts: Vec<String>,
    /// The path below which the world sees the site, percent-decoded, without a slash at its end; empty where there is none.
    mount: String,
    /// The same as it is written in addresses.
    raw_mount: String,
    common: Allowed,
    /// The networks of what stands before NGINX.
    before: Vec<String>,
}

/// The files for NGINX: its site, and the page that it shows while no process answers.
///
/// # Errors
///
/// [`Error::Setting`] where a choice does not fit the site's settings.
pub(crate) fn nginx(subject: &Subject, choices: &Choices) -> Result<Vec<File>, Error> {
    choices.check()?;
    let plan = Plan::new(subject, choices)?;
    Ok(vec![
        File::new(plan.layout.site_available(), plan.text()?),
        File::new(plan.layout.maintenance(), MAINTENANCE.to_string()),
    ])
}

impl<'a> Plan<'a> {
    fn new(subject: &'a Subject, choices: &'a Choices) -> Result<Self, Error> {
        let public = public_url(subject)?;
        let decoded = percent_decode_str(public.mount()).decode_utf8_lossy().into_owned();
        let plan = Plan {
            subject,
            choices,
            layout: Layout::of(choices),
            upstream: format!("kalgan_{}", choices.name),
            variable: format!("kalgan_{}", choices.name.replace('-', "_")),
            hosts: hosts(subject, choices, &public)?,
            mount: decoded,
            raw_mount: public.mount().to_string(),
            common: Allowed::of(&subject.settings)?,
            before: balancer::before(&subject.settings.get_vec("server.trusted_proxies")?)?,
        };
        Ok(plan)
    }

    fn text(&self) -> Result<String, Error> {
        let mut text = self.head();
        text.push_str(&self.shared()?);
        text.push_str(&self.redirect());
        text.push_str(&self.edge()?);
        text.push_str(&self.balancer());
        text.push('\n');
        text.push_str(&self.proxy());
        text.push_str(&self.statics()?);
        text.push_str(&self.locations(&text));
        text.push_str("}\n");
        Ok(text)
    }

    fn head(&self) -> String {
        format!(
            "# The site {} {} behind NGINX (1.18 or newer), made by `deploy nginx` of its binary from its settings and routes.\n\
             # Make it again rather than changing it: when a limit or a route of the site changes, this file does.\n\n",
            comment(&self.subject.snapshot.name),
            comment(&self.subject.snapshot.release),
        )
    }

    /// The routes with limits of their own, then everything else. A path that has a location before is a static file's, which comes before
    /// routes in the site as well.
    fn locations(&self, before: &str) -> String {
        let mut text = String::new();
        let pass = self.pass(limits::ONCE);
        let mut special = limits::special(&self.subject.snapshot.routes, self.common);
        special.retain(|special| !before.contains(&special.head(&self.mount)));
        if !special.is_empty() {
            text.push_str(
                "\n    # Paths whose routes have limits of their own. By the path alone NGINX cannot tell methods and hosts apart, so it \
                 allows\n    # the most that any route there does; the site holds each request to its own.\n",
            );
        }
        for special in &special {
            text.push_str(&special.location(self.common, &self.mount, &self.pass(special.once())));
        }
        text.push_str(&self.once());
        match self.mount.is_empty() {
            true => text.push_str(&format!("\n    location / {{\n{pass}\n    }}\n")),
            false => text.push_str(&self.mounted(&pass)),
        }
        text
    }

    /// The locations of what is sent once and no more.
    fn once(&self) -> String {
        let limits = limits::once(&self.subject.snapshot.routes, self.common).lines(self.common);
        let target = self.target();
        let mut text = format!(
            "\n    # Methods that NGINX would send again. How long a body may be has been decided where they come from.\n    location @once {{\n\
             {limits}        proxy_next_upstream off;\n{target}\n    }}\n"
        );
        if self.streams() {
            text.push_str(&format!(
                "    location @once_streamed {{\n{limits}        proxy_request_buffering off;\n        proxy_next_upstream off;\n{target}\n    }}\n"
            ));
        }
        text
    }

    /// Whether bodies of any route are streamed.
    fn streams(&self) -> bool {
        let special = limits::special(&self.subject.snapshot.routes, self.common);
        special.iter().any(|special| special.once() == limits::ONCE_STREAMED)
    }

    /// The site below a path, which it does not see.
    fn mounted(&self, pass: &str) -> String {
        let (bare, below) = (quoted(&self.mount), quoted(&format!("{}/", self.mount)));
        // An address in a redirect is encoded as it is in all others.
        let target = quoted(&format!("{}/$is_args$args", self.raw_mount));
        format!(
            "\n    # The site is below a path (`server.public_url`), which is taken off before it is asked.\n    absolute_redirect off;\n    \
             location = {bare} {{\n        return 301 {target};\n    }}\n    location {below} {{\n{pass}\n    }}\n    \
             # What this server has beside it goes here.\n    location / {{\n        return 404;\n    }}\n"
        )
    }

    /// What passes a request on, inside a location: itself, or where that must not be repeated, by the location that a status stands for.
    fn pass(&self, once: u16) -> String {
        format!(
            "        if ($request_method !~ ^({})$) {{\n            return {once};\n        }}\n{}",
            limits::AS_USUAL.join("|"),
            self.target()
        )
    }

    /// Where a location passes requests on to.
    fn target(&self) -> String {
        let (upstream, variable) = (&self.upstream, &self.variable);
        match self.mount.is_empty() {
            true => format!("        proxy_pass http://{upstream};"),
            false => format!(
                "        if (${variable}_path = \"\") {{\n            return 404;\n        }}\n        \
                 proxy_pass http://{upstream}${variable}_path;"
            ),
        }
    }
}

/// The setting `server.public_url`, which the site itself would refuse where it is none.
fn public_url(subject: &Subject) -> Result<PublicUrl, Error> {
    const KEY: &str = "server.public_url";
    let address = subject.settings.get::<Option<String>>(KEY)?.unwrap_or_default();
    let public = PublicUrl::parse(&address);
    let public = public.map_err(|reason| Error::Setting(format!("{} {reason}", subject.settings.name(KEY))))?;
    match public.mount().contains(|c: char| c == '$' || c.is_control()) {
        true => Err(Error::Setting(format!(
            "{} has a `$` in its path, which NGINX takes for a variable",
            subject.settings.name(KEY)
        ))),
        false => Ok(public),
    }
}

/// The hosts that NGINX answers for: those that are chosen, else those that the settings name.
fn hosts(subject: &Subject, choices: &Choices, public: &PublicUrl) -> Result<Vec<String>, Error> {
    const KEY: &str = "server.hosts";
    let known = subject.settings.get_vec(KEY)?;
    let is_known = |host: &String| known.is_empty() || known.iter().any(|known| known.eq_ignore_ascii_case(host));
    if let Some(host) = choices.domains.iter().find(|host| !is_known(host)) {
        return Err(Error::Setting(format!(
            "`--domain {host}` is none of the hosts that the site answers for, so every visitor would get 421; add it to {}, which has: {}",
            subject.settings.name(KEY),
            known.join(", ")
        )));
    }
    if !choices.domains.is_empty() {
        return Ok(choices.domains.clone());
    }
    if !known.is_empty() {
        return Ok(known.into_iter().filter(|host| super::choices::host(host).is_ok()).collect());
    }
    let public = public.host().filter(|host| super::choices::host(host).is_ok());
    Ok(public.map(str::to_string).into_iter().collect())
}

/// Text inside a comment, which ends with its line.
fn comment(text: &str) -> String {
    one_line(text).into_owned()
}
