//! What a person should know of a run though it fails nothing.

use std::{fmt, path::PathBuf, sync::Arc};

use verdict::RemainingProcess;

/// Something about the environment that a person should know. [`Display`](fmt::Display) says what it is and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Processes of a world that was closed can't be ended.
    LeftRunning(Vec<RemainingProcess>),
    /// The folder of a scenario that failed can't be kept; this is what the system said.
    NotKept(String),
    /// A file changed in a folder in which services of several worlds ran at the same time.
    SharedFolder {
        /// The file.
        file: PathBuf,
    },
    /// Processes that leave their service's process group can't be found on this system.
    NoProcessTable,
}

/// Receives every [`Notice`]. The default ignores them.
#[derive(Clone)]
pub struct NoticeSink(Arc<dyn Fn(Notice) + Send + Sync>);

impl NoticeSink {
    /// A sink that calls `receive`, from any thread.
    pub fn new(receive: impl Fn(Notice) + Send + Sync + 'static) -> Self {
        Self(Arc::new(receive))
    }

    /// Passes one on.
    pub(crate) fn send(&self, notice: Notice) {
        (self.0)(notice);
    }
}

impl Default for NoticeSink {
    fn default() -> Self {
        Self::new(drop)
    }
}

impl fmt::Debug for NoticeSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoticeSink").finish_non_exhaustive()
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftRunning(processes) => {
                f.write_str("these processes of services can't be ended; end them by hand:")?;
                processes.iter().try_for_each(|process| write!(f, " {process}"))
            }
            Self::NotKept(error) => {
                write!(f, "the folders of a failed scenario can't be kept: {error}; name another with --keep=FOLDER")
            }
            Self::SharedFolder { file } => write!(
                f,
                "{} changed while services of several scenarios ran side by side in its folder; if they write there, \
                 `cwd: ${{data_dir}}` gives each a folder of its own",
                file.display()
            ),
            Self::NoProcessTable => f.write_str(
                "this system has no /proc: a process that leaves the process group of its service, as daemons do, isn't \
                 ended with it; let the service run in the foreground",
            ),
        }
    }
}
