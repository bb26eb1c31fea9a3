//! A sequence as an ordinary scenario.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use fault::{Damage, ServiceName};
use scenario::{
    Action, Binding, Bindings, Exploration, Expression, Operation, ReplyExpectation, RequestStep, Scenario,
    Signal, Span, Step, Times,
};

use crate::{
    sequence::{Element, Numbered, Release, Sequence},
    step::{self, Peace, SUCCESS, expression},
};

/// What an operation that says nothing about its replies must still not do: break inside.
const NOT_BROKEN: &str = "status != 500 and status != 501";

/// Writes a sequence as a scenario called `name`. What refers to what isn't there is left out. Requests whose outcome
/// is asked for have to be answered `within` that time.
pub fn script(exploration: &Exploration, sequence: &Sequence, name: String, within: Duration) -> Scenario {
    let plan = Plan::new(exploration, sequence);
    let used: BTreeSet<String> = plan.units.iter().flat_map(|unit| plan.names(unit)).collect();
    let steps = plan.units.iter().flat_map(|unit| plan.steps(unit, &used, within)).collect();
    let injected: BTreeSet<usize> = plan
        .units
        .iter()
        .filter_map(|unit| match unit {
            Unit::Inject(fault) => Some(*fault),
            _ => None,
        })
        .collect();
    Scenario {
        name,
        tags: exploration.tags.clone(),
        file: exploration.file.clone(),
        vars: Vec::new(),
        faults: injected.into_iter().map(|fault| exploration.faults[fault].clone()).collect(),
        steps,
        settle: exploration.settle,
    }
}

/// The steps of a sequence that don't change anything when they are left out: what they refer to isn't there.
pub(crate) fn without_idle_steps(exploration: &Exploration, sequence: &Sequence) -> Sequence {
    let plan = Plan::new(exploration, sequence);
    let steps = sequence.steps.iter().filter(|step| plan.live.contains(&step.number)).cloned();
    Sequence { clients: sequence.clients, steps: steps.collect() }
}

/// The keys of the calls whose outcome isn't asked for at the end.
pub(crate) fn unasked_keys(exploration: &Exploration, sequence: &Sequence) -> Vec<String> {
    let plan = Plan::new(exploration, sequence);
    let asked = |call: &u32| plan.units.iter().any(|unit| matches!(unit, Unit::Ask(of) if of == call));
    let keyed = plan.calls.iter().filter(|(call, sent)| sent.operation.has_key() && !asked(call));
    keyed.map(|(call, _)| plan.key(*call)).collect()
}

/// What happens, once it is known what can.
struct Plan<'a> {
    exploration: &'a Exploration,
    /// The calls that happen, by number.
    calls: BTreeMap<u32, Call<'a>>,
    live: BTreeSet<u32>,
    units: Vec<Unit>,
}

struct Call<'a> {
    operation: &'a Operation,
    values: &'a [u64],
    handles: &'a [u32],
}

/// Steps of a scenario.
enum Unit {
    /// Requests that are released at once.
    Requests(Vec<Sent>),
    Inject(usize),
    Heal(Option<usize>),
    Process(ServiceName, Signal),
    Wait(Duration),
    Ask(u32),
}

/// A request.
#[derive(Clone, Copy)]
struct Sent {
    /// The number of the step that sends it for the first time.
    call: u32,
    time: Time,
    peace: Peace,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Time {
    First,
    /// Once more, when the reply to the first is known.
    Again,
    /// Once more, while the first is under way.
    Meanwhile,
}

impl<'a> Plan<'a> {
    fn new(exploration: &'a Exploration, sequence: &'a Sequence) -> Self {
        let mut plan = Self { exploration, calls: BTreeMap::new(), live: BTreeSet::new(), units: Vec::new() };
        let mut trouble = Trouble::default();
        for step in &sequence.steps {
            if plan.add(step, sequence.clients, &mut trouble) {
                plan.live.insert(step.number);
            }
        }
        plan
    }

