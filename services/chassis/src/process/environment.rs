//! Everything outside of a service that it uses, given by its caller.

use std::sync::Arc;

use super::clock::Clock;
use crate::{client::transport::Transport, store::Disk};

/// Everything outside of a service that it uses.
pub struct Environment {
    /// The wall clock, for `created_at`.
    pub clock: Arc<dyn Clock>,
    /// Where the database is kept.
    pub disk: Disk,
    /// Carries calls to other services.
    pub transport: Transport,
    /// Seeds the jitter of backoffs: the same seed, the same delays.
    pub seed: u64,
}
