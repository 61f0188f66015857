//! Who stands before NGINX: the networks of a balancer or of a CDN, which `server.trusted_proxies` names.
//!
//! Only these are believed what they say of a visitor. NGINX then takes the visitor's address for its own peer's, so all else in the file stays
//! as it is; of how the visitor speaks there is a variable.

use std::net::IpAddr;

use super::Plan;
use crate::error::Error;

impl Plan<'_> {
    /// The variable with the scheme that the visitor used.
    pub(super) fn scheme(&self) -> String {
        match self.before.is_empty() {
            true => "$scheme".to_string(),
            false => format!("${}_scheme", self.variable),
        }
    }

    /// The scheme that the visitor used, as a balancer says it.
    pub(super) fn balancer_maps(&self) -> String {
        if self.before.is_empty() {
            return String::new();
        }
        let variable = &self.variable;
        let networks: String = self.before.iter().map(|network| format!("    {network} 1;\n")).collect();
        format!(
            "# How visitors speak to what stands before this server (`server.trusted_proxies`); what anybody else says of that counts nothing.\n\
             geo $realip_remote_addr ${variable}_before {{\n{networks}}}\n\
             map \"${variable}_before $http_x_forwarded_proto\" ${variable}_scheme {{\n    default $scheme;\n    \"1 http\" http;\n    \
             \"1 https\" https;\n}}\n\n"
        )
    }

    /// Whom NGINX believes who the visitor is.
    pub(super) fn balancer(&self) -> String {
        if self.before.is_empty() {
            return "    # Behind a balancer or a CDN every visitor has its address. Name its networks in `server.trusted_proxies` and make this file again:\n    \
                    # then it has `set_real_ip_from` for them.\n"
                .to_string();
        }
        let networks: String = self.before.iter().map(|network| format!("    set_real_ip_from {network};\n")).collect();
        format!(
            "    # What stands before this server (`server.trusted_proxies`) is believed who the visitor is.\n{networks}    \
             real_ip_header X-Forwarded-For;\n    real_ip_recursive on;\n"
        )
    }
}

/// The networks that may stand before NGINX. This machine's own addresses are NGINX's, in front of the site.
pub(super) fn before(trusted: &[String]) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for item in trusted.iter().map(|item| item.trim()).filter(|item| !item.is_empty() && *item != "unix") {
        let (address, bits) = item.split_once('/').map_or((item, None), |(address, bits)| (address, Some(bits)));
        let is_number = |bits: &str| bits.bytes().all(|byte| byte.is_ascii_digit());
        let address = address.parse::<IpAddr>().ok().filter(|_| bits.is_none_or(is_number)).ok_or_else(|| {
            Error::Setting(format!(
                "`server.trusted_proxies` has `{}`, which is neither an address, nor a network such as `10.0.0.0/8`, nor `unix`",
                item.escape_debug()
            ))
        })?;
        if !address.to_canonical().is_loopback() && !found.iter().any(|known| known == item) {
            found.push(item.to_string());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::before;

    #[test]
    fn networks_are_those_of_other_machines() {
        let items = ["unix", "127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8", " 10.0.0.0/8 ", "192.0.2.7", ""];
        assert_eq!(before(&items.map(str::to_string)).unwrap(), ["10.0.0.0/8", "fd00::/8", "192.0.2.7"]);
        for wrong in ["10.0.0.0/8;", "a.de", "10.0.0.1/x y", "0/0"] {
            assert!(before(&[wrong.to_string()]).is_err(), "{wrong}");
        }
    }
}
