use std::sync::{Mutex, PoisonError};

use tokio::{runtime::Handle, task::JoinSet};

/// How many requests may be on their way after their callers gave up.
const MOST: usize = 4096;

/// The deliveries that outlived their callers.
///
/// Bytes that are in a network arrive whether or not their sender still waits: so a request goes on without its
/// caller, and a late charge meets a payment that was cancelled long ago. They end with the world.
pub(crate) struct Deliveries(Mutex<Option<JoinSet<()>>>);

impl Default for Deliveries {
    fn default() -> Self {
        Self(Mutex::new(Some(JoinSet::new())))
    }
}

impl Deliveries {
    /// Lets `delivery` go on by itself; drops it if the world is closed.
    pub(crate) fn carry_on(&self, delivery: impl Future<Output = ()> + Send + 'static) {
        // Dropped with a runtime that ends, or outside of one: nothing is carried any further.
        let Ok(runtime) = Handle::try_current() else { return };
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(deliveries) = open.as_mut() else { return };
        while deliveries.try_join_next().is_some() {}
        if deliveries.len() < MOST {
            deliveries.spawn_on(delivery, &runtime);
        } else {
            tracing::warn!(limit = MOST, "too many requests outlive their callers: one is lost");
        }
    }

    /// Ends all of them, and lets none begin.
    pub(crate) fn close(&self) {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Outside of the lock: what is dropped may be a caller itself, and want to carry on.
        drop(open);
    }
}
