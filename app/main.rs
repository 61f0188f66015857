//! The site of this repository: Kalgan's own manual, made with Kalgan as any other site is.

mod chapters;
mod controller;
mod middleware;
mod template;

fn main() -> std::process::ExitCode {
    kalgan::run(kalgan::site!().on_start(controller::demo::forget_daily))
}
