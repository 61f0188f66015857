//! Whether the installed service is locked in as well as the one that `deploy systemd` prints.

use super::unit::Unit;
use super::{Examination, Trouble};
use crate::deploy;

/// What begins so takes something away from a process, or keeps it apart.
const PREFIXES: [&str; 4] = ["Protect", "Private", "Restrict", "SystemCall"];

/// And what is called so.
const NAMES: [&str; 16] = [
    "AmbientCapabilities",
    "CapabilityBoundingSet",
    "DevicePolicy",
    "DynamicUser",
    "IPAddressAllow",
    "IPAddressDeny",
    "KeyringMode",
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "NoNewPrivileges",
    "ProcSubset",
    "RemoveIPC",
    "StateDirectoryMode",
    "SocketBindDeny",
    "UMask",
    "User",
];

/// Values from weak to strong, where there is an order.
const ORDERS: [&[&str]; 5] = [
    &["no", "yes", "full", "strict"],
    &["no", "read-only", "tmpfs", "yes"],
    &["default", "noaccess", "invisible", "ptraceable"],
    &["all", "pid"],
    &["no", "yes"],
];

/// Names each line that is missing or weaker.
pub(super) fn check(examination: &Examination) -> Vec<Trouble> {
    let Some(installed) = &examination.unit else { return Vec::new() };
    let printed = match examination.printed(|subject| deploy::systemd(subject, &examination.choices())) {
        Ok(files) => files.into_iter().find(|file| file.path.file_name() == installed.path.file_name()),
        Err(trouble) => return vec![trouble],
    };
    let Some(printed) = printed else {
        let found = format!("`{}` is not what this deployment's choices give", installed.path.display());
        return vec![Trouble::warning(found, "run `deploy install` again")];
    };
    weaker(&Unit::parse(&printed.text), installed)
}

/// What the second unit allows and the first does not.
pub(super) fn weaker(shipped: &Unit, installed: &Unit) -> Vec<Trouble> {
    let names = shipped.service_names().into_iter().filter(|name| is_of_sandbox(name));
    names.filter_map(|name| lacks(name, shipped, installed)).collect()
}

fn lacks(name: &str, shipped: &Unit, installed: &Unit) -> Option<Trouble> {
    let wanted = shipped.service(name)?;
    let path = installed.path.display();
    let line = |values: &[&str]| match values {
        [] => format!("{name}="),
        values => values.iter().map(|value| format!("{name}={value}")).collect::<Vec<_>>().join(" and "),
    };
    let advice = format!("`deploy systemd` prints `{}`", line(&wanted));
    // Without these lines there is nothing that they could allow.
    if matches!(name, "AmbientCapabilities" | "IPAddressAllow") && installed.service(name).is_none() {
        return None;
    }
    let Some(found) = installed.service(name) else {
        return Some(Trouble::warning(format!("`{path}` does not have `{name}=`"), advice));
    };
    let is_weaker = match name {
        "SystemCallFilter" | "SystemCallArchitectures" | "IPAddressDeny" => wanted.iter().any(|it| !found.contains(it)),
        "CapabilityBoundingSet" | "AmbientCapabilities" | "RestrictAddressFamilies" | "IPAddressAllow" => {
            found.iter().flat_map(|it| it.split_whitespace()).any(|it| !wanted.iter().any(|line| line.split_whitespace().any(|word| word == it)))
                // An empty line takes the restriction away, where it does not name what is allowed.
                || (name == "RestrictAddressFamilies" && found.is_empty())
        }
        _ => is_weaker(&wanted, &found),
    };
    is_weaker.then(|| Trouble::warning(format!("`{path}` has `{}`, which is weaker", line(&found)), advice))
}

/// Of one value, the last counts. Where there is no order, another value is taken for a weaker one.
fn is_weaker(wanted: &[&str], found: &[&str]) -> bool {
    let (Some(wanted), Some(found)) = (wanted.last().map(|it| plain(it)), found.last().map(|it| plain(it))) else {
        return wanted.len() != found.len();
    };
    if let (Some(wanted), Some(found)) = (mask(wanted), mask(found)) {
        return wanted & !found != 0;
    }
    let place = |order: &&[&str], value: &str| order.iter().position(|it| *it == value);
    let ordered = ORDERS.iter().find_map(|order| Some((place(order, wanted)?, place(order, found)?)));
    ordered.map_or(wanted != found, |(wanted, found)| found < wanted)
}

/// The bits that a file's mode must not have, of `UMask`; those of `StateDirectoryMode` are compared as text.
fn mask(value: &str) -> Option<u32> {
    (value.len() == 4 && value.starts_with('0')).then(|| u32::from_str_radix(value, 8).ok())?
}

fn plain(value: &str) -> &str {
    match value {
        "true" | "1" | "on" => "yes",
        "false" | "0" | "off" => "no",
        other => other,
    }
}

fn is_of_sandbox(name: &str) -> bool {
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
