//! What controllers call, against real servers and in whole sites; a module per service.

#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod database;
#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod mail;
