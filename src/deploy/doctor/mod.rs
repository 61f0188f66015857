//! Looks at the machine that a site is deployed on and says what is wrong, each with what to do.
//!
//! | What | Module |
//! |---|---|
//! | the files of the machine, and why one cannot be read | `machine` |
//! | the settings that the deployed process has | `outside` |
//! | secrets: credentials, the environment file, the secret key | `secrets` |
//! | who has the address | `address`, `sockets` |
//! | where the process writes | `data` |
//! | NGINX's file of the site | `nginx` |
//! | static files that NGINX serves | `exported` |
//! | the units: their sandbox, the number of files | `unit`, `sandbox`, `limits` |
//! | clock, systemd, the version that runs | `clock`, `versions` |
//!
//! Each check is a function from an [`Examination`] to findings; one that finds nothing is fine. No check changes anything, but that of the
//! folder for data, which makes an empty file there and removes it. None connects to anything.

mod address;
mod clock;
mod data;
mod exported;
mod limits;
mod machine;
mod nginx;
mod outside;
mod sandbox;
mod secrets;
mod sockets;
mod unit;
mod versions;

use std::path::PathBuf;

use serde::Serialize;

use super::{Choices, File, Layout, Subject};
use crate::error::Error;
use crate::site::{Outside, Settings};
use crate::snapshot::Snapshot;
pub(crate) use outside::choices;
use outside::deployed;
use unit::Unit;

/// The form of the report, its field `format`.
const FORMAT: u32 = 1;

/// What a doctor is told before looking.
#[derive(Debug)]
pub(crate) struct Visit {
    /// Where the deployment lies.
    pub(crate) layout: Layout,
    /// The site in this binary.
    pub(crate) snapshot: Snapshot,
    /// What the command line puts over its settings.
    pub(crate) outside: Outside,
    /// NGINX's file of the site, where it is not to be looked for.
    pub(crate) nginx: Option<PathBuf>,
}

/// What the checks look at.
#[derive(Debug)]
struct Examination {
    layout: Layout,
    /// What was chosen when the site was deployed; none where it was not, or where only root may read it.
    chosen: Option<Choices>,
    /// The site as the deployed process has it.
    subject: Subject,
    /// The site as the command `deploy` sees it, which knows nothing of what its own units say.
    printing: Result<Subject, Error>,
    /// The folder of the credentials.
    credentials: PathBuf,
    nginx: Option<PathBuf>,
    /// The installed service.
    unit: Option<Unit>,
}

/// How it stands with what was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    Fine,
    /// It could not be looked at.
    Skipped,
    Warning,
    Problem,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// The name of the check.
    pub(crate) check: &'static str,
    pub(crate) state: State,
    /// What was found; empty where it is fine.
    pub(crate) found: String,
    /// What to do; empty where there is nothing to do.
    pub(crate) advice: String,
}

/// What a check gives: a finding without the check's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    state: State,
    found: String,
    advice: String,
}

/// All findings.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    format: u32,
    /// Whether there is no problem; warnings do not count.
    pub(crate) ok: bool,
    pub(crate) findings: Vec<Finding>,
}

type Check = fn(&Examination) -> Vec<Trouble>;

/// Whether there is anything that a check could look at.
type Applies = fn(&Examination) -> bool;

const ALWAYS: Applies = |_| true;

/// All checks, in the order in which they are told. One that has nothing to look at is left out, so that nothing is called fine that is not there.
const CHECKS: &[(&str, Applies, Check)] = &[
    ("credentials", |it| !it.subject.credentials.is_empty(), secrets::credentials),
    ("environment file", |it| it.layout.on_disk(it.layout.environment()).exists(), secrets::environment),
    ("secret key", |_| cfg!(feature = "secrets"), secrets::secret_key),
    ("address", ALWAYS, address::check),
    ("data folder", ALWAYS, data::check),
    ("version", |it| it.layout.on_disk(it.layout.current()).exists(), versions::running),
    ("systemd", ALWAYS, versions::systemd),
    ("sandbox", |it| it.unit.is_some(), sandbox::check),
    ("open files", ALWAYS, limits::check),
    ("nginx file", ALWAYS, nginx::file),
    ("nginx build", |it| nginx::is_there(it) && it.chosen.is_some(), nginx::build),
    ("nginx body size", nginx::is_there, nginx::body_size),
    ("nginx timeouts", nginx::is_there, nginx::timeouts),
    ("nginx keep-alive", nginx::is_there, nginx::keep_alive),
    ("nginx headers", nginx::is_there, nginx::headers),
    ("trusted proxies", nginx::is_there, nginx::trusted_proxies),
    ("static addresses", |it| nginx::is_there(it) && it.static_root().is_some(), nginx::static_addresses),
    ("static files", |it| it.static_root().is_some(), exported::check),
    ("clock", ALWAYS, clock::check),
];

