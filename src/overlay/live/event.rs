//! One event of the stream: all that is new to a page since the last one, in JSON.
//!
//! `live.js` is the other end: what is named here is read there.

use std::path::Path;

use serde_json::{Value, json};

use super::hub::State;
use super::{Build, CompileError, Hub};
use crate::problem::{self, Problem};

/// Most mistakes that one event tells. More are counted, and the whole list is in the log.
const MOST: usize = 50;

/// What a page has been told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Position {
    /// Of another process, there is nothing that could be compared.
    is_ours: bool,
    generation: u64,
    report: Option<u64>,
}

impl Position {
    /// That of a page that was served in this state: the text that its tag carries.
    pub(super) fn of_page(hub: &Hub, since: &str) -> Position {
        let read = since.split_once('-').and_then(|(process, number)| Some((process, number.parse().ok()?)));
        let (process, generation) = read.unwrap_or(("", 0));
        Position { is_ours: process == hub.process(), generation, report: None }
    }

    /// The text that a page's tag carries.
    pub(super) fn text(hub: &Hub, generation: u64) -> String {
        format!("{}-{generation}", hub.process())
    }

    /// The event that brings a page up to date; `None` where it is. Afterwards it is.
    pub(super) fn event(&mut self, hub: &Hub, state: &State) -> Option<Value> {
        let is_told = self.report == Some(state.report);
        if self.is_ours && self.generation >= state.generation && is_told {
            return None;
        }
        let change = if self.is_ours { state.since(self.generation) } else { None };
        let generation = if self.is_ours { state.generation.max(self.generation) } else { state.generation };
        let mut event = json!({
            "at": Position::text(hub, generation),
            "reload": change.as_ref().is_none_or(|change| change.pages),
            "assets": change.unwrap_or_default().assets,
        });
        if !is_told {
            event["build"] = build(hub, state);
            // What is not known yet is told when it is, and until then a page keeps what it was told.
            if let Some(mistakes) = &state.problems {
                event["mistakes"] = problems(hub, state, mistakes);
            }
        }
        *self = Position { is_ours: true, generation, report: Some(state.report) };
        Some(event)
    }
}

fn problems(hub: &Hub, state: &State, mistakes: &[Problem]) -> Value {
    let mut order: Vec<&Problem> = mistakes.iter().collect();
    order.sort_by_key(|problem| problem.severity);
    let list: Vec<Value> = order.iter().take(MOST).map(|problem| shown(hub, state, problem)).collect();
    json!({ "list": list, "count": problem::tally(mistakes), "more": order.len().saturating_sub(MOST) })
}

fn shown(hub: &Hub, state: &State, problem: &Problem) -> Value {
    let path = hub.folder().join(&problem.file);
    json!({
        "severity": problem.severity.to_string(),
        "place": problem.place(),
        "message": problem.message,
        "excerpt": problem.excerpt(),
        "help": problem.help,
        "link": link(state, &path, problem.line, problem.column),
    })
}

fn build(hub: &Hub, state: &State) -> Value {
    match &state.build {
        Build::Done => json!({ "state": "done" }),
        Build::Running => json!({ "state": "running" }),
        Build::Failed(errors) => {
            let list: Vec<Value> = errors.iter().take(MOST).map(|error| compile_error(hub, state, error)).collect();
            json!({ "state": "failed", "list": list, "more": errors.len().saturating_sub(MOST) })
        }
    }
}

fn compile_error(hub: &Hub, state: &State, error: &CompileError) -> Value {
    // Beside the site's folder is where the crate's sources are.
    let crate_folder = hub.folder().parent().unwrap_or(hub.folder());
    let path = error.path.strip_prefix(crate_folder).unwrap_or(&error.path).display();
    let has_place = error.line > 0 && !error.path.as_os_str().is_empty();
    json!({
        "severity": "error",
        "place": if has_place { format!("{path}:{}:{}", error.line, error.column) } else { String::new() },
        "message": error.message,
        "excerpt": error.rendered,
        "help": [],
        "link": has_place.then(|| link(state, &error.path, error.line as usize, error.column as usize)).flatten(),
    })
}

fn link(state: &State, path: &Path, line: usize, column: usize) -> Option<String> {
    state.editor.as_ref().map(|editor| editor.link(path, line, column))
}
