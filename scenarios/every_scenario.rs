//! Each scenario file, a test of its own.
fn main() {}
