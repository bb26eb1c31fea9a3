//! The steps of a sequence that have an effect, grouped into units.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use fault::{Damage, ServiceName};
use scenario::{EffectExpectation, Exploration, Operation, Signal};

use crate::{
    interference::Interference,
    sequence::{Element, NumberedStep, Release, Sequence},
};

/// The steps of a sequence that have an effect.
pub(super) struct Plan<'a> {
    pub(super) exploration: &'a Exploration,
    /// The calls that are made, by the numbers of their steps.
    pub(super) calls: BTreeMap<u32, PlannedCall<'a>>,
    /// The numbers of the steps that have an effect.
    pub(super) effective: BTreeSet<u32>,
    pub(super) units: Vec<Unit>,
}

/// A call of a sequence, with the operation it is one of.
pub(super) struct PlannedCall<'a> {
    pub(super) operation: &'a Operation,
    /// Indices of the values drawn for it.
    pub(super) values: &'a [u64],
    /// Numbers of the steps that make the handles it needs.
    pub(super) handles: &'a [u32],
}

/// What becomes one step of the scenario.
pub(super) enum Unit {
    /// Requests that are sent at once.
    Requests(Vec<Sent>),
    /// Injects a fault, by its index in the exploration.
    Inject(usize),
    /// Heals this fault, or all.
    Heal(Option<usize>),
    Process(ServiceName, Signal, EffectExpectation),
    Wait(Duration),
    /// Checks the outcome of the call that was first made by the step with this number.
    CheckOutcome(u32),
}

/// One sending of a request.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    /// The number of the step that sends it for the first time.
    pub(super) call: u32,
    pub(super) attempt: Attempt,
    pub(super) interference: Interference,
}

/// How a sending relates to the earlier ones of the same request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    First,
    /// The reply to an earlier one is known.
    Again,
    /// An earlier one is still in flight.
    Concurrent,
}

impl<'a> Plan<'a> {
    pub(super) fn new(exploration: &'a Exploration, sequence: &'a Sequence) -> Self {
        let mut plan =
            Self { exploration, calls: BTreeMap::new(), effective: BTreeSet::new(), units: Vec::new() };
        let mut disruption = Disruption::default();
        for step in &sequence.steps {
            if plan.add(step, sequence.clients, &mut disruption) {
                plan.effective.insert(step.number);
            }
        }
        plan
    }

    /// The names of the operations of a unit's requests.
    pub(super) fn operations(&self, unit: &Unit) -> Vec<String> {
        let name = |call: &u32| self.calls[call].operation.name.clone();
        match unit {
            Unit::Requests(requests) => requests.iter().map(|sent| name(&sent.call)).collect(),
            Unit::CheckOutcome(call) => vec![name(call)],
            Unit::Inject(_) | Unit::Heal(_) | Unit::Process(..) | Unit::Wait(_) => Vec::new(),
        }
    }

    /// The key of a call.
    pub(super) fn key(&self, call: u32) -> String {
        format!("{}-{call}", self.calls[&call].operation.name)
    }

    /// The keys of the calls whose outcomes aren't checked at the end.
    pub(super) fn unchecked_keys(&self) -> Vec<String> {
        let is_checked =
            |call: &u32| self.units.iter().any(|unit| matches!(unit, Unit::CheckOutcome(of) if of == call));
        let unchecked =
            self.calls.iter().filter(|(call, planned)| planned.operation.has_key() && !is_checked(call));
        unchecked.map(|(call, _)| self.key(*call)).collect()
    }

