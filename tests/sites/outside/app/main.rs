mod controller;
mod middleware;
mod template;

fn main() -> std::process::ExitCode {
    kalgan::run(kalgan::site!())
}
