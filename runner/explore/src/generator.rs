//! Generates sequences from seeds.

use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use fault::{Damage, Seed, ServiceName};
use proptest::{
    collection::vec,
    strategy::{BoxedStrategy, Just, Strategy, Union, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use scenario::Exploration;

use crate::sequence::{Element, NumberedStep, Release, Sequence};

/// The share of requests that are sent at once with the one before them, where there are clients enough.
const BESIDE: f64 = 0.4;

/// Generates the sequences of an exploration.
pub struct Generator<'a> {
    exploration: &'a Exploration,
    strategy: BoxedStrategy<(u32, Vec<Drawn>)>,
}

/// What is drawn for a step. The steps that it refers to are picked later, when those before it are known.
#[derive(Debug, Clone)]
enum Drawn {
    Call { operation: usize, values: Vec<u64>, picks: Vec<u32>, release: Release },
    Again { pick: u32, release: Release },
    Inject { fault: usize, steps: u32 },
    Kill { service: ServiceName, steps: u32 },
    Wait(Duration),
}

impl<'a> Generator<'a> {
    /// A generator of this exploration's sequences.
    pub fn new(exploration: &'a Exploration) -> Self {
        let steps = vec(step(exploration), size(&exploration.length));
        let strategy = (exploration.clients.clone(), steps).boxed();
        Self { exploration, strategy }
    }

    /// The sequence of this seed, always the same one.
    pub fn sequence(&self, seed: Seed) -> Sequence {
        let mut bytes = [0; 32];
        for (part, chunk) in ["a", "b", "c", "d"].into_iter().zip(bytes.chunks_mut(8)) {
            chunk.copy_from_slice(&seed.derive(part).0.to_le_bytes());
        }
        let config = Config { failure_persistence: None, verbose: 0, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let tree = self.strategy.new_tree(&mut runner);
        let (clients, drawn) = tree.expect("no strategy here rejects what it draws").current();
        self.resolved(clients, drawn)
    }

    /// Numbers the steps and picks the steps that they refer to.
    fn resolved(&self, clients: u32, drawn: Vec<Drawn>) -> Sequence {
        let mut made: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let mut repeatable: Vec<u32> = Vec::new();
        let mut due: Vec<(usize, Element)> = Vec::new();
        let mut elements: Vec<(u32, Element)> = Vec::new();
        let mut next = 1..;
        let mut number = || next.next().expect("a sequence has fewer than 2^32 steps");
        for (at, drawn) in drawn.into_iter().enumerate() {
            let over = due.extract_if(.., |(until, _)| *until <= at).map(|(_, element)| element);
            elements.extend(over.map(|element| (number(), element)));
            let element = match drawn {
                Drawn::Call { operation, values, picks, release } => {
                    let described = &self.exploration.operations[operation];
                    let makers = described.needs.iter().zip(picks);
                    let handles = makers.map(|(handle, chosen)| pick(made.get(handle.as_str())?, chosen));
                    let Some(handles) = handles.collect::<Option<Vec<u32>>>() else { continue };
                    let this = number();
                    for (handle, _) in &described.makes {
                        made.entry(handle).or_default().push(this);
                    }
                    if described.is_repeatable() {
                        repeatable.push(this);
                    }
                    elements.push((this, Element::Call { operation, values, handles, release }));
                    continue;
                }
                Drawn::Again { pick: chosen, release } => match pick(&repeatable, chosen) {
                    Some(of) => Element::Again { of, release },
                    None => continue,
                },
                Drawn::Inject { fault, steps } => {
                    let until = at + steps as usize;
                    due.push((until, Element::Heal(fault)));
                    if let Damage::Crash { service, .. } = &self.exploration.faults[fault].damage {
                        due.push((until, Element::Start(service.clone())));
                    }
                    Element::Inject(fault)
                }
                Drawn::Kill { service, steps } => {
                    due.push((at + steps as usize, Element::Start(service.clone())));
                    Element::Kill(service)
                }
                Drawn::Wait(time) => Element::Wait(time),
            };
            elements.push((number(), element));
        }
        elements.extend(repeatable.iter().map(|of| (number(), Element::CheckOutcome { of: *of })));
        let steps = elements.into_iter().map(|(number, element)| NumberedStep { number, element });
        Sequence { clients, steps: steps.collect() }
    }
}

/// One of these numbers. The last one in half of all cases: its request is the most likely to be in flight.
fn pick(numbers: &[u32], chosen: u32) -> Option<u32> {
    let any = || numbers.get((chosen / 2) as usize % numbers.len().max(1));
    if chosen.is_multiple_of(2) { numbers.last() } else { any() }.copied()
}

fn step(exploration: &Exploration) -> BoxedStrategy<Drawn> {
    let mut choices: Vec<(u32, BoxedStrategy<Drawn>)> = Vec::new();
    for (at, operation) in exploration.operations.iter().enumerate() {
        let index = |(_, generator): &(String, scenario::Generator)| (0..generator.count()).boxed();
        let values: Vec<BoxedStrategy<u64>> = operation.values.iter().map(index).collect();
        let picks = vec(proptest::num::u32::ANY, operation.needs.len());
        let call = (values, picks, release(exploration));
        let call = call.prop_map(move |(values, picks, release)| Drawn::Call {
            operation: at,
            values,
            picks,
            release,
        });
        choices.push((operation.weight, call.boxed()));
    }
    let again = (proptest::num::u32::ANY, release(exploration));
    choices
        .push((exploration.again, again.prop_map(|(pick, release)| Drawn::Again { pick, release }).boxed()));
    if !exploration.faults.is_empty() {
        let inject = (0..exploration.faults.len(), exploration.inject.steps.clone());
        let inject = inject.prop_map(|(fault, steps)| Drawn::Inject { fault, steps });
        choices.push((exploration.inject.weight, inject.boxed()));
    }
    if !exploration.killable.is_empty() {
        let kill = (proptest::sample::select(exploration.killable.clone()), exploration.kill.steps.clone());
        let kill = kill.prop_map(|(service, steps)| Drawn::Kill { service, steps });
        choices.push((exploration.kill.weight, kill.boxed()));
    }
    choices.push((exploration.wait_weight, pause(&exploration.wait_times).prop_map(Drawn::Wait).boxed()));
    choices.retain(|(weight, _)| *weight > 0);
    Union::new_weighted(choices).boxed()
}

fn release(exploration: &Exploration) -> BoxedStrategy<Release> {
    if *exploration.clients.end() == 1 {
        return Just(Release::After).boxed();
    }
    proptest::bool::weighted(BESIDE)
        .prop_map(|beside| if beside { Release::Beside } else { Release::After })
        .boxed()
}

/// A length of time from this range. All powers of two are equally likely, so that short waits occur as well as long ones.
fn pause(range: &RangeInclusive<Duration>) -> BoxedStrategy<Duration> {
    let milliseconds = |time: &Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let (least, most) = (milliseconds(range.start()), milliseconds(range.end()));
    let doublings = most.max(1).ilog2() - least.max(1).ilog2();
    let bounds = (0..=doublings).prop_flat_map(move |doubling| {
        let from = (least.max(1) << doubling).min(most);
        from..=(from * 2).min(most).max(from)
    });
    bounds.prop_map(Duration::from_millis).boxed()
}

fn size(length: &RangeInclusive<u32>) -> RangeInclusive<usize> {
    *length.start() as usize..=*length.end() as usize
}
