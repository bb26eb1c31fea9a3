//! The exit code.

use std::process::ExitCode;

use engine::Summary;
use report::Interruption;

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
    /// It ended before everything had run: 128 and the signal's number, as shells have it.
    Interrupted(Interruption),
}

impl Exit {
    /// All of them, each with when a command ends so.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Passed, "Everything passed."),
        (Self::Failed, "A scenario failed."),
        (
            Self::Mistake,
            "The command line, the configuration or a scenario has a mistake, and nothing was started.",
        ),
        (Self::BrokenOff, "The environment failed, also if scenarios failed before."),
        (Self::NothingRan, "There was nothing to run."),
        (Self::Interrupted(Interruption::HangUp), "The terminal was closed."),
        (Self::Interrupted(Interruption::Interrupt), "It was interrupted with Ctrl-C."),
        (Self::Interrupted(Interruption::OutputLost), "The reader of its output closed the pipe."),
        (Self::Interrupted(Interruption::Terminate), "It was asked to end with SIGTERM."),
    ];

    /// Its number.
    pub fn code(self) -> u8 {
        match self {
            Self::Passed => 0,
            Self::Failed => 1,
            Self::Mistake => 2,
            Self::BrokenOff => 3,
            Self::NothingRan => 4,
            Self::Interrupted(Interruption::HangUp) => 129,
            Self::Interrupted(Interruption::Interrupt) => 130,
            // What SIGPIPE would be, which ends most programs then.
            Self::Interrupted(Interruption::OutputLost) => 141,
            Self::Interrupted(Interruption::Terminate) => 143,
        }
    }
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
        Self::from(exit.code())
    }
}
