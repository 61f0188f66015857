//! What runs before the manual's controllers.

pub mod old_address;

// Kalgan's own, under the names that the routes call them by.
pub use kalgan::csrf::check as csrf;
pub use kalgan::session::load as sessions;
