//! Finds, halts and ends the processes that a service started and that left its process group.
//!
//! A process that calls `setsid`, as daemons do, gets no signal that is sent to its service's group. It inherits the
//! service's environment, though, and with it [`VARIABLE`], whose value is different for every instance of a service.
//! The value is read from `/proc`, which Linux has; elsewhere such a process isn't found. One that has cleared its
//! environment, too, is found as an [orphan](crate::orphans).

use std::{
    collections::BTreeMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use fault::ServiceName;
use rustix::process::{Pid, Signal, kill_process};
use verdict::RemainingProcess;

use crate::{
    orphans::{self, Killed, PossibleParent, is_child, is_running_child},
    process_table::{ProcessTable, described, is_halted, processes, with_environment},
};

/// The environment variable that all processes of a service inherit.
pub(crate) const VARIABLE: &str = "RUNNER_INSTANCE";

/// How long processes are killed again and again, since each may have started another meanwhile.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long a killed process has to end before it is looked for again. Usually it takes microseconds.
const PAUSE: Duration = Duration::from_millis(1);

/// The beginning of the values of [`VARIABLE`] in a fleet's processes.
#[derive(Debug, Clone)]
pub(crate) struct FleetMark(String);

/// The beginning of the values of [`VARIABLE`] in a world's processes.
#[derive(Debug)]
pub(crate) struct WorldMark {
    value: String,
    instances: AtomicU32,
    /// Whether the world ends all of its processes at once, so that no service has to look for its own.
    is_closed: AtomicBool,
    unmarked: Mutex<Unmarked>,
    remaining: Mutex<Vec<RemainingProcess>>,
}

/// Processes of a world that may have lost the mark.
#[derive(Debug)]
struct Unmarked {
    /// What ran outside a service's group when the service was killed: its orphans, unless they end with it.
    noted: BTreeMap<ServiceName, Vec<Pid>>,
    /// Orphans that had to be ended, with their service where that is certain.
    escaped: Vec<(Option<ServiceName>, RemainingProcess)>,
    /// Until the world is closed.
    parent: Option<PossibleParent>,
}

/// Where marked processes are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Search {
    /// Among the children of this process. All members of the service's group have ended, so that what they left is one by now.
    Children,
    /// Everywhere: members of the group may still be ending.
    Everywhere,
}

/// Marks the processes of a service.
#[derive(Debug, Clone)]
pub(crate) struct ServiceMark {
    pub(crate) world: Arc<WorldMark>,
    pub(crate) service: ServiceName,
}

impl FleetMark {
    /// A value that no other fleet has.
    pub(crate) fn new() -> Self {
        // The hasher's keys are the standard library's only source of randomness.
        Self(format!("{:016x}", RandomState::new().hash_one(std::process::id())))
    }

    /// What stands in the environment of every process of the fleet.
    pub(crate) fn assignment(&self) -> String {
        format!("{VARIABLE}={}-", self.0)
    }

    /// The mark of a world, which no other world of the fleet has.
    pub(crate) fn world(&self) -> WorldMark {
        static WORLDS: AtomicU32 = AtomicU32::new(0);
        WorldMark {
            value: format!("{}-{}", self.0, WORLDS.fetch_add(1, Ordering::Relaxed)),
            instances: AtomicU32::new(0),
            is_closed: AtomicBool::new(false),
            unmarked: Mutex::new(Unmarked {
                noted: BTreeMap::new(),
                escaped: Vec::new(),
                parent: Some(PossibleParent::new()),
            }),
            remaining: Mutex::default(),
        }
    }
}

impl WorldMark {
    /// A value of [`VARIABLE`] for an instance of a service.
    pub(crate) fn instance(&self) -> String {
        format!("{}-{}-", self.value, self.instances.fetch_add(1, Ordering::Relaxed))
    }

    /// Notes what the leader of a service's group has started outside of it, before it is killed.
    pub(crate) fn note(&self, service: &ServiceName, leader: Pid, table: &ProcessTable) {
        let found = table.descendants_outside_group(leader);
        self.unmarked().noted.entry(service.clone()).or_default().extend(found);
    }

    /// Ends what an instance has started and what didn't end with its group, unless [`WorldMark::end_all`] does.
    pub(crate) fn end_instance(&self, service: &ServiceName, instance: &str, search: Search) {
        if !self.is_closed.load(Ordering::SeqCst) {
            self.end_marked(instance, search);
            self.end_noted(service);
        }
    }

