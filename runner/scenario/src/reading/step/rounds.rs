//! `for`: steps that run several times.

use super::{
    super::{
        condition::condition,
        expression::{Role, check_name, value},
        fields::Fields,
        names::INDEX,
        reader::Reader,
        table::{EXPRESSION, Key, Shape, Table},
        yaml::{Kind, Node},
    },
    Faults, lenient, steps,
};
use crate::{Expression, ForStep, Rounds, TemplateValue};

/// The most rounds of a loop.
const MOST: u64 = 10_000;

pub(super) const FOR: Table = Table {
    what: "`for`",
    groups: &[&[
        Key::one_of("each", Shape::Json, "A list, or a `${…}` that gives one: a round for each item."),
        Key::optional("as", Shape::Text, "The variable that holds the item."),
        Key::one_of("until", EXPRESSION, "Rounds until this is true after one."),
        Key::optional("at_most", Shape::Whole(1), "The most rounds of `until`; it fails after more."),
        lenient(
            "With `until`, more rounds than that fail nothing; with `each`, a list may be empty, and what is no list has no round.",
        ),
    ]],
};

/// What the rounds go by, before their steps are read.
enum Heading<'n> {
    Each { list: TemplateValue, name: Option<&'n Node> },
    Until { condition: &'n Node, at_most: u64 },
}

/// A loop: `fields` are those of its step, `node` is the value of `steps`.
pub(super) fn rounds(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    node: &Node,
    faults: &mut Faults,
) -> Option<ForStep> {
    let Some(entry) = fields.entry("for") else {
        let help = if fields.get("if").is_some() {
            "write `if` at each of these steps, or include them: `include: steps.yaml` can have an `if`"
        } else {
            "say what the rounds go by: `for: { each: \"${list}\", as: item }`"
        };
        let help = help.to_owned();
        reader.note(node.span, "`steps` needs `for`", help);
        return None;
    };
    let inner = reader.fields(&entry.value, &FOR)?;
    let judging = inner.judging(reader);
    let heading = heading(reader, &inner);
    let was_known = reader.names.is_known(INDEX);
    reader.names.define(INDEX);
    let variable = match &heading {
        Some(Heading::Each { name: Some(name), .. }) => variable(reader, name),
        _ => None,
    };
    let read = steps(reader, node, faults);
    if let Kind::List(items) = &node.kind
        && items.is_empty()
    {
        reader.note(node.span, "a loop without steps does nothing", None);
    }
    let until = match &heading {
        Some(Heading::Until { condition: node, .. }) => condition(reader, node, &[]),
        _ => None,
    };
    if !was_known {
        reader.names.undefine(INDEX);
    }
    if let Some(name) = &variable {
        reader.names.undefine(name);
        if let Some(Heading::Each { name: Some(node), .. }) = &heading
            && !reader.names.is_used(name)
        {
            let help = "use it in a step, or leave `as` out".to_owned();
            reader.note(node.span, format!("`{name}` is never used"), help);
        }
    }
    let rounds = match heading? {
        Heading::Each { list, name } => {
            let name = name.map_or(Some(None), |_| variable.map(Some))?;
            Rounds::Each { list, name }
        }
        Heading::Until { at_most, .. } => {
            let condition: Expression = until?;
            Rounds::Until { condition, at_most: u32::try_from(at_most).ok()? }
        }
    };
    Some(ForStep { rounds, steps: read?, judging: judging? })
}

fn heading<'n>(reader: &mut Reader<'_>, fields: &Fields<'n>) -> Option<Heading<'n>> {
    let chosen = fields.chosen();
    let Some(first) = chosen.first() else {
        let help = "write `each: \"${list}\"`, or `until: CONDITION` with `at_most`".to_owned();
        reader.note(fields.span, "`for` needs `each` or `until`", help);
        return None;
    };
    if let Some(second) = chosen.get(1) {
        let message =
            "rounds go by the items of a list or by a condition: `each` and `until` don't go together";
        reader.note(second.span, message, None);
    }
    let stray =
        |key: &str| fields.entry(key).filter(|_| first.key != if key == "as" { "each" } else { "until" });
    for entry in ["as", "at_most"].into_iter().filter_map(stray) {
        let owner = if entry.key == "as" { "each" } else { "until" };
        reader.note(entry.span, format!("`{}` belongs to `{owner}`, which isn't here", entry.key), None);
    }
    if first.key == "each" {
        return Some(Heading::Each { list: list(reader, &first.value)?, name: fields.get("as") });
    }
    let Some(at_most) = fields.get("at_most") else {
        let help = "say after how many rounds it fails: `at_most: 20`".to_owned();
        reader.note(first.span, "`until` needs `at_most`", help);
        return None;
    };
    let at_most = reader.whole(at_most, 1..=MOST)?;
    Some(Heading::Until { condition: &first.value, at_most })
}

fn list(reader: &mut Reader<'_>, node: &Node) -> Option<TemplateValue> {
    match &node.kind {
        Kind::List(items) if items.is_empty() => {
            reader.note(node.span, "this list is empty: there is no round", None);
            None
        }
        Kind::List(_) => value(reader, node, Role::Sent),
        Kind::Text(text) if text.trim_start().starts_with("${") => value(reader, node, Role::Sent),
        _ => {
            reader.wrong_kind(node, "a list, or a `${…}` that gives one");
            None
        }
    }
}

/// The name of the variable for the items, which is defined.
fn variable(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    let name = reader.text(node, "the name of a variable")?;
    check_name(reader, &name, node.span);
    if reader.names.is_known(&name) {
        let help = "call the items something else".to_owned();
        reader.note(node.span, format!("`{name}` is a variable of this scenario already"), help);
        return None;
    }
    reader.names.define(&name);
    Some(name)
}
