//! Black-box tests of the built binary and of sites made with it; one module per theme.

mod mistakes;
