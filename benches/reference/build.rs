//! Freezes the site into the binary.

fn main() {
    kalgan::build::site("app");
}
