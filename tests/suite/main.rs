//! Black-box tests of the built binary and of sites made with it; one module per theme.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, and says where")]

mod addresses;
mod assets;
mod behaviours;
mod browser;
mod codings;
mod commands;
mod connections;
mod deploy;
mod dev;
mod edits;
mod grown;
mod identity;
mod inspect;
mod kit;
mod layout;
mod live;
mod manual;
mod mistakes;
mod nginx;
mod outside;
mod pages;
mod patch;
mod reading;
mod release;
mod server;
mod servers;
mod services;
mod static_headers;
mod vendor;
