//! Finds and ends processes of a service that left its process group and cleared the environment that marks them.
//!
//! On Linux the runner becomes a *child subreaper*: a process whose parent has ended becomes a child of the runner. A
//! child of the runner that a fleet hasn't started is thus an orphan of a service or of the build. Whose it is shows only as long as its
//! parents run; so the descendants of a service are noted before it is killed. Other orphans are ended once no world is open, since
//! until then they may belong to a service that runs.
//!
//! Children that this process starts in its own process group, past the fleet, are left alone.

use std::{
    collections::HashSet,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpid, kill_process, test_kill_process, test_kill_process_group,
    waitid,
};
use tokio::signal::unix::{SignalKind, signal};
use verdict::RemainingProcess;

use crate::process_table::{described, is_ending, membership, processes};

/// How long processes are killed again and again, since each may have started another meanwhile.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long a killed process has to end before it is looked for again. Usually it takes microseconds.
const PAUSE: Duration = Duration::from_millis(1);
/// How long the members of a killed group have to end.
const GROUP_TIMEOUT: Duration = Duration::from_secs(1);

/// The children of this process. Being a subreaper is a property of the process, so that all of its fleets share them.
static CHILDREN: Mutex<Option<Children>> = Mutex::new(None);

#[derive(Default)]
struct Children {
    /// Whether a fleet has started anything: this process is a subreaper then, where the system can do that.
    adopts: bool,
    /// What fleets have started, until its process group is empty.
    started: HashSet<Pid>,
    /// Processes, process groups and sessions that belong to no service: they are older than the first fleet, or a build
    /// has left them.
    tolerated: HashSet<Pid>,
    /// How many worlds are open and how many builds run.
    parents: usize,
}

/// An open world or a running build. As long as there is one, an orphan that wasn't noted may be its own.
#[derive(Debug)]
pub(crate) struct PossibleParent(());

/// A running build. The orphans that are there when it is dropped are left alone from then on: a build may leave a daemon
/// that serves later builds.
#[derive(Debug)]
pub(crate) struct BuildOrphans(PossibleParent);

/// Orphans that were killed.
#[derive(Debug, Default)]
pub(crate) struct Killed {
    pub(crate) ended: Vec<RemainingProcess>,
    /// They run on.
    pub(crate) remaining: Vec<RemainingProcess>,
}

fn children() -> MutexGuard<'static, Option<Children>> {
    CHILDREN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes this process the parent of what its descendants leave behind, where the system can do that.
pub(crate) fn become_subreaper() -> io::Result<()> {
    let mut children = children();
    let children = children.get_or_insert_default();
    if !children.adopts {
        #[cfg(target_os = "linux")]
        rustix::process::set_child_subreaper(Some(getpid()))?;
        children.tolerate();
        children.adopts = true;
    }
    Ok(())
}

/// Starts the leader of a process group, so that it isn't taken for an orphan.
pub(crate) fn start<T>(start: impl FnOnce() -> io::Result<T>, id: impl FnOnce(&T) -> Pid) -> io::Result<T> {
    // The lock keeps others from looking for orphans before its id is known.
    let mut children = children();
    let started = start()?;
    children.get_or_insert_default().started.insert(id(&started));
    Ok(started)
}

