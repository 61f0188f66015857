//! How the build of the site's binary goes, as whoever runs cargo tells it.

use std::path::PathBuf;

/// Where the latest build of the site's binary is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Build {
    /// Cargo is at work.
    Running,
    /// It did not compile.
    Failed(Vec<CompileError>),
    /// There is nothing to tell: no build was asked for, or the latest went well.
    #[default]
    Done,
}

/// One error of the compiler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    /// The file, absolute; empty where the error has no place.
    pub path: PathBuf,
    /// The line, from 1; 0 where the error has no place.
    pub line: u32,
    /// The column in characters, from 1; 0 where the error has no place.
    pub column: u32,
    /// The whole of it as the compiler prints it, without colours.
    pub rendered: String,
    /// What is wrong, in one line.
    pub message: String,
}
