use kalgan::{Kwargs, State};

/// The filter `shout`.
pub fn shout(text: &str, _: Kwargs, _: &State) -> String {
    format!("{}!", text.to_uppercase())
}
