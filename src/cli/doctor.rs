//! The command `doctor`: what is wrong with the machine that the site is deployed on, and what to do.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::Options;
use crate::deploy::Layout;
use crate::deploy::doctor::{self, Finding, Report, State, Visit};
use crate::error::{Error, one_line};
use crate::launch::App;

/// The flags of `doctor`.
#[derive(Debug, Args)]
pub(super) struct Flags {
    /// Name of the deployment [default: that of the binary's folder, else that of the site's crate]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// NGINX's file of the site [default: the one in /etc/nginx with the upstream `kalgan_NAME`]
    #[arg(long, value_name = "FILE")]
    nginx: Option<PathBuf>,
    /// Look at the system below a folder instead of this machine
    #[arg(long, value_name = "DIR", default_value = "/")]
    root: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the report. The exit code is 1 where there is a problem; warnings do not count.
pub(super) fn run(app: &App, options: &Options, flags: &Flags) -> Result<ExitCode, Error> {
    let name = super::install::name(app, flags.name.as_ref());
    let layout = Layout::new(name).rooted(&flags.root);
    let options = options.clone().deployed(&layout);
    let visit =
        Visit { snapshot: options.snapshot(app)?, outside: options.outside()?, nginx: flags.nginx.clone(), layout };
    let report = doctor::examine(visit);
    super::print(&if flags.json { super::json(&report)? } else { page(&report) })?;
    Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Options {
    /// With the settings file and the overlay that the deployed process is started with, where the command line names no others.
    fn deployed(mut self, layout: &Layout) -> Options {
        let chosen = doctor::choices(layout).ok().flatten();
        #[cfg(feature = "source")]
        let of = |path: &Option<String>| path.as_ref().map(|path| layout.on_disk(path));
        #[cfg(feature = "source")]
        if let Some(chosen) = &chosen {
            self.settings = self.settings.take().or_else(|| of(&chosen.settings_file));
        }
        #[cfg(feature = "overlay")]
        if let Some(chosen) = &chosen {
            self.overlay = self.overlay.take().or_else(|| of(&chosen.overlay));
        }
        // A binary without these features knows neither of them.
        let _ = (&mut self, chosen);
        self
    }
}

/// A line a finding, and one with the counts.
fn page(report: &Report) -> String {
    let mut page = super::table(&report.findings.iter().map(row).collect::<Vec<_>>());
    let count = |state| report.findings.iter().filter(|finding| finding.state == state).count();
    let counts = [
        (count(State::Problem), "problem"),
        (count(State::Warning), "warning"),
        (count(State::Skipped), "skipped"),
        (count(State::Fine), "fine"),
    ];
    let counts = counts.map(|(count, what)| match (count, what) {
        (1, _) | (_, "skipped" | "fine") => format!("{count} {what}"),
        _ => format!("{count} {what}s"),
    });
    page.push_str(&format!("\n{}\n", counts.join(", ")));
    page
}

fn row(finding: &Finding) -> [String; 3] {
    let state = match finding.state {
        State::Fine => "ok",
        State::Skipped => "skipped",
        State::Warning => "warning",
        State::Problem => "PROBLEM",
    };
    let advice = if finding.advice.is_empty() { String::new() } else { format!(": {}", finding.advice) };
    let text = format!("{}{advice}", finding.found);
    [state.to_string(), finding.check.to_string(), one_line(&text).into_owned()]
}
