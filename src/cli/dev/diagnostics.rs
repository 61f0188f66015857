//! What cargo says in lines of JSON (`cargo build --message-format=json`), as far as it matters here.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::messages::Fault;
use super::notice::without_colours;

/// A line of cargo's.
#[derive(Debug, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub(super) enum Line {
    /// The compiler has something to say.
    CompilerMessage { manifest_path: PathBuf, message: Diagnostic },
    /// Something is ready: a binary, if it has a path to run.
    CompilerArtifact { executable: Option<PathBuf> },
    #[serde(other)]
    Other,
}

/// A message of the compiler.
#[derive(Debug, Deserialize)]
pub(super) struct Diagnostic {
    message: String,
    level: String,
    spans: Vec<Span>,
    rendered: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Span {
    file_name: PathBuf,
    line_start: u32,
    column_start: u32,
    is_primary: bool,
}

impl Diagnostic {
    /// As the compiler prints it; `None` where cargo, which counts errors itself, would not show it either.
    pub(super) fn shown(&self) -> Option<&str> {
        let is_sum = self.spans.is_empty()
            && (self.message.starts_with("aborting due to")
                || self.message.ends_with("warning emitted")
                || self.message.ends_with("warnings emitted"));
        self.rendered.as_deref().filter(|_| !is_sum)
    }

    /// What a page shows of it; `None` where it hinders no build. The manifest is that of the package that was compiled.
    pub(super) fn fault(&self, manifest: &Path) -> Option<Fault> {
        // A bug of the compiler has a longer name.
        let rendered = self.shown().filter(|_| self.level.starts_with("error"))?;
        let fault = Fault {
            message: self.message.clone(),
            rendered: without_colours(rendered).trim_end().to_owned(),
            ..Fault::default()
        };
        let span = self.spans.iter().find(|span| span.is_primary);
        Some(match span.and_then(|span| Some((absolute(&span.file_name, manifest)?, span))) {
            Some((path, span)) => Fault { path, line: span.line_start, column: span.column_start, ..fault },
            None => fault,
        })
    }
}

/// The compiler runs in the folder of the workspace or of the package, and names files relative to it.
fn absolute(file: &Path, manifest: &Path) -> Option<PathBuf> {
    manifest.ancestors().skip(1).map(|folder| folder.join(file)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnostic(level: &str, message: &str, spans: &str) -> Diagnostic {
        let manifest = env!("CARGO_MANIFEST_DIR");
        let line = format!(
            r#"{{"reason":"compiler-message","package_id":"x","manifest_path":"{manifest}/app/Cargo.toml","message":{{
               "message":"{message}","level":"{level}","spans":[{spans}],"rendered":"\u001b[1m{level}\u001b[0m: {message}\n\n"}}}}"#
        );
        match serde_json::from_str(&line).unwrap() {
            Line::CompilerMessage { message, .. } => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_error_has_its_place_and_no_colours() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("app/Cargo.toml");
        let spans = r#"{"file_name":"x","line_start":1,"column_start":1,"is_primary":false},
                       {"file_name":"app/main.rs","line_start":3,"column_start":7,"is_primary":true}"#;
        let fault = diagnostic("error", "mismatched types", spans).fault(&manifest).unwrap();
        assert_eq!(fault.path, Path::new(env!("CARGO_MANIFEST_DIR")).join("app/main.rs"));
        assert_eq!((fault.line, fault.column), (3, 7));
        assert_eq!((fault.message.as_str(), fault.rendered.as_str()), ("mismatched types", "error: mismatched types"));
        let nowhere = r#"{"file_name":"<macro>","line_start":3,"column_start":7,"is_primary":true}"#;
        let fault = diagnostic("error", "x", nowhere).fault(&manifest).unwrap();
        assert_eq!((fault.path, fault.line), (PathBuf::new(), 0));
    }

    #[test]
    fn warnings_are_shown_but_are_no_faults_and_sums_are_left_to_cargo() {
        let warning = diagnostic("warning", "unused", "");
        assert!(warning.shown().is_some() && warning.fault(Path::new("/")).is_none());
        let sum = diagnostic("error", "aborting due to 1 previous error", "");
        assert!(sum.shown().is_none() && sum.fault(Path::new("/")).is_none());
        assert!(matches!(serde_json::from_str(r#"{"reason":"build-finished","success":true}"#).unwrap(), Line::Other));
    }
}
