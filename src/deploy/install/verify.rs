//! The programs that will read the new files say whether they accept them, before anything is switched.

use std::path::Path;

use super::description::Text;
use super::files;
use super::machine::Call;
use super::place::is_unit;
use super::plan::Step;
use super::target::Target;
use super::{Machine, Trail};
use crate::error::Error;

/// systemd looks at the units in a folder of their own, in which they start the new version itself: the links do not lead to it yet.
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
    let folder = machine.on_disk(layout.home()).join(".units");
    Step::new("ask systemd whether it accepts the units (`systemd-analyze verify`)", move |machine, _| {
        let mut made = Trail::default();
        let accepted = accepts(machine, &mut made, &folder, &units);
        let left = made.take_back(machine);
        match left.is_empty() {
            true => accepted,
            false => Err(Error::Deploy(left.join("\n"))),
        }
    })
}

fn accepts(machine: &Machine, made: &mut Trail, folder: &Path, units: &[(String, String)]) -> Result<(), Error> {
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
    machine.call(Call::new("systemd-analyze", &arguments)).map(drop)
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
