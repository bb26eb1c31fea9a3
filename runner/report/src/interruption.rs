//! Why a run ended before all of it was done.

use std::fmt;

/// Why a run ended before all of it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interruption {
    /// SIGINT: Ctrl-C.
    Interrupt,
    /// SIGTERM: a supervisor or a CI ends it.
    Terminate,
    /// SIGHUP: the terminal was closed.
    HangUp,
    /// What it prints is lost: the reader of its output has closed the pipe, or the disk is full.
    OutputLost,
}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "interrupted by SIGINT",
            Self::Terminate => "interrupted by SIGTERM",
            Self::HangUp => "interrupted by SIGHUP",
            Self::OutputLost => "interrupted: its output can't be written any more",
        })
    }
}
