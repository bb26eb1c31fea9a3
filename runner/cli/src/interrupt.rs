//! Ctrl-C and SIGTERM.

use tokio::signal::unix::{SignalKind, signal};

/// Waits until somebody asks the runner to end. The first such wish lets go of all worlds, which clean up after
/// themselves.
pub(crate) async fn wait() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    let Ok(mut interrupt) = signal(SignalKind::interrupt()) else { return std::future::pending().await };
    let Ok(mut hang_up) = signal(SignalKind::hangup()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = hang_up.recv() => {}
    }
}
