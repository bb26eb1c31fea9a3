//! What is wrong with a run, in a form that stays the same when its scenario gets smaller.

use std::collections::BTreeSet;

use engine::ScenarioResult;
use verdict::{Failure, FailureLocation, Finding, FindingKind, Verdict};

use crate::outcome_check::is_outcome_check;

/// One thing that is wrong with a run. Two runs fail in the same way when they have a complaint in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Complaint {
    /// An invariant is broken or can't be observed.
    Invariant(String),
    /// The outcome check of a request fails.
    Outcome(Subject, FindingKind),
    /// An expectation of a step isn't met.
    Step(Subject, FindingKind),
    /// The process of a service ended by itself, or can't be started again, whichever step that happens at.
    Process(FindingKind),
    /// Anything else that is judged before the first step or after the last.
    End(FindingKind),
}

/// What a complaint about a step is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// An operation of an exploration, by its name, whichever of the operation's requests it is.
    Operation(String),
    /// A step, or a member of a `together` step, by its name.
    Step(String),
}

impl Complaint {
    /// Whether it remains wrong when the scenario has fewer steps. What a step expects may be right only after all that
    /// comes before it.
    pub(crate) fn holds_without_earlier_steps(&self) -> bool {
        matches!(self, Self::Invariant(_) | Self::Outcome(..) | Self::Process(_))
    }

    fn new(
        result: &ScenarioResult,
        location: &FailureLocation,
        finding: &Finding,
        operation: impl Fn(usize, Option<&str>) -> Option<String>,
    ) -> Self {
        let kind = finding.kind.without_positions();
        match (location, kind) {
            (_, FindingKind::Invariant(name)) => Self::Invariant(name),
            (_, kind @ FindingKind::Process(..)) => Self::Process(kind),
            (FailureLocation::Start | FailureLocation::End, kind) => Self::End(kind),
            (FailureLocation::Step { index, name, .. }, kind) => {
                let member = finding.member.as_deref();
                let named = || Subject::Step(member.unwrap_or(name).to_owned());
                let subject = operation(*index, member).map_or_else(named, Subject::Operation);
                if is_outcome_check(&result.scenario.steps, *index) {
                    Self::Outcome(subject, kind)
                } else {
                    Self::Step(subject, kind)
                }
            }
        }
    }
}

/// All that is wrong with a run; empty when nothing is. `operation` gives the operation to which a step of a generated
/// scenario belongs, or a member of a `together` step.
pub(crate) fn complaints(
    result: &ScenarioResult,
    operation: impl Fn(usize, Option<&str>) -> Option<String>,
) -> BTreeSet<Complaint> {
    let Verdict::Failed(failures) = &result.verdict else { return BTreeSet::new() };
    let of = |failure: &Failure| -> Vec<Complaint> {
        let findings = failure.findings.iter();
        findings.map(|finding| Complaint::new(result, &failure.location, finding, &operation)).collect()
    };
    failures.iter().flat_map(of).collect()
}

/// All that is wrong with a run of a scenario whose steps keep their names.
pub(crate) fn complaints_by_name(result: &ScenarioResult) -> BTreeSet<Complaint> {
    complaints(result, |_, _| None)
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use fault::Seed;
    use scenario::{Action, Scenario, Span, Step};
    use verdict::{BodyPath, History};

    use super::*;

    /// The complaint about a finding of the only step.
    fn complaint(kind: FindingKind, member: Option<&str>, operation: Option<&str>) -> Complaint {
        let step = Step::new("pay 3", Action::Wait(Duration::ZERO));
        let scenario = Scenario { steps: vec![step], ..Scenario::new("A payment", "") };
        let finding = Finding { member: member.map(str::to_owned), ..Finding::new(kind, "one", "another") };
        let location =
            FailureLocation::Step { index: 0, name: "pay 3".into(), span: Span::default(), file: None };
        let failure = Failure { location, findings: vec![finding], exchange: None, failed: Vec::new() };
        let result = ScenarioResult {
            scenario: Arc::new(scenario),
            seed: Seed(1),
            verdict: Verdict::Failed(vec![failure]),
            history: History::default(),
            took: Duration::ZERO,
            output: engine::ServiceOutput::default(),
        };
        let mut all = complaints(&result, |_, _| operation.map(str::to_owned));
        all.pop_first().expect("one finding is one complaint")
    }

    #[test]
    fn positions_in_a_list_make_no_difference_but_digits_in_names_do() {
        let item = |index| FindingKind::Body(BodyPath::default().key("orders").index(index));
        assert_eq!(complaint(item(1), None, None), complaint(item(2), None, None));
        let invariant = |name: &str| complaint(FindingKind::Invariant(name.into()), None, None);
        assert_ne!(invariant("A1"), invariant("A2"));
        assert_ne!(complaint(item(1), None, None), complaint(FindingKind::Status, None, None));
    }

    #[test]
    fn a_request_is_the_same_alone_and_in_a_group() {
        let status = |member, operation| complaint(FindingKind::Status, member, operation);
        assert_eq!(status(None, None), status(Some("pay 3"), None));
        assert_ne!(status(None, None), status(Some("pay 4"), None));
        assert_eq!(status(None, Some("pay")), status(Some("pay 4"), Some("pay")));
        assert_ne!(status(None, Some("pay")), status(None, Some("order")));
    }
}
