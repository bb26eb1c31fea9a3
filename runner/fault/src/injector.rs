use std::{collections::BTreeMap, time::Duration};

use crate::{Decision, Fault, FaultName, Interruption, Link, Moment, Outage, RequestHead, Seed};

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

/// Number of an injection, in the order of injections: it tells a fault from an earlier one of the same name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Injection(u64);

/// How many exchanges a fault has met, and how many of those it has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FaultCount {
    /// Exchanges that it was to change.
    pub met: u64,
    /// Exchanges that it has changed. A reply can be too short to be truncated, or never come.
    pub damaged: u64,
    /// Times that it came into force: it isn't yet when its window hasn't opened.
    pub in_force: u64,
}

/// The faults in force in a world: decides what they do to each exchange, and counts the exchanges they meet.
#[derive(Debug)]
pub struct Injector {
    seed: Seed,
    injected: Vec<Injected>,
    last: Injection,
    /// The exchanges that each fault ever injected could have met, so that a fault injected again doesn't draw the
    /// same random numbers again.
    ordinals: BTreeMap<FaultName, u64>,
    counts: BTreeMap<FaultName, FaultCount>,
    /// The last outage of each whole link that was healed: what was under way before it stays cut.
    healed: BTreeMap<Link, Interruption>,
}

#[derive(Debug)]
struct Injected {
    fault: Fault,
    injection: Injection,
    window: Window,
    matching: u64,
}

impl Injected {
    /// The outage of a whole link that it is, if its window has opened by `now`.
    fn interruption(&self, now: Duration) -> Option<Interruption> {
        let outage = self.fault.whole_outage().filter(|_| self.window.start <= now)?;
        let moment = Moment { at: self.window.start, injection: self.injection };
        Some(Interruption { fault: self.fault.name.clone(), outage, moment, link: self.fault.link.clone() })
    }

    fn refuses(&self, link: &Link) -> bool {
        self.fault.link == *link && self.fault.whole_outage() == Some(Outage::Refuse)
    }
}

impl Injector {
    /// An injector without faults.
    pub fn new(seed: Seed) -> Self {
        let (ordinals, counts, healed) = Default::default();
        Self { seed, injected: Vec::new(), last: Injection::default(), ordinals, counts, healed }
    }

    /// Puts `fault` in force for `window`. A fault of the same name is replaced at `now`, and counts its calls anew.
    pub fn inject(&mut self, fault: Fault, window: Window, now: Duration) -> Injection {
        self.heal(&fault.name, now);
        self.counts.entry(fault.name.clone()).or_default();
        self.last.0 += 1;
        self.injected.push(Injected { fault, injection: self.last, window, matching: 0 });
        self.last
    }

    /// Takes a fault out of force at `now`, and returns whether it was injected.
    pub fn heal(&mut self, name: &FaultName, now: Duration) -> bool {
        let Some(position) = self.injected.iter().position(|injected| injected.fault.name == *name) else {
            return false;
        };
        let injected = self.injected.remove(position);
        if injected.window.start <= now {
            self.counts.entry(name.clone()).or_default().in_force += 1;
        }
        if let Some(interruption) = injected.interruption(now) {
            let last = self.healed.entry(interruption.link.clone()).or_insert_with(|| interruption.clone());
            if last.moment < interruption.moment {
                *last = interruption;
            }
        }
        true
    }

    /// Takes all faults out of force at `now`, and returns their names.
    pub fn heal_all(&mut self, now: Duration) -> Vec<FaultName> {
        let names: Vec<_> = self.injected.iter().map(|injected| injected.fault.name.clone()).collect();
        for name in &names {
            self.heal(name, now);
        }
        names
    }

    /// Whether the fault of this injection is in force, or will be once its window opens.
    pub fn is_injected(&self, injection: Injection) -> bool {
        self.injected.iter().any(|injected| injected.injection == injection)
    }

