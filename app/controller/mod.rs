//! The functions that answer for the manual's routes.

pub mod demo;
pub mod error;
pub mod page;
pub mod reference;
pub mod search;
