use std::{collections::BTreeMap, time::Duration};

use crate::{Decision, Fault, FaultName, Link, RequestHead, Seed};

/// The time during which a fault is in force, counted from the start of the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first instant at which the fault is in force.
    pub start: Duration,
    /// The first instant at which it no longer is; `None` until it is healed.
    pub end: Option<Duration>,
}

impl Window {
    /// The window from `start` until the fault is healed.
    pub fn from(start: Duration) -> Self {
        Self { start, end: None }
    }

    /// Whether the fault is in force at `now`.
    pub fn contains(&self, now: Duration) -> bool {
        self.start <= now && self.end.is_none_or(|end| now < end)
    }
}

/// The faults in force in a world: decides what they do to each exchange, and counts the exchanges they meet.
#[derive(Debug)]
pub struct Injector {
    seed: Seed,
    injected: Vec<Injected>,
    /// The exchanges that each fault ever injected could have met, so that a fault injected again doesn't draw the
    /// same random numbers again.
    ordinals: BTreeMap<FaultName, u64>,
    fired: BTreeMap<FaultName, u64>,
}

#[derive(Debug)]
struct Injected {
    fault: Fault,
    window: Window,
    matching: u64,
}

impl Injector {
    /// An injector without faults.
    pub fn new(seed: Seed) -> Self {
        Self { seed, injected: Vec::new(), ordinals: BTreeMap::new(), fired: BTreeMap::new() }
    }

    /// Puts `fault` in force for `window`. A fault of the same name is replaced, and counts its calls anew.
    pub fn inject(&mut self, fault: Fault, window: Window) {
        self.heal(&fault.name);
        self.fired.entry(fault.name.clone()).or_default();
        self.injected.push(Injected { fault, window, matching: 0 });
    }

    /// Takes a fault out of force, and returns whether it was injected.
    pub fn heal(&mut self, name: &FaultName) -> bool {
        let before = self.injected.len();
        self.injected.retain(|injected| injected.fault.name != *name);
        self.injected.len() < before
    }

    /// Takes all faults out of force, and returns their names.
    pub fn heal_all(&mut self) -> Vec<FaultName> {
        self.injected.drain(..).map(|injected| injected.fault.name).collect()
    }

    /// Whether a fault is in force, or will be once its window opens.
    pub fn is_injected(&self, name: &FaultName) -> bool {
        self.injected.iter().any(|injected| injected.fault.name == *name)
    }

    /// Decides what happens to an exchange that begins on `link` at `now`, and counts it for the faults it meets.
    pub fn decide(&mut self, link: &Link, head: &RequestHead<'_>, now: Duration) -> Decision {
        let mut decision = Decision::default();
        for injected in &mut self.injected {
            let Injected { fault, window, matching } = injected;
            if fault.link != *link || !window.contains(now) || !fault.selector.matches(head) {
                continue;
            }
            *matching += 1;
            let ordinal = self.ordinals.entry(fault.name.clone()).or_default();
            let this = *ordinal;
            *ordinal += 1;
            let drawn = self.seed.fraction(&fault.name, this, "probability");
            if !fault.selector.calls.includes(*matching) || drawn >= fault.selector.probability.value() {
                continue;
            }
            if decision.add(fault, self.seed, this) {
                count(&mut self.fired, &fault.name);
                decision.faults.push(fault.name.clone());
            }
        }
        decision
    }

    /// The fault because of which connections on `link` are refused at `now`, if there is one. Counts nothing: an
    /// address or a link that refuses because of it says so with [`Injector::record_refusal`].
    pub fn refusal(&self, link: &Link, now: Duration) -> Option<&FaultName> {
        let refusing = self.injected.iter().find(|injected| {
            injected.fault.refuses_everything()
                && injected.fault.link == *link
                && injected.window.contains(now)
        })?;
        Some(&refusing.fault.name)
    }

    /// Counts one refusal for `fault`: an exchange that was refused, or an address that began to refuse connections
    /// and so sees no exchange.
    pub fn record_refusal(&mut self, fault: &FaultName) {
        count(&mut self.fired, fault);
    }

    /// The time after `now` at which the next window opens or closes.
    pub fn next_change(&self, now: Duration) -> Option<Duration> {
        let edges = self.injected.iter().flat_map(|i| [Some(i.window.start), i.window.end]);
        edges.flatten().filter(|edge| *edge > now).min()
    }

    /// The faults that were ever injected, with the number of exchanges each has met and refusals it has caused.
    pub fn fired(&self) -> &BTreeMap<FaultName, u64> {
        &self.fired
    }
}

