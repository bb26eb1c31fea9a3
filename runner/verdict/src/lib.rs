//! History, expectations and invariants in; a verdict out.
