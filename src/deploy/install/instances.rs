//! Another number of instances without a moment in which nobody answers.
//!
//! A single instance and several have other units and other socket files, so the old and the new ones can run at the same time: they share
//! user and state folder, and what does not bear that is refused for several anyway. The new ones answer first, then NGINX turns to them,
//! then the old ones are stopped; and the other way round when it is taken back.

use super::description::Process;
use super::place::Placed;
use super::record::Record;
use super::target::Target;
use super::{Machine, units};
use crate::deploy::{Choices, Socket};
use crate::error::Error;

/// How processes of before and of now follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// What is no longer needed is stopped first: it may have what the new ones need, such as a port.
    OldFirst,
    /// Some of the processes of before stay, and others are no longer needed once NGINX knows.
    Fewer,
    /// All are replaced, and no address of the one set is one of the other.
    SideBySide,
}

impl Order {
    /// The order in which a deployment may go.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the record cannot be read.
    pub(super) fn of(machine: &Machine, target: &Target, placed: &Placed) -> Result<Order, Error> {
        let by_nginx = machine.is_live && target.has_nginx() && placed.concerns_nginx() && units::nginx_runs(machine);
        let Some((had, has)) = choices(machine, target)? else { return Ok(Order::OldFirst) };
        // The address of a socket file is told by the name of its unit, that of a port is not.
        let are_files = [had.socket, has.socket] == [Socket::Unix; 2];
        // What one that was killed left open, nobody knows.
        if !by_nginx || !are_files || !target.wish.record.installed.is_whole() {
            return Ok(Order::OldFirst);
        }
        Ok(match (had.has_several(), has.has_several()) {
            (true, true) if had.instances > has.instances => Order::Fewer,
            // Taking back must find the old version where `current` leads.
            (before, now) if before != now && target.is_current() && are_apart(target) => Order::SideBySide,
            _ => Order::OldFirst,
        })
    }

    /// Whether visitors meet nobody for a moment, because the kind of sockets or the number of instances is another.
    pub(super) fn costs_a_moment(self, had: &Choices, has: &Choices) -> bool {
        let is_other = (had.has_several(), had.socket) != (has.has_several(), has.socket);
        is_other && self == Order::OldFirst
    }
}

/// The choices of before and those of now, where both can be understood.
pub(super) fn choices(machine: &Machine, target: &Target) -> Result<Option<(Choices, Choices)>, Error> {
    let earlier = Record::read(&machine.layout)?.filter(|earlier| !earlier.installed.services.is_empty());
    // Choices of before that cannot be understood are what `--fresh` may be for.
    Ok(earlier.and_then(|earlier| earlier.choices().ok()).zip(target.wish.record.choices().ok()))
}

fn are_apart(target: &Target) -> bool {
    let before = target.wish.record.installed.units();
    let has_none = |one: &Process| one.sockets.iter().chain([&one.service]).all(|unit| !before.contains(unit));
    target.description.processes.iter().all(has_none)
}
