//! The runtime that simulated worlds need.

use std::future::Future;

use crate::watchdog::{MAX_POLL, Watchdog};

/// Runs a future to its end, in virtual time: time stands still while any task can be polled, and jumps to the next
/// timer when all of them wait.
///
/// Everything runs on this thread, without sockets. A service that blocks the thread for 30 s of real time ends the
/// process with a message.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let _watchdog = Watchdog::new(MAX_POLL);
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without sockets and threads needs nothing of the system")
        .block_on(future)
}
