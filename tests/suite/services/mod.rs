//! What controllers call, against real servers and in whole sites; a module per service.

mod cache;
mod cookie_site;
mod cookies;
mod csrf;
#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod database;
mod demo;
mod instances;
mod lifecycle;
#[cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod mail;
mod mounted;
mod passwords;
mod process_site;
mod sessions;
#[cfg(feature = "websocket")]
mod sockets;
pub mod subprocess;
mod testing;
mod uploads;
