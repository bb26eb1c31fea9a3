//! A fault: the link it damages, the exchanges it meets, and the damage.

use fault::{Fault, FaultName};

use self::{
    content::CONTENT,
    damage::{DAMAGES, damage},
    selector::{SELECTORS, selector},
};
use super::{
    reader::Reader,
    services::link,
    suggestion,
    table::{Key, Presence, Shape, Table},
    yaml::{Entry, Node},
};
use crate::Span;

mod content;
mod damage;
mod plain;
mod selector;

pub(crate) use selector::{method_and_path, path_pattern};

pub(crate) const FAULT: Table = Table {
    what: "a fault",
    groups: &[
        &[Key::required(
            "link",
            Shape::Pattern("->"),
            "The link it damages: `caller -> callee`, or `client -> service`.",
        )],
        SELECTORS,
        CONTENT,
        DAMAGES,
    ],
};

/// A fault as it was read: its name, and all of it, as far as they have no mistakes.
#[derive(Debug)]
pub(crate) struct ReadFault {
    /// The place of the name.
    pub(crate) span: Span,
    pub(crate) name: Option<FaultName>,
    pub(crate) fault: Option<Fault>,
}

pub(crate) fn faults(reader: &mut Reader<'_>, node: &Node) -> Vec<ReadFault> {
    let Some(entries) = reader.mapping(node, "a mapping of names to faults") else { return Vec::new() };
    let read = |entry: &Entry| {
        let name = match entry.key.parse::<FaultName>() {
            Ok(name) => Some(name),
            Err(error) => {
                reader.note(
                    entry.span,
                    format!("`{}` can't be the name of a fault: {error}", entry.key),
                    None,
                );
                None
            }
        };
        let fault = fault(reader, entry, name.clone());
        ReadFault { span: entry.span, name, fault }
    };
    entries.iter().map(read).collect()
}

fn fault(reader: &mut Reader<'_>, entry: &Entry, name: Option<FaultName>) -> Option<Fault> {
    let fields = reader.fields(&entry.value, &FAULT)?;
    let link = fields.get("link").and_then(|node| {
        let text = reader.text(node, "a link: `caller -> callee`")?;
        link(reader, &text, node.span)
    });
    let selector = selector(reader, &fields);
    let chosen = fields.chosen();
    match chosen.as_slice() {
        [] => {
            let help = format!("it needs one of {}", suggestion::list(&FAULT.names(Presence::OneOf)));
            reader.note(entry.span, format!("`{}` does no damage", entry.key), help);
        }
        [first, second, ..] => {
            let message = format!("a fault does one thing: `{}` and `{}` are two", first.key, second.key);
            reader.note(second.span, message, "make two faults of it and inject both".to_owned());
        }
        [_] => {}
    }
    let damage = chosen.first().and_then(|entry| damage(reader, entry));
    Some(Fault { name: name?, link: link?, selector: selector?, damage: damage? })
}
