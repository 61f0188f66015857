//! Kalgan: a server-rendered website as one binary.

#[cfg(feature = "build")]
pub mod build;
pub mod error;
pub mod hint;
pub mod pattern;
pub mod problem;
pub mod server;

pub mod site;
pub mod snapshot;
#[cfg(feature = "source")]
pub mod source;
