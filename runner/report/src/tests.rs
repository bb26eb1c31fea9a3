//! Tests on what a person reads, on hand-made histories.

mod curl;
mod diagnostics;
mod exchange;
mod expectations;
mod failures;
mod files;
pub(crate) mod sample;
mod service_log;
mod snapshot;
mod sweep;
mod terminal;
pub(crate) mod text;
mod timeline;
mod transcript;
