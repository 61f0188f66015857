//! Addresses and networks in CIDR notation (RFC 4632, RFC 4291 section 2.3).

use std::net::IpAddr;

/// How many bits all IPv4 addresses within IPv6 have in common.
const MAPPED: u32 = 96;

const EVERYBODY: &str = "which is all addresses: everybody could then write whose address it likes";

/// A network, or a single address, which is one of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Network {
    /// The first address, an IPv4 address always in its short form.
    first: IpAddr,
    /// How many bits all addresses have in common.
    prefix: u32,
}

impl Network {
    /// Reads `192.0.2.1`, `10.0.0.0/8`, `fd00::/8` and the like.
    ///
    /// # Errors
    ///
    /// What is wrong and what is allowed, as the end of a sentence.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            "which is neither an address such as `127.0.0.1`, nor a network such as `10.0.0.0/8` or `fd00::/8`, nor `unix` (all peers \
             on a socket file)"
                .to_string()
        };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(digits(prefix).ok_or_else(wrong)?)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = width(written);
        let prefix = prefix.unwrap_or(longest);
        if prefix > longest {
            return Err(format!("whose number of bits must be at most {longest}"));
        }
        if prefix == 0 {
            return Err(EVERYBODY.to_string());
        }
        Network::of(written, prefix)
    }

    fn of(written: IpAddr, prefix: u32) -> Result<Self, String> {
        let first = masked(written, prefix);
        if first != written {
            return Err(format!("whose address has more than the first {prefix} bits: write `{first}/{prefix}`"));
        }
        match (first, first.to_canonical()) {
            // IPv4 addresses within IPv6 (RFC 4291 section 2.5.5.2), whose last 32 bits are their own.
            (IpAddr::V6(_), short @ IpAddr::V4(_)) if prefix >= MAPPED => match prefix - MAPPED {
                0 => Err(EVERYBODY.replace("all", "all IPv4")),
                prefix => Ok(Network { first: short, prefix }),
            },
            _ => Ok(Network { first, prefix }),
        }
    }

    /// Whether an address, an IPv4 one in its short form, is in the network.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.first.is_ipv4() == address.is_ipv4() && masked(address, self.prefix) == self.first
    }
}

/// A number as it is written in a network: no sign, no blanks.
fn digits(text: &str) -> Option<u32> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address with nothing but its first bits.
fn masked(address: IpAddr, prefix: u32) -> IpAddr {
    let rest = width(address).saturating_sub(prefix);
    match address {
        IpAddr::V4(address) => IpAddr::V4((address.to_bits() & u32::MAX.checked_shl(rest).unwrap_or(0)).into()),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & u128::MAX.checked_shl(rest).unwrap_or(0)).into()),
    }
}
