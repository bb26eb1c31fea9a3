//! The captures of steps, found before the steps are read.

use super::super::{
    reader::Reader,
    yaml::{Entry, Kind, Node},
};
use crate::Span;

/// A name that a step captures.
struct Captured<'n> {
    name: &'n str,
    span: Span,
    /// Whether it stands in a loop that runs until a condition is true, where variables have to change.
    in_loop: bool,
}

/// Notes captures in lists of steps that would hide a variable, and remembers the places of all, for the message about a name
/// that is used too early.
pub(crate) fn check_captures(reader: &mut Reader<'_>, lists: &[&Node]) {
    for Captured { name, span, in_loop } in captures(lists) {
        if reader.names.is_known(name) && !in_loop {
            let message = format!("`{name}` is a variable of this scenario already");
            reader.note(span, message, "call what is captured something else".to_owned());
        }
    }
    for captured in captures(lists) {
        reader.names.announce(captured.name, captured.span);
    }
}

/// Notes captures that no expression uses.
pub(crate) fn check_used(reader: &mut Reader<'_>, lists: &[&Node]) {
    for Captured { name, span, .. } in captures(lists) {
        if !reader.names.is_used(name) {
            let help = "use it in a later step, or expect what it must be".to_owned();
            reader.note(span, format!("`{name}` is captured and never used"), help);
        }
    }
}

fn captures<'n>(lists: &[&'n Node]) -> Vec<Captured<'n>> {
    let mut found = Vec::new();
    for list in lists {
        find(list, false, &mut found);
    }
    found
}

/// Adds the captures of the steps in a list.
fn find<'n>(list: &'n Node, in_loop: bool, found: &mut Vec<Captured<'n>>) {
    let Kind::List(steps) = &list.kind else { return };
    for entries in steps.iter().map(Node::entries) {
        let loops = |entry: &Entry| {
            entry.key == "for" && entry.value.entries().iter().any(|inner| inner.key == "until")
        };
        let in_loop = in_loop || entries.iter().any(loops);
        for entry in entries {
            match entry.key.as_str() {
                "together" | "steps" | "during" => find(&entry.value, in_loop, found),
                "eventually" | "always" => captured(entry.value.entries(), in_loop, found),
                _ => captured(std::slice::from_ref(entry), in_loop, found),
            }
        }
    }
}

fn captured<'n>(entries: &'n [Entry], in_loop: bool, found: &mut Vec<Captured<'n>>) {
    let captures = entries.iter().filter(|entry| entry.key == "capture");
    let names = captures.flat_map(|entry| entry.value.entries());
    found.extend(names.map(|capture| Captured { name: &capture.key, span: capture.span, in_loop }));
}
