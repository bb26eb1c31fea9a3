//! What happens before the first scenario of a run.

use std::{fmt, sync::Arc, time::Duration};

use fault::ServiceName;

/// One thing that happens while worlds are made ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preparation {
    /// The configuration's `build` command starts.
    BuildStarted {
        /// The command line.
        command: String,
    },
    /// The build wrote a line to stdout or stderr.
    BuildWrote {
        /// The line, without its end; it may hold escape sequences.
        line: String,
    },
    /// The build succeeded. One that fails ends the run with an error instead.
    BuildSucceeded {
        /// Wall-clock time that the command ran.
        took: Duration,
    },
    /// A service isn't known to be ready, and polling for that starts.
    WaitStarted {
        /// The service.
        service: ServiceName,
        /// How long it may take.
        within: Duration,
    },
    /// Polling has ended: the service is ready, or an error follows.
    WaitEnded {
        /// The service.
        service: ServiceName,
    },
}

/// Receives every [`Preparation`]. The default ignores them.
#[derive(Clone)]
pub struct PreparationSink(Arc<dyn Fn(Preparation) + Send + Sync>);

impl PreparationSink {
    /// A sink that calls `receive`, from any thread.
    pub fn new(receive: impl Fn(Preparation) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receive))
    }

    /// Passes one on.
    pub fn send(&self, preparation: Preparation) {
        (self.0)(preparation);
    }
}

impl Default for PreparationSink {
    fn default() -> Self {
        Self::new(drop)
    }
}

impl fmt::Debug for PreparationSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparationSink").finish_non_exhaustive()
    }
}
