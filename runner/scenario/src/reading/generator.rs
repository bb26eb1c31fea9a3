//! What values are drawn from, and other ranges `from-to`.

use std::ops::RangeInclusive;

use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{
    names::Role,
    node::{Entry, Node},
    reader::{Fields, Reader},
    suggestion,
    table::{Key, Shape, Table},
};
use crate::{Generator, Scope};

const MONEY: Shape = Shape::Pattern(r"^-?[0-9]+(\.[0-9]{1,2})?-[0-9]+(\.[0-9]{1,2})?$");

pub(crate) const GENERATOR: Table = Table {
    what: "a value to draw",
    one_of: GENERATORS,
    groups: &[&[
        Key::optional("integer", Shape::Text, "Whole numbers: `1-3`."),
        Key::optional("money", MONEY, "Amounts to the hundredth: `0.01-200.00`."),
        Key::optional("one_of", Shape::List(&Shape::Json), "One of these, the simplest first."),
    ]],
};
const GENERATORS: &[&str] = &["integer", "money", "one_of"];

impl Reader<'_> {
    /// Names, each with what is drawn for it.
    pub(crate) fn generators(&mut self, node: &Node) -> Option<Vec<(String, Generator)>> {
        let entries = self.mapping(node, "a mapping of names to what is drawn for them")?;
        let mut read = |entry: &Entry| {
            self.check_name(&entry.key, entry.span);
            let generator = self.generator(&entry.value);
            self.names.define(&entry.key);
            Some((entry.key.clone(), generator?))
        };
        entries.iter().map(&mut read).collect::<Vec<_>>().into_iter().collect()
    }

    fn generator(&mut self, node: &Node) -> Option<Generator> {
        let fields = self.fields(node, &GENERATOR)?;
        let present = fields.present(GENERATORS);
        let [entry] = present.as_slice() else {
            let help = format!("it needs one of {}", suggestion::list(GENERATORS));
            self.note(node.span, "this is not one way to draw a value", help);
            return None;
        };
        let node = &entry.value;
        match entry.key.as_str() {
            "integer" => self
                .span_of(node, "whole numbers, such as `1-3`", |text| text.parse().ok())
                .map(Generator::Integer),
            "money" => self.span_of(node, "amounts, such as `0.01-200.00`", hundredths).map(Generator::Money),
            _ => {
                let read: Vec<_> = self.one_or_more(node).iter().map(|item| self.plain(item)).collect();
                read.into_iter().collect::<Option<_>>().map(Generator::OneOf)
            }
        }
    }

    /// A value without holes.
    fn plain(&mut self, node: &Node) -> Option<serde_json::Value> {
        let value = self.value(node, Role::Sent)?;
        let plain = value.render(&Scope::default()).ok();
        if plain.is_none() {
            self.note(node.span, "what is drawn from can't have `${…}` in it", None);
        }
        plain
    }

    /// `from-to`, or one value.
    pub(crate) fn span_of<T: Copy + PartialOrd>(
        &mut self,
        node: &Node,
        wanted: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<RangeInclusive<T>> {
        let text = self.text(node, wanted)?;
        // A first `-` is a sign.
        let dash = text.char_indices().skip(1).find(|(_, c)| *c == '-').map(|(at, _)| at);
        let (from, to) = dash.map_or((text.as_str(), text.as_str()), |at| (&text[..at], &text[at + 1..]));
        let ends = parse(from.trim()).zip(parse(to.trim()));
        let range = ends.filter(|(from, to)| from <= to).map(|(from, to)| from..=to);
        if range.is_none() {
            self.note(node.span, format!("`{text}` are no {wanted}"), None);
        }
        range
    }

    /// Whole numbers from 1 on.
    pub(crate) fn range(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        default: RangeInclusive<u32>,
        most: u64,
    ) -> Option<RangeInclusive<u32>> {
        let Some(node) = fields.get(key) else { return Some(default) };
        let within = |number: &u32| (1..=most).contains(&u64::from(*number));
        let wanted = format!("numbers from 1 to {most}, such as `1-3`");
        self.span_of(node, &wanted, |text| text.parse().ok().filter(within))
    }
}

/// An amount with at most two decimals, in hundredths.
fn hundredths(text: &str) -> Option<i64> {
    let exact = text.parse::<Decimal>().ok()?.checked_mul(Decimal::ONE_HUNDRED)?;
    exact.is_integer().then(|| exact.to_i64()).flatten()
}
