//! A service that the fleet starts, with the processes that run it one after the other.

use std::{
    cell::LazyCell,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use engine::until_ready;
use fault::ServiceName;
use proxy::{Absence, HttpClient, Links};
use scenario::{Readiness, Signal};
use verdict::{BrokenOff, Exit, PortState, ProcessChange, RunBy};

use crate::{
    Address,
    guardian::Guardian,
    log::Log,
    ports::Port,
    process::{Launch, Process, exit},
    process_table::ProcessTable,
};

/// Lines of a service's log that an error shows.
const LINES_IN_ERROR: usize = 20;
/// The pause between attempts to connect to a process that doesn't listen yet.
const LISTENS_POLL: Duration = Duration::from_millis(2);
/// How long a start waits until the port of the former process is free.
const PORT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long after a process has closed a connection it may take until it has ended. Usually it takes microseconds.
const EXIT_TIMEOUT: Duration = Duration::from_millis(250);

/// A service with its port, its data and its log, which stay when its process is started again.
#[derive(Debug)]
pub(crate) struct StartedService {
    pub(crate) name: ServiceName,
    pub(crate) launch: Launch,
    pub(crate) stop_grace: Duration,
    pub(crate) ready: Vec<Readiness>,
    pub(crate) port: Port,
    pub(crate) address: Address,
    pub(crate) log: Log,
    pub(crate) guardian: Arc<Guardian>,
    pub(crate) links: Links,
    pub(crate) current: Mutex<CurrentInstance>,
}

/// The process that runs a service now.
#[derive(Debug)]
pub(crate) struct CurrentInstance {
    /// Also a process that ended by itself, until another is started.
    instance: Option<Instance>,
    client: HttpClient,
    /// Whether the world is closed: nothing may be started any more.
    is_closed: bool,
}

/// One process of a service.
#[derive(Debug, Clone)]
struct Instance {
    process: Arc<Process>,
    /// Whether the fleet ends it, and records that itself.
    is_ending: Arc<AtomicBool>,
    is_halted: bool,
}

/// Whether a service has closed a connection that no fault has damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Connections {
    Closed,
    Kept,
}

impl CurrentInstance {
    /// For a service that hasn't been started.
    pub(crate) fn none(address: &Address) -> Mutex<Self> {
        Mutex::new(Self { instance: None, client: address.client(), is_closed: false })
    }
}

impl Instance {
    fn start(service: &StartedService) -> io::Result<Self> {
        let is_ending = Arc::new(AtomicBool::new(false));
        let (links, name, expected) = (service.links.clone(), service.name.clone(), Arc::clone(&is_ending));
        let process = service.launch.spawn(&service.log, &service.guardian, move |status| {
            if !expected.load(Ordering::SeqCst) {
                links.record_process(name, ProcessChange::Exited(exit(status)));
            }
        })?;
        Ok(Self { process: Arc::new(process), is_ending, is_halted: false })
    }
}

