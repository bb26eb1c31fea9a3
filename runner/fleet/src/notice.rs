//! What a person should know of a run, past the results of its scenarios.

use std::{fmt, path::PathBuf, sync::Arc};

use fault::ServiceName;
use verdict::{BrokenOff, RemainingProcess};

/// Something about the environment that a person should know. [`Display`](fmt::Display) says what it is and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Processes of a world that was closed can't be ended: a failure of the environment.
    LeftRunning(BrokenOff),
    /// A process left its service's process group, had cleared its environment, and was ended by force.
    Escaped {
        /// The service that started it, where that is certain.
        service: Option<ServiceName>,
        /// The process, which has ended.
        process: RemainingProcess,
    },
    /// Services didn't all start, and their folder is kept.
    Kept {
        /// The folder.
        folder: PathBuf,
    },
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
    pub fn send(&self, notice: Notice) {
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
            Self::LeftRunning(broken) => broken.fmt(f),
            Self::Escaped { service, process } => {
                match service {
                    Some(service) => write!(f, "{service} left a process behind")?,
                    None => f.write_str("a service left a process behind")?,
                }
                write!(
                    f,
                    ", which had to be ended: {process}; it had left the process group and cleared the environment, so \
                     let it run in the foreground, or with the environment that it inherits"
                )
            }
            Self::Kept { folder } => {
                write!(f, "data and logs of the services that didn't start are kept in {}", folder.display())
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