fn count(fired: &mut BTreeMap<FaultName, u64>, fault: &FaultName) {
    *fired.entry(fault.clone()).or_default() += 1;
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};

    use super::*;
    use crate::{Calls, Damage, LinkAction, Outage, PathPattern, Probability, Selector, Side};

    fn fault(name: &str, damage: Damage, selector: Selector) -> Fault {
        Fault {
            name: name.parse().expect("a name"),
            link: "a -> b".parse().expect("a link"),
            selector,
            damage,
        }
    }

    /// What is decided on `count` exchanges `POST /pay` on `a -> b`, one a second.
    fn decisions(injector: &mut Injector, count: u64) -> Vec<Decision> {
        let link = "a -> b".parse().expect("a link");
        let headers = HeaderMap::new();
        let head = RequestHead { method: &Method::POST, path: "/pay", headers: &headers };
        (0..count).map(|second| injector.decide(&link, &head, Duration::from_secs(second))).collect()
    }

    fn actions(injector: &mut Injector, count: u64) -> Vec<LinkAction> {
        decisions(injector, count).into_iter().map(|decision| decision.action).collect()
    }

    const ALWAYS: Window = Window { start: Duration::ZERO, end: None };

    #[test]
    fn only_the_chosen_calls_are_met() {
        let mut injector = Injector::new(Seed(1));
        let selector = Selector { calls: Calls::Range(2..=2), ..Selector::default() };
        injector.inject(fault("lost", Damage::Lose(Side::Reply), selector), ALWAYS);
        assert_eq!(
            actions(&mut injector, 3),
            [LinkAction::Deliver, LinkAction::LoseReply, LinkAction::Deliver]
        );
        assert_eq!(injector.fired().values().copied().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_window_opens_and_closes() {
        let mut injector = Injector::new(Seed(1));
        let window = Window { start: Duration::from_secs(1), end: Some(Duration::from_secs(2)) };
        injector.inject(fault("away", Damage::Outage(Outage::Hang), Selector::default()), window);
        assert_eq!(injector.next_change(Duration::ZERO), Some(Duration::from_secs(1)));
        assert_eq!(actions(&mut injector, 3), [LinkAction::Deliver, LinkAction::Hang, LinkAction::Deliver]);
        assert_eq!(injector.next_change(Duration::from_secs(2)), None);
    }

    #[test]
    fn asking_whether_a_link_refuses_counts_nothing() {
        let mut injector = Injector::new(Seed(1));
        let away = fault("away", Damage::Outage(Outage::Refuse), Selector::default());
        injector.inject(away.clone(), Window::from(Duration::from_secs(1)));
        let fired = |injector: &Injector| injector.fired().values().copied().collect::<Vec<_>>();
        assert_eq!(injector.refusal(&away.link, Duration::ZERO), None);
        for _ in 0..2 {
            assert_eq!(injector.refusal(&away.link, Duration::from_secs(1)), Some(&away.name));
        }
        assert_eq!(fired(&injector), [0]);
        injector.record_refusal(&away.name);
        assert_eq!(fired(&injector), [1]);
    }

    #[test]
    fn another_link_and_another_path_are_left_alone() {
        let mut injector = Injector::new(Seed(1));
        let elsewhere = Selector { path: PathPattern::new("/other"), ..Selector::default() };
        injector.inject(fault("path", Damage::Outage(Outage::Reset), elsewhere), ALWAYS);
        let mut link = fault("link", Damage::Outage(Outage::Reset), Selector::default());
        link.link = "b -> a".parse().expect("a link");
        injector.inject(link, ALWAYS);
        assert_eq!(decisions(&mut injector, 1), [Decision::default()]);
    }

    #[test]
    fn chance_depends_on_seed_fault_and_ordinal_alone() {
        let half = || Selector { probability: Probability::new(0.5).expect("valid"), ..Selector::default() };
        let run = |seed: u64, others: u64| {
            let mut injector = Injector::new(Seed(seed));
            for n in 0..others {
                injector.inject(fault(&format!("other-{n}"), Damage::Duplicate, half()), ALWAYS);
            }
            injector.inject(fault("lost", Damage::Lose(Side::Request), half()), ALWAYS);
            actions(&mut injector, 64)
        };
        assert_eq!(run(1, 0), run(1, 3), "another fault moves no decision");
        assert_ne!(run(1, 0), run(2, 0), "another seed does");
        let lost = run(1, 0).iter().filter(|action| **action == LinkAction::LoseRequest).count();
        assert!((16..=48).contains(&lost), "{lost} of 64 at one half");
    }

    #[test]
    fn delays_add_up_and_the_first_action_wins() {
        let mut injector = Injector::new(Seed(1));
        let late = |ms| Damage::Latency {
            delay: Duration::from_millis(ms),
            jitter: Duration::ZERO,
            side: Side::Request,
        };
        injector.inject(fault("slow", late(100), Selector::default()), ALWAYS);
        injector.inject(fault("slower", late(200), Selector::default()), ALWAYS);
        injector.inject(fault("lost", Damage::Lose(Side::Reply), Selector::default()), ALWAYS);
        injector.inject(fault("away", Damage::Outage(Outage::Reset), Selector::default()), ALWAYS);
        let decision = decisions(&mut injector, 1).remove(0);
        assert_eq!(decision.request_delay, Duration::from_millis(300));
        assert_eq!(decision.action, LinkAction::LoseReply);
        assert_eq!(decision.faults.len(), 3, "the outage changed nothing, so it did not fire");
    }

    #[test]
    fn a_fault_injected_again_counts_its_calls_anew_and_rolls_on() {
        let mut injector = Injector::new(Seed(1));
        let first = Selector { calls: Calls::Range(1..=1), ..Selector::default() };
        let lost = fault("lost", Damage::Lose(Side::Reply), first);
        injector.inject(lost.clone(), ALWAYS);
        assert_eq!(actions(&mut injector, 2), [LinkAction::LoseReply, LinkAction::Deliver]);
        assert!(injector.heal(&lost.name));
        assert!(!injector.heal(&lost.name));
        injector.inject(lost, ALWAYS);
        assert_eq!(actions(&mut injector, 1), [LinkAction::LoseReply]);
        assert_eq!(injector.ordinals.values().copied().collect::<Vec<_>>(), [3]);
    }
}