impl StartedService {
    fn current(&self) -> MutexGuard<'_, CurrentInstance> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, change: ProcessChange) {
        self.links.record_process(self.name.clone(), change);
    }

    /// A client for its current process.
    pub(crate) fn client(&self) -> HttpClient {
        self.current().client.clone()
    }

    /// The id of its process, while that runs.
    pub(crate) fn process_id(&self) -> Option<u32> {
        let current = self.current();
        let running = current.instance.as_ref().filter(|instance| !instance.process.has_ended());
        running.map(|instance| instance.process.id())
    }

    /// Whether it doesn't run, or is halted.
    pub(crate) fn is_down(&self) -> bool {
        let current = self.current();
        current.instance.as_ref().is_none_or(|instance| instance.is_halted || instance.process.has_ended())
    }

    /// Starts its process and waits until it is ready. The caller records that in the history, if a step asked for it.
    pub(crate) async fn start_until_ready(&self) -> Result<(), BrokenOff> {
        let (instance, absence) = self.start_instance()?;
        let client = self.client();
        let failed = tokio::select! {
            biased;
            _ = instance.process.ended() => return Err(self.ended_early(&instance).await),
            ready = until_ready(&client, &self.ready) => ready.err(),
        };
        let Some(unmet) = failed else {
            // Another process on its port may have answered in its place.
            if instance.process.has_ended() {
                return Err(self.ended_early(&instance).await);
            }
            absence.end();
            return Ok(());
        };
        instance.is_ending.store(true, Ordering::SeqCst);
        drop(self.links.absent(&self.name));
        instance.process.kill().await;
        instance.process.drained().await;
        let (service, log) = (self.name.clone(), self.last_lines());
        let run_by = RunBy::Runner(self.port.number());
        Err(BrokenOff::NotReady { service, unmet: Box::new(unmet), run_by, log })
    }

    fn start_instance(&self) -> Result<(Instance, Absence), BrokenOff> {
        let mut current = self.current();
        if current.is_closed {
            return Err(BrokenOff::Closed { service: self.name.clone() });
        }
        let instance = Instance::start(self).map_err(|error| BrokenOff::NotStarted {
            service: self.name.clone(),
            program: self.launch.words.first().cloned().unwrap_or_default(),
            error: error.to_string(),
        })?;
        // A new client: no request may use a connection to the former process.
        current.client = self.address.client();
        current.instance = Some(instance.clone());
        let absence = self.links.absent(&self.name);
        let process = Arc::clone(&instance.process);
        tokio::spawn(end_when_it_listens(absence.clone(), self.address.clone(), process));
        Ok((instance, absence))
    }

    async fn ended_early(&self, instance: &Instance) -> BrokenOff {
        let exit = instance.process.ended().await.map_or(Exit::Unknown, exit);
        instance.process.drained().await;
        let (service, log) = (self.name.clone(), self.last_lines());
        if instance.is_ending.load(Ordering::SeqCst) {
            return BrokenOff::KilledWhileStarting { service, log };
        }
        let lost = self.port.is_exchangeable() && self.found_port_taken();
        let port = if lost { PortState::Lost } else { PortState::Available };
        BrokenOff::EndedEarly { service, exit, port, log }
    }

    /// Whether it ended because its port is taken: another process listens there, or its own output says so.
    fn found_port_taken(&self) -> bool {
        let complains = |line: &String| {
            let line = line.to_ascii_lowercase();
            ["address already in use", "address in use", "eaddrinuse"]
                .iter()
                .any(|words| line.contains(words))
        };
        !self.port.is_free() || self.last_lines().iter().any(complains)
    }

    fn last_lines(&self) -> Vec<String> {
        self.log.last(LINES_IN_ERROR)
    }

    /// Takes the running process in order to end it, so that its end isn't recorded as unexpected. `None` if it
    /// doesn't run.
    fn take_running(&self) -> Option<Instance> {
        // Links refuse from now on: a process that is about to end may not accept what they pass on.
        drop(self.links.absent(&self.name));
        let instance = self.current().instance.take()?;
        let has_ended = instance.is_ending.swap(true, Ordering::SeqCst) || instance.process.has_ended();
        (!has_ended).then_some(instance)
    }

    /// Kills it, if it runs.
    pub(crate) async fn kill(&self) {
        if let Some(instance) = self.take_running() {
            instance.process.kill().await;
            self.record(ProcessChange::Killed);
        }
    }

    /// Kills it because of a fault, if it runs. Blocks until it can't answer any more.
    pub(crate) fn crash(&self) {
        if let Some(instance) = self.take_running() {
            instance.process.kill_now();
            self.record(ProcessChange::Crashed);
        }
    }

    /// Asks it to end, if it runs, and kills it after its grace period.
    pub(crate) async fn stop(&self) {
        if let Some(instance) = self.take_running() {
            instance.process.stop(self.stop_grace).await;
            self.record(ProcessChange::Stopped);
        }
    }

    /// Starts it again on its port and its data, unless it runs, and waits until it is ready. That a fault killed it
    /// meanwhile is what the scenario asked for, and is in the history.
    pub(crate) async fn start(&self) -> Result<(), BrokenOff> {
        if self.process_id().is_some() {
            return Ok(());
        }
        self.await_port().await?;
        match self.start_until_ready().await {
            Ok(()) => self.record(ProcessChange::Started),
            Err(BrokenOff::KilledWhileStarting { .. }) => {}
            Err(failed) => return Err(failed),
        }
        Ok(())
    }

    /// Starts its process again on its port and its data, unless it runs.
    pub(crate) async fn launch(&self) -> Result<(), BrokenOff> {
        if self.process_id().is_some() {
            return Ok(());
        }
        self.await_port().await?;
        self.start_instance()?;
        self.record(ProcessChange::Launched);
        Ok(())
    }

    /// Waits until its former process has given the port back.
    async fn await_port(&self) -> Result<(), BrokenOff> {
        let began = Instant::now();
        while !self.port.is_free() {
            if began.elapsed() > PORT_TIMEOUT {
                let (service, port, log) = (self.name.clone(), self.port.number(), self.last_lines());
                return Err(BrokenOff::PortKept { service, port, log });
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Waits until the end of its process is recorded, if that has ended by itself, or, for a process that has closed a
    /// connection, is about to.
    pub(crate) async fn await_exit(&self, connections: Connections) {
        let instance = self.current().instance.clone();
        let Some(instance) = instance.filter(|instance| !instance.process.has_ended()) else { return };
        let is_about_to = connections == Connections::Closed && !instance.is_halted;
        instance.process.ended_within(if is_about_to { EXIT_TIMEOUT } else { Duration::ZERO }).await;
    }

    /// The last lines that it wrote, with all those of a process that has ended.
    pub(crate) async fn all_last_lines(&self) -> Vec<String> {
        let instance = self.current().instance.clone();
        if let Some(instance) = instance.filter(|instance| instance.process.has_ended()) {
            instance.process.drained().await;
        }
        self.last_lines()
    }

    /// Halts it, unless it is halted. Fails if it doesn't run.
    pub(crate) fn pause(&self) -> Result<(), BrokenOff> {
        self.change(Signal::Pause, |instance| {
            instance.process.pause();
            !std::mem::replace(&mut instance.is_halted, true)
        })?
        .then(|| self.record(ProcessChange::Paused));
        Ok(())
    }

    /// Resumes it, if it is halted. Fails if it doesn't run.
    pub(crate) fn resume(&self) -> Result<(), BrokenOff> {
        self.change(Signal::Resume, |instance| {
            instance.process.resume();
            std::mem::replace(&mut instance.is_halted, false)
        })?
        .then(|| self.record(ProcessChange::Resumed));
        Ok(())
    }

    fn change<T>(&self, signal: Signal, change: impl FnOnce(&mut Instance) -> T) -> Result<T, BrokenOff> {
        let mut current = self.current();
        if let Some(instance) = current.instance.as_mut().filter(|instance| !instance.process.has_ended()) {
            return Ok(change(instance));
        }
        Err(BrokenOff::NotRunning { service: self.name.clone(), signal, log: self.last_lines() })
    }

    /// Kills it without waiting, and lets nothing start it again. Returns the process that is ending. `table` is read if it
    /// is needed.
    pub(crate) fn close(&self, table: &LazyCell<ProcessTable>) -> Option<Arc<Process>> {
        let mut current = self.current();
        current.is_closed = true;
        let instance = current.instance.take()?;
        instance.is_ending.store(true, Ordering::SeqCst);
        if !instance.process.has_ended() {
            instance.process.note_descendants(table);
        }
        instance.process.send(rustix::process::Signal::KILL);
        Some(instance.process)
    }
}

/// Lets links accept connections once a process does; not at all if it ends first.
async fn end_when_it_listens(absence: Absence, address: Address, process: Arc<Process>) {
    while !process.has_ended() {
        if address.accepts_connections().await {
            return absence.end();
        }
        tokio::time::sleep(LISTENS_POLL).await;
    }
}
