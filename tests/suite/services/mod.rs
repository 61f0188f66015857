//! What controllers call, against real servers and in whole sites; a module per service.

mod demo;
mod instances;
mod cookies;
mod csrf;
mod uploads;
mod visits;
mod cache;
mod sessions;
#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod database;
