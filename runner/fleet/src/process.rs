//! A process with everything that it starts.

use std::{
    io,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::{process::Command, sync::watch, time::timeout};
use verdict::Exit;

use crate::{
    guardian::Guardian,
    log::{Drained, Log},
};

/// How long the kernel gets for what takes it microseconds: to end a killed process, to halt a stopped one.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the rest of what an ended process wrote may take to arrive: somebody outside its group may hold the pipe.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// What to start.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    /// The program, then its arguments; not empty.
    pub(crate) words: Vec<String>,
    /// Variables besides those of the runner.
    pub(crate) env: Vec<(String, String)>,
    /// Where it runs.
    pub(crate) folder: PathBuf,
}

/// A process in a group of its own, which dies as a whole: with this value, and with the runner.
#[derive(Debug)]
pub(crate) struct Process {
    group: Pid,
    ended: watch::Receiver<Option<ExitStatus>>,
    drained: Drained,
}

impl Launch {
    /// Starts it. Its output goes to `log`; `on_end` learns how it ended, before anybody who waits for it does.
    pub(crate) fn spawn(
        &self,
        log: &Log,
        guardian: &Arc<Guardian>,
        on_end: impl FnOnce(ExitStatus) + Send + 'static,
    ) -> io::Result<Process> {
        let (output, end) = io::pipe()?;
        let mut child = self.command(end)?.spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let group = id.expect("a process that nobody has waited for has an id");
        let (ending, ended) = watch::channel(None);
        let watched = Watched { group, guardian: Arc::clone(guardian) };
        guardian.watch(group)?;
        let drained = log.read(output)?;
        let process = Process { group, ended, drained };
        tokio::spawn(async move {
            let status = child.wait().await;
            drop(watched);
            if let Ok(status) = status {
                on_end(status);
                ending.send_replace(Some(status));
            }
        });
        Ok(process)
    }

    /// One pipe for both streams, so that their lines stay in order. The command holds the writing end: it must be
    /// gone before the reading end can come to an end.
    fn command(&self, output: io::PipeWriter) -> io::Result<Command> {
        let (program, arguments) = self.words.split_first().expect("a command has at least one word");
        // `./service` means the configuration's folder, where it will run, rather than the runner's.
        let program = if program.contains('/') { self.folder.join(program) } else { program.into() };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true);
        Ok(command)
    }
}

/// A group of which something may run. Dropped once its leader has ended, or with the runtime that was to see that:
/// either way what the leader left running ends too. Right after its death the number can't be somebody else's yet.
#[derive(Debug)]
struct Watched {
    group: Pid,
    guardian: Arc<Guardian>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        signal(self.group, Signal::KILL);
        if let Err(error) = self.guardian.forget(self.group) {
            tracing::warn!(%error, "the guardian is gone: services would outlive a runner that is killed");
        }
    }
}

/// Sends a signal to everybody in the group. Nobody there is fine: then it has its effect already.
fn signal(group: Pid, signal: Signal) {
    match kill_process_group(group, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => tracing::warn!(%error, ?group, "a signal can't be sent"),
    }
}

impl Process {
    /// The id of its first process.
    pub(crate) fn id(&self) -> u32 {
        self.group.as_raw_nonzero().get().unsigned_abs()
    }

    /// Whether its first process runs no more.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some() || self.ended.has_changed().is_err()
    }

    /// Waits for its end. `None`: the runtime that watched it is gone.
    pub(crate) async fn ended(&self) -> Option<ExitStatus> {
        let mut ended = self.ended.clone();
        ended.wait_for(Option::is_some).await.ok().and_then(|status| *status)
    }

    /// Waits, not for long, until all it wrote before its end is in the log.
    pub(crate) async fn drained(&self) {
        // Late last words are missing from a message, no more.
        let _ = timeout(LAST_WORDS, self.drained.clone().wait()).await;
    }

    /// Kills it, and returns once it can answer nobody any more.
    pub(crate) async fn kill(&self) {
        if !self.has_ended() {
            self.send(Signal::KILL);
            self.ended().await;
        }
    }

    /// The same without a runtime; this blocks the thread, for less than a millisecond as a rule.
    pub(crate) fn kill_now(&self) {
        if !self.has_ended() {
            self.send(Signal::KILL);
            self.wait_until(WaitIdOptions::EXITED);
        }
    }

    /// Asks it to end, and kills it if it still runs after `grace`.
    pub(crate) async fn stop(&self, grace: Duration) {
        if self.has_ended() {
            return;
        }
        self.send(Signal::TERM);
        // One that is halted hears nothing before it is let go on.
        self.send(Signal::CONT);
        if timeout(grace, self.ended()).await.is_err() {
            self.kill().await;
        }
    }

    /// Halts it.
    pub(crate) fn pause(&self) {
        self.send(Signal::STOP);
        self.wait_until(WaitIdOptions::STOPPED | WaitIdOptions::EXITED);
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.send(Signal::CONT);
    }

    /// Sends a signal to the whole group, unless it may be somebody else's by now.
    pub(crate) fn send(&self, signal_: Signal) {
        if !self.has_ended() {
            signal(self.group, signal_);
        }
    }

    /// Blocks until that has become of its first process, and leaves the news for whoever else waits for it.
    fn wait_until(&self, change: WaitIdOptions) {
        let news = change | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let begun = Instant::now();
        while let Ok(None) = waitid(WaitId::Pid(self.group), news) {
            if begun.elapsed() > PATIENCE {
                tracing::warn!(id = self.id(), "the system takes longer than {PATIENCE:?} over a signal");
                return;
            }
            std::thread::sleep(Duration::from_micros(50));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_now();
    }
}

/// How a process ended.
pub(crate) fn exit(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}
