//! Clients log in before their first request.

use std::collections::BTreeSet;

use fault::Seed;
use proxy::Links;
use scenario::{
    Call, Client, ClientName, Draws, Judging, Login, ReplyExpectation, RequestDefaults, RequestStep, Scope,
    Secrets, Step, Value,
};
use verdict::{BrokenOff, Finding, FindingKind, History, judge_exchange, reply_scope};

use super::{Rules, ScenarioRun, StepFindings, requests::unhidden, values::given_variables};
use crate::{
    World,
    clients::{Clients, LoginState, RunLogin},
    request::{PreparedRequest, RequestContext, Sent},
};

/// What a login has captured, or why it failed.
type LoggedIn = Result<Vec<(String, Value)>, Vec<Finding>>;

/// Whether a step passes without a request whose client couldn't log in. `is_lost` tells that the login had no reply.
fn goes_on_without(request: &RequestStep, is_lost: bool) -> bool {
    request.expect.judging == Judging::Lenient
        || (is_lost && request.expect.reply == ReplyExpectation::Optional)
}

/// The request of a login, sent by the client itself.
fn own_call(client: &Client, login: &Login) -> Call {
    Call { client: Some(client.name.clone()), ..login.request.call.clone() }
}

/// Judges the exchange of a login, and evaluates its captures. Unless it says what it expects, its status is below 400.
fn judged(login: &Login, sent: &Sent, history: &History, variables: &Scope) -> LoggedIn {
    let exchange = history.exchange(sent.exchange);
    let mut findings: Vec<Finding> = sent.redirect.iter().cloned().collect();
    findings.extend(judge_exchange(&login.request.expect, exchange, variables));
    if let Some(reply) = exchange.reply()
        && login.request.expect.span.is_none()
        && reply.status.as_u16() >= 400
    {
        findings.push(Finding::new(FindingKind::Status, "below 400", reply.status.as_u16().to_string()));
    }
    let mut captured = Vec::new();
    if findings.is_empty() {
        let scope = reply_scope(variables, exchange.ending);
        for (name, expression) in &login.request.capture {
            match expression.evaluate(&scope) {
                Ok(value) => captured.push((name.clone(), value)),
                Err(error) => findings.push(Finding::unevaluated(FindingKind::Capture(name.clone()), error)),
            }
        }
    }
    if findings.is_empty() { Ok(captured) } else { Err(findings) }
}

/// Hides what a login has captured, where it is secret. What can't be hidden fails the login.
fn hidden(login: &Login, captured: Vec<(String, Value)>, secrets: &Secrets) -> LoggedIn {
    let secret = captured.iter().filter(|(name, _)| login.request.secret.contains(name));
    let unhidden: Vec<Finding> = secret.filter_map(|(name, value)| unhidden(name, value, secrets)).collect();
    if unhidden.is_empty() { Ok(captured) } else { Err(unhidden) }
}

/// The failure of a login for a whole run.
fn failed(client: &Client, login: &Login, findings: &[Finding]) -> BrokenOff {
    let Call { method, service, path, .. } = &login.request.call;
    let problem = |f: &Finding| format!("{}: expected {}, found {}", f.subject(), f.expected, f.found);
    BrokenOff::LoginFailed {
        client: client.name.clone(),
        request: format!("{method} {service} {}", path.source()),
        problems: findings.iter().map(problem).collect(),
    }
}

/// Logs a client in past the links of a world, once for all scenarios of a run. `variables` are what every scenario has.
async fn log_in_past_links<W: World>(
    world: &W,
    rules: &Rules,
    client: &Client,
    login: &Login,
    variables: &Scope,
) -> Result<RunLogin, BrokenOff> {
    let defaults = RequestDefaults::default();
    let clients = Clients::alone(&rules.requests, client);
    let failed = |findings: Vec<Finding>| failed(client, login, &findings);
    let context =
        RequestContext { rules: &rules.requests, defaults: &defaults, timeout: rules.timeout, seed: Seed(0) };
    let prepared = PreparedRequest::new(&own_call(client, login), variables, context, &clients)
        .map_err(|error| failed(vec![Finding::unevaluated(FindingKind::Expression, error)]))?;
    // Links of its own, without faults: the history of the scenario doesn't have it.
    let links = Links::new(Seed(0), |_| {});
    let sent = prepared.send(world, &links, &clients).await;
    let captured = links.read(|history| judged(login, &sent, history, variables)).map_err(failed)?;
    Ok(RunLogin { captured, jars: clients.into_jars() })
}

