//! A process with all of its children.

use std::{
    io,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, Command},
    sync::watch,
    time::timeout,
};
use verdict::Exit;

use crate::{
    guardian::Guardian,
    log::{Drained, Log},
    mark::{self, Search, ServiceMark, VARIABLE},
    orphans,
    process_table::ProcessTable,
};

/// How long the kernel may take to end a killed process or to halt a stopped one. Usually it takes microseconds.
const SIGNAL_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the output of an ended process is read. A process outside its group may keep the pipe open for longer.
const DRAIN_TIMEOUT: Duration = Duration::from_millis(250);

/// A command, ready to be run.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    /// The program, then its arguments; not empty.
    pub(crate) words: Vec<String>,
    /// Environment variables, in addition to the runner's own.
    pub(crate) env: Vec<(String, String)>,
    /// The working folder.
    pub(crate) folder: PathBuf,
    /// What it reads from its standard input; nothing when `None`.
    pub(crate) stdin: Option<String>,
    /// Marks what it starts, so that all of that ends with it; `None` leaves what leaves its process group.
    pub(crate) mark: Option<ServiceMark>,
}

/// Ends what a process has started outside its group.
#[derive(Debug, Clone)]
struct Instance {
    mark: ServiceMark,
    value: String,
}

/// A process in a process group of its own. The whole group is killed when this is dropped, and when the runner ends;
/// so is what it started and what left the group, if it is marked.
#[derive(Debug)]
pub(crate) struct Process {
    group: Pid,
    instance: Option<Instance>,
    ended: watch::Receiver<Option<ExitStatus>>,
    drained: Vec<Drained>,
}

impl Launch {
    /// Starts the process. Its output goes to `log`. `on_end` is called with its status before [`Process::ended`]
    /// returns it.
    pub(crate) fn spawn(
        &self,
        log: &Log,
        guardian: &Arc<Guardian>,
        on_end: impl FnOnce(ExitStatus) + Send + 'static,
    ) -> io::Result<Process> {
        guardian.start()?;
        let (output, end) = io::pipe()?;
        let command = self.command(end.try_clone()?, end);
        self.start(command, vec![(output, log)], guardian, on_end)
    }

    /// The same, with a log for each of its outputs.
    pub(crate) fn spawn_apart(
        &self,
        stdout: &Log,
        stderr: &Log,
        guardian: &Arc<Guardian>,
    ) -> io::Result<Process> {
        let ((output, output_end), (errors, errors_end)) = (io::pipe()?, io::pipe()?);
        let command = self.command(output_end, errors_end);
        self.start(command, vec![(output, stdout), (errors, stderr)], guardian, |_| {})
    }

    fn start(
        &self,
        mut command: Command,
        outputs: Vec<(io::PipeReader, &Log)>,
        guardian: &Arc<Guardian>,
        on_end: impl FnOnce(ExitStatus) + Send + 'static,
    ) -> io::Result<Process> {
        let mark = |mark: &ServiceMark| Instance { mark: mark.clone(), value: mark.world.instance() };
        let instance = self.mark.as_ref().map(mark);
        command.envs(instance.iter().map(|instance| (VARIABLE, &instance.value)));
        let id = |child: &Child| {
            let id = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
            id.expect("a process that wasn't waited for has an id")
        };
        let mut child = orphans::start(|| command.spawn(), id)?;
        drop(command);
        let group = id(&child);
        let (ending, ended) = watch::channel(None);
        let guard = GroupGuard { group, guardian: Arc::clone(guardian) };
        guardian.watch(group)?;
        if let (Some(text), Some(mut stdin)) = (self.stdin.clone(), child.stdin.take()) {
            // A process that doesn't read all of it closes the pipe.
            tokio::spawn(async move { drop(stdin.write_all(text.as_bytes()).await) });
        }
        let drained = outputs.into_iter().map(|(output, log)| log.read(output)).collect::<io::Result<_>>()?;
        let process = Process { group, instance: instance.clone(), ended, drained };
        tokio::spawn(async move {
            let status = child.wait().await;
            drop(guard);
            orphans::group_ended(group).await;
            if let Some(instance) = instance {
                instance.end(Search::Children);
            }
            if let Ok(status) = status {
                on_end(status);
                ending.send_replace(Some(status));
            }
        });
        Ok(process)
    }

    /// The command, with pipes for its streams; one for both keeps their lines in order. The reading ends get no end of file
    /// before the command is dropped, which holds the writing ends.
    fn command(&self, stdout: io::PipeWriter, stderr: io::PipeWriter) -> Command {
        let (program, arguments) = self.words.split_first().expect("a command has at least one word");
        // `./service` is relative to the working folder of the command, not of the runner.
        let program = if program.contains('/') { self.folder.join(program) } else { program.into() };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .process_group(0)
            .stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(stdout)
            .stderr(stderr)
            .kill_on_drop(true);
        command
    }
}

