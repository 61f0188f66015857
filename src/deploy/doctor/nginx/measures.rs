//! Sizes and times as NGINX writes them, and whom `server.trusted_proxies` trusts.

use std::net::IpAddr;

/// Bytes of a size such as `10m`.
pub(super) fn size(text: &str) -> Option<u64> {
    let (number, factor) = match text.as_bytes().last()?.to_ascii_lowercase() {
        b'k' => (&text[..text.len() - 1], 1 << 10),
        b'm' => (&text[..text.len() - 1], 1 << 20),
        b'g' => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// Milliseconds of a time such as `65s`, `1m30s` or `500ms`; a number alone is seconds.
pub(super) fn time(text: &str) -> Option<u64> {
    let (mut total, mut rest) = (0_u64, text);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
        let unit = units.iter().find_map(|(unit, length)| Some((after.strip_prefix(unit)?, *length)));
        let (after, length) = unit.or_else(|| after.is_empty().then_some(("", 1000)))?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(length)?)?;
        rest = after.trim_start();
    }
    Some(total)
}

/// Whether a list of addresses and networks has this one.
pub(super) fn trusts(trusted: &[String], peer: IpAddr) -> bool {
    trusted.iter().any(|entry| {
        let (network, length) = entry.split_once('/').map_or((&**entry, None), |(network, it)| (network, Some(it)));
        let Ok(network) = network.trim().parse::<IpAddr>() else { return false };
        let (network, peer, whole) = match (network, peer) {
            (IpAddr::V4(network), IpAddr::V4(peer)) => (u128::from(network.to_bits()), u128::from(peer.to_bits()), 32),
            (IpAddr::V6(network), IpAddr::V6(peer)) => (network.to_bits(), peer.to_bits(), 128),
            _ => return false,
        };
        let Ok(length) = length.map_or(Ok(whole), |length| length.trim().parse::<u32>()) else { return false };
        let shift = whole.saturating_sub(length);
        network.checked_shr(shift).unwrap_or(0) == peer.checked_shr(shift).unwrap_or(0)
    })
}
