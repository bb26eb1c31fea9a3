//! Explorations: generated sequences of operations and faults.
