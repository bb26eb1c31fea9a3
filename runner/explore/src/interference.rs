//! Whether a request can rely on an undisturbed system.

/// Whether anything may have interfered with a request: a fault, a kill, or a request in flight at the same time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Interference {
    /// Nothing has so far.
    #[default]
    None,
    /// Something did, or still does.
    Possible,
}
