//! What a deployment has done so far, and how each of it is taken back.

use super::Machine;
use crate::error::Error;

/// A way back. It may need programs of the system, so it is handed the machine.
type Back = Box<dyn FnOnce(&Machine) -> Result<(), Error>>;

/// The ways back, in the order in which the changes were made.
#[derive(Default)]
pub(crate) struct Trail {
    back: Vec<(String, Back)>,
    afterwards: Vec<(String, Back)>,
    notes: Vec<String>,
}

impl Trail {
    /// Keeps how a change is undone. It is told before the change is made: a change that breaks off half-way is undone too, so the way
    /// back must also do where nothing has happened yet.
    ///
    /// The text says what was changed, as a noun with what became of it: "`/etc/shop` is still there".
    pub(super) fn back(&mut self, left: impl Into<String>, act: impl FnOnce(&Machine) -> Result<(), Error> + 'static) {
        self.back.push((left.into(), Box::new(act)));
    }

    /// Keeps what must be done when all else has been undone: programs that read the old files again.
    pub(super) fn afterwards(
        &mut self,
        left: impl Into<String>,
        act: impl FnOnce(&Machine) -> Result<(), Error> + 'static,
    ) {
        self.afterwards.push((left.into(), Box::new(act)));
    }

    /// What an operator should know of what was just done.
    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The notes since they were last asked for.
    pub(super) fn new_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Undoes everything, the last change first. Gives what could not be undone, with the reason; a failure keeps nothing else from
    /// being undone.
    pub(super) fn take_back(self, machine: &Machine) -> Vec<String> {
        let mut left = Vec::new();
        for (what, act) in self.back.into_iter().rev().chain(self.afterwards) {
            if let Err(error) = act(machine) {
                left.push(format!("{what}: {error}"));
            }
        }
        left
    }

    /// Whether nothing has been changed.
    pub(super) fn is_empty(&self) -> bool {
        self.back.is_empty() && self.afterwards.is_empty()
    }
}
