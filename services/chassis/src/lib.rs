//! What every service here stands on.
