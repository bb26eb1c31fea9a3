//! YAML as a tree of values, each with its place in the file.

mod node;
mod scalar;
mod tree;

pub(crate) use node::{Entry, Kind, Node};
pub(crate) use scalar::is_number;
pub(crate) use tree::parse;
