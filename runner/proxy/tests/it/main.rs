//! The effect of each fault, as callers and the history see it.

mod callee;
mod caller;
mod client;
mod content;
mod http_link;
mod layer;
mod outages;
mod refusing;

use std::time::Duration;

use fault::{Damage, Fault, FaultName, Link, Seed, Selector};
use proxy::Links;
use verdict::{Exchange, NoReply, Reply, Request};

/// The link that the tests damage.
fn shop() -> Link {
    "orders -> users".parse().expect("a link")
}

/// Links on which no fault may crash a service.
fn links() -> Links {
    Links::new(Seed(7), |service| panic!("no test crashes {service}"))
}

/// A fault that damages every exchange on [`shop`].
fn fault(name: &str, damage: Damage) -> Fault {
    Fault { name: name.parse().expect("a name"), link: shop(), selector: Selector::default(), damage }
}

/// Injects a fault until it is healed.
fn inject(links: &Links, fault: Fault) {
    links.inject(fault, Duration::ZERO, None).keep();
}

/// A copy of an exchange in the history.
#[derive(Debug, PartialEq)]
struct Seen {
    request: Request,
    faults: Vec<FaultName>,
    delivered: u32,
    answered: Option<Reply>,
    ending: Option<SeenEnding>,
}

#[derive(Debug, PartialEq)]
struct SeenEnding {
    took: Duration,
    received: Result<Reply, NoReply>,
}

impl From<Exchange<'_>> for Seen {
    fn from(exchange: Exchange<'_>) -> Self {
        Self {
            request: exchange.request.clone(),
            faults: exchange.faults.to_vec(),
            delivered: exchange.delivered,
            answered: exchange.answered.cloned(),
            ending: exchange.ending.map(|ending| SeenEnding {
                took: ending.took,
                received: ending.received.cloned().map_err(Clone::clone),
            }),
        }
    }
}

/// How many exchanges each fault has changed, by the faults' names.
fn fired(links: &Links) -> Vec<u64> {
    links.fired().into_values().map(|count| count.damaged).collect()
}

fn exchanges(links: &Links) -> Vec<Seen> {
    links.read(|history| history.exchanges().map(Seen::from).collect())
}

/// The only exchange so far.
fn exchange(links: &Links) -> Seen {
    let mut all = exchanges(links);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// The status that the caller received, or why it received none.
fn received(exchange: &Seen) -> Option<Result<u16, NoReply>> {
    let ending = exchange.ending.as_ref()?;
    Some(ending.received.as_ref().map(|reply| reply.status.as_u16()).map_err(Clone::clone))
}

/// Polls until it holds, for at most 10 s.
async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    assert!(waited.await.is_ok(), "never: {what}");
}
