//! From text to the model, with every mistake on the way.
//!
//! | folder or file | what is in it |
//! | --- | --- |
//! | `yaml` | the text as a tree in which every value knows its place |
//! | `table` | the keys of a mapping, each with its shape and description |
//! | `reader`, `fields` | mistakes; mappings, lists and scalars taken apart |
//! | `condition` | expressions that have to be true, and could be false |
//! | `names`, `expression` | expressions and templates, and whether what they name exists at that point |
//! | `foreign_placeholder` | what other tools write for `${name}` |
//! | `services`, `http`, `tags` | what several mappings have in common |
//! | `file` | which of the three kinds of file it is |
//! | `files` | other files that it names |
//! | `scenario`, `step`, `request`, `expect`, `fault`, `invariant` | a mapping each: its table, and a function for each key |
//! | `exploration`, `configuration` | the same for explorations and for e2e.conf |
//! | `schema` | the tables as JSON Schema |
//! | `suggestion` | "did you mean" |

mod condition;
mod configuration;
mod expect;
mod exploration;
mod expression;
mod fault;
mod fields;
mod file;
mod files;
mod foreign_placeholder;
mod http;
mod invariant;
mod names;
mod reader;
mod request;
mod scenario;
mod schema;
mod services;
mod step;
mod suggestion;
mod table;
mod tags;
mod yaml;

pub use configuration::read_configuration;
pub use file::{read_file, read_file_with};
pub use files::Files;
pub use names::is_variable_name;
pub use schema::{configuration_schema, schema};
pub(crate) use yaml::is_number;
pub use yaml::read_yaml;
