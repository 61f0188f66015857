//! Black-box tests of the built binary and of sites made with it; one module per theme.

mod assets;
mod browser;
mod connections;
mod manual;
mod mistakes;
mod reading;
mod server;
