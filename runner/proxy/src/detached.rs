use std::sync::{Mutex, PoisonError};

use tokio::{runtime::Handle, task::JoinSet};

/// How many deliveries may be in flight after their callers gave up.
const MOST: usize = 4096;

/// The deliveries that outlive their callers.
///
/// Bytes that are in a network arrive whether or not their sender still waits: so a delivery continues without its
/// caller, and a late charge meets a payment that was cancelled long ago. They end with the world.
pub(crate) struct DetachedDeliveries(Mutex<Option<JoinSet<()>>>);

impl Default for DetachedDeliveries {
    fn default() -> Self {
        Self(Mutex::new(Some(JoinSet::new())))
    }
}

impl DetachedDeliveries {
    /// Continues `delivery` without its caller; drops it if the world is closed.
    pub(crate) fn detach(&self, delivery: impl Future<Output = ()> + Send + 'static) {
        // Dropped with a runtime that ends, or outside of one: nothing can continue.
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
        // Outside of the lock: a delivery that is dropped may be a caller itself, and want to detach its own.
        drop(open);
    }
}