    /// Adds a step, if there is all it refers to.
    fn add(&mut self, step: &'a Numbered, clients: u32, trouble: &mut Trouble) -> bool {
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
                self.calls.insert(step.number, Call { operation, values, handles });
                let sent = Sent { call: step.number, time: Time::First, peace: trouble.peace };
                self.send(sent, *release, clients);
            }
            Element::Again { of, release } => {
                if !self.calls.contains_key(of) {
                    return false;
                }
                let sent = Sent { call: *of, time: Time::Again, peace: trouble.peace };
                self.send(sent, *release, clients);
            }
            Element::Inject(fault) => {
                trouble.peace = Peace::Disturbed;
                trouble.in_force.insert(*fault);
                match &self.exploration.faults[*fault].damage {
                    Damage::Crash { service, .. } => drop(trouble.dying.insert(service.clone())),
                    Damage::Latency { delay, jitter, .. } => {
                        trouble.late = trouble.late.max(*delay + *jitter);
                    }
                    _ => {}
                }
                self.units.push(Unit::Inject(*fault));
            }
            Element::Heal(fault) => {
                if !trouble.in_force.remove(fault) {
                    return false;
                }
                self.units.push(Unit::Heal(Some(*fault)));
            }
            Element::Kill(service) => {
                if !trouble.dead.insert(service.clone()) {
                    return false;
                }
                trouble.peace = Peace::Disturbed;
                self.units.push(Unit::Process(service.clone(), Signal::Kill));
            }
            Element::Start(service) => {
                if !trouble.dead.remove(service) && !trouble.dying.contains(service) {
                    return false;
                }
                // What still kills it would keep it from ever being ready.
                let faults = &self.exploration.faults;
                let kills = |fault: &usize| match &faults[*fault].damage {
                    Damage::Crash { service: victim, .. } => victim == service,
                    _ => false,
                };
                let healed = trouble.in_force.extract_if(.., |fault| kills(fault));
                self.units.extend(healed.map(|fault| Unit::Heal(Some(fault))));
                self.units.push(Unit::Process(service.clone(), Signal::Start));
            }
            Element::Wait(time) => self.units.push(Unit::Wait(*time)),
            Element::Ask { of } => {
                if !self.calls.contains_key(of) {
                    return false;
                }
                self.units.extend(trouble.ended());
                self.units.push(Unit::Ask(*of));
            }
        }
        true
    }

    /// Sends a request beside those before it, if that is wanted and possible.
    fn send(&mut self, sent: Sent, release: Release, clients: u32) {
        let needs = self.calls[&sent.call].handles;
        if let (Release::Beside, Some(Unit::Requests(group))) = (release, self.units.last_mut())
            && group.len() < clients as usize
            && !group.iter().any(|other| other.time == Time::First && needs.contains(&other.call))
        {
            let meanwhile = group.iter().any(|other| other.call == sent.call);
            group.push(Sent { time: if meanwhile { Time::Meanwhile } else { sent.time }, ..sent });
        } else {
            self.units.push(Unit::Requests(vec![sent]));
        }
    }

    /// The variables that steps use, of those that others capture.
    fn names(&self, unit: &Unit) -> BTreeSet<String> {
        let (requests, asked) = match unit {
            Unit::Requests(requests) => (requests.as_slice(), None),
            Unit::Ask(call) => (&[][..], Some(*call)),
            _ => (&[][..], None),
        };
        let again = requests.iter().filter(|sent| sent.time == Time::Again).map(|sent| sent.call);
        let said = again.chain(asked).map(|call| self.said(call));
        let handles = requests.iter().map(|sent| sent.call).chain(asked).flat_map(|call| self.handles(call));
        said.chain(handles.map(|(_, variable)| variable)).collect()
    }

    /// The variable that holds what a request's success said.
    fn said(&self, call: u32) -> String {
        format!("{}_{call}_said", self.calls[&call].operation.name)
    }

    /// The handles that a request needs, each with the variable that holds it.
    fn handles(&self, call: u32) -> impl Iterator<Item = (&str, String)> {
        let Call { operation, handles, .. } = &self.calls[&call];
        operation
            .needs
            .iter()
            .zip(*handles)
            .map(|(handle, maker)| (handle.as_str(), variable(handle, *maker)))
    }

    fn bindings(&self, call: u32) -> Bindings {
        let Call { operation, values, .. } = &self.calls[&call];
        let drawn = operation.values.iter().zip(*values);
        let drawn =
            drawn.map(|((name, generator), place)| (name.clone(), Binding::Value(generator.value(*place))));
        let handles =
            self.handles(call).map(|(handle, variable)| (handle.to_owned(), Binding::Name(variable)));
        let key = (Operation::KEY.to_owned(), Binding::Value(self.key(call).into()));
        drawn.chain(handles).chain([key]).collect()
    }

    fn key(&self, call: u32) -> String {
        format!("{}-{call}", self.calls[&call].operation.name)
    }

    fn title(&self, call: u32) -> String {
        format!("{} {call}", self.calls[&call].operation.name)
    }

    fn steps(&self, unit: &Unit, used: &BTreeSet<String>, within: Duration) -> Vec<Step> {
        match unit {
            Unit::Requests(requests) => {
                if let [alone] = requests.as_slice() {
                    return vec![self.request(*alone, used)];
                }
                let beside = |sent: &Sent| self.request(Sent { peace: Peace::Disturbed, ..*sent }, used);
                vec![step::plain("together".into(), Action::Together(requests.iter().map(beside).collect()))]
            }
            Unit::Inject(fault) => vec![step::inject(&self.exploration.faults[*fault].name)],
            Unit::Heal(fault) => {
                vec![step::heal(fault.map(|fault| &self.exploration.faults[fault].name))]
            }
            Unit::Process(service, signal) => vec![step::process(service, *signal)],
            Unit::Wait(time) => vec![step::wait(*time)],
            Unit::Ask(call) => vec![self.ask(*call, within)],
        }
    }

    fn request(&self, sent: Sent, used: &BTreeSet<String>) -> Step {
        let Sent { call, time, peace } = sent;
        let operation = self.calls[&call].operation;
        let bindings = self.bindings(call);
        let undisturbed = operation.undisturbed.as_ref().filter(|_| peace == Peace::Undisturbed);
        let mut expect = undisturbed.unwrap_or(&operation.expect).bind(&bindings);
        if expect.span.is_none() {
            expect.that.push(expression(NOT_BROKEN));
        }
        if undisturbed.is_none() && expect.reply == ReplyExpectation::Required {
            expect.reply = ReplyExpectation::Optional;
        }
        if time == Time::Again {
            expect.that.push(self.consistent(call, "status >= 500 or "));
        }
        let mut capture = Vec::new();
        // What is sent meanwhile can't know what the first brings, and must not put nothing in its place.
        if time != Time::Meanwhile {
            let kept =
                |variable: &str| if time == Time::First { "none".to_owned() } else { variable.to_owned() };
            for (handle, value) in &operation.makes {
                let (variable, value) = (variable(handle, call), value.bind(&bindings));
                if used.contains(&variable) {
                    let source = format!("({}) if {SUCCESS} else {}", value.source(), kept(&variable));
                    capture.push((variable, expression(&source)));
                }
            }
            let said = self.said(call);
            if used.contains(&said) {
                let source = format!("({}) if {} else {}", self.same(call), self.definite(call), kept(&said));
                capture.push((said, expression(&source)));
            }
        }
        let request =
            RequestStep { call: operation.call.bind(&bindings), times: Times::Once, expect, capture };
        let name = if time == Time::First { self.title(call) } else { format!("{} again", self.title(call)) };
        Step {
            name,
            span: Span::default(),
            condition: self.condition(call),
            action: Action::Request(request),
        }
    }

    /// Once nothing is wrong any more, a request has happened or it hasn't, and stays with what it said.
    fn ask(&self, call: u32, within: Duration) -> Step {
        let sent = &self.calls[&call].operation;
        let asked = step::ask(
            &self.title(call),
            sent.call.bind(&self.bindings(call)),
            &sent.expect.status,
            self.consistent(call, ""),
            within,
        );
        Step { condition: self.condition(call), ..asked }
    }

    /// That a success stays one, and stays the same.
    fn consistent(&self, call: u32, unless: &str) -> Expression {
        let said = self.said(call);
        let same = self.same(call);
        expression(&format!("{said} is none or {unless}{SUCCESS} and ({same}) == {said}"))
    }

    /// What all successes of a request have in common: `true` if there is nothing to compare.
    fn same(&self, call: u32) -> String {
        let same = self.calls[&call].operation.same.as_ref();
        same.map_or_else(|| "true".into(), |same| same.bind(&self.bindings(call)).source().to_owned())
    }

    fn definite(&self, call: u32) -> String {
        step::definite(&self.calls[&call].operation.expect.status)
    }

    fn condition(&self, call: u32) -> Option<Expression> {
        let there: BTreeSet<String> =
            self.handles(call).map(|(_, variable)| format!("{variable} is not none")).collect();
        let all = there.into_iter().collect::<Vec<_>>().join(" and ");
        (!all.is_empty()).then(|| expression(&all))
    }
}

/// What is wrong at one point of a sequence.
#[derive(Default)]
struct Trouble {
    peace: Peace,
    in_force: BTreeSet<usize>,
    /// Killed.
    dead: BTreeSet<ServiceName>,
    /// A fault may kill or have killed them.
    dying: BTreeSet<ServiceName>,
    /// By how much anything may be late.
    late: Duration,
}

impl Trouble {
    /// What puts an end to it.
    fn ended(&mut self) -> Vec<Unit> {
        let peace = self.peace;
        let Self { in_force, dead, dying, late, .. } =
            std::mem::replace(self, Self { peace, ..Self::default() });
        let heal = (!in_force.is_empty()).then_some(Unit::Heal(None));
        // Who dies at a call that is late dies late.
        let wait = (!dying.is_empty() && !late.is_zero()).then_some(Unit::Wait(late));
        let start = dead.union(&dying).map(|service| Unit::Process(service.clone(), Signal::Start));
        heal.into_iter().chain(wait).chain(start).collect()
    }
}

fn variable(handle: &str, maker: u32) -> String {
    format!("{handle}_{maker}")
}