    /// The world ends all groups now, and calls [`WorldMark::end_all`] then.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
    }

    /// Ends what any instance has started and what didn't end with its group.
    pub(crate) fn end_all(&self, search: Search) {
        let Some(parent) = self.unmarked().parent.take() else { return };
        if self.instances.load(Ordering::Relaxed) > 0 {
            self.end_marked(&format!("{}-", self.value), search);
            let services: Vec<_> = self.unmarked().noted.keys().cloned().collect();
            for service in &services {
                self.end_noted(service);
            }
        }
        drop(parent);
        self.record(None, orphans::end_rest());
    }

    fn end_marked(&self, value: &str, search: Search) {
        self.remaining().extend(end(&format!("{VARIABLE}={value}"), search));
    }

    fn end_noted(&self, service: &ServiceName) {
        // They stay noted meanwhile: a crash and the task that waits for the process both return once they have ended.
        let noted = self.unmarked().noted.get(service).cloned().unwrap_or_default();
        self.record(Some(service), orphans::end(&noted));
        if let Some(remaining) = self.unmarked().noted.get_mut(service) {
            remaining.retain(|process| !noted.contains(process));
        }
    }

    fn record(&self, service: Option<&ServiceName>, Killed { ended, remaining }: Killed) {
        let escaped = &mut self.unmarked().escaped;
        for process in ended.into_iter().map(|process| (service.cloned(), process)) {
            if !escaped.contains(&process) {
                escaped.push(process);
            }
        }
        self.remaining().extend(remaining);
    }

    fn unmarked(&self) -> MutexGuard<'_, Unmarked> {
        self.unmarked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remaining(&self) -> MutexGuard<'_, Vec<RemainingProcess>> {
        self.remaining.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the orphans that had to be ended, once.
    pub(crate) fn take_escaped(&self) -> Vec<(Option<ServiceName>, RemainingProcess)> {
        std::mem::take(&mut self.unmarked().escaped)
    }

    /// Returns the processes that could not be ended, once.
    pub(crate) fn take_remaining(&self) -> Vec<RemainingProcess> {
        std::mem::take(&mut self.remaining())
    }
}

/// Halts what an instance has started, and what that starts meanwhile. Returns once all of it is halted, or after [`TIMEOUT`].
pub(crate) fn halt(instance: &str) {
    let began = Instant::now();
    loop {
        let mut running = marked(instance);
        running.retain(|process| !is_halted(*process));
        if running.is_empty() {
            return;
        }
        if began.elapsed() > TIMEOUT {
            let running: Vec<_> = running.into_iter().map(|process| described(process).to_string()).collect();
            tracing::warn!(?running, "a service is paused, and some of its processes still run");
            return;
        }
        for process in running {
            send(process, Signal::STOP);
        }
        thread::sleep(PAUSE);
    }
}

/// Lets what [`halt`] has halted continue.
pub(crate) fn resume(instance: &str) {
    for process in marked(instance) {
        send(process, Signal::CONT);
    }
}

/// The processes of an instance, wherever they are.
fn marked(instance: &str) -> Vec<Pid> {
    with_environment(&format!("{VARIABLE}={instance}"), processes().unwrap_or_default())
}

/// One that has ended meanwhile is no error.
fn send(process: Pid, signal: Signal) {
    match kill_process(process, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => tracing::warn!(%error, ?process, "a signal can't be sent"),
    }
}

/// Kills all processes with this assignment in their environment, and those that they start meanwhile. Returns those
/// that run on after [`TIMEOUT`].
fn end(assignment: &str, search: Search) -> Vec<RemainingProcess> {
    let began = Instant::now();
    let mut killed = Vec::new();
    loop {
        // Without a process table there is nothing to find, which the fleet has said at its start.
        let mut among = processes().unwrap_or_default();
        among.retain(|process| search == Search::Everywhere || is_child(*process));
        let found = with_environment(assignment, among);
        // What a child has started becomes a child once it has ended.
        killed.retain(|process| is_running_child(*process));
        if found.is_empty() && killed.is_empty() {
            return Vec::new();
        }
        for process in &found {
            // One that has ended meanwhile is no error; one that can't be killed is found again.
            let _ = kill_process(*process, Signal::KILL);
        }
        if began.elapsed() > TIMEOUT {
            return found.into_iter().map(described).collect();
        }
        killed.extend(found);
        thread::sleep(PAUSE);
    }
}
