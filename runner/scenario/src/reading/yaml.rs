//! YAML as a tree of values, each with its place in the file.

mod merge;
mod node;
mod placeholder;
mod scalar;
mod tag;
mod tree;
mod unreadable;

pub(crate) use node::{Entry, Kind, Node};
pub(crate) use scalar::is_number;
pub(crate) use tree::parse;
