//! The replies that `outcomes` doesn't expect.

use owo_colors::OwoColorize;
use verdict::{EncodedBody, ExchangeId, Failure, History, outline};

use crate::{exchange, layout::printable};

/// The most characters of a reply's body.
const ROOM: usize = 120;

/// The unexpected replies besides the one that is shown in full, one line for all that are alike.
pub(super) fn others(history: &History, failure: &Failure) -> Vec<String> {
    let unexpected = failure.findings.iter().flat_map(|finding| &finding.unexpected).copied();
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for id in unexpected.filter(|id| Some(*id) != failure.exchange) {
        let text = reply(history, id);
        match kinds.iter_mut().find(|(kind, _)| *kind == text) {
            Some((_, count)) => *count += 1,
            None => kinds.push((text, 1)),
        }
    }
    if kinds.is_empty() {
        return Vec::new();
    }
    let title = "other replies that were not expected".bold().to_string();
    [title].into_iter().chain(kinds.iter().map(|(text, count)| format!("  {count} × {text}"))).collect()
}

fn reply(history: &History, id: ExchangeId) -> String {
    let exchange = history.exchange(id);
    let body = exchange.reply().map(|reply| match EncodedBody::new(&reply.headers, &reply.body).value() {
        Ok(value) => outline(&value, ROOM),
        Err(unreadable) => unreadable.to_string(),
    });
    let body = body.unwrap_or_default();
    format!("{}  {}{}", exchange::outcome(&exchange), printable(&body), exchange::fault_names(&exchange))
        .trim_end()
        .into()
}
