//! What runs before the manual's controllers.

pub mod old_address;
