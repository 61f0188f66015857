//! The sockets, which systemd keeps open whatever becomes of the process.

use std::path::Path;

use super::Plan;
use crate::deploy::{File, Socket};
use crate::error::Error;

/// What leaves it to the service when a socket is given up.
const PATIENCE: &str = "# How often clients may start the service is for its own limit to say (`StartLimitBurst=`), which closes this socket, too.\n\
                        TriggerLimitIntervalSec=0\n";

impl Plan<'_> {
    /// The units of all sockets.
    pub(super) fn sockets(&self) -> Result<Vec<File>, Error> {
        let name = &self.choices.name;
        let number = self.template();
        let mut files = Vec::new();
        match self.choices.socket {
            Socket::Unix => {
                let path = self.layout.run().join(format!("http{}.sock", self.dashed_specifier()));
                files.push(self.unit(&format!("{name}{number}.socket"), &self.http_file(&path)));
            }
            // A port cannot be counted in a template, so each instance has a unit of its own.
            Socket::Tcp => {
                for instance in self.choices.instances() {
                    let port = self.choices.port(&self.subject.settings, instance)?;
                    files.push(self.unit(&self.layout.socket(instance), &self.http_port(port)));
                }
            }
        }
        files.push(self.unit(&format!("{name}-admin{number}.socket"), &self.admin_file()));
        Ok(files)
    }

    fn http_file(&self, path: &Path) -> String {
        self.socket(
            "requests",
            "http",
            &format!(
                "ListenStream={}\n# NGINX's workers may connect, nobody else.\nSocketUser=root\nSocketGroup={}\nSocketMode=0660\n\
                 # A file that is left over would be taken for a socket.\nRemoveOnStop=yes\n",
                path.display(),
                self.choices.proxy_group
            ),
        )
    }

    fn http_port(&self, port: u16) -> String {
        self.socket(
            "requests",
            "http",
            &format!(
                "ListenStream=127.0.0.1:{port}\n# Answers wait for nothing.\nNoDelay=yes\n\
                 # Only this machine. (What the service says of addresses does not concern sockets that it is handed.)\n\
                 IPAddressDeny=any\nIPAddressAllow=localhost\n"
            ),
        )
    }

    fn admin_file(&self) -> String {
        let path = self.layout.run().join(format!("admin{}.sock", self.dashed_specifier()));
        self.socket(
            "health checks and figures",
            "admin",
            &format!(
                "ListenStream={}\n# Only root asks: `healthcheck`, and what collects figures.\nSocketUser=root\nSocketGroup=root\nSocketMode=0660\n\
                 RemoveOnStop=yes\n",
                path.display()
            ),
        )
    }

    fn socket(&self, what: &str, kind: &str, listens: &str) -> String {
        let (name, number) = (&self.choices.name, self.specifier());
        format!(
            "[Unit]\nDescription=Socket of {name} for {what}\n{}\n[Socket]\n{listens}# What the process knows it by.\nFileDescriptorName={kind}\n\
             Service={name}{number}.service\n# Clients that may wait while the process restarts; the kernel's own limit is net.core.somaxconn.\n\
             Backlog=4096\n# The folder of socket files is open, the files are not.\nDirectoryMode=0755\n{PATIENCE}\n[Install]\nWantedBy={}\n",
            self.part_of(),
            if self.choices.has_several() { self.layout.target() } else { "sockets.target".to_string() },
        )
    }
}
