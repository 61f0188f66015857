//! Looking for all mistakes of the whole site, off the way of requests: when an edit has been shown and none follows for a moment.
//!
//! What is found is told to open pages and to the log: there each mistake once, when it is new.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::Developing;
use crate::error::one_line;
use crate::problem::{self, Problem};
use crate::snapshot::{Place, Snapshot, Value};

/// How long no edit must have come before everything is looked through.
const QUIET: Duration = Duration::from_millis(50);

/// The thread that checks, and what it found last.
pub(super) struct Checks {
    wishes: Sender<()>,
    latest: Mutex<Latest>,
}

#[derive(Default)]
struct Latest {
    /// The number of the edit that was checked; none before the first check.
    edit: Option<u64>,
    problems: Arc<Vec<Problem>>,
}

impl Checks {
    /// Starts the thread. It ends with whom it checks for.
    pub(super) fn start(developing: Weak<Developing>) -> Checks {
        let (wishes, wished) = channel();
        let thread = std::thread::Builder::new().name("kalgan-check".to_string());
        if let Err(error) = thread.spawn(move || run(&wished, &developing)) {
            tracing::warn!("mistakes are told on error pages only, because no thread could be started: {error}");
        }
        Checks { wishes, latest: Mutex::default() }
    }

    /// Asks for a check, soon.
    pub(super) fn wish(&self) {
        // Without a thread nobody listens.
        let _ = self.wishes.send(());
    }
}

fn run(wished: &Receiver<()>, developing: &Weak<Developing>) {
    while wished.recv().is_ok() {
        while wished.recv_timeout(QUIET).is_ok() {}
        let Some(developing) = developing.upgrade() else { return };
        developing.problems();
    }
}

impl Developing {
    /// All mistakes of the site as it is now. Looked for unless they are known; who asks meanwhile waits.
    pub(super) fn problems(&self) -> Arc<Vec<Problem>> {
        let Some(checks) = self.checks.get() else { return Arc::default() };
        let mut latest = checks.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let editing = self.editing();
        let edit = editing.edits;
        if latest.edit == Some(edit) {
            return latest.problems.clone();
        }
        let (review, mut problems) = (editing.overlay.review(), editing.refused.clone());
        self.add_absent(editing.overlay.snapshot(), &mut problems);
        drop(editing);
        problems.extend(review.problems());
        problem::sort(&mut problems);
        let problems = Arc::new(problems);
        log(&latest.problems, &problems);
        *latest = Latest { edit: Some(edit), problems: problems.clone() };
        // Of an older state nobody is told: the check of the newer one is wished already.
        if self.editing().edits == edit {
            self.hub.set_problems(problems.to_vec());
        }
        problems
    }

    /// Adds the functions that routes name and this binary does not have. No check of files can know them.
    fn add_absent(&self, snapshot: &Snapshot, problems: &mut Vec<Problem>) {
        let dispatch = self.app.dispatch();
        for (name, place) in common_middleware(snapshot).into_iter().filter(|(name, _)| !dispatch.has_middleware(name))
        {
            problems.push(self.absent("middleware", &name, place));
        }
        for route in snapshot.routes.iter() {
            if !dispatch.has_controller(&route.controller) {
                problems.push(self.absent("controller", &route.controller, &route.place));
            }
            for name in route.middleware.iter().filter(|name| !dispatch.has_middleware(name)) {
                problems.push(self.absent("middleware", name, &route.place));
            }
        }
    }

    fn absent(&self, kind: &str, name: &str, place: &Place) -> Problem {
        let text = std::fs::read_to_string(self.folder.join(&*place.file)).unwrap_or_default();
        Problem::error(&*place.file, format!("there is no {kind} `{name}` in this binary"))
            .at(&text, place.line as usize, place.column as usize, 1)
            .help("write the function, if that is not done, and build the binary again; `kalgan dev` builds by itself")
    }
}

/// What the setting `router.middleware` names, and where.
fn common_middleware(snapshot: &Snapshot) -> Vec<(String, &Place)> {
    let Some(setting) = snapshot.settings.iter().rfind(|setting| setting.key == "router.middleware") else {
        return Vec::new();
    };
    let texts: Vec<&str> = match &setting.value {
        Value::Text(text) => text.split(',').collect(),
        Value::List(items) => {
            items.iter().filter_map(|item| if let Value::Text(text) = item { Some(&**text) } else { None }).collect()
        }
        _ => Vec::new(),
    };
    let names = texts.into_iter().map(|name| name.trim().replace('/', "::")).filter(|name| !name.is_empty());
    names.map(|name| (name, &setting.place)).collect()
}

/// Tells mistakes that are new; and once, when there are none any more.
fn log(old: &[Problem], new: &[Problem]) {
    // An edit above a mistake moves it; it is the same all the same.
    let sign = |problem: &Problem| (problem.file.clone(), problem.message.clone(), problem.text.clone());
    let known: BTreeSet<_> = old.iter().map(sign).collect();
    for problem in new.iter().filter(|problem| !known.contains(&sign(problem))) {
        for line in problem.to_string().lines() {
            match problem.is_error() {
                true => tracing::error!("{}", one_line(line)),
                false => tracing::warn!("{}", one_line(line)),
            }
        }
    }
    if new.is_empty() && !old.is_empty() {
        tracing::info!("all mistakes are repaired");
    }
}
