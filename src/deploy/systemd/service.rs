//! The service: what it starts, what it is told, and the sandbox that it runs in. Each line carries its reason.

use std::fmt::Write;

use super::{Plan, network::Network};
use crate::deploy::Socket;
use crate::deploy::subject::variable;
use crate::error::{Error, one_line};

/// What hooks and tasks get at least after the last request, five seconds each, and some to spare.
const WINDING_UP: u64 = 15;

/// Files that are open beside those of connections.
const OTHER_FILES: u64 = 1024;

/// What keeps the process from everything but its own work, whatever becomes of it.
const SANDBOX: &str = include_str!("sandbox.conf");

impl Plan<'_> {
    /// What starts and stops the process that serves.
    pub(super) fn serving(&self) -> Result<String, Error> {
        let settings = &self.subject.settings;
        let stop = settings.get::<u64>("server.shutdown_timeout")? + WINDING_UP;
        Ok(format!(
            "[Service]\n\
             # The process says itself when it serves, reloads and stops, and is the only one that may.\n\
             Type=notify\nNotifyAccess=main\n\
             ExecStart={} serve{}\n\
             # What lies outside the binary is read again without a request being lost; with a mistake in it the site stays as it was.\n\
             # (By the shell, because not every system has the program `kill`.)\n\
             ExecReload=/bin/sh -c \"kill -HUP $MAINPID\"\n\
             # The sockets stay open while the process restarts, so clients wait and none is refused; how often it is tried is said above. A\n\
             # wrong setting is tried no less: without these pauses a client that waits would start it ten times within three seconds.\n\
             Restart=on-failure\nRestartSec=2\n\
             # A process that no longer does what it is asked says nothing any more, and is started anew.\n\
             WatchdogSec=30\n\
             # Migrations may take a while.\nTimeoutStartSec=120\n\
             # `server.shutdown_timeout`, then five seconds each at least for hooks and for tasks, such as the queue of mails.\n\
             TimeoutStopSec={stop}\n{}",
            self.layout.binary().display(),
            self.arguments(),
            self.sockets_of_service(),
        ))
    }

    /// What tries the next version: everything that a start does, but for serving.
    pub(super) fn trying(&self) -> String {
        format!(
            "[Service]\n# Does all that a start does but serve, with the same rights, and ends: then the version may take the place of the one that runs.\n\
             Type=oneshot\nExecStart={} serve --trial{}\nTimeoutStartSec=120\n",
            self.layout.next_binary().display(),
            self.arguments(),
        )
    }

    /// What both have in common: settings, files, the sandbox.
    pub(super) fn common(&self) -> Result<String, Error> {
        let mut text = self.limits()?;
        text.push_str(&self.environment()?);
        text.push_str(&self.files()?);
        text.push_str(SANDBOX);
        text.push_str(&self.network_lines());
        Ok(text)
    }

    fn arguments(&self) -> String {
        let mut text = String::new();
        let pairs = [("--settings", &self.choices.settings_file), ("--overlay", &self.choices.overlay)];
        for (flag, path) in pairs.into_iter().filter_map(|(flag, path)| Some((flag, path.as_ref()?))) {
            write!(text, " {flag} {path}").expect("writing to a `String` cannot fail");
        }
        text
    }

    fn sockets_of_service(&self) -> String {
        let name = &self.choices.name;
        let number = self.specifier();
        format!(
            "# Both are handed over, whichever of them a client came to.\nSockets={name}{number}.socket {name}-admin{number}.socket\n"
        )
    }

    fn limits(&self) -> Result<String, Error> {
        let connections: u64 = self.subject.settings.get("server.max_connections")?;
        Ok(format!(
            "\n# Each connection is an open file, two while a file is streamed: twice `server.max_connections` and some more.\nLimitNOFILE={}\n\
             # Worker threads, and those for work that blocks, of which there are 512 at most.\nTasksMax=1024\n\
             # A site that needs more than this of the machine's memory is better started anew than the machine brought down.\n\
             MemoryMax=80%\n# No memory of the process, with secrets in it, is written to disk when it crashes.\nLimitCORE=0\n",
            2 * connections + OTHER_FILES
        ))
    }

    /// Settings of the deployment. Secrets are in files that only root reads.
    fn environment(&self) -> Result<String, Error> {
        let mut text = "\n# Settings: KALGAN__SERVER__PORT is `server.port`, and so on. Whoever can read this file can read what stands here.\n"
            .to_string();
        let mut set = |comment: &str, key: &str, value: &str| {
            if !comment.is_empty() {
                writeln!(text, "# {comment}").expect("writing to a `String` cannot fail");
            }
            let value = quoted(&format!("{}={value}", variable(key)));
            writeln!(text, "Environment={value}").expect("writing to a `String` cannot fail");
        };
        let own = &self.choices.settings;
        set("What runs here is in production, whatever the binary was built as.", "environment.is_prod", "true");
        if !own.contains_key("server.trusted_proxies") {
            let reason = match self.choices.socket {
                Socket::Unix => "NGINX is believed what it says of the visitor: nobody else can reach the socket.",
                Socket::Tcp => {
                    "What NGINX says of the visitor is believed; so is any program of this machine, as all reach the port."
                }
            };
            set(reason, "server.trusted_proxies", &self.trusted()?);
        }
        if self.choices.has_several() {
            set(
                "So that what one process alone can keep is refused.",
                "server.instances",
                &self.choices.instances.to_string(),
            );
        }
        if let Some(origin) = self.origin()? {
            set("Where the world finds the site, for addresses in mails and redirects.", "server.public_url", &origin);
        }
        if self.choices.static_root.is_some() {
            set("NGINX serves the static files, so the process looks for none.", "static.folders", "");
            set("", "static.root", "");
        }
        let is_other =
            |(key, value): &(&String, &String)| (key.as_str(), value.as_str()) != ("environment.is_prod", "true");
        for (number, (key, value)) in own.iter().filter(is_other).enumerate() {
            set(if number == 0 { "Chosen when these files were made." } else { "" }, key, value);
        }
        writeln!(
            text,
            "# The secret key, and other settings that only root may read. Where the file is missing the process says what it needs.\n\
             EnvironmentFile=-{}",
            self.layout.environment().display()
        )
        .expect("writing to a `String` cannot fail");
        for name in &self.subject.variables {
            writeln!(text, "# The settings need the variable {} in it (`!env`).", one_line(name))
                .expect("writing to a `String` cannot fail");
        }
        Ok(text)
    }

    fn trusted(&self) -> Result<String, Error> {
        let proxy = match self.choices.socket {
            Socket::Unix => "unix",
            Socket::Tcp => "127.0.0.1",
        };
        let mut trusted = self.subject.settings.get_vec("server.trusted_proxies")?;
        if !trusted.iter().any(|known| known == proxy) {
            trusted.push(proxy.to_string());
        }
        Ok(trusted.join(","))
    }

    /// The site's origin, where its own settings do not say it and a certificate makes it sure.
    fn origin(&self) -> Result<Option<String>, Error> {
        const KEY: &str = "server.public_url";
        let settings = &self.subject.settings;
        let is_known = self.subject.unknown.contains(KEY) || settings.get::<Option<String>>(KEY)?.is_some();
        let host = self.choices.domains.first().filter(|host| !is_known && !host.contains('*'));
        Ok(host.filter(|_| self.choices.tls.is_some()).map(|host| format!("https://{host}")))
    }

    fn files(&self) -> Result<String, Error> {
        let name = &self.choices.name;
        let mut text = String::new();
        let mut line = |line: &str| writeln!(text, "{line}").expect("writing to a `String` cannot fail");
        if !self.subject.credentials.is_empty() {
            line("# What `!credential` reads, one file each, which only root may read.");
        }
        for id in &self.subject.credentials {
            line(&format!("LoadCredential={id}:{}", self.layout.credential(id).display()));
        }
        line(
            "\n# A user that exists only while the site runs, with one folder of its own, which all its processes share: /var/lib/NAME.",
        );
        line(&format!("DynamicUser=yes\nUser={name}\nStateDirectory={name}\nStateDirectoryMode=0700"));
        line("# Nobody else reads what the process writes.\nUMask=0077");
        for (key, folder) in self.folders()? {
            line(&format!(
                "# `{key}` lies outside the state folder. The folder must be writable for the user above.\nReadWritePaths=-{folder}"
            ));
        }
        Ok(text.replace("/var/lib/NAME", &self.layout.state().display().to_string()))
    }

    /// Folders outside the state folder that settings say the process writes to.
    fn folders(&self) -> Result<Vec<(&'static str, String)>, Error> {
        let state = format!("{}/", self.layout.state().display());
        let mut found = Vec::new();
        for (key, is_file) in [("data.path", false), ("db.path", true), ("log.file", true), ("mailer.path", false)] {
            let Some(path) = self.subject.settings.get::<Option<String>>(key)?.filter(|path| path.starts_with('/'))
            else {
                continue;
            };
            let parent = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let folder = if is_file { parent } else { path.as_str() };
            if !format!("{folder}/").starts_with(&state) && folder.len() > 1 {
                crate::deploy::choices::absolute(folder)?;
                found.push((key, folder.to_string()));
            }
        }
        Ok(found)
    }

    fn network_lines(&self) -> String {
        match &self.network {
            Network::None => "\n# Nothing but files and socket files is needed. A network of its own has no interface that leads anywhere, no other kind of socket\n\
                 # can be opened, and no packet would pass. The sockets that systemd hands over are not concerned.\n\
                 PrivateNetwork=yes\nRestrictAddressFamilies=AF_UNIX\nIPAddressDeny=any\n"
                .to_string(),
            Network::Addresses(addresses, reasons) => format!(
                "\n# The settings name servers by their addresses ({}): these are reachable, nothing else is.\n\
                 RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\nIPAddressDeny=any\nIPAddressAllow={}\n",
                reasons.join(", "),
                addresses.iter().cloned().collect::<Vec<_>>().join(" ")
            ),
            Network::Any(reasons) => format!(
                "\n# The network is open: {}.\nRestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\n",
                reasons.join("; ")
            ),
        }
    }
}

/// A value as systemd reads it: in quotes, with `%` and `\` standing for themselves.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '%' => quoted.push_str("%%"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => c.to_string().bytes().for_each(|byte| quoted.push_str(&format!("\\x{byte:02x}"))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_value_says_nothing_but_itself() {
        assert_eq!(quoted("A=a b"), "\"A=a b\"");
        assert_eq!(quoted("A=50% \"x\" \\n\n\t"), r#""A=50%% \"x\" \\n\n\x09""#);
    }
}
