//! YAML as a tree of values, each with its place in the file.

mod document;
mod merge;
mod node;
mod placeholder;
mod scalar;
mod tag;
mod tree;
mod unreadable;

pub use document::read_yaml;
pub(crate) use node::{Entry, Kind, Node};
pub(crate) use scalar::is_number;
pub(crate) use tree::parse;