    /// Whether an exchange that begins on `link` at `now` can only be decided with its request's body.
    pub fn needs_body(&self, link: &Link, now: Duration) -> bool {
        let mut in_force = self.injected.iter().filter(|injected| injected.window.contains(now));
        in_force.any(|injected| injected.fault.link == *link && injected.fault.selector.needs_body())
    }

    /// Decides what happens to an exchange that begins on `link` at `now`, and counts it for the faults it meets. `body` is the
    /// request's body without a content coding, and may be empty unless [`Injector::needs_body`].
    pub fn decide(&mut self, link: &Link, head: &RequestHead<'_>, body: &[u8], now: Duration) -> Decision {
        let mut decision = Decision::default();
        for injected in &mut self.injected {
            let Injected { fault, injection, window, matching } = injected;
            if fault.link != *link || !window.contains(now) || !fault.selector.matches(head, body) {
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
            self.counts.entry(fault.name.clone()).or_default().met += 1;
            decision.add(fault, *injection, self.seed, this);
        }
        decision
    }

    /// Counts an exchange that a fault has changed.
    pub fn record_damage(&mut self, fault: &FaultName) {
        self.counts.entry(fault.clone()).or_default().damaged += 1;
    }

    /// The present, to be compared with when outages come into force.
    pub fn moment(&self, now: Duration) -> Moment {
        Moment { at: now, injection: self.last }
    }

    /// The first outage of the whole link that came into force after `since` and by `now`, also one that is over.
    pub fn interruption(&self, link: &Link, since: Moment, now: Duration) -> Option<Interruption> {
        let of_link = self.injected.iter().filter(|injected| injected.fault.link == *link);
        let injected = of_link.filter_map(|injected| injected.interruption(now));
        let all = injected.chain(self.healed.get(link).cloned());
        all.filter(|interruption| interruption.moment > since).min_by_key(|interruption| interruption.moment)
    }

    /// The fault because of which connections on `link` are refused at `now`, if there is one. Counts nothing: an
    /// address or a link that refuses because of it says so with [`Injector::record_refusal`].
    pub fn refusal(&self, link: &Link, now: Duration) -> Option<&FaultName> {
        let mut injected = self.injected.iter();
        let refusing = injected.find(|injected| injected.refuses(link) && injected.window.contains(now))?;
        Some(&refusing.fault.name)
    }

    /// A fault that is injected and has refused connections on `link` at some time from `since` to `now`.
    pub fn refusal_since(&self, link: &Link, since: Duration, now: Duration) -> Option<&FaultName> {
        let overlaps = |window: Window| window.start <= now && window.end.is_none_or(|end| since < end);
        let mut injected = self.injected.iter();
        let refusing = injected.find(|injected| injected.refuses(link) && overlaps(injected.window))?;
        Some(&refusing.fault.name)
    }

    /// Counts one refusal for `fault`: an exchange that was refused, or an address that began to refuse connections
    /// and so sees no exchange.
    pub fn record_refusal(&mut self, fault: &FaultName) {
        self.counts.entry(fault.clone()).or_default().met += 1;
        self.record_damage(fault);
    }

    /// The time after `now` at which the next window opens or closes.
    pub fn next_change(&self, now: Duration) -> Option<Duration> {
        let edges = self.injected.iter().flat_map(|i| [Some(i.window.start), i.window.end]);
        edges.flatten().filter(|edge| *edge > now).min()
    }

    /// The faults that were ever injected, with the number of exchanges each has met and changed.
    pub fn counts(&self) -> &BTreeMap<FaultName, FaultCount> {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};

    use super::*;
    use crate::{Calls, Damage, LinkAction, PathPattern, Probability, Selector, Side};

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
        let head = RequestHead { method: &Method::POST, path: "/pay", query: "", headers: &headers };
        (0..count).map(|second| injector.decide(&link, &head, b"", Duration::from_secs(second))).collect()
    }

