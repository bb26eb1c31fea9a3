//! How many of a repeated request failed, and which.

use scenario::{Scenario, Times};
use verdict::{Failure, FailureLocation};

/// The most requests that are named.
const MOST: usize = 10;

/// `3 of 10 requests failed: the 2nd, 5th and 9th`, where a step sends its request several times.
pub(super) fn failed(scenario: &Scenario, failure: &Failure) -> Option<String> {
    let FailureLocation::Step { index, .. } = failure.location else { return None };
    let request = scenario.steps.get(index)?.own_request()?;
    let (Times::Repeat(all) | Times::Parallel(all)) = request.times else { return None };
    let number = failure.failed.len();
    let mut names: Vec<String> =
        failure.failed.iter().take(MOST).map(|request| request.number.to_string()).collect();
    if number > MOST {
        names.push(format!("{} more", number - MOST));
    }
    let last = names.pop()?;
    let named = if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) };
    Some(format!("{number} of {all} requests failed: the {named}"))
}
