//! Lets a template's function say that what it gave is for this one answer.
//!
//! The engine hands a function neither the request nor the response, so it leaves a note on the thread, which a render never leaves.

use std::cell::Cell;

thread_local! {
    static MARKED: Cell<bool> = const { Cell::new(false) };
}

/// Says, from a function, filter or test of a site's templates, that what it gives was made for this answer alone: a nonce, say, or a
/// token. See [`Request::mark_for_once`](crate::Request::mark_for_once) for what follows from it. Outside a render it says nothing.
///
/// ```
/// use kalgan::{Kwargs, State, TeraResult};
///
/// /// For a site's `template` module: `{{ form_number() }}` is another number each time.
/// pub fn form_number(_: Kwargs, _: &State) -> TeraResult<u64> {
///     kalgan::mark_for_once();
///     Ok(std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.subsec_nanos().into()))
/// }
/// ```
pub fn mark_for_once() {
    MARKED.set(true);
}

/// Runs a render, and tells whether it said so.
pub(crate) fn noting<T>(render: impl FnOnce() -> T) -> (T, bool) {
    // A filter may itself render, for something else; what that says must neither hide nor become what the outer render says.
    let outer = MARKED.replace(false);
    let rendered = render();
    (rendered, MARKED.replace(outer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_belongs_to_the_render_in_which_it_was_made() {
        mark_for_once();
        assert_eq!(noting(|| 1), (1, false));
        let nested = noting(|| {
            mark_for_once();
            noting(|| ()).1
        });
        assert_eq!(nested, (false, true));
        assert_eq!(noting(|| noting(mark_for_once).1), (true, false));
    }
}
