//! A mistake in a site file, told so that its author can mend it: where, what, and what to do.
//!
//! One type serves `cargo build`, `kalgan check` and the development error page, so that all three say the same.
//! How a file is read, and which mistakes there are, is the business of `source`; this module only carries and prints them.

use std::fmt;

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A page would break or a setting would not do what it says: the build fails.
    Error,
    /// The site works, but somebody will be surprised: the build goes on.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

/// One mistake in one place of one site file.
///
/// ```
/// use kalgan::problem::Problem;
/// let problem = Problem::error("config/app.yaml", "unknown setting `server.prot`")
///     .at("server:\n  prot: 7878\n", 2, 3, 4)
///     .help("did you mean `server.port`?");
/// assert_eq!(problem.to_string(), "\
/// config/app.yaml:2:3: error: unknown setting `server.prot`
///   |
/// 2 |   prot: 7878
///   |   ^^^^
///   = help: did you mean `server.port`?");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Whether the build fails.
    pub severity: Severity,
    /// The file, relative to the site's folder, with `/` between its parts.
    pub file: String,
    /// The line, counted from 1; 0 when the mistake is about the file as a whole.
    pub line: usize,
    /// The column of the first marked character, counted from 1 in characters; 0 together with line 0.
    pub column: usize,
    /// How many characters are marked; at least 1 where there is a line.
    pub length: usize,
    /// The text of that line, without its end.
    pub text: String,
    /// What is wrong, without a full stop.
    pub message: String,
    /// What to do about it, in the order in which it is worth trying.
    pub help: Vec<String>,
}

impl Problem {
    /// A mistake that fails the build, as yet without a place in the file.
    pub fn error(file: impl Into<String>, message: impl Into<String>) -> Self {
        Problem {
            severity: Severity::Error,
            file: file.into(),
            line: 0,
            column: 0,
            length: 0,
            text: String::new(),
            message: message.into(),
            help: Vec::new(),
        }
    }

    /// A mistake that the build survives, as yet without a place in the file.
    pub fn warning(file: impl Into<String>, message: impl Into<String>) -> Self {
        Problem { severity: Severity::Warning, ..Problem::error(file, message) }
    }

    /// Puts the mistake at a line and column (both from 1, the column in characters) of the file whose whole text is given,
    /// and marks `length` characters, fewer where the line ends before. A line that is not there leaves the problem without a place.
    pub fn at(mut self, whole_text: &str, line: usize, column: usize, length: usize) -> Self {
        let Some(text) = line.checked_sub(1).and_then(|index| whole_text.lines().nth(index)) else {
            return self;
        };
        let column = column.max(1);
        let rest = (text.chars().count() + 1).saturating_sub(column);
        self.line = line;
        self.column = column;
        self.length = length.min(rest).max(1);
        self.text = text.to_string();
        self
    }

    /// Like [`Problem::at`], for a range of bytes in the text; a range over several lines marks the first to its end.
    pub fn at_bytes(self, whole_text: &str, start: usize, end: usize) -> Self {
        let (line, column) = position(whole_text, start);
        let marked = whole_text.get(start..end).unwrap_or_default();
        let length = marked.lines().next().unwrap_or_default().chars().count();
        self.at(whole_text, line, column, length)
    }

    /// Adds a line that says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// The file, with line and column where they are known: `templates/home.html:3:7`.
    pub fn place(&self) -> String {
        match self.line {
            0 => self.file.clone(),
            line => format!("{}:{line}:{}", self.file, self.column),
        }
    }

    /// The line of the file with the spot marked below it, as three lines; empty where there is no line.
    pub fn excerpt(&self) -> String {
        if self.line == 0 {
            return String::new();
        }
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        // Tabs in front of the mark stay tabs, so that it stands below the character whatever the terminal's tab width is.
        let indent: String =
            self.text.chars().take(self.column.saturating_sub(1)).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        format!("{margin} |\n{number} | {}\n{margin} | {indent}{}", self.text, "^".repeat(self.length))
    }

    /// Whether the build fails because of this.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Line and column (both from 1, the column in characters) of a byte offset in a text.
///
/// ```
/// assert_eq!(kalgan::problem::position("añ\nb", 4), (2, 1));
/// ```
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |index| index + 1);
    (line, before[start..].chars().count() + 1)
}

/// Sorts by file, line and column, errors before warnings in one place, and drops repetitions.
pub fn sort(problems: &mut Vec<Problem>) {
    problems.sort_by(|a, b| {
        (&a.file, a.line, a.column, a.severity, &a.message).cmp(&(&b.file, b.line, b.column, b.severity, &b.message))
    });
    problems.dedup();
}

/// All problems as a person reads them, an empty line between two, and a last line that counts them.
pub fn report(problems: &[Problem]) -> String {
    let mut report = String::new();
    for problem in problems {
        report.push_str(&problem.to_string());
        report.push_str("\n\n");
    }
    report.push_str(&tally(problems));
    report
}

/// How many errors and warnings there are, in words.
pub fn tally(problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    format!("{}, {}", count(errors, "error"), count(problems.len() - errors, "warning"))
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.place(), self.severity, self.message)?;
        if self.line > 0 {
            write!(f, "\n{}", self.excerpt())?;
        }
        let margin = " ".repeat(self.line.to_string().len());
        for help in &self.help {
            write!(f, "\n{margin} = help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}
