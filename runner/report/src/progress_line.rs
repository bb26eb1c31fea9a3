//! One line about work that takes long, on stderr.

use std::{io::Write, time::Duration};

use indicatif::ProgressBar;

use crate::{
    Progress,
    heartbeat::{Beat, Heartbeat},
};

/// How often it is written again where there is no terminal.
const INTERVAL: Duration = Duration::from_secs(5);

/// One line about work that takes long, on stderr. On a terminal it is overwritten, and taken away when it is dropped. Elsewhere
/// it is written again every five seconds.
#[derive(Debug)]
pub struct ProgressLine {
    bar: ProgressBar,
    /// In place of the bar, where there is no terminal.
    heartbeat: Option<Heartbeat>,
}

impl ProgressLine {
    /// A line without text. With [`Progress::Shown`] stderr must be a terminal.
    pub fn start(progress: Progress) -> Self {
        match progress {
            Progress::Shown => {
                let bar = ProgressBar::new_spinner();
                bar.enable_steady_tick(Duration::from_millis(200));
                Self { bar, heartbeat: None }
            }
            Progress::Hidden => Self::repeated(anstream::stderr(), INTERVAL),
        }
    }

    /// A line that is written to `out` again, after each interval in which nothing else was written.
    pub fn repeated(out: impl Write + Send + 'static, interval: Duration) -> Self {
        let heartbeat = Heartbeat::start(out, Beat { quiet: interval, line: |_, status| status.into() });
        Self { bar: ProgressBar::hidden(), heartbeat: Some(heartbeat) }
    }

    /// What is under way now.
    pub fn status(&self, status: String) {
        if let Some(heartbeat) = &self.heartbeat {
            heartbeat.running(status);
        } else {
            self.bar.set_message(status);
        }
    }

    /// Calls `write`, which writes lines that stay.
    pub fn write<R>(&self, write: impl FnOnce() -> R) -> R {
        let written = self.bar.suspend(write);
        self.heartbeat.iter().for_each(Heartbeat::wrote);
        written
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
