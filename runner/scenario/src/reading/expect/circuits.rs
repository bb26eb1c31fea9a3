//! `circuits`: the states of circuit breakers, as the services tell them.

use super::super::{
    reader::{Reader, all},
    services::link,
    suggestion,
    yaml::{Entry, Node},
};
use crate::CircuitExpectation;

/// The usual states. A service can have others.
const STATES: &[&str] = &["closed", "open", "half-open"];

pub(super) fn circuits(reader: &mut Reader<'_>, node: &Node) -> Option<Vec<CircuitExpectation>> {
    let entries = reader.mapping(node, "a mapping of links to states")?;
    all(entries.iter().map(|entry| circuit(reader, entry)))
}

fn circuit(reader: &mut Reader<'_>, entry: &Entry) -> Option<CircuitExpectation> {
    let link = link(reader, &entry.key, entry.span);
    if let Some(link) = &link
        && !reader.circuits.contains(&link.caller)
    {
        let help = format!("say in e2e.conf where it does: `circuits: /circuits` under `{}`", link.caller);
        reader.note(entry.span, format!("`{}` doesn't tell its circuits", link.caller), help);
    }
    let items = reader.one_or_more(&entry.value).iter();
    let states: Vec<String> = all(items.map(|item| {
        let state = reader.text(item, "a state, such as `open`")?;
        let plain = CircuitExpectation::plain(&state);
        let meant = suggestion::nearest(&plain, STATES.iter().copied()).filter(|known| *known != plain);
        if let Some(meant) = meant {
            reader.note(
                item.span,
                format!("`{state}` is no state of a circuit"),
                suggestion::did_you_mean(meant),
            );
        }
        Some(state)
    }))?;
    let is_named = |known: &str| states.iter().any(|state| CircuitExpectation::plain(state) == known);
    if STATES.iter().all(|known| is_named(known)) {
        let help = "leave out the states that are not expected".to_owned();
        reader.note(entry.value.span, "a circuit is always in one of these states", help);
    }
    Some(CircuitExpectation { link: link?, states })
}
