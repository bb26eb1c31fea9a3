//! Ctrl-C and SIGTERM.

use std::{io, pin::Pin, thread};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

/// Resolves when the runner is asked to end: by SIGINT, SIGTERM or SIGHUP.
pub(crate) type Interrupt = Pin<Box<dyn Future<Output = ()>>>;

/// Handles signals from now on. After the first one, dropping the command's future cleans up all worlds.
///
/// A thread of its own waits for them: the runtime of a simulated world does no IO, which tokio's signals need.
pub(crate) fn listen() -> Interrupt {
    let (sender, received) = oneshot::channel();
    let listening = listen_on_thread(sender);
    Box::pin(async move {
        if listening.is_err() || received.await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

fn listen_on_thread(sender: oneshot::Sender<()>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let [mut terminate, mut interrupt, mut hang_up] = {
        let _within = runtime.enter();
        [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?]
    };
    let wait = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        }
        // The command may have ended already.
        sender.send(()).unwrap_or_default();
    };
    thread::Builder::new().name("signals".into()).spawn(move || runtime.block_on(wait)).map(drop)
}
