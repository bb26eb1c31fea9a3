//! The live world: processes, ports, readiness, logs and links.
