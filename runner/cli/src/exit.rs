//! The exit code.

use std::process::ExitCode;

use engine::Summary;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything passed: 0.
    Passed,
    /// A scenario failed: 1.
    Failed,
    /// The command line, the configuration or a scenario has a mistake, and nothing was started: 2.
    Mistake,
    /// The environment failed, not the system under test: 3.
    BrokenOff,
    /// There was nothing to run: 4.
    NothingRan,
    /// Ctrl-C or SIGTERM: 130.
    Interrupted,
}

impl From<Summary> for Exit {
    fn from(summary: Summary) -> Self {
        if summary.broken_off > 0 {
            Self::BrokenOff
        } else if summary.failed > 0 {
            Self::Failed
        } else if summary.passed == 0 {
            Self::NothingRan
        } else {
            Self::Passed
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Passed => 0,
            Exit::Failed => 1,
            Exit::Mistake => 2,
            Exit::BrokenOff => 3,
            Exit::NothingRan => 4,
            Exit::Interrupted => 130,
        })
    }
}
