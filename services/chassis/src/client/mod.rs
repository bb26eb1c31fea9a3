//! Calls to other services.

pub(crate) mod base_url;
pub(crate) mod call;
pub(crate) mod service_key;
pub(crate) mod transport;
pub(crate) mod upstream;
