//! Name, purpose and defaults of a service.

/// Name, purpose and defaults of a service.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Name, such as `users-service`.
    pub name: &'static str,
    /// What the service is for, in a sentence.
    pub purpose: &'static str,
    /// Default of `--port`.
    pub port: u16,
    /// Default of `--database`.
    pub database: &'static str,
}
