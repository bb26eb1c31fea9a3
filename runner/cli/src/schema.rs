//! Prints the JSON Schema of a kind of file.

use scenario::FileKind;

use crate::{Exit, arguments::Schema, output::print};

/// Prints the schema that the command line names.
pub(crate) fn schema(arguments: &Schema) -> Exit {
    let kinds = arguments.kind.as_ref().map_or(&FileKind::AMONG_SCENARIOS[..], std::slice::from_ref);
    print(&format!("{:#}\n", scenario::schema(kinds)), Exit::Passed)
}
