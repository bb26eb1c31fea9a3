//! Ends the process when a service blocks its thread: it waits for a lock that it holds itself, say, or computes without
//! end. No virtual time passes then and nothing else goes on, and nobody can take the thread away from it.
//!
//! What yields without end is noticed by its [life](crate::life) and halted; this here is for what doesn't even yield.

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

/// How long a service may be at one step, in real time. They take microseconds.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

thread_local! {
    static WATCHED: RefCell<Option<Arc<Watched>>> = const { RefCell::new(None) };
}

/// What a thread is at.
#[derive(Debug, Default)]
struct Watched {
    /// How many steps have begun and ended: odd while one is under way.
    steps: AtomicU64,
    service: Mutex<Option<ServiceName>>,
    scenario: Mutex<String>,
}

/// Watches this thread as long as it lives.
pub(crate) struct Watchdog {
    _end: Sender<()>,
}

impl Watchdog {
    pub(crate) fn new(patience: Duration) -> Self {
        let watched = Arc::new(Watched::default());
        WATCHED.set(Some(Arc::clone(&watched)));
        let (end, ended) = mpsc::channel::<()>();
        let watch = move || {
            let mut seen = 0;
            while ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                let now = watched.steps.load(Ordering::Relaxed);
                if now == seen && now % 2 == 1 {
                    watched.give_up(patience);
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

/// Says which scenario runs on this thread from now on.
pub(crate) fn enter(scenario: &str, seed: Seed) {
    with(|watched| *lock(&watched.scenario) = format!("scenario `{scenario}`, its own seed {}", seed.0));
}

/// Does a step of a service.
pub(crate) fn step<T>(service: &ServiceName, step: impl FnOnce() -> T) -> T {
    with(|watched| {
        let mut last = lock(&watched.service);
        if last.as_ref() != Some(service) {
            *last = Some(service.clone());
        }
        watched.steps.fetch_add(1, Ordering::Relaxed);
    });
    let done = step();
    with(|watched| {
        watched.steps.fetch_add(1, Ordering::Relaxed);
    });
    done
}

fn with(tell: impl FnOnce(&Watched)) {
    WATCHED.with_borrow(|watched| watched.as_deref().map(tell));
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watched {
    #[expect(clippy::print_stderr, reason = "nobody else is left to say it")]
    fn give_up(&self, patience: Duration) -> ! {
        let service = lock(&self.service).as_ref().map_or_else(String::new, ServiceName::to_string);
        eprintln!(
            "{service} has been at one step for {patience:?} of real time and doesn't give way: it waits for a lock that it \
             holds itself, or computes without end. In virtual time nothing else can go on meanwhile, so this ends here: {}",
            lock(&self.scenario)
        );
        process::exit(1)
    }
}

#[cfg(test)]
mod tests {
    use std::{env, process::Command};

    use super::*;

    /// Set in a process of this test that is to be ended.
    const BLOCKS: &str = "WATCHDOG_TEST_BLOCKS";

    #[test]
    fn who_blocks_the_thread_is_named_and_ends_the_process() {
        let service = "stuck-service".parse().expect("a name");
        if env::var_os(BLOCKS).is_some() {
            let _watchdog = Watchdog::new(Duration::from_millis(50));
            enter("a deadlock", Seed(7));
            step(&service, || {
                loop {
                    thread::park();
                }
            });
        }
        let itself = env::current_exe().expect("a test has a binary");
        let name = "watchdog::tests::who_blocks_the_thread_is_named_and_ends_the_process";
        let ended = Command::new(itself).args(["--exact", name, "--nocapture"]).env(BLOCKS, "").output();
        let ended = ended.expect("it can be started");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains("stuck-service has been at one step"), "{said}");
        assert!(said.contains("scenario `a deadlock`, its own seed 7"), "{said}");
    }
}
