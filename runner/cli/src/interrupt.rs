//! What ends a command early: signals, and output that can't be written any more.

use std::{
    io, process,
    sync::{Arc, OnceLock},
    thread,
};

use engine::CancellationToken;
use report::Interruption;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::Exit;

/// Whether the command is to end early. All clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt {
    token: CancellationToken,
    why: Arc<OnceLock<Interruption>>,
}

impl Interrupt {
    /// Handles signals from now on. The first one interrupts the command. The second one ends the process at once: the fleet's
    /// guardian then kills the services and removes their folders.
    ///
    /// A thread of its own waits for them: the runtime of a simulated world does no IO, which tokio's signals need.
    pub(crate) fn listen() -> Self {
        let interrupt = Self::default();
        // Without it, signals have their usual effect, and the guardian cleans up.
        drop(listen_on_thread(interrupt.clone()));
        interrupt
    }

    /// Interrupts the command, unless it is interrupted.
    pub(crate) fn raise(&self, why: Interruption) {
        // The first reason is the one that is told.
        self.why.get_or_init(|| why);
        self.token.cancel();
    }

    /// Why it is interrupted; `None` if it isn't.
    pub(crate) fn why(&self) -> Option<Interruption> {
        self.why.get().copied()
    }

    /// The token that is cancelled by an interruption.
    pub(crate) fn token(&self) -> &CancellationToken {
        &self.token
    }

    /// Runs a future to its end, or drops it when the command is interrupted.
    pub(crate) async fn unless<T>(&self, work: impl Future<Output = T>) -> Result<T, Interruption> {
        let ended = self.token.run_until_cancelled(work).await;
        ended.ok_or_else(|| self.why().expect("it is set before the token is cancelled"))
    }
}

fn listen_on_thread(interrupt: Interrupt) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let signals = {
        let _within = runtime.enter();
        [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]
    };
    let wait = async move {
        let [mut first, mut second, mut third] = signals;
        interrupt.raise(next(&mut first, &mut second, &mut third).await);
        let again = next(&mut first, &mut second, &mut third).await;
        process::exit(Exit::Interrupted(again).code().into());
    };
    thread::Builder::new().name("signals".into()).spawn(move || runtime.block_on(wait)).map(drop)
}

async fn next(interrupt: &mut Signal, terminate: &mut Signal, hang_up: &mut Signal) -> Interruption {
    tokio::select! {
        _ = interrupt.recv() => Interruption::Interrupt,
        _ = terminate.recv() => Interruption::Terminate,
        _ = hang_up.recv() => Interruption::HangUp,
    }
}