impl Instance {
    fn end(&self, search: Search) {
        self.mark.world.end_instance(&self.mark.service, &self.value, search);
    }
}

/// Kills a process group when it is dropped: once the group's leader has ended, or with the runtime that waits for
/// its end. The group's number isn't used again yet, since the leader has only just ended.
#[derive(Debug)]
struct GroupGuard {
    group: Pid,
    guardian: Arc<Guardian>,
}

impl Drop for GroupGuard {
    fn drop(&mut self) {
        signal(self.group, Signal::KILL);
        if let Err(error) = self.guardian.forget(self.group) {
            tracing::warn!(%error, "the guardian has ended: if the runner is killed, its services stay");
        }
    }
}

/// Sends a signal to every process of a group. An empty group is no error.
fn signal(group: Pid, signal: Signal) {
    match kill_process_group(group, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => tracing::warn!(%error, ?group, "a signal can't be sent"),
    }
}

impl Process {
    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.group.as_raw_nonzero().get().unsigned_abs()
    }

    /// Whether it has ended. Its children may still run for a moment.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some() || self.ended.has_changed().is_err()
    }

    /// Whether the kernel has ended it, though [`Process::has_ended`] may not know yet.
    fn is_ended_by_kernel(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(self.group), options), Ok(None))
    }

    /// Waits for its end if it has ended or is about to: for at most `about`, unless the kernel has ended it.
    pub(crate) async fn ended_within(&self, about: Duration) {
        if self.is_ended_by_kernel() {
            self.ended().await;
        } else if !about.is_zero() {
            // A process that runs on after that has closed a connection for a reason of its own.
            drop(timeout(about, self.ended()).await);
        }
    }

    /// Waits for its end. `None` if the runtime that watched it has ended.
    pub(crate) async fn ended(&self) -> Option<ExitStatus> {
        let mut ended = self.ended.clone();
        ended.wait_for(Option::is_some).await.ok().and_then(|status| *status)
    }

    /// Waits until everything that it wrote is in the log, for at most [`DRAIN_TIMEOUT`].
    pub(crate) async fn drained(&self) {
        // After a timeout an error shows fewer lines, which is no failure.
        let all = join_all(self.drained.iter().cloned().map(Drained::wait));
        let _ = timeout(DRAIN_TIMEOUT, all).await;
    }

    /// Kills it, and returns once it has ended.
    pub(crate) async fn kill(&self) {
        if !self.has_ended() {
            self.note_descendants(&ProcessTable::read());
            self.send(Signal::KILL);
            self.ended().await;
        }
    }

    /// Kills it like [`Process::kill`], without a runtime: blocks the thread, usually for less than a millisecond.
    pub(crate) fn kill_now(&self) {
        if !self.has_ended() {
            self.note_descendants(&ProcessTable::read());
            self.send(Signal::KILL);
            self.wait_until(WaitIdOptions::EXITED);
            if let Some(instance) = &self.instance {
                instance.end(Search::Everywhere);
            }
        }
    }

    /// Sends SIGTERM, and kills it if it still runs after `grace`.
    pub(crate) async fn stop(&self, grace: Duration) {
        if self.has_ended() {
            return;
        }
        self.note_descendants(&ProcessTable::read());
        self.send(Signal::TERM);
        // A halted process handles no signal before it is resumed.
        self.resume();
        if timeout(grace, self.ended()).await.is_err() {
            self.kill().await;
        }
    }

    /// Notes what it has started outside its group, which ends with it.
    pub(crate) fn note_descendants(&self, table: &ProcessTable) {
        if let Some(Instance { mark, .. }) = &self.instance {
            mark.world.note(&mark.service, self.group, table);
        }
    }

    /// Halts it and what it has started, also outside its group. Returns once all of that is halted.
    pub(crate) fn pause(&self) {
        self.send(Signal::STOP);
        self.wait_until(WaitIdOptions::STOPPED | WaitIdOptions::EXITED);
        self.instance.iter().for_each(|instance| mark::halt(&instance.value));
    }

    /// Resumes it after a halt, with what it has started.
    pub(crate) fn resume(&self) {
        self.instance.iter().for_each(|instance| mark::resume(&instance.value));
        self.send(Signal::CONT);
    }

    /// Sends a signal to the whole group, unless the leader has ended: its number may be another group's by now.
    pub(crate) fn send(&self, signal_: Signal) {
        if !self.has_ended() {
            signal(self.group, signal_);
        }
    }

    /// Blocks until the process has changed in this way. `NOWAIT` leaves the status to the task that waits for its end.
    fn wait_until(&self, change: WaitIdOptions) {
        let options = change | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let began = Instant::now();
        while let Ok(None) = waitid(WaitId::Pid(self.group), options) {
            if began.elapsed() > SIGNAL_TIMEOUT {
                tracing::warn!(id = self.id(), "a signal had no effect within {SIGNAL_TIMEOUT:?}");
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
