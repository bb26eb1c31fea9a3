//! What must hold in every scenario.

use super::{
    node::{Entry, Node},
    reader::Reader,
    request::REQUEST_LINE,
    table::{EXPRESSIONS, Key, Shape, Table},
};
use crate::{Call, Invariant, InvariantTiming};

pub(crate) const INVARIANT: Table = Table {
    what: "an invariant",
    one_of: &[],
    groups: &[&[
        Key::required(
            "when",
            Shape::Choice(&["always", "settled"]),
            "After every step, or once the system has come to rest.",
        ),
        Key::required(
            "observe",
            Shape::Names(&REQUEST_LINE),
            "Names, each with the request whose reply's body it is: `GET users-service /api/ledger`.",
        ),
        Key::required("holds", EXPRESSIONS, "Expressions over those names, each of which must be true."),
    ]],
};

impl Reader<'_> {
    pub(crate) fn invariants(&mut self, node: &Node) -> Option<Vec<Invariant>> {
        let entries = self.mapping(node, "a mapping of what must hold to invariants")?;
        let read: Vec<_> = entries.iter().map(|entry| self.invariant(entry)).collect();
        read.into_iter().collect()
    }

    fn invariant(&mut self, entry: &Entry) -> Option<Invariant> {
        let fields = self.fields(&entry.value, &INVARIANT)?;
        let moments = [("always", InvariantTiming::Always), ("settled", InvariantTiming::Settled)];
        let when = fields.get("when").and_then(|node| self.choice(node, &moments));
        let names = std::mem::take(&mut self.names);
        let observe = fields.get("observe").and_then(|node| self.observations(node));
        let holds = fields.get("holds").and_then(|node| self.expressions(node, &[]));
        if let Some(observed) = fields.get("observe").and_then(|node| self.mapping(node, "a mapping"))
            && holds.is_some()
        {
            for name in observed {
                if !self.names.is_used(&name.key) {
                    self.note(name.span, format!("`{}` is observed and never used", name.key), None);
                }
            }
        }
        self.names = names;
        Some(Invariant {
            name: entry.key.clone(),
            span: entry.span,
            file: self.file.clone(),
            when: when?,
            observe: observe?,
            holds: holds?,
        })
    }

    fn observations(&mut self, node: &Node) -> Option<Vec<(String, Call)>> {
        let entries = self.mapping(node, "a mapping of names to requests")?;
        let read: Vec<_> = entries.iter().map(|entry| self.request_line(&entry.value)).collect();
        for entry in entries {
            self.check_name(&entry.key, entry.span);
            self.names.define(&entry.key);
        }
        let mut observed = Vec::new();
        for (entry, call) in entries.iter().zip(read) {
            let call = call?;
            if !call.method.is_safe() {
                let help = "observe with GET".to_owned();
                self.note(entry.value.span, format!("{} may change what it observes", call.method), help);
            }
            observed.push((entry.key.clone(), call));
        }
        Some(observed)
    }
}
