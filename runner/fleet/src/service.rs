//! A service that the fleet has started, over all its lives.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use engine::{NotReady, until_ready};
use fault::ServiceName;
use proxy::{HttpClient, Links};
use rustix::process::Signal;
use scenario::Readiness;
use verdict::{BrokenOff, Exit, PortState, ProcessChange, RunBy};

use crate::{
    Address,
    guardian::Guardian,
    log::Log,
    ports::Port,
    process::{Launch, Process, exit},
};

/// Lines of a service's log that a message shows.
const SHOWN: usize = 20;
/// How long the port of a killed service may take to come free.
const TO_LET_GO: Duration = Duration::from_secs(2);

/// A service with its port, its data and its log; all its lives share them.
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
    pub(crate) state: Mutex<State>,
}

/// What a service is at now.
#[derive(Debug)]
pub(crate) struct State {
    /// Its present life, or the last one if it ended by itself.
    life: Option<Life>,
    client: HttpClient,
    is_closed: bool,
}

#[derive(Debug, Clone)]
struct Life {
    process: Arc<Process>,
    /// Whether it ends because the fleet made it end, who writes that into the history itself.
    is_ending: Arc<AtomicBool>,
    is_halted: bool,
}

impl State {
    pub(crate) fn new(address: &Address) -> Mutex<Self> {
        Mutex::new(Self { life: None, client: address.client(), is_closed: false })
    }
}

impl Life {
    fn begin(service: &StartedService) -> io::Result<Self> {
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
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, change: ProcessChange) {
        self.links.record_process(self.name.clone(), change);
    }

    /// Carries requests to its present life.
    pub(crate) fn client(&self) -> HttpClient {
        self.state().client.clone()
    }

    /// The id of its first process, while that runs.
    pub(crate) fn process_id(&self) -> Option<u32> {
        let state = self.state();
        state.life.as_ref().filter(|life| !life.process.has_ended()).map(|life| life.process.id())
    }

    /// Whether it doesn't run, or is halted.
    pub(crate) fn is_down(&self) -> bool {
        self.state().life.as_ref().is_none_or(|life| life.is_halted || life.process.has_ended())
    }

    /// Starts its first life, which the history takes for granted, and waits until it is ready.
    pub(crate) async fn raise(&self) -> Result<(), BrokenOff> {
        let life = self.begin()?;
        let client = self.client();
        let failed = tokio::select! {
            biased;
            _ = life.process.ended() => return Err(self.ended_early(&life).await),
            ready = until_ready(&client, &self.ready) => ready.err(),
        };
        let Some(not_ready) = failed else {
            // Somebody else may have answered in its place.
            let ended = life.process.has_ended();
            return if ended { Err(self.ended_early(&life).await) } else { Ok(()) };
        };
        life.is_ending.store(true, Ordering::SeqCst);
        life.process.kill().await;
        life.process.drained().await;
        let NotReady { within, condition, last } = not_ready;
        let (service, log) = (self.name.clone(), self.last_lines());
        Err(BrokenOff::NotReady { service, within, condition, last, run_by: RunBy::Runner, log })
    }

    fn begin(&self) -> Result<Life, BrokenOff> {
        let mut state = self.state();
        if state.is_closed {
            return Err(BrokenOff::Closed { service: self.name.clone() });
        }
        let life = Life::begin(self).map_err(|error| BrokenOff::NotStarted {
            service: self.name.clone(),
            program: self.launch.words.first().cloned().unwrap_or_default(),
            error: error.to_string(),
        })?;
        state.client = self.address.client();
        state.life = Some(life.clone());
        Ok(life)
    }

    async fn ended_early(&self, life: &Life) -> BrokenOff {
        let exit = life.process.ended().await.map_or(Exit::Unknown, exit);
        life.process.drained().await;
        let (service, log) = (self.name.clone(), self.last_lines());
        if life.is_ending.load(Ordering::SeqCst) {
            return BrokenOff::KilledWhileStarting { service, log };
        }
        let lost = self.port.is_exchangeable() && self.found_port_taken();
        let port = if lost { PortState::Lost } else { PortState::Available };
        BrokenOff::EndedEarly { service, exit, port, log }
    }

    /// Whether it ended because somebody else listens on its port, or has just stopped doing so.
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
        self.log.last(SHOWN)
    }

    /// Ends its life, which isn't to be taken for an unexpected end. `None`: it doesn't run.
    fn end_life(&self) -> Option<Life> {
        let life = self.state().life.take()?;
        let was_over = life.is_ending.swap(true, Ordering::SeqCst) || life.process.has_ended();
        (!was_over).then_some(life)
    }

    /// Kills it. One that doesn't run is left as it is.
    pub(crate) async fn kill(&self) {
        if let Some(life) = self.end_life() {
            life.process.kill().await;
            self.record(ProcessChange::Killed);
        }
    }

    /// Kills it for a fault, from wherever that is decided: this blocks until it can answer nobody any more.
    pub(crate) fn crash(&self) {
        if let Some(life) = self.end_life() {
            life.process.kill_now();
            self.record(ProcessChange::Crashed);
        }
    }

    /// Asks it to end. One that doesn't run is left as it is.
    pub(crate) async fn stop(&self) {
        if let Some(life) = self.end_life() {
            life.process.stop(self.stop_grace).await;
            self.record(ProcessChange::Stopped);
        }
    }

    /// Starts it on the port and the data of its former life. One that runs is left as it is.
    pub(crate) async fn start(&self) -> Result<(), BrokenOff> {
        if self.process_id().is_some() {
            return Ok(());
        }
        let begun = std::time::Instant::now();
        while !self.port.is_free() {
            if begun.elapsed() > TO_LET_GO {
                let (service, port, log) = (self.name.clone(), self.port.number(), self.last_lines());
                return Err(BrokenOff::PortKept { service, port, log });
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.raise().await?;
        self.record(ProcessChange::Started);
        Ok(())
    }

    /// Halts it. One that is halted is left as it is.
    pub(crate) fn pause(&self) -> Result<(), BrokenOff> {
        self.change(scenario::Signal::Pause.as_str(), |life| {
            life.process.pause();
            !std::mem::replace(&mut life.is_halted, true)
        })?
        .then(|| self.record(ProcessChange::Paused));
        Ok(())
    }

    /// Lets it go on. One that isn't halted is left as it is.
    pub(crate) fn resume(&self) -> Result<(), BrokenOff> {
        self.change(scenario::Signal::Resume.as_str(), |life| {
            life.process.resume();
            std::mem::replace(&mut life.is_halted, false)
        })?
        .then(|| self.record(ProcessChange::Resumed));
        Ok(())
    }

    fn change<T>(&self, action: &'static str, change: impl FnOnce(&mut Life) -> T) -> Result<T, BrokenOff> {
        let mut state = self.state();
        if let Some(life) = state.life.as_mut().filter(|life| !life.process.has_ended()) {
            return Ok(change(life));
        }
        Err(BrokenOff::NotRunning { service: self.name.clone(), action, log: self.last_lines() })
    }

    /// Begins its end for good, without waiting: nothing starts it after this.
    pub(crate) fn close(&self) -> Option<Arc<Process>> {
        let mut state = self.state();
        state.is_closed = true;
        let life = state.life.take()?;
        life.is_ending.store(true, Ordering::SeqCst);
        life.process.send(Signal::KILL);
        Some(life.process)
    }
}
