//! Whether a scenario did anything that could fail. One whose conditions leave out every such step is green by accident.

use scenario::{Expression, Step};
use verdict::{Finding, FindingKind};

/// The most steps that a finding names.
const MOST: usize = 10;

/// The steps of a scenario that could fail: whether one ran, and those that their conditions left out.
#[derive(Default)]
pub(crate) struct Judged {
    any: bool,
    /// Each with its condition.
    left_out: Vec<String>,
}

impl Judged {
    /// Notes a step that runs.
    pub(crate) fn ran(&mut self, step: &Step) {
        // Also a lenient one: a sweep makes all of them so, and is judged by invariants.
        self.any |= step.expects_something();
    }

    /// Notes a loop that has no round.
    pub(crate) fn no_round(&mut self, step: &Step) {
        if step.is_judged() {
            self.left_out.push(format!("{} (no round)", step.name));
        }
    }

    /// Notes a step that its condition leaves out.
    pub(crate) fn left_out(&mut self, step: &Step, condition: &Expression) {
        if step.is_judged() {
            self.left_out.push(format!("{} (if: {})", step.name, condition.source()));
        }
    }

    /// The finding that every step that could fail was left out.
    pub(crate) fn finding(&self) -> Option<Finding> {
        if self.any || self.left_out.is_empty() {
            return None;
        }
        let expected = "a step that expects or checks something, or does something to a service";
        let more = self.left_out.len().saturating_sub(MOST);
        let more = (more > 0).then(|| format!("… and {more} more"));
        let steps: Vec<&str> =
            self.left_out.iter().take(MOST).chain(more.as_ref()).map(String::as_str).collect();
        let found = format!("conditions left out\n  {}", steps.join("\n  "));
        Some(Finding::new(FindingKind::NothingJudged, expected, found))
    }
}
