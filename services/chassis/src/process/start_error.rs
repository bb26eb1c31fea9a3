//! Errors that keep a service from starting or going on.

use std::io;

use super::serve::ListenError;
use crate::{
    client::service_key::ServiceKeyError,
    store::error::{OpenError, StoreError},
};

/// A service did not start, or could not go on.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address can't be listened on.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The database can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The tables or first records can't be written.
    #[error("the database can't be written: {0}")]
    Prepare(#[from] StoreError),
    /// The store failed while the service was serving.
    #[error("stopped, as nothing can be written any more: {0}")]
    Failed(#[source] StoreError),
    /// The runtime has no thread.
    #[error("can't start a thread: {0}")]
    Thread(#[source] io::Error),
    /// The service key can't be used.
    #[error(transparent)]
    ServiceKey(#[from] ServiceKeyError),
}

impl StartError {
    /// What to do about it, if anything can be said.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::Listen(ListenError::PortTaken(_)) => {
                "stop the process that listens there, or choose another with --port"
            }
            Self::Listen(ListenError::Failed { .. }) => "choose another with --bind or --port",
            Self::Open(OpenError::Locked { .. }) => {
                "stop the process that has it open, or choose another with --database"
            }
            Self::Open(OpenError::Unreadable { .. }) => "repair it, or choose another with --database",
            Self::Prepare(_) => "choose another with --database",
            Self::Failed(_) => {
                "once the disk can be written, start the service again: everything it confirmed is kept"
            }
            Self::ServiceKey(ServiceKeyError::Unfit) => "change --service-key (or SERVICE_KEY)",
            Self::ServiceKey(ServiceKeyError::DevelopmentKey { .. }) => {
                "give --service-key (or SERVICE_KEY), or stay on 127.0.0.1"
            }
            Self::Open(OpenError::Thread(_)) | Self::Thread(_) => return None,
        })
    }
}
