//! Checks invariants, after each step and at the end of a scenario.

use std::{collections::BTreeMap, time::Duration};

use fault::Seed;
use scenario::{Invariant, InvariantTiming, Observation, ObservedReply, Scope};
use tokio::time::Instant;
use verdict::{Finding, FindingKind, LastHeld, invariant_holds, judge_invariant, judge_observation};

use crate::{
    World,
    clients::Clients,
    observations::{ObservationCache, Observations},
    polling::{Pauses, Polling},
    request::{PreparedRequest, RequestContext, RequestRules},
};

/// Pauses between checks of a system that settles: most systems settle soon, and one that never does isn't polled a
/// hundred times.
const PAUSES: Pauses =
    Pauses { first: Duration::from_millis(25), longest: Duration::from_millis(400), growth_percent: 200 };

/// Checks the invariants of a run. Tests that aren't scenarios can use it too.
#[derive(Debug)]
pub struct InvariantChecker<'a> {
    invariants: &'a [Invariant],
    timeout: Duration,
    requests: Option<&'a RequestRules>,
    /// What the requests can name besides what was observed before them.
    given: Scope,
    cache: ObservationCache,
    /// When each invariant was last seen to hold, by its index.
    last_held: BTreeMap<usize, LastHeld>,
}

/// The result of checking one invariant.
enum Checked {
    /// A request that observes the system failed, for this reason.
    Unobservable(String),
    /// A request that observes the system can't be made, or its reply isn't as expected.
    Invalid(Vec<Finding>),
    /// It holds.
    Holds,
    /// It doesn't hold on these observations.
    Broken(Scope),
}

impl<'a> InvariantChecker<'a> {
    /// A checker of these invariants. `timeout` is how long a request that observes the system may take.
    pub fn new(invariants: &'a [Invariant], timeout: Duration) -> Self {
        let (requests, given, cache, last_held) = Default::default();
        Self { invariants, timeout, requests, given, cache, last_held }
    }

    /// The same, whose requests bear what every request to a service does.
    #[must_use]
    pub fn with_requests(self, rules: &'a RequestRules) -> Self {
        Self { requests: Some(rules), ..self }
    }

    /// The same checker, whose invariants can also name these variables.
    #[must_use]
    pub fn with_variables(self, given: Scope) -> Self {
        Self { given, ..self }
    }

    /// Checks what must always hold, and returns what doesn't. An invariant that can't be observed now isn't checked.
    pub async fn check<W: World>(&mut self, world: &W) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (index, checked) in self.check_always(world).await {
            if !matches!(checked, Checked::Unobservable(_)) {
                findings.extend(self.findings(index, checked));
            }
        }
        findings
    }

    /// The same after a step, counted from 0. A finding has the last step after which its invariant held.
    pub(crate) async fn check_after<W: World>(&mut self, step: usize, world: &W) -> Vec<Finding> {
        let links = world.links();
        let now = LastHeld { step, at: links.now(), records: links.read(|history| history.records().len()) };
        let mut findings = Vec::new();
        for (index, checked) in self.check_always(world).await {
            match checked {
                Checked::Holds => {
                    self.last_held.insert(index, now);
                }
                Checked::Unobservable(_) => {}
                Checked::Invalid(_) | Checked::Broken(_) => findings.extend(self.findings(index, checked)),
            }
        }
        findings
    }

    /// The findings about the invariant with this index, with the time at which it last held.
    fn findings(&self, index: usize, checked: Checked) -> Vec<Finding> {
        let invariant = &self.invariants[index];
        let findings = match checked {
            Checked::Holds => Vec::new(),
            Checked::Invalid(findings) => findings,
            Checked::Broken(observed) => judge_invariant(invariant, &observed),
            Checked::Unobservable(why) => {
                vec![Finding::new(FindingKind::Invariant(invariant.name.clone()), "can be observed", why)]
            }
        };
        let last_held = self.last_held.get(&index).copied();
        findings.into_iter().map(|finding| Finding { last_held, ..finding }).collect()
    }

    async fn check_always<W: World>(&mut self, world: &W) -> Vec<(usize, Checked)> {
        let (mut checked, mut observations) = (Vec::new(), Observations::default());
        for (index, invariant) in self.invariants.iter().enumerate() {
            if invariant.when == InvariantTiming::Always {
                checked.push((index, self.judge(index, invariant, world, &mut observations).await));
            }
        }
        checked
    }

    /// Polls until all invariants hold, for at most `within`, and returns what still doesn't hold then.
    pub async fn settle<W: World>(&mut self, world: &W, within: Duration) -> Vec<Finding> {
        let mut polling = Polling::until(Instant::now() + within, PAUSES);
        let mut unmet = Vec::new();
        while polling.next().await {
            unmet.clear();
            let mut observations = Observations::default();
            for (index, invariant) in self.invariants.iter().enumerate() {
                match self.judge(index, invariant, world, &mut observations).await {
                    Checked::Holds => {}
                    checked => unmet.push((index, checked)),
                }
            }
            if unmet.is_empty() {
                break;
            }
        }
        // Why an invariant doesn't hold is worked out only now: most of the time it does, a little later.
        unmet.into_iter().flat_map(|(index, checked)| self.findings(index, checked)).collect()
    }

    async fn judge<W: World>(
        &mut self,
        index: usize,
        invariant: &Invariant,
        world: &W,
        observations: &mut Observations,
    ) -> Checked {
        let (mut scope, mut observed, mut next) = (self.given.clone(), Vec::new(), 0);
        let (no_rules, defaults) = Default::default();
        for Observation { name, call, reply } in &invariant.observe {
            let context = RequestContext {
                rules: self.requests.unwrap_or(&no_rules),
                defaults: &defaults,
                timeout: self.timeout,
                seed: Seed(0),
            };
            let prepared = match PreparedRequest::new(call, &scope, context, &Clients::default()) {
                Ok(prepared) => prepared,
                Err(error) => {
                    let kind = FindingKind::Invariant(invariant.name.clone());
                    return Checked::Invalid(vec![Finding::unevaluated(kind, error)]);
                }
            };
            let (position, asked, made) = observations.get(next, prepared, world, &mut self.cache).await;
            let made = match made {
                Err(why) => return Checked::Unobservable(why.to_owned()),
                Ok(made) => made,
            };
            let status = made.reply.status;
            let is_accepted = match reply {
                ObservedReply::Success => status.is_success(),
                ObservedReply::NoError => status.as_u16() < 400,
                ObservedReply::Expected(expect) => {
                    let findings =
                        judge_observation(&invariant.name, name, expect, &made.reply, made.took, &scope);
                    if !findings.is_empty() {
                        return Checked::Invalid(findings);
                    }
                    true
                }
            };
            if !is_accepted {
                return Checked::Unobservable(format!("{asked} answered {status}"));
            }
            scope.share(name, made.value.clone());
            observed.push(made.value.clone());
            next = position + 1;
        }
        if self.cache.held_on(index, &observed) {
            return Checked::Holds;
        }
        if !invariant_holds(invariant, &scope) {
            return Checked::Broken(scope);
        }
        self.cache.set_held_on(index, observed);
        Checked::Holds
    }
}
