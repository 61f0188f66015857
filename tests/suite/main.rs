//! Black-box tests of the built binary and of sites made with it; one module per theme.

mod browser;
mod manual;
mod mistakes;
mod reading;
mod server;
