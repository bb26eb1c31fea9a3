//! What whoever starts a service gives it: a clock, a disk, a transport and a seed.

use std::{path::PathBuf, sync::Arc};

use crate::{clock::Clock, transport::Transport};

/// Everything of the outside world that a service touches.
pub struct Environment {
    /// What goes into `created_at`.
    pub clock: Arc<dyn Clock>,
    /// Where the database lies.
    pub disk: Disk,
    /// How other services are called.
    pub transport: Transport,
    /// Seeds the jitter of backoffs: the same seed, the same delays.
    pub seed: u64,
}

/// Where a [`Store`](crate::store::Store) keeps its database.
#[derive(Debug)]
pub enum Disk {
    /// A file, written by a thread that commits many jobs at once.
    File(PathBuf),
    /// A backend of the caller's, written inline on the caller's thread, so that a paused clock stays still.
    Backend(Box<dyn redb::StorageBackend>),
}