/// Makes all checks.
pub(crate) fn examine(visit: Visit) -> Report {
    let mut findings = Vec::new();
    let (outside, troubles) = deployed(&visit.layout, visit.outside.clone());
    let chosen = choices(&visit.layout);
    let troubles = [troubles, chosen.as_ref().err().cloned().into_iter().collect()].concat();
    let is_blind = troubles.iter().any(|trouble| trouble.state == State::Skipped);
    findings.extend(named("choices", troubles));
    let chosen = chosen.ok().flatten();
    let beneath = |outside: Outside| match &chosen {
        Some(choices) => choices.beneath(outside),
        None => outside,
    };
    let (outside, printing) = (beneath(outside), beneath(visit.outside));
    findings.extend(named("settings", settings(&visit.snapshot, &outside, is_blind)));
    let credentials = outside.credentials.clone().unwrap_or_else(|| visit.layout.on_disk(visit.layout.credentials()));
    let printing = Subject::new(visit.snapshot.clone(), printing);
    match Subject::new(visit.snapshot, outside) {
        Ok(subject) => {
            let (layout, nginx) = (visit.layout, visit.nginx);
            let unit = unit::installed(&layout);
            let examination = Examination { layout, chosen, subject, printing, credentials, nginx, unit };
            findings.extend(
                CHECKS
                    .iter()
                    .filter(|(_, applies, _)| applies(&examination))
                    .flat_map(|(name, _, check)| named(name, check(&examination))),
            );
        }
        // What is wrong has been said of the settings.
        Err(_) => findings.extend(CHECKS.iter().flat_map(|(name, ..)| {
            named(name, vec![Trouble::skipped("the settings do not load", "mend the settings first")])
        })),
    }
    let ok = findings.iter().all(|finding| finding.state != State::Problem);
    Report { format: FORMAT, ok, findings }
}

/// Whether the settings load as they do when the process starts. Who may not see all that the process is given cannot tell.
fn settings(snapshot: &Snapshot, outside: &Outside, is_blind: bool) -> Vec<Trouble> {
    let mut outside = outside.clone();
    outside.flags.push(("environment.is_prod".to_string(), "true".to_string()));
    let Err(error) = Settings::load(snapshot, outside) else { return Vec::new() };
    let mistakes = error.to_string();
    let trouble = |mistake: &str| match is_blind {
        true => Trouble::skipped(mistake, "perhaps it is where this user may not read: run `doctor` as root"),
        false => Trouble::problem(mistake, "the site does not start: mend it"),
    };
    mistakes.lines().map(trouble).collect()
}

/// Findings of a check; what found nothing is fine.
fn named(check: &'static str, troubles: Vec<Trouble>) -> Vec<Finding> {
    if troubles.is_empty() {
        return vec![Finding { check, state: State::Fine, found: String::new(), advice: String::new() }];
    }
    let finding = |Trouble { state, found, advice }| Finding { check, state, found, advice };
    troubles.into_iter().map(finding).collect()
}

impl Trouble {
    fn problem(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Trouble { state: State::Problem, found: found.into(), advice: advice.into() }
    }

    fn warning(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Trouble { state: State::Warning, found: found.into(), advice: advice.into() }
    }

    fn skipped(found: impl Into<String>, advice: impl Into<String>) -> Self {
        Trouble { state: State::Skipped, found: found.into(), advice: advice.into() }
    }
}

impl Examination {
    /// The choices of the deployment, or what they would be without any.
    fn choices(&self) -> Choices {
        let of_site = || Choices { name: self.layout.name().to_string(), ..Choices::default() };
        self.chosen.clone().unwrap_or_else(of_site)
    }

    /// The folder of static files that NGINX serves.
    fn static_root(&self) -> Option<&str> {
        self.chosen.as_ref()?.static_root.as_deref()
    }

    /// What the command `deploy` would print here.
    fn printed(&self, print: impl Fn(&Subject) -> Result<Vec<File>, Error>) -> Result<Vec<File>, Trouble> {
        let skipped = |error: &Error| Trouble::skipped(error.to_string(), "mend this first");
        let subject = self.printing.as_ref().map_err(skipped)?;
        print(subject).map_err(|error| skipped(&error))
    }

    /// A whole number among the settings that has a default.
    fn number(&self, key: &str) -> u64 {
        self.subject.settings.get(key).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
