//! The runtime that simulated worlds need.

use std::future::Future;

use crate::watchdog::{PATIENCE, Watchdog};

/// Runs a future to its end on a runtime whose time is virtual: it stands still while anything can go on, and jumps to
/// the next timer when everything waits. One thread, no sockets. A service that blocks this thread ends the process.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let _watchdog = Watchdog::new(PATIENCE);
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without sockets and threads needs nothing of the system")
        .block_on(future)
}