impl<W: World> ScenarioRun<'_, W> {
    /// The clients that send these requests, each once.
    fn clients_of(&self, requests: &[&RequestStep]) -> BTreeSet<ClientName> {
        requests.iter().filter_map(|request| self.client_of(&request.call)).cloned().collect()
    }

    /// Logs in the clients of this scenario that do so once for a whole run, unless another scenario has done it.
    pub(super) async fn log_in_for_run(&mut self) -> Result<(), BrokenOff> {
        let (world, rules) = (self.world, self.rules);
        let requests: Vec<&RequestStep> = self.scenario.steps.iter().flat_map(Step::requests).collect();
        let used = self.clients_of(&requests);
        let clients: Vec<&Client> =
            self.clients.of_run().filter(|client| used.contains(&client.name)).collect();
        for client in clients {
            let Some(login) = &client.login else { continue };
            // A service of this world alone doesn't know who has logged in at the one before it.
            if !world.runs_already(&login.request.call.service) {
                continue;
            }
            let shared = rules.requests.run_logins.of(&client.name);
            let run = rules.run.unwrap_or(self.seed);
            let mut variables = given_variables(rules, self.seed);
            variables.draw_from(Draws::new(run.derive(&format!("login of {}", client.name)), world.clock()));
            let log_in = || log_in_past_links(world, rules, client, login, &variables);
            let mut logged_in = shared.get_or_init(log_in).await.clone()?;
            // Each scenario hides what it knows.
            logged_in.captured = hidden(login, logged_in.captured, self.secrets)
                .map_err(|findings| failed(client, login, &findings))?;
            self.clients.set_run_login(&client.name, logged_in);
        }
        Ok(())
    }

    /// Logs in the clients of a step's requests that haven't. Returns what the step has found if one couldn't, unless nothing is
    /// expected of these requests, or they may remain without a reply and the login had none: then they aren't sent, and the next
    /// step tries again.
    pub(super) async fn log_in(&mut self, requests: &[&RequestStep]) -> Option<StepFindings> {
        let mut found = None;
        for name in self.clients_of(requests) {
            let Some(failed) = self.log_in_client(&name).await else { continue };
            let is_lost = failed.exchange.is_some_and(|exchange| {
                self.world.links().read(|history| history.exchange(exchange).reply().is_none())
            });
            let mut own = requests.iter().filter(|request| self.client_of(&request.call) == Some(&name));
            if !own.all(|request| goes_on_without(request, is_lost)) {
                found = found.or(Some(failed));
            } else if is_lost {
                self.clients.set_login(&name, LoginState::Due);
            }
        }
        found
    }

    /// Lets the client of a request log in again, if it couldn't.
    pub(super) fn forget_failed_login(&mut self, call: &Call) {
        if let Some(client) = self.client_of(call).cloned()
            && self.clients.login(&client) == Some(&LoginState::Failed)
        {
            self.clients.set_login(&client, LoginState::Due);
        }
    }

    /// Whether a request has a client that isn't logged in, so that it isn't sent.
    pub(super) fn lacks_login(&self, call: &Call) -> bool {
        let login = self.client_of(call).and_then(|client| self.clients.login(client));
        login.is_some_and(|login| !matches!(login, LoginState::Done(_)))
    }

    /// The client that sends a request.
    fn client_of<'c>(&'c self, call: &'c Call) -> Option<&'c ClientName> {
        call.client.as_ref().or(self.scenario.defaults.client.as_ref())
    }

    async fn log_in_client(&mut self, name: &ClientName) -> Option<StepFindings> {
        let client = self.clients.client(name)?;
        let login = client.login.as_ref()?;
        let of_client = |finding: Finding| Finding { member: Some(format!("login of {name}")), ..finding };
        match self.clients.login(name)? {
            LoginState::Done(_) => return None,
            LoginState::Failed => {
                let finding = Finding::new(FindingKind::Reply, "a login", "it failed before");
                return Some(StepFindings::one(of_client(finding)));
            }
            LoginState::Due => {}
        }
        let prepared = match self.prepare(&own_call(client, login), &self.variables) {
            Ok(prepared) => prepared,
            Err(error) => {
                self.clients.set_login(name, LoginState::Failed);
                let finding = Finding::unevaluated(FindingKind::Expression, error);
                return Some(StepFindings::one(of_client(finding)));
            }
        };
        let sent = self.send_request(&prepared).await;
        let judged = self.world.links().read(|history| judged(login, &sent, history, &self.variables));
        match judged.and_then(|captured| hidden(login, captured, self.secrets)) {
            Ok(captured) => {
                self.clients.set_login(name, LoginState::Done(captured));
                None
            }
            Err(findings) => {
                self.clients.set_login(name, LoginState::Failed);
                let findings = findings.into_iter().map(of_client).collect();
                Some(StepFindings { exchange: Some(sent.exchange), ..StepFindings::of(findings) })
            }
        }
    }
}
