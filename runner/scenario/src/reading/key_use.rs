//! The keys that a file uses, found by the shapes of the tables.

use super::{
    file_kind::FileKind,
    reader::EXTENSION,
    table::{Shape, Table},
    yaml::{self, Kind, Node},
};
use crate::Span;

/// A key of a table where a file uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// What the mapping is that holds it, as in [`TableReference::what`](crate::TableReference::what).
    pub table: &'static str,
    /// The key.
    pub key: &'static str,
    /// The place of the key.
    pub span: Span,
}

/// The keys that a file of this kind uses, in the order of the file. A file that isn't YAML uses none.
pub fn keys_used(text: &str, kind: FileKind) -> Vec<KeyUse> {
    let mut used = Vec::new();
    if let Ok((mut tree, _)) = yaml::parse(text) {
        if let Kind::Mapping(entries) = &mut tree.kind {
            entries.retain(|entry| !entry.key.starts_with(EXTENSION));
        }
        of_table(&tree, kind.table(), &mut used);
    }
    used.sort_by_key(|used| used.span.offset);
    used
}

fn of_table(node: &Node, table: &'static Table, used: &mut Vec<KeyUse>) {
    for entry in node.entries() {
        let Some(key) = table.keys().find(|key| key.name == entry.key) else { continue };
        used.push(KeyUse { table: table.what, key: key.name, span: entry.span });
        of_shape(&entry.value, &key.shape, used);
    }
}

fn of_shape(node: &Node, shape: &'static Shape, used: &mut Vec<KeyUse>) {
    match (shape, &node.kind) {
        (Shape::Table(table), Kind::Mapping(_)) => of_table(node, table, used),
        (Shape::Names(value), Kind::Mapping(entries)) => {
            for entry in entries {
                of_shape(&entry.value, value, used);
            }
        }
        (Shape::List(item) | Shape::OneOrMore(item), Kind::List(items)) => {
            for node in items {
                of_shape(node, item, used);
            }
        }
        (Shape::OneOrMore(item), _) => of_shape(node, item, used),
        (Shape::Either(shapes), _) => {
            // Where several fit, the one that knows the most of the keys is meant.
            let all = shapes.iter().map(|shape| {
                let mut used = Vec::new();
                of_shape(node, shape, &mut used);
                used
            });
            used.extend(all.max_by_key(Vec::len).unwrap_or_default());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, kind: FileKind, expected: &[(&str, &str, u32)]) {
        let used = keys_used(text, kind);
        let used: Vec<_> = used.iter().map(|used| (used.table, used.key, used.span.line)).collect();
        assert_eq!(used, expected, "{text}");
    }

    #[test]
    fn a_key_is_found_by_the_table_of_the_mapping_in_which_it_stands() {
        check(
            "x-steps: { scenario: no }\nscenario: s\nfaults: { f: { link: a -> b, error: { status: 503 } } }",
            FileKind::Scenario,
            &[
                ("a scenario", "scenario", 2),
                ("a scenario", "faults", 3),
                ("a fault", "link", 3),
                ("a fault", "error", 3),
                ("an error", "status", 3),
            ],
        );
        check(
            "services:\n  a:\n    ready: [/a, { path: /b }]\n    unknown: 1\n",
            FileKind::Configuration,
            &[("e2e.conf", "services", 1), ("a service", "ready", 3), ("a readiness", "path", 3)],
        );
        check("scenario: [", FileKind::Scenario, &[]);
    }

    #[test]
    fn a_body_has_no_keys_of_a_table() {
        check(
            "scenario: s\nsteps: [{ request: POST a /, body: { steps: [], request: 1 } }]\n",
            FileKind::Scenario,
            &[
                ("a scenario", "scenario", 1),
                ("a scenario", "steps", 2),
                ("a step", "request", 2),
                ("a step", "body", 2),
            ],
        );
    }
}
