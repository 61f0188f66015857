//! Freezes the site in `app/`, Kalgan's own manual, into the binary.
//!
//! It does what `kalgan::build::site("app")` does in the `build.rs` of any other site. A package cannot be its own
//! build-dependency, so the modules come in by path; each is compiled for the library as well, where all of it is used.

#[cfg(feature = "manual")]
#[allow(dead_code, reason = "the library uses what the build does not")]
#[path = "src/problem.rs"]
mod problem;

#[cfg(feature = "manual")]
#[allow(dead_code, reason = "the library uses what the build does not")]
#[path = "src/hint.rs"]
mod hint;

#[cfg(feature = "manual")]
#[allow(dead_code, reason = "the library uses what the build does not")]
#[path = "src/pattern.rs"]
mod pattern;

#[cfg(feature = "manual")]
#[allow(dead_code, reason = "the library uses what the build does not")]
#[path = "src/snapshot/mod.rs"]
mod snapshot;

#[cfg(feature = "manual")]
#[allow(dead_code, reason = "the library uses what the build does not")]
#[path = "src/source/mod.rs"]
mod source;

#[cfg(feature = "manual")]
#[path = "src/build/mod.rs"]
mod build;

fn main() {
    #[cfg(feature = "manual")]
    build::site("app");
    // Without a site there is nothing to watch; without this line cargo would watch the whole package.
    #[cfg(not(feature = "manual"))]
    println!("cargo::rerun-if-changed=build.rs");
    // The library of a site's build.rs tells its author when it was compiled without optimisation (`src/build/cargo.rs`).
    if let Ok(level) = std::env::var("OPT_LEVEL") {
        println!("cargo::rustc-env=KALGAN_OPT_LEVEL={level}");
    }
    // What the command `manifest` names as the kind of machine that the binary is for.
    if let Ok(target) = std::env::var("TARGET") {
        println!("cargo::rustc-env=KALGAN_TARGET={target}");
    }
}
