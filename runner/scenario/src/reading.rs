//! From text to the model, with every mistake on the way.

mod command;
mod conf;
mod expect;
mod exploration;
mod faults;
mod generator;
mod invariants;
mod names;
mod node;
mod reader;
mod request;
mod scenario;
mod schema;
mod step;
mod suggestion;
mod table;

pub use conf::read_configuration;
pub use scenario::read_file;
pub use schema::{configuration_schema, schema};
