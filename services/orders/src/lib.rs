//! Orders and their statuses.
