//! The page that the side-by-side benchmark asks for.

mod controller;

fn main() -> std::process::ExitCode {
    kalgan::run(kalgan::site!())
}
