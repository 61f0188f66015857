//! What runs before the manual's controllers.

pub mod old_address;

// Kalgan's own, which routes name as `csrf::check` and `session::load`.
pub use kalgan::{csrf, session};
