//! A fault of a sweep, placed at a call.

use crate::sweep::fault_kind::FaultKind;

/// A fault at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FaultPlacement {
    /// The index of the call in the sweep's table ([`SweepTable::calls`](crate::SweepTable)).
    pub call: usize,
    /// The kind of the fault.
    pub kind: FaultKind,
}
