//! Faults on links: what they are, which exchanges they meet, and what they decide.