    /// Adds a step, if all that it refers to is there. Returns whether it is.
    fn add(&mut self, step: &'a NumberedStep, clients: u32, disruption: &mut Disruption) -> bool {
        match &step.element {
            Element::Call { operation, values, handles, release } => {
                let operation = &self.exploration.operations[*operation];
                let made = |(handle, maker): (&String, &u32)| {
                    self.calls
                        .get(maker)
                        .is_some_and(|call| call.operation.makes.iter().any(|(made, _)| made == handle))
                };
                if !operation.needs.iter().zip(handles).all(made) {
                    return false;
                }
                self.calls.insert(step.number, PlannedCall { operation, values, handles });
                self.send(step.number, Attempt::First, *release, clients, disruption);
            }
            Element::Again { of, release } => {
                if !self.calls.contains_key(of) {
                    return false;
                }
                self.send(*of, Attempt::Again, *release, clients, disruption);
            }
            Element::Inject(fault) => {
                disruption.inject(*fault, &self.exploration.faults[*fault].damage);
                self.units.push(Unit::Inject(*fault));
            }
            Element::Heal(fault) => {
                if !disruption.in_force.remove(fault) {
                    return false;
                }
                self.units.push(Unit::Heal(Some(*fault)));
            }
            Element::Kill(service) => {
                if !disruption.killed.insert(service.clone()) {
                    return false;
                }
                disruption.interference = Interference::Possible;
                let effect = disruption.effect_on(service);
                self.units.push(Unit::Process(service.clone(), Signal::Kill, effect));
            }
            Element::Start(service) => {
                let effect = if disruption.killed.remove(service) {
                    EffectExpectation::Required
                } else if disruption.crashable.contains(service) {
                    EffectExpectation::Optional
                } else {
                    return false;
                };
                // A crash fault that is still in force could keep the service from becoming ready.
                let crashes = |fault: &usize| match &self.exploration.faults[*fault].damage {
                    Damage::Crash { service: crashed, .. } => crashed == service,
                    _ => false,
                };
                let healed = disruption.in_force.extract_if(.., |fault| crashes(fault));
                self.units.extend(healed.map(|fault| Unit::Heal(Some(fault))));
                self.units.push(Unit::Process(service.clone(), Signal::Start, effect));
            }
            Element::Wait(time) => self.units.push(Unit::Wait(*time)),
            Element::CheckOutcome { of } => {
                if !self.calls.contains_key(of) {
                    return false;
                }
                self.units.extend(disruption.end());
                self.units.push(Unit::CheckOutcome(*of));
            }
        }
        true
    }

    /// Sends a request: at once with those before it if `release` says so and there are clients enough, else after them.
    fn send(&mut self, call: u32, attempt: Attempt, release: Release, clients: u32, disruption: &Disruption) {
        let sent = Sent { call, attempt, interference: disruption.interference };
        let needs = self.calls[&call].handles;
        if let (Release::Beside, Some(Unit::Requests(group))) = (release, self.units.last_mut())
            && group.len() < clients as usize
            && !group.iter().any(|other| other.attempt == Attempt::First && needs.contains(&other.call))
        {
            let concurrent = group.iter().any(|other| other.call == call);
            group.push(Sent { attempt: if concurrent { Attempt::Concurrent } else { attempt }, ..sent });
        } else {
            self.units.push(Unit::Requests(vec![sent]));
        }
    }
}

/// The faults in force and the services that are down, at one point of a sequence.
#[derive(Default)]
struct Disruption {
    interference: Interference,
    /// Indices of faults in the exploration.
    in_force: BTreeSet<usize>,
    killed: BTreeSet<ServiceName>,
    /// The services that a fault may crash or have crashed.
    crashable: BTreeSet<ServiceName>,
    /// The longest time by which a fault delays a request or reply.
    delay: Duration,
}

impl Disruption {
    fn inject(&mut self, fault: usize, damage: &Damage) {
        self.interference = Interference::Possible;
        self.in_force.insert(fault);
        match damage {
            Damage::Crash { service, .. } => drop(self.crashable.insert(service.clone())),
            Damage::Latency { delay, jitter, .. } => self.delay = self.delay.max(*delay + *jitter),
            _ => {}
        }
    }

    /// What a signal to a service that wasn't killed can be expected to do.
    fn effect_on(&self, service: &ServiceName) -> EffectExpectation {
        if self.crashable.contains(service) {
            EffectExpectation::Optional
        } else {
            EffectExpectation::Required
        }
    }

    /// Heals faults and starts killed services; returns the units for that.
    fn end(&mut self) -> Vec<Unit> {
        let interference = self.interference;
        let Self { in_force, killed, crashable, delay, .. } =
            std::mem::replace(self, Self { interference, ..Self::default() });
        let heal = (!in_force.is_empty()).then_some(Unit::Heal(None));
        // A delayed request may crash its service only after the delay, so wait for it.
        let wait = (!crashable.is_empty() && !delay.is_zero()).then_some(Unit::Wait(delay));
        let start = killed.union(&crashable).map(|service| {
            let effect = if killed.contains(service) {
                EffectExpectation::Required
            } else {
                EffectExpectation::Optional
            };
            Unit::Process(service.clone(), Signal::Start, effect)
        });
        heal.into_iter().chain(wait).chain(start).collect()
    }
}
