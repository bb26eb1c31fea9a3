//! Ctrl-C and SIGTERM.

use std::{io, pin::Pin, thread};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

/// Comes true when somebody asks the runner to end.
pub(crate) type Interrupt = Pin<Box<dyn Future<Output = ()>>>;

/// Listens from now on. The first wish to end lets go of all worlds, which clean up after themselves.
///
/// It is heard on a thread of its own: the runtime of a simulated world has no use for signals, nor for what tokio needs
/// to hear them.
pub(crate) fn listen() -> Interrupt {
    let (heard, wish) = oneshot::channel();
    let listening = listen_for(heard);
    Box::pin(async move {
        if listening.is_err() || wish.await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

fn listen_for(heard: oneshot::Sender<()>) -> io::Result<()> {
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
        // Whoever listened may be done already.
        heard.send(()).unwrap_or_default();
    };
    thread::Builder::new().name("signals".into()).spawn(move || runtime.block_on(wait)).map(drop)
}
