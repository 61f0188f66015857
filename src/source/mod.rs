//! From the files of a site to its [`Snapshot`](crate::snapshot::Snapshot), with all mistakes that are in them.
//!
//! The build, `kalgan check` and the development overlay read a site with this code, so that all three find the same mistakes.
//! A production process that is given neither an overlay nor a settings file never runs it.

pub mod files;
