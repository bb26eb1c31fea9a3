use std::fmt;

/// A status that a reply may have, or a class of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusPattern {
    /// This status.
    Is(u16),
    /// All statuses that begin with this digit, 1 to 5: `2xx`.
    Class(u16),
}

impl StatusPattern {
    /// Whether a status is one of those.
    pub fn matches(self, status: u16) -> bool {
        match self {
            Self::Is(expected) => expected == status,
            Self::Class(digit) => digit == status / 100,
        }
    }

    /// Whether all of them say that the request happened.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Class(2) | Self::Is(200..300))
    }
}

impl From<u16> for StatusPattern {
    fn from(status: u16) -> Self {
        Self::Is(status)
    }
}

impl fmt::Display for StatusPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(status) => status.fmt(f),
            Self::Class(digit) => write!(f, "{digit}xx"),
        }
    }
}
