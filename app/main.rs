//! The site of this repository: Kalgan's own manual.

fn main() {}
