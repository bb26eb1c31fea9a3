//! Writes the units of a plan as steps of a scenario.

use std::{collections::BTreeSet, time::Duration};

use scenario::{
    Action, Binding, Bindings, Expression, Operation, ReplyExpectation, RequestStep, Step, Times,
};

use crate::{
    interference::Interference,
    outcome_check::{SUCCESS, expression, final_success, outcome_check},
    script::plan::{Attempt, Plan, PlannedCall, Sent, Unit},
    step,
};

/// Condition of every reply to an operation without expectations: no internal error.
const NO_INTERNAL_ERROR: &str = "status != 500 and status != 501";

/// Writes the units of a plan as steps.
pub(super) struct StepWriter<'a> {
    plan: &'a Plan<'a>,
    /// The variables that steps use; no others are captured.
    used: BTreeSet<String>,
    /// The time limit of an outcome check.
    within: Duration,
}

impl<'a> StepWriter<'a> {
    pub(super) fn new(plan: &'a Plan<'a>, within: Duration) -> Self {
        let mut writer = Self { plan, used: BTreeSet::new(), within };
        writer.used = plan.units.iter().flat_map(|unit| writer.variables(unit)).collect();
        writer
    }

    pub(super) fn step(&self, unit: &Unit) -> Step {
        let faults = &self.plan.exploration.faults;
        match unit {
            Unit::Requests(requests) => match requests.as_slice() {
                [alone] => self.request(*alone),
                several => {
                    let beside =
                        |sent: &Sent| self.request(Sent { interference: Interference::Possible, ..*sent });
                    let members = several.iter().map(beside).collect();
                    Step::new("together", Action::Together(members))
                }
            },
            Unit::Inject(fault) => step::inject(&faults[*fault].name),
            Unit::Heal(fault) => step::heal(fault.map(|fault| &faults[fault].name)),
            Unit::Process(service, signal, effect) => step::process(service, *signal, *effect),
            Unit::Wait(time) => step::wait(*time),
            Unit::CheckOutcome(call) => self.outcome_check(*call),
        }
    }

    /// The variables that the steps of a unit use.
    fn variables(&self, unit: &Unit) -> BTreeSet<String> {
        let (requests, checked) = match unit {
            Unit::Requests(requests) => (requests.as_slice(), None),
            Unit::CheckOutcome(call) => (&[][..], Some(*call)),
            _ => (&[][..], None),
        };
        let again = requests.iter().filter(|sent| sent.attempt == Attempt::Again).map(|sent| sent.call);
        let said = again.chain(checked).map(|call| self.said(call));
        let handles =
            requests.iter().map(|sent| sent.call).chain(checked).flat_map(|call| self.handles(call));
        said.chain(handles.map(|(_, variable)| variable)).collect()
    }

    /// The variable that holds what all successful replies to a request have in common; null before the first.
    fn said(&self, call: u32) -> String {
        format!("{}_{call}_said", self.plan.calls[&call].operation.name)
    }

    /// The handles that a request needs, each with the variable that holds it.
    fn handles(&self, call: u32) -> impl Iterator<Item = (&str, String)> {
        let PlannedCall { operation, handles, .. } = &self.plan.calls[&call];
        operation
            .needs
            .iter()
            .zip(*handles)
            .map(|(handle, maker)| (handle.as_str(), variable(handle, *maker)))
    }

    fn bindings(&self, call: u32) -> Bindings {
        let PlannedCall { operation, values, .. } = &self.plan.calls[&call];
        let drawn = operation.values.iter().zip(*values);
        let drawn =
            drawn.map(|((name, generator), index)| (name.clone(), Binding::Value(generator.value(*index))));
        let handles =
            self.handles(call).map(|(handle, variable)| (handle.to_owned(), Binding::Name(variable)));
        let key = (Operation::KEY.to_owned(), Binding::Value(self.plan.key(call).into()));
        drawn.chain(handles).chain([key]).collect()
    }

