//! Which lines are written: the least level of each module.

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Context;

use super::LOG;
use crate::error::{Error, one_line};
use crate::site::Settings;

const KEY: &str = "log.level";

/// Where neither the setting nor the variable says anything else.
const DEFAULT: LevelFilter = LevelFilter::INFO;

/// The span that every line of a request is in. It is there whenever anything is logged at all, because a line may come from anywhere.
pub(super) const REQUEST: &str = "kalgan::request";

/// The least level of each module.
#[derive(Debug, Clone)]
pub(super) struct Levels {
    targets: Targets,
    /// The least of all.
    least: LevelFilter,
}

impl Levels {
    /// What `log.level` says, else `RUST_LOG`, else `info`.
    pub(super) fn new(settings: &Settings) -> Result<Levels, Error> {
        match settings.get::<Option<String>>(KEY)? {
            Some(written) if settings.exists(KEY) => Levels::parse(&written)
                .map_err(|reason| Error::Setting(format!("{} is wrong: {reason}", settings.name(KEY)))),
            _ => Ok(Levels::without_setting()),
        }
    }

    /// What `RUST_LOG` says, else `info`; a variable that is wrong is left alone, because it may be meant for another program.
    pub(super) fn without_setting() -> Levels {
        let variable = std::env::var("RUST_LOG").ok().filter(|variable| !variable.trim().is_empty());
        variable.and_then(|variable| Levels::parse(&variable).ok()).unwrap_or_else(|| Levels::of(Targets::new()))
    }

    /// Reads levels with commas between them, each for all modules or, after `module=`, for one and those within it.
    pub(super) fn parse(written: &str) -> Result<Levels, String> {
        let mut targets = Targets::new().with_default(DEFAULT);
        for part in written.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            targets = match part.split_once('=').map(|(module, name)| (module.trim(), name.trim())) {
                None => targets.with_default(level(part)?),
                Some((module, _)) if !is_module(module) => {
                    return Err(format!("`{}` is no name of a module, such as `my_site::shop`", one_line(module)));
                }
                Some((module, name)) => targets.with_target(module, level(name)?),
            };
        }
        Ok(Levels::of(targets))
    }

    fn of(targets: Targets) -> Levels {
        let targets = if targets.default_level().is_none() { targets.with_default(DEFAULT) } else { targets };
        let least = targets.iter().map(|(_, level)| level).chain(targets.default_level()).max();
        Levels { least: least.unwrap_or(DEFAULT), targets }
    }

    pub(super) fn enables(&self, place: &Metadata<'_>) -> bool {
        match place.is_span() && place.target() == REQUEST {
            true => self.least != LevelFilter::OFF,
            false => self.targets.would_enable(place.target(), place.level()),
        }
    }
}

fn level(name: &str) -> Result<LevelFilter, String> {
    name.parse().map_err(|_| {
        format!(
            "`{}` is no level; there are `off`, `error`, `warn`, `info`, `debug` and `trace`, for one module `module=level`, and several \
             with commas between them",
            one_line(name)
        )
    })
}

fn is_module(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    name.split("::").all(is_part)
}

/// Asks the levels that count at the moment. `tracing` remembers the answer for each place that logs.
pub(super) struct Chosen;

impl<S: Subscriber> Layer<S> for Chosen {
    fn register_callsite(&self, place: &'static Metadata<'static>) -> Interest {
        if LOG.load().levels.enables(place) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, place: &Metadata<'_>, _: Context<'_, S>) -> bool {
        LOG.load().levels.enables(place)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LOG.load().levels.least)
    }
}
