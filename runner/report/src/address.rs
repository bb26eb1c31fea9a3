//! Where a person reaches a service.

/// Where a person reaches a service once the run is over. A service for which this isn't known is started on a free port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceAddress {
    /// It runs there without the runner.
    Running(String),
    /// `runner up` starts it there.
    WithUp(String),
}
