//! Names for idempotency keys, so that a transcript shows which requests bear the same one.

use fault::ServiceName;
use verdict::{Exchange, History};

const HEADER: &str = "idempotency-key";

/// The idempotency keys of a history. Those that a scenario's own requests bear are named `A`, `B`, …; those of the
/// services have numbers, so that a further call between services never renames a key of the scenario's.
pub(super) struct Keys<'a> {
    of_scenario: Vec<&'a [u8]>,
    of_services: Vec<&'a [u8]>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(history: &'a History) -> Self {
        let client = ServiceName::client();
        let mut of_scenario = Vec::new();
        let own = history.exchanges().filter(|exchange| exchange.link.caller == client);
        for key in own.filter_map(|exchange| key(&exchange)) {
            position(&mut of_scenario, key);
        }
        Self { of_scenario, of_services: Vec::new() }
    }

    /// ` (key A)` for an exchange whose request has a key, and nothing for others. A key that no scenario's request bears
    /// gets the next number when it is first asked for.
    pub(super) fn label(&mut self, exchange: &Exchange<'a>) -> String {
        let Some(key) = key(exchange) else { return String::new() };
        match self.of_scenario.iter().position(|known| *known == key) {
            Some(at) => format!(" (key {})", letters(at)),
            None => format!(" (key {})", position(&mut self.of_services, key) + 1),
        }
    }
}

fn key<'a>(exchange: &Exchange<'a>) -> Option<&'a [u8]> {
    exchange.request.headers.get(HEADER).map(http::HeaderValue::as_bytes)
}

/// The position of a key in a list, to which it is appended when it isn't there.
fn position<'a>(keys: &mut Vec<&'a [u8]>, key: &'a [u8]) -> usize {
    keys.iter().position(|known| *known == key).unwrap_or_else(|| {
        keys.push(key);
        keys.len() - 1
    })
}

/// `A` to `Z`, then `AA`, `AB`, …
fn letters(at: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(at % 26).expect("a remainder of 26 is below 26"));
    if at < 26 { letter.into() } else { letters(at / 26 - 1) + &letter.to_string() }
}
