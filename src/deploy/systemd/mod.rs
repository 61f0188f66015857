//! The units of the site for systemd (247 or newer).
//!
//! A service in a sandbox, its two sockets, and the trial of a next version; for several instances templates of them, and a target that
//! wants them all. The texts are in `service` and `sockets`; `network` finds out whom the process must reach.

mod network;
mod service;
mod sockets;

#[cfg(test)]
mod tests;

use super::{Choices, File, Layout, Subject};
use crate::error::{Error, one_line};
use network::Network;

/// What the units are made of.
struct Plan<'a> {
    subject: &'a Subject,
    choices: &'a Choices,
    layout: Layout,
    network: Network,
}

/// The units: a service, its sockets, and the trial of a next version; for several instances templates of them and a target.
///
/// Several instances share the machine, the user and the state folder, so a database and sessions in SQLite are one for all of them.
///
/// # Errors
///
/// [`Error::Setting`] where a choice does not fit the site's settings: sessions in the memory of one of several processes, a name of a
/// credential that is none, a secret among the chosen settings.
pub(crate) fn systemd(subject: &Subject, choices: &Choices) -> Result<Vec<File>, Error> {
    choices.check()?;
    let plan = Plan::new(subject, choices)?;
    plan.refuse_separate_sessions()?;
    plan.refuse_secrets()?;
    let (name, number) = (&choices.name, plan.template());
    let mut files = vec![plan.unit(&format!("{name}{number}.service"), &plan.service()?)];
    files.extend(plan.sockets()?);
    if choices.has_several() {
        files.push(plan.unit(&plan.layout.target(), &plan.target()));
    }
    files.push(plan.unit(&plan.layout.trial(), &plan.trial()?));
    Ok(files)
}

impl<'a> Plan<'a> {
    fn new(subject: &'a Subject, choices: &'a Choices) -> Result<Self, Error> {
        for id in &subject.credentials {
            // systemd takes the name apart at colons, and looks for a file of that name.
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if id.is_empty() || id.starts_with('.') || !id.bytes().all(is_plain) {
                return Err(Error::Setting(format!(
                    "`!credential {}` cannot be the name of a file; use letters, digits, `-`, `_` and `.`",
                    one_line(id)
                )));
            }
        }
        let network = Network::of(subject, choices)?;
        Ok(Plan { subject, choices, layout: Layout::of(choices), network })
    }

    fn service(&self) -> Result<String, Error> {
        let (name, number) = (&self.choices.name, self.specifier());
        let sockets = format!("{name}{number}.socket {name}-admin{number}.socket");
        Ok(format!(
            "[Unit]\nDescription={}, a site made with Kalgan\nDocumentation=https://kalgan.eu\n\
             # Without its sockets it would have nobody to answer.\nRequires={sockets}\nAfter=network.target {sockets}\n{}{}\n{}{}\n[Install]\n\
             WantedBy={}\n",
            self.choices.name,
            self.part_of(),
            self.start_limit(),
            self.serving()?,
            self.common()?,
            if self.choices.has_several() { self.layout.target() } else { "multi-user.target".to_string() },
        ))
    }

    fn trial(&self) -> Result<String, Error> {
        Ok(format!(
            "[Unit]\nDescription=Trial of the next version of {}\nDocumentation=https://kalgan.eu\nStartLimitIntervalSec=0\n\n{}{}",
            self.choices.name,
            self.trying(),
            self.common()?,
        ))
    }

    /// After how many starts a service that fails is given up, and how it is brought back.
    fn start_limit(&self) -> String {
        let name = &self.choices.name;
        let (failed, started) = match self.choices.has_several() {
            true => (format!("'{name}@*'"), self.layout.target()),
            false => (format!("{name}.service"), format!("{name}.service")),
        };
        format!(
            "# A process that fails at once is started ten times in 20 to 30 seconds; one that needs up to ten seconds to fail, in two minutes. Then\n\
             # systemd gives up the service and its sockets (`service-start-limit-hit`), so NGINX is refused at once: it asks another instance,\n\
             # or shows the maintenance page. Once the cause is gone this brings the service and its sockets back:\n\
             #   systemctl reset-failed {failed}; systemctl start {started}\n\
             StartLimitIntervalSec=120\nStartLimitBurst=10\n"
        )
    }

