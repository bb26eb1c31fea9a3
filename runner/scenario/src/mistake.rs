//! Mistakes in what was written.

use std::{fmt, path::PathBuf, sync::Arc};

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// The line, counted from 1; 0 when there is none (a file that can't be read).
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
    /// The first byte.
    pub offset: usize,
    /// The number of bytes.
    pub length: usize,
}

/// A mistake in a file: its place, what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file, as it was named.
    pub file: Arc<PathBuf>,
    /// The place in the file.
    pub span: Span,
    /// What is wrong, as a sentence without its full stop.
    pub message: String,
    /// What to do about it, such as "did you mean `expect`?".
    pub help: Option<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file.display(), self.span.line, self.span.column, self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, " ({help})"))
    }
}
