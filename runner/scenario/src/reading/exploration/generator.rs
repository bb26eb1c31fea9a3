//! `values`: the values that are drawn for an operation.

use super::{
    super::{
        expression::{Role, check_name, value},
        reader::{Reader, all},
        suggestion,
        table::{Key, Presence, Shape, Table},
        yaml::Node,
    },
    range::from_to,
};
use crate::{Generator, Number, Scope, Value, value::Exact};

const MONEY: Shape = Shape::Pattern(r"^-?[0-9]+(\.[0-9]{1,2})?-[0-9]+(\.[0-9]{1,2})?$");

pub(super) const GENERATOR: Table = Table {
    what: "a value to draw",
    groups: &[&[
        Key::one_of("integer", Shape::Text, "Whole numbers: `1-3`."),
        Key::one_of("money", MONEY, "Amounts to the hundredth: `0.01-200.00`."),
        Key::one_of("one_of", Shape::List(&Shape::Json), "One of these, the simplest first."),
    ]],
};

/// The names that an operation uses, each with what is drawn for it.
pub(super) fn generators(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<(String, Generator)>> {
    let entries = reader.mapping(node, "a mapping of names to what is drawn for them")?;
    all(entries.iter().map(|entry| {
        check_name(reader, &entry.key, entry.span);
        let generator = generator(reader, &entry.value);
        reader.names.define(&entry.key);
        Some((entry.key.clone(), generator?))
    }))
}

fn generator(reader: &mut Reader<'_>, node: &Node) -> Option<Generator> {
    let fields = reader.fields(node, &GENERATOR)?;
    let chosen = fields.chosen();
    let [entry] = chosen.as_slice() else {
        let help = format!("it needs one of {}", suggestion::list(&GENERATOR.names(Presence::OneOf)));
        reader.note(node.span, "this is not one way to draw a value", help);
        return None;
    };
    let node = &entry.value;
    match entry.key.as_str() {
        "integer" => from_to(reader, node, "whole numbers, such as `1-3`", |text| text.parse().ok())
            .map(Generator::Integer),
        "money" => from_to(reader, node, "amounts, such as `0.01-200.00`", hundredths).map(Generator::Money),
        _ => all(reader.one_or_more(node).iter().map(|item| plain(reader, item))).map(Generator::OneOf),
    }
}

/// A value without `${…}`.
fn plain(reader: &mut Reader<'_>, node: &Node) -> Option<Value> {
    let value = value(reader, node, Role::Sent)?;
    let plain = value.render(&Scope::default()).ok();
    if plain.is_none() {
        reader.note(node.span, "what is drawn from can't have `${…}` in it", None);
    }
    plain
}

/// An amount with at most two decimals, in hundredths.
fn hundredths(text: &str) -> Option<i64> {
    let Exact { digits, decimals } = Exact::of(&Number::from_loose(text)?)?.shortest();
    let unit = 10_i128.pow(2_u32.checked_sub(decimals)?);
    digits.checked_mul(unit).and_then(|hundredths| hundredths.try_into().ok())
}
