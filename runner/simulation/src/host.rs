//! A service's machine: its disk, and the process that runs on it at present.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use fault::{Seed, ServiceName};
use scenario::Signal;
use verdict::{BrokenOff, Exit, NoReply};

use crate::{
    Disk,
    process::{PendingReply, Process},
};

/// The machine of one service in one world. It outlives the processes of the service.
pub(crate) struct Host {
    pub(crate) name: ServiceName,
    /// How long a stop waits for requests in flight.
    stop_grace: Duration,
    seed: Seed,
    state: Mutex<HostState>,
}

struct HostState {
    process: Option<Arc<Process>>,
    disk: Disk,
    /// The number of processes so far.
    starts: u64,
}

/// A process in which no service runs yet, with what the host gives to the service.
pub(crate) struct NewProcess {
    pub(crate) process: Arc<Process>,
    pub(crate) disk: Disk,
    /// Seed for the service's own randomness.
    pub(crate) seed: Seed,
}

impl Host {
    /// A host with an empty disk and no process.
    pub(crate) fn new(name: ServiceName, stop_grace: Duration, world: Seed) -> Self {
        let seed = world.derive(name.as_str());
        let state = HostState { process: None, disk: Disk::new(seed.derive("disk")), starts: 0 };
        Self { name, stop_grace, seed, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, HostState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn process(&self) -> Option<Arc<Process>> {
        self.state().process.clone()
    }

    /// Passes a request to the present process.
    pub(crate) fn accept(&self, request: http::Request<Bytes>) -> Result<PendingReply, NoReply> {
        self.process().ok_or(NoReply::Refused)?.accept(request)
    }

    /// The disk, as the present process has it.
    pub(crate) fn disk(&self) -> Disk {
        self.state().disk.clone()
    }

    /// Whether the service has no process, or a paused one.
    pub(crate) fn is_down(&self) -> bool {
        self.process().is_none_or(|process| !process.is_running())
    }

    /// Whether `process` is the present one: it has been neither stopped nor killed.
    pub(crate) fn is_present(&self, process: &Arc<Process>) -> bool {
        self.process().is_some_and(|present| Arc::ptr_eq(&present, process))
    }

    /// Makes a process on the disk that the last one left. `None` when there is one already. `on_exit` is called if the
    /// process ends by itself.
    pub(crate) fn new_process(
        &self,
        on_exit: impl Fn(&Arc<Process>, Exit) + Send + Sync + 'static,
    ) -> Option<NewProcess> {
        let mut state = self.state();
        if state.process.is_some() {
            return None;
        }
        state.starts += 1;
        // A change of these names changes the history of every seed.
        let seed = self.seed.derive(&format!("life {}", state.starts));
        let process = Process::new(self.name.clone(), seed.derive("turns"), on_exit);
        state.process = Some(Arc::clone(&process));
        Some(NewProcess { process, disk: state.disk.clone(), seed: seed.derive("service") })
    }

    /// Cuts the power: unsynced writes may be lost. Returns the process that the caller has to end; what that still
    /// writes while it is dropped is lost. `None` when there is no process.
    pub(crate) fn crash(&self) -> Option<Arc<Process>> {
        let mut state = self.state();
        let process = state.process.take()?;
        state.disk = state.disk.crash();
        Some(process)
    }

    /// Ends a process that ends by itself, and keeps what it wrote. Returns whether it was the present one.
    pub(crate) fn exit(&self, process: &Arc<Process>) -> bool {
        {
            let mut state = self.state();
            if !state.process.as_ref().is_some_and(|present| Arc::ptr_eq(present, process)) {
                return false;
            }
            state.process = None;
            state.disk = state.disk.remount();
        }
        process.end();
        true
    }

    /// Drains and ends the process. Returns whether there was one that this has ended.
    pub(crate) async fn stop(&self) -> bool {
        let Some(process) = self.process() else { return false };
        process.drain(self.stop_grace).await;
        if !self.is_present(&process) {
            return false;
        }
        process.end_and_wait().await;
        let mut state = self.state();
        state.disk = state.disk.remount();
        state.process = None;
        true
    }

    /// Pauses or resumes the process. Returns whether that changed anything. `signal` is named in an error.
    pub(crate) fn change(
        &self,
        signal: Signal,
        change: impl FnOnce(&Process) -> bool,
    ) -> Result<bool, BrokenOff> {
        let not_running = || BrokenOff::NotRunning { service: self.name.clone(), signal, log: Vec::new() };
        let process = self.process().ok_or_else(not_running)?;
        Ok(change(&process))
    }
}
