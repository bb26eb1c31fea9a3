use std::sync::{Mutex, PoisonError};

use tokio::{runtime::Handle, task::JoinSet};

/// How many deliveries may be in flight after their callers gave up.
const MOST: usize = 4096;

/// The deliveries that outlive their callers.
///
/// What a network has accepted arrives, whether or not its sender still waits. So a delivery continues without its
/// caller: a charge can arrive after its payment was cancelled. They end with the world.
pub(crate) struct DetachedDeliveries(Mutex<Option<JoinSet<()>>>);

impl Default for DetachedDeliveries {
    fn default() -> Self {
        Self(Mutex::new(Some(JoinSet::new())))
    }
}

impl DetachedDeliveries {
    /// Continues `delivery` without its caller; drops it if the world is closed.
    pub(crate) fn detach(&self, delivery: impl Future<Output = ()> + Send + 'static) {
        // Without a runtime nothing can continue.
        let Ok(runtime) = Handle::try_current() else { return };
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(deliveries) = open.as_mut() else { return };
        while deliveries.try_join_next().is_some() {}
        if deliveries.len() < MOST {
            deliveries.spawn_on(delivery, &runtime);
        } else {
            tracing::warn!(limit = MOST, "too many deliveries outlive their callers: one is dropped");
        }
    }

    /// Ends all of them, and accepts no more.
    pub(crate) fn close(&self) {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Outside of the lock: a delivery that is dropped may be a caller itself, and detach its own.
        drop(open);
    }
}
