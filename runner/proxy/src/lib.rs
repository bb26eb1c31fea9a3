//! The fault layer and the links that carry it.
