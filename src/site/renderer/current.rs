//! The language, and the values on demand, of the render that this thread is in.
//!
//! Filters reach the context through the engine's state, but inside a component that state has a scope of its own, from which the
//! caller's variables cannot be seen. A render never leaves its thread, so a value per thread, set for as long as the render
//! takes, is seen by its filters and by nobody else's.

use std::cell::RefCell;

use super::{Value, Values, View};

thread_local! {
    static CURRENT: RefCell<Current> = const { RefCell::new(Current { language: String::new(), values: None }) };
}

#[derive(Default)]
struct Current {
    language: String,
    values: Option<Values>,
}

/// Puts back, when it is dropped, what was set before: a filter may itself render a template.
pub(super) struct Previous(Current);

/// Sets the language and the values of a view until the result is dropped.
pub(super) fn set(view: &View) -> Previous {
    let current = Current { language: view.language.to_string(), values: Some(view.values.clone()) };
    Previous(CURRENT.replace(current))
}

/// Runs something with the language; empty outside a render.
pub(super) fn with<R>(run: impl FnOnce(&str) -> R) -> R {
    CURRENT.with_borrow(|current| run(&current.language))
}

/// A value of the view; none outside a render and where nobody gives it.
pub(super) fn value(name: &str) -> Option<Value> {
    // The values are asked when nothing is borrowed any more: they may render something themselves.
    let values = CURRENT.with_borrow(|current| current.values.clone())?;
    values(name)
}

impl Drop for Previous {
    fn drop(&mut self) {
        CURRENT.replace(std::mem::take(&mut self.0));
    }
}
