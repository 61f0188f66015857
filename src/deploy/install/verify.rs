//! The programs that will read the new files say whether they accept them, before anything is switched.

use std::path::Path;

use super::description::Text;
use super::files;
use super::machine::{Call, without_control};
use super::place::is_unit;
use super::plan::Step;
use super::target::Target;
use super::{Machine, Trail};
use crate::deploy::layout::UNITS;
use crate::error::Error;

/// Where units lie while systemd looks at them, beside the versions.
const FOLDER: &str = ".units";

/// systemd looks at the units in a folder of their own, in which they start the new version itself: the links do not lead to it yet.
///
/// A line that this systemd does not know it leaves out and accepts the unit all the same. That is told, because the line may be one of the
/// sandbox.
pub(super) fn systemd(machine: &Machine, target: &Target, texts: &[Text]) -> Step {
    let layout = &machine.layout;
    let binary = machine.on_disk(layout.version_binary(&target.version)).display().to_string();
    let links = [layout.binary(), layout.next_binary()].map(|path| path.display().to_string());
    let units: Vec<(String, String)> = texts
        .iter()
        .filter(|text| is_unit(&text.path))
        .filter_map(|text| Some((text.path.file_name()?.to_str()?.to_string(), text.text.clone())))
        .map(|(name, text)| (name, links.iter().fold(text, |text, link| text.replace(link, &binary))))
        .collect();
    let folder = machine.on_disk(layout.home()).join(FOLDER);
    Step::new("ask systemd whether it accepts the units (`systemd-analyze verify`)", move |machine, trail| {
        let mut made = Trail::default();
        let accepted = accepts(machine, &mut made, &folder, &units);
        let left = made.take_back(machine);
        if !left.is_empty() {
            return Err(Error::Deploy(left.join("\n")));
        }
        remarks(&accepted?, &units).into_iter().for_each(|remark| trail.note(remark));
        Ok(())
    })
}

/// What systemd says of these units, each remark once, with their paths as they will be. What it says of those of others is left out.
fn remarks(errors: &str, units: &[(String, String)]) -> Vec<String> {
    let folder = format!("/{FOLDER}/");
    let is_ours = |place: &str| units.iter().any(|(name, _)| place == name || place == name.replace("@.", "@1."));
    let mut remarks: Vec<String> = Vec::new();
    for line in errors.lines() {
        let line = without_control(line);
        let Some((place, remark)) = line.trim().split_once(": ") else { continue };
        // Above it there may be a link, which systemd follows.
        let remark = match place.split_once(&folder) {
            Some((_, place)) => format!("systemd says of `{UNITS}/{place}`: {remark}"),
            None if is_ours(place) => format!("systemd says of `{place}`: {remark}"),
            None => continue,
        };
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    remarks
}

/// Gives what systemd writes to standard error.
fn accepts(machine: &Machine, made: &mut Trail, folder: &Path, units: &[(String, String)]) -> Result<String, Error> {
    files::make_folder(made, folder, 0o700)?;
    let mut arguments = vec!["verify".to_string()];
    for (name, text) in units {
        let path = folder.join(name);
        files::write(made, &path, text.as_bytes(), 0o600)?;
        // A template is looked at as one of its instances.
        let instance = folder.join(name.replace("@.", "@1."));
        arguments.push(instance.display().to_string());
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    machine.call_whole(Call::new("systemd-analyze", &arguments)).map(|ended| ended.errors)
}

/// NGINX looks at all of its files, with the new one among them. What runs does not notice, but for a cache that it makes already.
pub(super) fn nginx(machine: &Machine) -> Step {
    let cache = machine.on_disk(machine.layout.cache());
    Step::new("ask NGINX whether it accepts its files (`nginx -t`)", move |machine, trail| {
        if !cache.exists() {
            trail.back(format!("`{}` is there", cache.display()), move |_| files::remove_all(&cache));
        }
        machine.call(Call::new("nginx", &["-t", "-q"])).map(drop).map_err(|error| {
            match error.to_string().contains("duplicate default server") {
                true => Error::Deploy(format!(
                    "{error}\n  every host is to be answered, which another site claims too: give `--domain`, or remove the link \
                     `/etc/nginx/sites-enabled/default`"
                )),
                false => error,
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_systemd_says_of_our_units_is_told_once_and_of_others_not_at_all() {
        let units = ["shop@.service", "shop.target"].map(|name| (name.to_string(), String::new()));
        let errors = "/lib/systemd/system/x.service:17: Unit configures KillMode=none.\n\
                      /opt/shop/.units/shop@.service:19: Unknown key 'ProtectMoon' in section [Service], ignoring.\n\
                      /opt/shop/.units/shop@.service:19: Unknown key 'ProtectMoon' in section [Service], ignoring.\n\
                      shop@1.service: It has\u{1b} a remark.\nx.service: Another.\nnothing\n";
        let expected = [
            "systemd says of `/etc/systemd/system/shop@.service:19`: Unknown key 'ProtectMoon' in section [Service], ignoring.",
            "systemd says of `shop@1.service`: It has a remark.",
        ];
        assert_eq!(remarks(errors, &units), expected);
    }

    #[test]
    fn a_line_that_systemd_does_not_know_is_no_failure_and_is_told() {
        let root = tempfile::tempdir().unwrap();
        let layout = crate::deploy::Layout::new("shop").rooted(root.path());
        let machine = Machine::new(layout, true, crate::deploy::install::real(Arc::default()), Arc::default());
        let text = "[Unit]\nDescription=A shop\n[Service]\nProtectMoon=yes\nExecStart=/bin/true\n";
        let units = [("kalgan-shop@.service".to_string(), text.to_string())];
        let folder = root.path().join(FOLDER);
        if let Err(error) = std::process::Command::new("systemd-analyze").arg("--version").output() {
            return eprintln!("skipped: systemd-analyze: {error}");
        }
        let errors = accepts(&machine, &mut Trail::default(), &folder, &units).unwrap();
        let told = remarks(&errors, &units);
        let place = "`/etc/systemd/system/kalgan-shop@.service:4`";
        assert!(told.len() == 1 && told[0].contains(place) && told[0].contains("ProtectMoon"), "{told:?}: {errors}");
    }
}
