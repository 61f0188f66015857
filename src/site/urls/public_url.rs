//! The address under which the world sees the site.

/// The setting `server.public_url`, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicUrl {
    /// Scheme, host and port, without a slash at the end; `None` where the setting is not set.
    pub(super) origin: Option<String>,
    /// The path, without a slash at the end; empty where there is none.
    pub(super) mount: String,
}

impl PublicUrl {
    /// Reads an address; an empty one is that of a site that does not know its own.
    ///
    /// # Errors
    ///
    /// What such an address must be, as the end of a sentence, where this one is not.
    pub fn parse(address: &str) -> Result<Self, String> {
        if address.is_empty() {
            return Ok(PublicUrl::default());
        }
        let wrong = || {
            format!(
                "is `{address}`, but must begin with `http://` or `https://`, have a host, and neither user nor query"
            )
        };
        let uri: http::Uri = address.parse().map_err(|_| wrong())?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or_else(wrong)?;
        let host = uri.authority().filter(|host| !host.as_str().contains('@')).ok_or_else(wrong)?;
        if uri.query().is_some() {
            return Err(wrong());
        }
        let mount = uri.path().trim_end_matches('/').to_string();
        Ok(PublicUrl { origin: Some(format!("{scheme}://{host}")), mount })
    }

    /// The path, without a slash at the end; empty where there is none.
    pub fn mount(&self) -> &str {
        &self.mount
    }

    /// The host, without a port; `None` where the setting is not set.
    pub fn host(&self) -> Option<&str> {
        let (_, host) = self.origin.as_deref()?.split_once("://")?;
        Some(crate::site::without_port(host))
    }
}
