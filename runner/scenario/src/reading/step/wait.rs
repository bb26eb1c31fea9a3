//! `wait`: for a time, or until a condition on a link is true.

use super::{
    super::{
        condition::condition,
        names::LINK,
        reader::Reader,
        services::link,
        table::{DURATION, EXPRESSION, Key, Shape, Table},
        yaml::{Kind, Node},
    },
    lenient,
};
use crate::{Action, WaitUntilStep};

/// The value of `wait`.
pub(super) const WAIT: Shape = Shape::Either(&[DURATION, Shape::Table(&WAIT_UNTIL)]);

const WAIT_UNTIL: Table = Table {
    what: "a wait for traffic",
    groups: &[&[
        Key::required(
            "until",
            Shape::Either(&[Shape::Names(&EXPRESSION), Shape::Text]),
            "A link and a condition on its traffic since the step began: `orders -> users: calls >= 1`.",
        ),
        Key::required("within", DURATION, "How long it may take."),
        lenient("It fails nothing that the condition isn't true in time."),
    ]],
};

pub(super) fn wait(reader: &mut Reader<'_>, node: &Node) -> Option<Action> {
    if !node.is_mapping() {
        return reader.some_time(node).map(Action::Wait);
    }
    let fields = reader.fields(node, &WAIT_UNTIL)?;
    let until = fields.get("until").and_then(|node| until(reader, node));
    let within = fields.get("within").and_then(|node| reader.some_time(node));
    let judging = fields.judging(reader);
    let (link, holds) = until?;
    Some(Action::WaitUntil(WaitUntilStep { link, holds, within: within?, judging: judging? }))
}

fn until(reader: &mut Reader<'_>, node: &Node) -> Option<(fault::Link, crate::Expression)> {
    let (name, span, value) = match &node.kind {
        Kind::Mapping(entries) => {
            let [entry] = entries.as_slice() else {
                let help = "one wait after the other waits for several".to_owned();
                reader.note(node.span, "it waits for one link", help);
                return None;
            };
            (entry.key.clone(), entry.span, entry.value.clone())
        }
        Kind::Text(text) if text.contains(": ") => {
            let at = text.find(": ")?;
            let span = reader.part(node, text, 0..at);
            let rest = at + 2..text.len();
            let holds =
                Node { span: reader.part(node, text, rest.clone()), kind: Kind::Text(text[rest].into()) };
            (text[..at].trim().to_owned(), span, holds)
        }
        _ => {
            reader.wrong_kind(node, "a link and a condition: `orders -> users: calls >= 1`");
            return None;
        }
    };
    let link = link(reader, &name, span);
    let holds = condition(reader, &value, LINK);
    if let Some(holds) = &holds
        && holds.names().next().is_some()
        && !holds.names().any(|name| LINK.contains(&name))
    {
        let help = format!("say something about {}", super::suggestion::list(LINK));
        reader.note(value.span, format!("`{}` says nothing about the link", holds.source()), help);
    }
    Some((link?, holds?))
}
