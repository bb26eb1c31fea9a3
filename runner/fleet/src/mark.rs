//! Finds and ends the processes that a service started and that left its process group.
//!
//! A process that calls `setsid`, as daemons do, gets no signal that is sent to its service's group. It inherits the
//! service's environment, though, and with it [`VARIABLE`], whose value is different for every instance of a service.
//! The value is read from `/proc`, which Linux has; elsewhere such a process isn't found.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    io,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use verdict::RemainingProcess;

/// The environment variable that all processes of a service inherit.
pub(crate) const VARIABLE: &str = "RUNNER_INSTANCE";

/// How long processes are killed again and again, since each may have started another meanwhile.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long a killed process has to end before it is looked for again. Usually it takes microseconds.
const PAUSE: Duration = Duration::from_millis(1);

/// The folder with a folder for each process.
const PROCESSES: &str = "/proc";

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
    remaining: Mutex<Vec<RemainingProcess>>,
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
            remaining: Mutex::default(),
        }
    }
}

impl WorldMark {
    /// A value of [`VARIABLE`] for an instance of a service.
    pub(crate) fn instance(&self) -> String {
        format!("{}-{}-", self.value, self.instances.fetch_add(1, Ordering::Relaxed))
    }

    /// Ends what an instance has started and what didn't end with its group, unless [`WorldMark::end_all`] does.
    pub(crate) fn end_instance(&self, instance: &str) {
        if !self.is_closed.load(Ordering::SeqCst) {
            self.end(instance);
        }
    }

    /// The world ends all groups now, and calls [`WorldMark::end_all`] then.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
    }

    /// Ends what any instance has started and what didn't end with its group.
    pub(crate) fn end_all(&self) {
        if self.instances.swap(0, Ordering::Relaxed) > 0 {
            self.end(&format!("{}-", self.value));
        }
    }

    fn end(&self, value: &str) {
        let remaining = end(&format!("{VARIABLE}={value}"));
        self.remaining.lock().unwrap_or_else(PoisonError::into_inner).extend(remaining);
    }

    /// Returns the processes that could not be ended, once.
    pub(crate) fn take_remaining(&self) -> Vec<RemainingProcess> {
        std::mem::take(&mut self.remaining.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether processes can be found by their environment.
pub(crate) fn is_supported() -> bool {
    Path::new(PROCESSES).join("self/environ").exists()
}

/// Kills all processes with this assignment in their environment, and those that they start meanwhile. Returns those
/// that run on after [`TIMEOUT`].
fn end(assignment: &str) -> Vec<RemainingProcess> {
    let began = Instant::now();
    loop {
        // Without the folder there is nothing to find, which the fleet has said at its start.
        let found = marked(assignment).unwrap_or_default();
        if found.is_empty() {
            return Vec::new();
        }
        for process in &found {
            // One that has ended meanwhile is no error; one that can't be killed is found again.
            let _ = kill_process(*process, Signal::KILL);
        }
        if began.elapsed() > TIMEOUT {
            return found.into_iter().map(remaining).collect();
        }
        thread::sleep(PAUSE);
    }
}

/// The processes with this assignment in their environment. That of an ended process is empty.
fn marked(assignment: &str) -> io::Result<Vec<Pid>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(PROCESSES)? {
        let entry = entry?;
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw)
        else {
            continue;
        };
        // The environment of another user's process can't be read.
        let Ok(environment) = fs::read(entry.path().join("environ")) else { continue };
        if String::from_utf8_lossy(&environment).contains(assignment) {
            found.push(id);
        }
    }
    Ok(found)
}

fn remaining(process: Pid) -> RemainingProcess {
    let id = process.as_raw_nonzero().get().unsigned_abs();
    let words = fs::read(format!("{PROCESSES}/{id}/cmdline")).unwrap_or_default();
    let command = String::from_utf8_lossy(&words).replace('\0', " ").trim_end().to_owned();
    RemainingProcess { id, command }
}
