//! The runtime that simulated worlds need.

use std::future::Future;

/// Runs a future to its end on a runtime whose time is virtual: it stands still while anything can go on, and jumps to
/// the next timer when everything waits. One thread, no sockets.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without sockets and threads needs nothing of the system")
        .block_on(future)
}
