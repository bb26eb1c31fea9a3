//! What runs while a request is in flight, and waits for traffic.

use fault::ServiceName;
use futures_util::future::join;
use scenario::{DuringStep, LinkExpectation, Step, Times, WaitUntilStep};
use verdict::{BrokenOff, Failure, Finding, FindingKind, History, judge_links, traffic_holds};

use super::{Place, ScenarioRun, StepFindings};
use crate::{World, exits::ExitWatch, invariants::InvariantChecker, judged::Judged};

impl<W: World> ScenarioRun<'_, W> {
    /// Sends a request, runs steps once it has been sent, and judges it when both have ended.
    pub(super) async fn during(
        &mut self,
        place: &Place,
        step: &Step,
        during: &DuringStep,
    ) -> Result<(StepFindings, Vec<Failure>), BrokenOff> {
        let (sender, first) = (self.sender(), self.world.links().read(History::sent));
        let mut sending = std::pin::pin!(sender.exchanges(&during.request));
        let early = tokio::select! {
            biased;
            ended = &mut sending => Some(ended),
            () = self.sent(during, first) => None,
        };
        if let Some(Err(error)) = early {
            return Ok((StepFindings::unevaluated(error), Vec::new()));
        }
        let inside = place.within(step, None).beside();
        let meanwhile = self.run_steps(&inside, &during.steps);
        let (ended, failures) = match early {
            Some(ended) => (ended, meanwhile.await),
            None => join(sending, meanwhile).await,
        };
        let found = match ended {
            Ok(exchanges) => self.judge_all(&during.request, &exchanges).await,
            Err(error) => StepFindings::unevaluated(error),
        };
        Ok((found, failures?))
    }

    /// Waits until the request has been sent; all of them, if they are sent at once. `first` is the number of exchanges before.
    async fn sent(&self, during: &DuringStep, first: usize) {
        let (links, client) = (self.world.links(), ServiceName::client());
        let all = match during.request.times {
            Times::Once | Times::Repeat(_) => 1,
            Times::Parallel(times) => times as usize,
        };
        let callee = &during.request.call.service;
        links
            .until(|history| {
                let own = |link: &fault::Link| link.caller == client && link.callee == *callee;
                history.exchanges_from(first).filter(|exchange| own(exchange.link)).take(all).count() == all
            })
            .await;
    }

    /// The same scenario, for requests beside this one.
    fn sender(&self) -> Self {
        let Self { world, scenario, rules, seed, secrets, variables, drawing, clients, .. } = self;
        Self {
            world,
            scenario,
            rules,
            seed: *seed,
            secrets,
            drawing: drawing.clone(),
            variables: variables.clone(),
            clients: clients.clone(),
            invariants: InvariantChecker::new(&[], rules.timeout),
            exits: ExitWatch::default(),
            judged: Judged::default(),
        }
    }

    /// Waits until a condition on the traffic of a link is true.
    pub(super) async fn wait_until(&self, wait: &WaitUntilStep) -> StepFindings {
        let WaitUntilStep { link, holds, within, .. } = wait;
        let links = self.world.links();
        let first = links.sent_before_step();
        let met = links.until(|history| {
            // What can't be evaluated ends the wait, too.
            traffic_holds(holds, link, history, first, &self.variables).unwrap_or(true)
        });
        // Met in time or not, it is judged as of now.
        drop(tokio::time::timeout(*within, met).await);
        let refusals = links.refusals([link]);
        let expected = [LinkExpectation { link: link.clone(), holds: holds.clone() }];
        let mut found =
            links.read(|history| judge_links(&expected, history, first, &self.variables, &refusals));
        if !found.is_empty() {
            found.push(Finding::new(FindingKind::Eventually, format!("within {within:?}"), "not until then"));
        }
        StepFindings::of(found)
    }
}
