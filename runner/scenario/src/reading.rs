//! From text to the model, with every mistake on the way.
//!
//! | folder or file | what is in it |
//! | --- | --- |
//! | `yaml` | the text as a tree in which every value knows its place |
//! | `table` | the keys of a mapping, each with its shape and description |
//! | `reader`, `fields` | mistakes; mappings, lists and scalars taken apart |
//! | `capture` | captured values, some of them secret |
//! | `condition` | expressions that have to be true, and could be false |
//! | `names`, `expression` | expressions and templates, and whether what they name exists at that point |
//! | `foreign_placeholder` | what other tools write for `${name}` |
//! | `clients`, `defaults` | who sends requests, and what requests bear unless they say otherwise |
//! | `services`, `http`, `tags` | what several mappings have in common |
//! | `file` | which of the three kinds of file it is |
//! | `files`, `media_type` | other files that it names, and what is in them |
//! | `examples`, `csv` | tables, of which each row is a scenario |
//! | `phases` | `before`, `steps` and `finally` |
//! | `scenario`, `step`, `request`, `expect`, `fault`, `invariant` | a mapping each: its table, and a function for each key |
//! | `stub` | what answers in place of a service |
//! | `exploration`, `configuration` | the same for explorations and for e2e.conf |
//! | `file_kind` | the kinds of files, for what is made of their tables |
//! | `schema`, `reference`, `key_use` | the tables as JSON Schema and as text, and the keys that a file uses |
//! | `suggestion` | "did you mean" |

mod capture;
mod clients;
mod condition;
mod configuration;
mod csv;
mod defaults;
mod examples;
mod expect;
mod exploration;
mod expression;
mod fault;
mod fields;
mod file;
mod file_kind;
mod files;
mod foreign_key;
mod foreign_placeholder;
mod http;
mod invariant;
mod key_use;
mod media_type;
mod names;
mod pattern;
mod phases;
mod reader;
mod reference;
mod request;
mod scenario;
mod schema;
mod services;
mod step;
mod stub;
mod suggestion;
mod table;
mod tags;
mod yaml;

pub use configuration::{read_configuration, read_configuration_with};
pub use file::{read_file, read_file_with};
pub use file_kind::FileKind;
pub use files::Files;
pub use key_use::{KeyUse, keys_used};
pub use names::{KNOWN_NAMES, KnownName, is_variable_name};
pub(crate) use reader::Declared;
pub use reference::{KeyReference, TableReference, tables};
pub use schema::schema;
pub use suggestion::{help as help_for_unknown, nearest as nearest_name};
pub use table::Presence as KeyPresence;
pub(crate) use yaml::is_number;
pub use yaml::read_yaml;
