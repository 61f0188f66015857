//! A site deployed for real: a Debian machine is booted, the manual is installed in it by its own commands, and visitors ask it for pages
//! over HTTPS while it is reloaded, restarted, upgraded, rolled back and killed.
//!
//! It needs root and some minutes, so `cargo test` alone leaves it out:
//!
//! ```sh
//! cargo test --test deploy -- --ignored
//! ```

mod builds;
mod client;
mod load;
mod machine;
mod scenario;
mod visit;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["load", host, certificate] => load::main(host, certificate),
        ["visit", host, certificate] => scenario::visitor(host, certificate),
        ref rest if rest.contains(&"--ignored") || rest.contains(&"--include-ignored") => match machine::obstacle() {
            Some(obstacle) => eprintln!("skipped: no machine can be booted here: {obstacle}"),
            None => scenario::run(),
        },
        _ => println!(
            "the boot of a machine is left out, it takes minutes; `cargo test --test deploy -- --ignored` runs it"
        ),
    }
}
