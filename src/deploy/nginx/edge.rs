//! What the world meets: ports, names, certificates.

use super::Plan;
use crate::error::Error;

/// What must be open over HTTP as well, for whoever issues certificates.
const ACME: &str = "    # Whoever issues certificates asks here; `certbot certonly --webroot -w /var/www/html` writes the answers.\n    \
                    location ^~ /.well-known/acme-challenge/ {\n        root /var/www/html;\n        types { }\n        \
                    default_type text/plain;\n    }\n";

/// Mozilla's profile "intermediate": all browsers of the last ten years, with forward secrecy.
const TLS: &str = "    # Mozilla's profile \"intermediate\" (https://ssl-config.mozilla.org), but for two things. It has three suites with DHE, for clients\n    \
                   # without ECDHE: without a file for `ssl_dhparam` NGINX never takes them. And it sends Strict-Transport-Security from here: the site\n    \
                   # does that itself.
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
    ssl_ecdh_curve X25519:prime256v1:secp384r1;
    ssl_prefer_server_ciphers off;
    ssl_session_timeout 1d;
";

impl Plan<'_> {
    /// The server that sends HTTP to HTTPS; none without a certificate.
    pub(super) fn redirect(&self) -> String {
        if self.choices.tls.is_none() {
            return String::new();
        }
        format!(
            "server {{\n    listen 80;\n    listen [::]:80;\n    server_name {};\n    server_tokens off;\n\n{ACME}\n    location / {{\n        \
             return 301 https://$host$request_uri;\n    }}\n}}\n\n",
            self.hosts.join(" ")
        )
    }

    /// The head of the site's own server, up to its certificate.
    pub(super) fn edge(&self) -> Result<String, Error> {
        let seconds: u64 = self.subject.settings.get("server.header_timeout")?;
        let patience = format!("    # `server.header_timeout`.\n    client_header_timeout {seconds}s;\n");
        let Some(tls) = &self.choices.tls else {
            let names = match self.hosts.is_empty() {
                true => "    # Every host, as no name was chosen. Debian's own `sites-enabled/default` claims the same and must go.\n    \
                         listen 80 default_server;\n    listen [::]:80 default_server;\n    server_name _;\n"
                    .to_string(),
                false => format!("    listen 80;\n    listen [::]:80;\n    server_name {};\n", self.hosts.join(" ")),
            };
            return Ok(format!("server {{\n{names}    server_tokens off;\n{patience}\n{ACME}\n"));
        };
        Ok(format!(
            "server {{\n    # NGINX 1.25.1 and newer say `http2 on;` instead, and take this with a warning.\n    listen 443 ssl http2;\n    \
             listen [::]:443 ssl http2;\n    server_name {};\n    server_tokens off;\n{patience}\n    ssl_certificate {};\n    \
             ssl_certificate_key {};\n{TLS}    ssl_session_cache shared:{}_tls:10m;\n    ssl_session_tickets off;\n    \
             # No OCSP stapling: Let's Encrypt has ended OCSP. For another issuer add `ssl_stapling on;`, `ssl_stapling_verify on;` and a \
             `resolver`.\n    # What the site sends as Strict-Transport-Security is its setting `security.headers.strict_transport_security`.\n\n",
            self.hosts.join(" "),
            tls.certificate,
            tls.key,
            self.upstream,
        ))
    }
}
