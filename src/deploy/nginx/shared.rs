//! What stands outside all servers: the upstream, maps, the cache.

use std::fmt::Write;

use super::{Plan, pattern, quoted};
use crate::deploy::Socket;
use crate::error::Error;

/// After how many idle seconds NGINX closes a connection to the site, where the site's own patience does not ask for less.
const KEEPALIVE: u64 = 60;

impl Plan<'_> {
    pub(super) fn shared(&self) -> Result<String, Error> {
        let mut text = self.upstream()?;
        text.push_str(&self.maps()?);
        text.push_str(&self.cache());
        Ok(text)
    }

    fn upstream(&self) -> Result<String, Error> {
        let upstream = &self.upstream;
        let mut text = format!("upstream {upstream} {{\n");
        if self.choices.has_several() {
            write!(text, "    # What one worker finds out about an instance all others know.\n    zone {upstream} 64k;\n    least_conn;\n")
                .expect("writing to a `String` cannot fail");
        }
        let health = match self.choices.has_several() {
            true => {
                text.push_str(
                    "    # An instance that refuses or breaks connections three times within five seconds gets no requests for as long. One that hangs\n    \
                     # does neither: its watchdog has systemd start it anew (`WatchdogSec=`).\n",
                );
                "max_fails=3 fail_timeout=5s"
            }
            false => {
                text.push_str("    # The only one: it is never taken out. systemd holds its socket while it restarts, so clients wait; a site that cannot start at\n    \
                     # all loses its socket (`StartLimitBurst=`), and they see the page for that.\n");
                "max_fails=0"
            }
        };
        for instance in self.choices.instances() {
            writeln!(text, "    server {} {health};", self.address(instance)?)
                .expect("writing to a `String` cannot fail");
        }
        let idle: u64 = self.subject.settings.get("server.idle_timeout")?;
        write!(
            text,
            "    # Connections that wait for the next request. The site closes them after {idle} s (`server.idle_timeout`), and the side that\n    \
             # sends must be the first to close.\n    keepalive 32;\n    keepalive_timeout {};\n}}\n\n",
            keepalive(idle)
        )
        .expect("writing to a `String` cannot fail");
        Ok(text)
    }

    fn address(&self, instance: Option<u16>) -> Result<String, Error> {
        match self.choices.socket {
            Socket::Unix => Ok(format!("unix:{}", self.layout.http_socket(instance).display())),
            Socket::Tcp => Ok(format!("127.0.0.1:{}", self.choices.port(&self.subject.settings, instance)?)),
        }
    }

    fn maps(&self) -> Result<String, Error> {
        let variable = &self.variable;
        let mut text = format!(
            "# A WebSocket asks for another protocol; all other requests keep the connection to the site open.\n\
             map $http_upgrade ${variable}_upgrade {{\n    default upgrade;\n    \"\" \"\";\n}}\n\n"
        );
        text.push_str(&self.balancer_maps());
        if !self.mount.is_empty() {
            let mount = quoted(&format!("~^{}(?<kalgan_rest>/.*)$", pattern::escaped(&self.raw_mount)));
            write!(
                text,
                "# The path that the site sees, not decoded: `{}` is taken off what the client wrote.\n\
                 map $request_uri ${variable}_path {{\n    default \"\";\n    {mount} $kalgan_rest;\n}}\n\n",
                super::comment(&self.raw_mount)
            )
            .expect("writing to a `String` cannot fail");
        }
        if self.choices.static_root.is_some() {
            text.push_str(&self.static_maps()?);
        }
        Ok(text)
    }

    fn cache(&self) -> String {
        let (zone, variable) = (format!("{}_cache", self.upstream), &self.variable);
        format!(
            "# A small cache of answers that say `public` and how long (`max-age`). Conditions and ranges are for the site to answer, and NGINX\n\
             # keeps them from it where it caches: such requests, and WebSockets, go past the cache.\n\
             proxy_cache_path {} levels=1:2 keys_zone={zone}:1m max_size=256m inactive=1d use_temp_path=off;\n\
             map \"$http_if_none_match$http_if_modified_since$http_if_match$http_if_unmodified_since$http_range$http_upgrade\" \
             ${variable}_cache {{\n    default off;\n    \"\" {zone};\n}}\n\
             map $upstream_http_cache_control ${variable}_unkept {{\n    default 1;\n    \"~*(^|[ ,])public($|[ ,])\" 0;\n}}\n\n",
            self.layout.cache().display()
        )
    }
}

/// A time below the one after which the site closes idle connections.
fn keepalive(idle: u64) -> String {
    match idle {
        0 | 1 => "500ms".to_string(),
        idle => format!("{}s", KEEPALIVE.min(idle * 2 / 3)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nginx_is_the_first_to_close_an_idle_connection() {
        assert_eq!([1, 2, 3, 30, 90, 86_400].map(keepalive), ["500ms", "1s", "2s", "20s", "60s", "60s"]);
    }
}
