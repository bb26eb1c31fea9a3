//! The circuit breaker, pure.