    fn actions(injector: &mut Injector, count: u64) -> Vec<LinkAction> {
        decisions(injector, count).into_iter().map(|decision| decision.action).collect()
    }

    const ALWAYS: Window = Window { start: Duration::ZERO, end: None };

    #[test]
    fn only_the_chosen_calls_are_met() {
        let mut injector = Injector::new(Seed(1));
        let selector = Selector { calls: Calls::Range(2..=2), ..Selector::default() };
        injector.inject(fault("lost", Damage::Lose(Side::Reply), selector), ALWAYS, Duration::ZERO);
        assert_eq!(
            actions(&mut injector, 3),
            [LinkAction::Deliver, LinkAction::LoseReply, LinkAction::Deliver]
        );
        assert_eq!(injector.counts().values().map(|count| count.met).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_window_opens_and_closes() {
        let mut injector = Injector::new(Seed(1));
        let window = Window { start: Duration::from_secs(1), end: Some(Duration::from_secs(2)) };
        injector.inject(
            fault("away", Damage::Outage(Outage::Hang), Selector::default()),
            window,
            Duration::ZERO,
        );
        assert_eq!(injector.next_change(Duration::ZERO), Some(Duration::from_secs(1)));
        assert_eq!(actions(&mut injector, 3), [LinkAction::Deliver, LinkAction::Hang, LinkAction::Deliver]);
        assert_eq!(injector.next_change(Duration::from_secs(2)), None);
    }

    #[test]
    fn a_fault_whose_window_never_opened_was_never_in_force() {
        let mut injector = Injector::new(Seed(1));
        for (name, opens) in [("early", 1), ("late", 9)] {
            let fault = fault(name, Damage::Outage(Outage::Hang), Selector::default());
            injector.inject(fault, Window::from(Duration::from_secs(opens)), Duration::ZERO);
        }
        injector.heal_all(Duration::from_secs(2));
        let in_force: Vec<_> = injector.counts().values().map(|count| count.in_force).collect();
        assert_eq!(in_force, [1, 0]);
    }

    #[test]
    fn asking_whether_a_link_refuses_counts_nothing() {
        let mut injector = Injector::new(Seed(1));
        let away = fault("away", Damage::Outage(Outage::Refuse), Selector::default());
        injector.inject(away.clone(), Window::from(Duration::from_secs(1)), Duration::ZERO);
        let damaged =
            |injector: &Injector| injector.counts().values().map(|count| count.damaged).collect::<Vec<_>>();
        assert_eq!(injector.refusal(&away.link, Duration::ZERO), None);
        for _ in 0..2 {
            assert_eq!(injector.refusal(&away.link, Duration::from_secs(1)), Some(&away.name));
        }
        assert_eq!(damaged(&injector), [0]);
        injector.record_refusal(&away.name);
        assert_eq!(damaged(&injector), [1]);
    }

    #[test]
    fn another_link_and_another_path_are_left_alone() {
        let mut injector = Injector::new(Seed(1));
        let elsewhere = Selector { path: PathPattern::new("/other"), ..Selector::default() };
        injector.inject(fault("path", Damage::Outage(Outage::Reset), elsewhere), ALWAYS, Duration::ZERO);
        let mut link = fault("link", Damage::Outage(Outage::Reset), Selector::default());
        link.link = "b -> a".parse().expect("a link");
        injector.inject(link, ALWAYS, Duration::ZERO);
        assert_eq!(decisions(&mut injector, 1), [Decision::default()]);
    }

    #[test]
    fn chance_depends_on_seed_fault_and_ordinal_alone() {
        let half = || Selector { probability: Probability::new(0.5).expect("valid"), ..Selector::default() };
        let run = |seed: u64, others: u64| {
            let mut injector = Injector::new(Seed(seed));
            for n in 0..others {
                injector.inject(
                    fault(&format!("other-{n}"), Damage::Duplicate, half()),
                    ALWAYS,
                    Duration::ZERO,
                );
            }
            injector.inject(fault("lost", Damage::Lose(Side::Request), half()), ALWAYS, Duration::ZERO);
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
        injector.inject(fault("slow", late(100), Selector::default()), ALWAYS, Duration::ZERO);
        injector.inject(fault("slower", late(200), Selector::default()), ALWAYS, Duration::ZERO);
        injector.inject(
            fault("lost", Damage::Lose(Side::Reply), Selector::default()),
            ALWAYS,
            Duration::ZERO,
        );
        injector.inject(
            fault("away", Damage::Outage(Outage::Reset), Selector::default()),
            ALWAYS,
            Duration::ZERO,
        );
        let decision = decisions(&mut injector, 1).remove(0);
        assert_eq!(decision.request_delay, Duration::from_millis(300));
        assert_eq!(decision.action, LinkAction::LoseReply);
        assert_eq!(decision.faults.len(), 3, "the outage changes nothing, so it isn't among them");
    }

    #[test]
    fn a_fault_injected_again_counts_its_calls_anew_and_rolls_on() {
        let mut injector = Injector::new(Seed(1));
        let first = Selector { calls: Calls::Range(1..=1), ..Selector::default() };
        let lost = fault("lost", Damage::Lose(Side::Reply), first);
        injector.inject(lost.clone(), ALWAYS, Duration::ZERO);
        assert_eq!(actions(&mut injector, 2), [LinkAction::LoseReply, LinkAction::Deliver]);
        assert!(injector.heal(&lost.name, Duration::ZERO));
        assert!(!injector.heal(&lost.name, Duration::ZERO));
        injector.inject(lost, ALWAYS, Duration::ZERO);
        assert_eq!(actions(&mut injector, 1), [LinkAction::LoseReply]);
        assert_eq!(injector.ordinals.values().copied().collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn the_lowest_limit_wins_alone() {
        let mut injector = Injector::new(Seed(1));
        for (name, bytes) in [("high", 100), ("low", 10), ("middle", 50)] {
            injector.inject(
                fault(name, Damage::Truncate(bytes), Selector::default()),
                ALWAYS,
                Duration::ZERO,
            );
        }
        let decision = decisions(&mut injector, 1).remove(0);
        assert_eq!(decision.truncate, Some(10));
        let faults: Vec<_> = decision.faults.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(faults, ["low"]);
    }

    #[test]
    fn an_outage_of_the_whole_link_interrupts_what_began_before_it() {
        let second = Duration::from_secs;
        let mut injector = Injector::new(Seed(1));
        let before = injector.moment(second(1));
        let away = fault("away", Damage::Outage(Outage::Reset), Selector::default());
        // At the same instant: only the order of injections tells which was first.
        injector.inject(away.clone(), Window::from(second(1)), second(1));
        let after = injector.moment(second(1));
        let interrupted = |injector: &Injector, since: Moment, now: u64| {
            injector.interruption(&away.link, since, second(now)).map(|found| found.moment.at)
        };
        assert_eq!(interrupted(&injector, before, 1), Some(second(1)));
        assert_eq!(interrupted(&injector, after, 1), None);
        injector.heal(&away.name, second(2));
        assert_eq!(interrupted(&injector, before, 2), Some(second(1)), "it was cut, and stays cut");

        injector.inject(away.clone(), Window { start: second(5), end: Some(second(6)) }, second(2));
        assert_eq!(interrupted(&injector, after, 4), None, "its window opens later");
        assert_eq!(interrupted(&injector, after, 9), Some(second(5)), "its window has been open");
        injector.heal_all(second(9));
        let some = Selector { calls: Calls::Range(1..=9), ..Selector::default() };
        injector.inject(fault("some", Damage::Outage(Outage::Reset), some), ALWAYS, second(9));
        assert_eq!(interrupted(&injector, injector.moment(second(8)), 9), None, "it selects exchanges");
    }
}
