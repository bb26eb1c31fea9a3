//! Ends this program when a service blocks its only thread: for example, it waits for a lock that it holds itself, or
//! computes without end. Virtual time stands still then, and no other task can run.
//!
//! A service that yields without end is paused by its `Process`. This is for one that never yields.

use std::{
    cell::RefCell,
    process,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread,
    time::Duration,
};

use fault::{Seed, ServiceName};

/// The longest that one poll of a service may take, in real time. Usually they take microseconds.
pub(crate) const MAX_POLL: Duration = Duration::from_secs(30);

thread_local! {
    static WATCHED: RefCell<Option<Arc<Watched>>> = const { RefCell::new(None) };
}

/// What a watched thread is doing.
#[derive(Debug, Default)]
struct Watched {
    /// The number of begun and ended polls: odd during a poll.
    polls: AtomicU64,
    /// The service that was polled last.
    service: Mutex<Option<ServiceName>>,
    /// The present scenario and its seed, for the message.
    scenario: Mutex<String>,
}

/// Watches the thread that made it, until it is dropped.
pub(crate) struct Watchdog {
    _end: Sender<()>,
}

impl Watchdog {
    pub(crate) fn new(max_poll: Duration) -> Self {
        let watched = Arc::new(Watched::default());
        WATCHED.set(Some(Arc::clone(&watched)));
        let (end, ended) = mpsc::channel::<()>();
        let watch = move || {
            let mut seen = 0;
            while ended.recv_timeout(max_poll) == Err(RecvTimeoutError::Timeout) {
                let now = watched.polls.load(Ordering::Relaxed);
                if now == seen && now % 2 == 1 {
                    watched.end_program(max_poll);
                }
                seen = now;
            }
        };
        let name = "watchdog".into();
        thread::Builder::new().name(name).spawn(watch).expect("a process may have another thread");
        Self { _end: end }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        WATCHED.set(None);
    }
}

/// Notes which scenario this thread runs from now on.
pub(crate) fn enter_scenario(scenario: &str, seed: Seed) {
    with(|watched| *lock(&watched.scenario) = format!("scenario `{scenario}`, its own seed {}", seed.0));
}

/// Polls a task of a service, watched.
pub(crate) fn watch_poll<T>(service: &ServiceName, poll: impl FnOnce() -> T) -> T {
    with(|watched| {
        let mut last = lock(&watched.service);
        if last.as_ref() != Some(service) {
            *last = Some(service.clone());
        }
        watched.polls.fetch_add(1, Ordering::Relaxed);
    });
    let polled = poll();
    with(|watched| {
        watched.polls.fetch_add(1, Ordering::Relaxed);
    });
    polled
}

fn with(note: impl FnOnce(&Watched)) {
    WATCHED.with_borrow(|watched| watched.as_deref().map(note));
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watched {
    #[expect(clippy::print_stderr, reason = "the thread that reports errors is blocked")]
    fn end_program(&self, max_poll: Duration) -> ! {
        let service = lock(&self.service).as_ref().map_or_else(String::new, ServiceName::to_string);
        eprintln!(
            "{service} has blocked its thread for {max_poll:?} of real time: it waits for a lock that it holds itself, or \
             computes without end. Nothing else can run in virtual time meanwhile, so this program ends: {}",
            lock(&self.scenario)
        );
        process::exit(1)
    }
}

#[cfg(test)]
mod tests {
    use std::{env, process::Command};

    use super::*;

    /// Set in the process that the test starts to have it ended.
    const BLOCKS: &str = "WATCHDOG_TEST_BLOCKS";

    #[test]
    fn a_service_that_blocks_the_thread_is_named_and_ends_the_program() {
        let service = "stuck-service".parse().expect("a name");
        if env::var_os(BLOCKS).is_some() {
            let _watchdog = Watchdog::new(Duration::from_millis(50));
            enter_scenario("a deadlock", Seed(7));
            watch_poll(&service, || {
                loop {
                    thread::park();
                }
            });
        }
        let itself = env::current_exe().expect("a test has a binary");
        let name = "watchdog::tests::a_service_that_blocks_the_thread_is_named_and_ends_the_program";
        let ended = Command::new(itself).args(["--exact", name, "--nocapture"]).env(BLOCKS, "").output();
        let ended = ended.expect("it can be started");
        let message = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{message}");
        assert!(message.contains("stuck-service has blocked its thread"), "{message}");
        assert!(message.contains("scenario `a deadlock`, its own seed 7"), "{message}");
    }
}