    fn target(&self) -> String {
        let instances = self.choices.instances();
        let wanted = instances.iter().flat_map(|&instance| {
            [self.layout.socket(instance), self.layout.admin(instance), self.layout.service(instance)]
        });
        format!(
            "[Unit]\nDescription=All instances of {}\nDocumentation=https://kalgan.eu\nWants={}\n\n[Install]\nWantedBy=multi-user.target\n",
            self.choices.name,
            wanted.collect::<Vec<_>>().join(" ")
        )
    }

    /// A unit's file, with a head that says what it is.
    fn unit(&self, unit: &str, text: &str) -> File {
        let head = format!(
            "# Made by `deploy systemd` of the site's binary from its settings. Make it again rather than changing it; what is to differ goes to\n\
             # {}.d/local.conf (`systemctl edit`).\n",
            self.layout.unit(unit).display()
        );
        let exposure = match unit.ends_with(".service") {
            true => format!("# `systemd-analyze security` of systemd 252 gives it {} of 10.\n", self.exposure()),
            false => String::new(),
        };
        File::new(self.layout.unit(unit), format!("{head}{exposure}\n{text}"))
    }

    /// What `systemd-analyze security` gives the service; a test holds it.
    fn exposure(&self) -> &'static str {
        match &self.network {
            Network::None => "0.2",
            Network::Addresses(addresses, _) if addresses.iter().all(|address| address == "localhost") => "0.9",
            Network::Addresses(..) => "1.0",
            Network::Any(_) => "1.1",
        }
    }

    fn part_of(&self) -> String {
        match self.choices.has_several() {
            true => format!("# Stopped and restarted with all others.\nPartOf={}\n", self.layout.target()),
            false => String::new(),
        }
    }

    /// What stands behind the name in that of a file.
    fn template(&self) -> &'static str {
        if self.choices.has_several() { "@" } else { "" }
    }

    /// What stands behind the name of another unit of the same instance.
    fn specifier(&self) -> &'static str {
        if self.choices.has_several() { "@%i" } else { "" }
    }

    fn dashed_specifier(&self) -> &'static str {
        if self.choices.has_several() { "-%i" } else { "" }
    }

    /// Sessions in memory belong to one process. The process refuses that too, but nobody should come so far.
    fn refuse_separate_sessions(&self) -> Result<(), Error> {
        const KEY: &str = "session.store";
        let settings = &self.subject.settings;
        let has_sessions = settings.below("session").any(|key| key.contains('.'));
        let is_memory = !self.subject.unknown.contains(KEY) && settings.get_string(KEY)? == "memory";
        match self.choices.has_several() && has_sessions && is_memory {
            true => Err(Error::Setting(format!(
                "{} is `memory`, which several instances do not share, so visitors would be signed out by every other one; set it to `sqlite` \
                 or `redis`, or leave one instance",
                settings.name(KEY)
            ))),
            false => Ok(()),
        }
    }

    /// Units can be read by everybody.
    fn refuse_secrets(&self) -> Result<(), Error> {
        let is_secret =
            |key: &&String| self.subject.settings.iter().any(|shown| shown.key == **key && shown.is_secret());
        match self.choices.settings.keys().find(is_secret) {
            Some(key) => Err(Error::Setting(format!(
                "`{key}` is a secret, and everybody may read a unit; put it into {} as `{}`, not into `--set`",
                self.layout.environment().display(),
                super::subject::variable(key)
            ))),
            None => Ok(()),
        }
    }
}
