//! The simulated world: services in one process, in virtual time.
