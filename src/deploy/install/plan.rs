//! A plan: the steps of a deployment, which are done in order or not at all.

use super::{Machine, Trail};
use crate::error::Error;

/// What a step does. It tells the trail of each change before it makes it.
type Act = Box<dyn FnOnce(&Machine, &mut Trail) -> Result<(), Error>>;

/// One step.
pub(crate) struct Step {
    /// What it does, as an order in one line: "copy the binary to `/opt/shop/…`".
    says: String,
    /// None where everything is as the step would make it.
    act: Option<Act>,
}

/// The steps of a deployment. They are made by looking at the machine, so each knows whether it has anything to do.
#[derive(Default)]
pub(crate) struct Plan {
    steps: Vec<Step>,
    /// What does not come back, and so is only done when all steps have been.
    last: Vec<Step>,
    /// What an operator should know before it begins.
    notes: Vec<String>,
}

impl Step {
    /// A step that has something to do.
    pub(super) fn new(
        says: impl Into<String>,
        act: impl FnOnce(&Machine, &mut Trail) -> Result<(), Error> + 'static,
    ) -> Self {
        Step { says: says.into(), act: Some(Box::new(act)) }
    }

    /// A step that has nothing to do.
    pub(super) fn unchanged(says: impl Into<String>) -> Self {
        Step { says: says.into(), act: None }
    }
}

impl Plan {
    pub(super) fn add(&mut self, step: Step) {
        self.steps.push(step);
    }

    /// How many steps there are.
    pub(super) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is anything to do from a step on.
    pub(super) fn changes_from(&self, number: usize) -> bool {
        self.steps[number..].iter().any(|step| step.act.is_some())
    }

    /// Puts a step before another.
    pub(super) fn add_before(&mut self, number: usize, step: Step) {
        self.steps.insert(number, step);
    }

    /// A step that cannot be taken back. It is done after all others, and when it fails, the others stay done.
    pub(super) fn add_last(&mut self, step: Step) {
        self.last.push(step);
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Whether there is anything to do.
    pub(super) fn changes(&self) -> bool {
        self.changes_from(0)
    }

    /// The plan for people: a line for each step, and the notes.
    pub(crate) fn lines(&self) -> Vec<String> {
        let step = |step: &Step| match &step.act {
            Some(_) => format!("would {}", step.says),
            None => format!("unchanged: {}", step.says),
        };
        let notes = self.notes.iter().map(|note| format!("note: {note}"));
        self.steps.iter().chain(&self.last).map(step).chain(notes).collect()
    }

    /// Does all steps. Each is told as it begins.
    ///
    /// # Errors
    ///
    /// [`Error::Deploy`] when a step fails or somebody interrupts; it says which, why, and that all was undone, or else exactly what
    /// was not.
    pub(crate) fn run(self, machine: &Machine, tell: &dyn Fn(&str)) -> Result<(), Error> {
        self.notes.iter().for_each(|note| tell(&format!("note: {note}")));
        let mut trail = Trail::default();
        for step in self.steps {
            let Some(act) = step.act else {
                tell(&format!("unchanged: {}", step.says));
                continue;
            };
            tell(&step.says);
            let done = machine.go_on().and_then(|()| act(machine, &mut trail));
            trail.new_notes().iter().for_each(|note| tell(&format!("note: {note}")));
            if let Err(error) = done {
                return Err(failed(&step.says, &error, trail, machine, tell));
            }
        }
        finish(self.last, machine, tell)
    }
}

/// Does what does not come back. Nobody can interrupt it, and what fails keeps nothing else from being done.
fn finish(last: Vec<Step>, machine: &Machine, tell: &dyn Fn(&str)) -> Result<(), Error> {
    machine.is_taking_back();
    let mut left = String::new();
    for step in last {
        tell(&step.says);
        let done = step.act.map_or(Ok(()), |act| act(machine, &mut Trail::default()));
        if let Err(error) = done {
            left.push_str(&format!("\n- {error}"));
        }
    }
    if left.is_empty() { Ok(()) } else { Err(Error::Deploy(format!("all but this is done; what is left:{left}"))) }
}

fn failed(step: &str, error: &Error, trail: Trail, machine: &Machine, tell: &dyn Fn(&str)) -> Error {
    if trail.is_empty() {
        return Error::Deploy(format!("the step \"{step}\" failed: {error}\nnothing was changed before it"));
    }
    tell("failed; taking back what was done");
    machine.is_taking_back();
    let left = trail.take_back(machine);
    Error::Deploy(match left.is_empty() {
        true => format!(
            "the step \"{step}\" failed: {error}\neverything was taken back; what was there before is as it was"
        ),
        false => {
            let left: String = left.iter().map(|left| format!("\n- {}", left.replace('\n', "\n  "))).collect();
            format!("the step \"{step}\" failed: {error}\nnot everything could be taken back; what is left:{left}")
        }
    })
}