/// Waits until every member of a killed process group has ended, whose leader was waited for, and reaps them.
pub(crate) async fn group_ended(group: Pid) {
    let began = Instant::now();
    while test_kill_process_group(group).is_ok() && began.elapsed() < GROUP_TIMEOUT {
        let reap = || waitid(WaitId::Pgid(Some(group)), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        while let Ok(Some(_)) = reap() {}
        tokio::time::sleep(PAUSE).await;
    }
    forget(group);
}

/// Undoes [`start`]: the process was waited for.
pub(crate) fn forget(leader: Pid) {
    if let Some(children) = children().as_mut() {
        children.started.remove(&leader);
    }
}

/// Reaps orphans that have ended by themselves, for as long as it is polled.
pub(crate) async fn reap() {
    let Ok(mut ended) = signal(SignalKind::child()) else { return };
    while ended.recv().await.is_some() {
        if let Some(children) = children().as_ref() {
            for process in processes().unwrap_or_default() {
                children.is_running_orphan(process);
            }
        }
    }
}

/// Ends these descendants of a service that was killed, as far as they haven't ended with it.
pub(crate) fn end(descendants: &[Pid]) -> Killed {
    // The parent of one that isn't a child of this process yet is ending.
    let is_awaited = |process: &Pid| test_kill_process(*process).is_ok() && !is_child(*process);
    kill(|_| descendants.to_vec(), || descendants.iter().any(is_awaited))
}

/// Ends all orphans, unless a world is open or a build runs to which they may belong. There are none before a fleet has
/// started anything.
pub(crate) fn end_rest() -> Killed {
    let all = |children: &Children| match children.parents {
        0 if children.adopts => processes().unwrap_or_default(),
        _ => Vec::new(),
    };
    kill(all, || false)
}

/// Kills the orphans among these processes, and those that they start meanwhile, for as long as some are found or awaited.
fn kill(candidates: impl Fn(&Children) -> Vec<Pid>, awaits: impl Fn() -> bool) -> Killed {
    let began = Instant::now();
    let mut killed: Vec<(Pid, RemainingProcess)> = Vec::new();
    loop {
        let awaits = awaits();
        let mut found = Vec::new();
        if let Some(children) = children().as_ref() {
            found = candidates(children);
            found.retain(|process| children.is_running_orphan(*process));
            for process in &found {
                // What is ending already had the mark, and was killed for it.
                if killed.iter().all(|(known, _)| known != process) && !is_ending(*process) {
                    killed.push((*process, described(*process)));
                }
                // One that has ended meanwhile is no error; one that can't be killed is found again.
                let _ = kill_process(*process, Signal::KILL);
            }
        }
        if (found.is_empty() && !awaits) || began.elapsed() > TIMEOUT {
            killed.retain(|(process, _)| !found.contains(process));
            let ended = killed.into_iter().map(|(_, process)| process).collect();
            return Killed { ended, remaining: found.into_iter().map(described).collect() };
        }
        thread::sleep(PAUSE);
    }
}

/// Whether it is a child of this process that hasn't ended.
pub(crate) fn is_running_child(process: Pid) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::Pid(process), look), Ok(None))
}

/// Whether this process is its parent.
pub(crate) fn is_child(process: Pid) -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(process), look).is_ok()
}

impl Children {
    /// Whether it is a child of this process that no fleet has started and that isn't tolerated.
    fn is_orphan(&self, process: Pid) -> bool {
        if self.started.contains(&process) || !is_child(process) {
            return false;
        }
        let (Some(own), Some(its)) = (membership(getpid()), membership(process)) else { return false };
        let ids = [Some(process), its.group, its.session];
        its.group != own.group && ids.iter().flatten().all(|id| !self.tolerated.contains(id))
    }

    /// Whether it is an orphan that runs and that isn't a member of a group that ends with its leader. One that has ended is
    /// reaped.
    fn is_running_orphan(&self, process: Pid) -> bool {
        let runs = || {
            let reap = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
            matches!(waitid(WaitId::Pid(process), reap), Ok(None))
        };
        self.is_orphan(process)
            && runs()
            && membership(process)
                .is_some_and(|its| its.group.is_none_or(|group| !self.started.contains(&group)))
    }

    /// Leaves the children that there are alone from now on, with what will be in their groups and sessions.
    fn tolerate(&mut self) {
        let found = processes().unwrap_or_default();
        for process in
            found.into_iter().filter(|process| self.is_running_orphan(*process)).collect::<Vec<_>>()
        {
            let (Some(own), Some(its)) = (membership(getpid()), membership(process)) else { continue };
            let ids = [Some(process), its.group, its.session].into_iter().flatten();
            self.tolerated.extend(ids.filter(|id| Some(*id) != own.session));
        }
    }
}

impl PossibleParent {
    pub(crate) fn new() -> Self {
        children().get_or_insert_default().parents += 1;
        Self(())
    }
}

impl Drop for PossibleParent {
    fn drop(&mut self) {
        children().get_or_insert_default().parents -= 1;
    }
}

impl BuildOrphans {
    pub(crate) fn new() -> Self {
        Self(PossibleParent::new())
    }
}

impl Drop for BuildOrphans {
    fn drop(&mut self) {
        children().get_or_insert_default().tolerate();
    }
}
