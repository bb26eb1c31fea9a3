use super::{
    Action, DuringStep, EventuallyStep, ForStep, RequestStep, Rounds, Step, WaitUntilStep, WatchStep,
};
use crate::{Binding, Bindings, Expression};

impl Step {
    /// The same step with other names or values for some of its variables.
    #[must_use]
    pub fn bind(&self, bindings: &Bindings) -> Self {
        let all = |steps: &[Self]| steps.iter().map(|step| step.bind(bindings)).collect();
        let expressions = |all: &[Expression]| all.iter().map(|one| one.bind(bindings)).collect();
        let action = match &self.action {
            Action::Request(request) => Action::Request(request.bind(bindings)),
            Action::Together(members) => Action::Together(all(members)),
            Action::Eventually(eventually) => {
                let request = eventually.request.bind(bindings);
                Action::Eventually(EventuallyStep {
                    request,
                    fail_if: expressions(&eventually.fail_if),
                    ..eventually.clone()
                })
            }
            Action::Watch(watch) => {
                Action::Watch(WatchStep { request: watch.request.bind(bindings), ..watch.clone() })
            }
            Action::Run(run) => Action::Run(run.bind(bindings)),
            Action::Check(conditions) => Action::Check(expressions(conditions)),
            Action::Vars(vars) => {
                let bound = vars.iter().map(|(name, value)| (renamed(name, bindings), value.bind(bindings)));
                Action::Vars(bound.collect())
            }
            Action::For(ForStep { rounds, steps, judging }) => {
                Action::For(ForStep { rounds: rounds.bind(bindings), steps: all(steps), judging: *judging })
            }
            Action::During(DuringStep { request, steps }) => {
                Action::During(DuringStep { request: request.bind(bindings), steps: all(steps) })
            }
            Action::WaitUntil(wait) => {
                Action::WaitUntil(WaitUntilStep { holds: wait.holds.bind(bindings), ..wait.clone() })
            }
            action @ (Action::Inject(_) | Action::Heal(_) | Action::Wait(_) | Action::Process(_)) => {
                action.clone()
            }
        };
        let condition = self.condition.as_ref().map(|condition| condition.bind(bindings));
        Self { condition, action, ..self.clone() }
    }
}

impl RequestStep {
    fn bind(&self, bindings: &Bindings) -> Self {
        let capture = self.capture.iter().map(|(name, value)| (name.clone(), value.bind(bindings)));
        Self {
            call: self.call.bind(bindings),
            times: self.times,
            expect: self.expect.bind(bindings),
            capture: capture.collect(),
            secret: self.secret.clone(),
        }
    }
}

impl Rounds {
    fn bind(&self, bindings: &Bindings) -> Self {
        match self {
            Self::Each { list, name } => Self::Each { list: list.bind(bindings), name: name.clone() },
            Self::Until { condition, at_most } => {
                Self::Until { condition: condition.bind(bindings), at_most: *at_most }
            }
        }
    }
}

/// The name of a variable that is set, which may be called otherwise.
fn renamed(name: &str, bindings: &Bindings) -> String {
    match bindings.get(name) {
        Some(Binding::Name(other)) => other.clone(),
        _ => name.to_owned(),
    }
}