    fn title(&self, call: u32) -> String {
        format!("{} {call}", self.plan.calls[&call].operation.name)
    }

    fn request(&self, sent: Sent) -> Step {
        let Sent { call, attempt, interference } = sent;
        let operation = self.plan.calls[&call].operation;
        let bindings = self.bindings(call);
        let undisturbed = operation.undisturbed.as_ref().filter(|_| interference == Interference::None);
        let mut expect = undisturbed.unwrap_or(&operation.expect).bind(&bindings);
        if expect.span.is_none() {
            expect.that.push(expression(NO_INTERNAL_ERROR));
        }
        if undisturbed.is_none() && expect.reply == ReplyExpectation::Required {
            expect.reply = ReplyExpectation::Optional;
        }
        if attempt == Attempt::Again {
            expect.that.push(self.consistent(call, "status >= 500 or "));
        }
        let capture = self.captures(call, attempt, &bindings);
        let request = RequestStep {
            call: operation.call.bind(&bindings),
            times: Times::Once,
            expect,
            capture,
            secret: BTreeSet::new(),
        };
        let title = self.title(call);
        let name = if attempt == Attempt::First { title } else { format!("{title} again") };
        Step { condition: self.condition(call), ..Step::new(name, Action::Request(request)) }
    }

    /// What a request captures of its reply, for the steps that use it.
    fn captures(&self, call: u32, attempt: Attempt, bindings: &Bindings) -> Vec<(String, Expression)> {
        // A reply without success must not replace what an earlier one has captured.
        let kept = |variable: &str| match attempt {
            Attempt::First => Some("none".to_owned()),
            Attempt::Again => Some(variable.to_owned()),
            // It has no earlier value: the first request is still in flight.
            Attempt::Concurrent => None,
        };
        let said = (self.said(call), self.same(call), self.final_success(call));
        let made = self.plan.calls[&call].operation.makes.iter().map(|(handle, value)| {
            (variable(handle, call), value.bind(bindings).source().to_owned(), SUCCESS.to_owned())
        });
        let used = made.chain([said]).filter(|(variable, ..)| self.used.contains(variable));
        let capture = |(variable, value, condition): (String, String, String)| {
            let source = format!("({value}) if {condition} else {}", kept(&variable)?);
            Some((variable, expression(&source)))
        };
        used.filter_map(capture).collect()
    }

    /// Sends a request again once nothing interferes any more, until its outcome is known.
    fn outcome_check(&self, call: u32) -> Step {
        let operation = self.plan.calls[&call].operation;
        let check = outcome_check(
            &self.title(call),
            operation.call.bind(&self.bindings(call)),
            &operation.expect.status,
            self.consistent(call, ""),
            self.within,
        );
        Step { condition: self.condition(call), ..check }
    }

    /// Condition of a later reply: if an earlier one was a success, it is one too, and says the same.
    fn consistent(&self, call: u32, unless: &str) -> Expression {
        let said = self.said(call);
        let same = self.same(call);
        expression(&format!("{said} is none or {unless}{SUCCESS} and ({same}) == {said}"))
    }

    /// The operation's `same` expression; `true` without one.
    fn same(&self, call: u32) -> String {
        let same = self.plan.calls[&call].operation.same.as_ref();
        same.map_or_else(|| "true".into(), |same| same.bind(&self.bindings(call)).source().to_owned())
    }

    fn final_success(&self, call: u32) -> String {
        final_success(&self.plan.calls[&call].operation.expect.status)
    }

    /// A request is sent only if the handles that it needs were made.
    fn condition(&self, call: u32) -> Option<Expression> {
        let made: BTreeSet<String> =
            self.handles(call).map(|(_, variable)| format!("{variable} is not none")).collect();
        let all = made.into_iter().collect::<Vec<_>>().join(" and ");
        (!all.is_empty()).then(|| expression(&all))
    }
}

fn variable(handle: &str, maker: u32) -> String {
    format!("{handle}_{maker}")
}
