//! The runner with the shop linked in, in virtual time.
