mod controller;

fn main() -> std::process::ExitCode {
    kalgan::run(kalgan::site!())
}
