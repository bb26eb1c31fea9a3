//! The steps that send their request again and again: `eventually`, `always` and `never`.

use std::time::Duration;

use fault::{CLIENT, Ordinal};
use scenario::{EvaluationError, EventuallyStep, WatchRule, WatchStep};
use tokio::time::Instant;
use verdict::{
    ExchangeId, FailedRequest, Finding, FindingKind, has_expected_keys, judge_fail_if, reply_scope,
};

use super::{ScenarioRun, StepFindings};
use crate::{
    World,
    polling::{Pauses, Polling},
};

impl<W: World> ScenarioRun<'_, W> {
    pub(super) async fn eventually(
        &mut self,
        step: &EventuallyStep,
    ) -> Result<StepFindings, EvaluationError> {
        let began = Instant::now();
        let mut polling = Polling::until(began + step.within, Pauses::equal(step.every));
        let mut found = StepFindings::default();
        while polling.next().await {
            self.draw_again(polling.attempts());
            // A service that is starting can refuse a login as well.
            self.forget_failed_login(&step.request.call);
            if let Some(failed) = self.log_in(&[&step.request]).await {
                found = failed;
                continue;
            }
            found = self.request(&step.request).await?;
            if found.findings.is_empty() {
                return Ok(found);
            }
            let hopeless = self.hopeless(step, &found);
            if !hopeless.is_empty() {
                let given_up = format!("given up {}", position(&polling, began.elapsed()));
                found.findings.extend(hopeless);
                found.findings.push(eventually_finding(step.within, given_up));
                return Ok(found);
            }
        }
        let tried = match polling.attempts() {
            1 => "its only attempt ended after that".into(),
            attempts => format!("not in {attempts} attempts"),
        };
        found.findings.push(eventually_finding(step.within, tried));
        Ok(found)
    }

    /// Why an attempt shows that no later one can succeed.
    fn hopeless(&self, step: &EventuallyStep, attempt: &StepFindings) -> Vec<Finding> {
        let Some(exchange) = attempt.exchange.filter(|_| !step.fail_if.is_empty()) else { return Vec::new() };
        self.world
            .links()
            .read(|history| judge_fail_if(&step.fail_if, history.exchange(exchange), &self.variables))
    }

    /// Whether an attempt got a reply that has every expected key, and of which every condition could be evaluated: a misspelled
    /// one is never met either.
    fn can_judge(&self, step: &WatchStep, attempt: &StepFindings) -> bool {
        let Some(exchange) = attempt.exchange else { return false };
        self.world.links().read(|history| {
            let ending = history.exchange(exchange).ending;
            let scope = reply_scope(&self.variables, ending);
            let has_reply = ending.is_some_and(|ending| ending.received.is_ok());
            let expect = &step.request.expect;
            let has_keys = match (&expect.body, scope.get("body")) {
                (Some(expected), Some(found)) => has_expected_keys(expected, found),
                _ => true,
            };
            has_reply && has_keys && expect.that.iter().all(|condition| condition.holds(&scope).is_ok())
        })
    }

    /// The last request that a step has sent.
    fn last_request(&self) -> Option<ExchangeId> {
        let first = self.world.links().sent_before_step();
        self.world.links().read(|history| {
            let own =
                history.exchanges_from(first).filter(|exchange| exchange.link.caller.as_str() == CLIENT);
            own.last().map(|exchange| exchange.id)
        })
    }

    pub(super) async fn watch(&mut self, step: &WatchStep) -> Result<StepFindings, EvaluationError> {
        let began = Instant::now();
        let mut polling = Polling::until(began + step.lasting, Pauses::equal(step.every));
        let expected = format!("for {:?}", step.lasting);
        let mut last = StepFindings::default();
        let mut any_judged = false;
        while polling.next().await {
            let at = began.elapsed();
            self.draw_again(polling.attempts());
            let found = self.request(&step.request).await?;
            let attempt = Ordinal(polling.attempts().into());
            let is_met = found.findings.is_empty();
            any_judged |= is_met || self.can_judge(step, &found);
            match step.rule {
                WatchRule::Always if !is_met => {
                    let held = match polling.attempts() {
                        1 => "it didn't hold at the first attempt".into(),
                        _ => format!("it held for {:?}, until the {attempt} attempt", milliseconds(at)),
                    };
                    return Ok(StepFindings {
                        findings: [found.findings, vec![Finding::new(FindingKind::Always, expected, held)]]
                            .concat(),
                        ..found
                    });
                }
                WatchRule::Never if is_met => {
                    let met = format!("it was so {}", position(&polling, at));
                    let exchange = self.last_request();
                    let failed = exchange.map(|exchange| FailedRequest { exchange, number: attempt });
                    let finding = Finding::new(FindingKind::Never, format!("not once {expected}"), met);
                    return Ok(StepFindings {
                        findings: vec![finding],
                        exchange,
                        failed: failed.into_iter().collect(),
                    });
                }
                WatchRule::Always | WatchRule::Never => last = found,
            }
        }
        if step.rule == WatchRule::Never && !any_judged {
            let found = format!("none in {} attempts", polling.attempts());
            last.findings.push(Finding::new(FindingKind::Never, "a reply that can be judged", found));
            return Ok(last);
        }
        Ok(StepFindings::default())
    }
}

/// The attempt, and when it was: `at the 3rd attempt, after 2s`.
fn position(polling: &Polling, at: Duration) -> String {
    let attempt = Ordinal(polling.attempts().into());
    match polling.attempts() {
        1 => format!("at the {attempt} attempt"),
        _ => format!("at the {attempt} attempt, after {:?}", milliseconds(at)),
    }
}

/// A length of time without what is shorter than a millisecond.
fn milliseconds(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn eventually_finding(within: Duration, found: String) -> Finding {
    Finding::new(FindingKind::Eventually, format!("within {within:?}"), found)
}
