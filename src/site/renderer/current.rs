//! The language of the render that this thread is in.
//!
//! Filters reach the context through the engine's state, but inside a component that state has a scope of its own, from which the
//! caller's variables cannot be seen. A render never leaves its thread, so a value per thread, set for as long as the render
//! takes, is seen by its filters and by nobody else's.

use std::cell::RefCell;

thread_local! {
    static LANGUAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Puts back, when it is dropped, the language that was set before: a filter may itself render a template.
pub(super) struct Previous(String);

/// Sets the language until the result is dropped.
pub(super) fn set(language: &str) -> Previous {
    Previous(LANGUAGE.replace(language.to_string()))
}

/// Runs something with the language; empty outside a render.
pub(super) fn with<R>(run: impl FnOnce(&str) -> R) -> R {
    LANGUAGE.with_borrow(|language| run(language))
}

impl Drop for Previous {
    fn drop(&mut self) {
        LANGUAGE.replace(std::mem::take(&mut self.0));
    }
}
